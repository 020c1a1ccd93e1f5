"""What the vendor has said of a license, its customer does not undo: neither by a switch nor by a reset."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License
from chalicelib.store import writes
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.keys import license_pk
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.change_license import reset_license, set_enabled
from chalicelib.usecases.change_seat import remove_user, reset_activations
from chalicelib.usecases.initial_password import initial_password
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import account
from tests.usecases.support import kinds, refused

CUSTOMER = Actor("user:manager@customer.test")
ADA, BOB = "ada@customer.test", "bob@customer.test"


def switch(vendor: Vendor, license: License, enabled: bool, by: Actor) -> None:
    set_enabled(vendor.code, license.id, enabled, by, now=NOW)


def test_what_the_vendor_has_disabled_no_customer_enables(vendor: Vendor) -> None:
    license = vendor.issue()
    switch(vendor, license, False, ADMIN)
    switch(vendor, license, False, CUSTOMER)
    with refused("disabled_by_vendor"):
        switch(vendor, license, True, CUSTOMER)
    assert kinds(vendor, license) == ["license_disabled"]
    switch(vendor, license, True, ADMIN)
    assert vendor.activate(license, "pc").device


def test_a_customers_own_word_is_his_until_the_vendor_makes_it_his_own(vendor: Vendor) -> None:
    license = vendor.issue()
    switch(vendor, license, False, CUSTOMER)
    switch(vendor, license, True, CUSTOMER)
    switch(vendor, license, False, CUSTOMER)
    switch(vendor, license, False, ADMIN)
    with refused("disabled_by_vendor"):
        switch(vendor, license, True, CUSTOMER)
    assert sorted(kinds(vendor, license)) == ["license_disabled"] * 3 + ["license_enabled"]


def test_one_that_was_disabled_before_that_was_kept_is_the_vendors(vendor: Vendor) -> None:
    license = vendor.issue()
    switch(vendor, license, False, CUSTOMER)
    item = LicenseItem(license_pk(vendor.code, license.id), "license")
    writes.update(item, [LicenseItem.disabled_by.remove()])
    with refused("disabled_by_vendor"):
        switch(vendor, license, True, CUSTOMER)


# --- resets -----------------------------------------------------------------------------------------------------

RESETS: dict[str, Callable[[Vendor, License, Actor], Any]] = {
    "the device": lambda v, li, by: reset_device(v.code, li.id, "old", by, now=NOW),
    "the license": lambda v, li, by: reset_license(v.code, li.id, by, now=NOW),
    "the user's activations": lambda v, li, by: reset_activations(v.code, li.id, ADA, by, now=NOW),
    "the user": lambda v, li, by: remove_user(v.code, li.id, ADA, by, now=NOW),
}
ALL = pytest.mark.parametrize("reset", RESETS.values(), ids=RESETS)


def in_use(vendor: Vendor, **terms: Any) -> tuple[License, str]:
    """A license with the device "old" of Ada, and a second user; the password of both."""
    license = vendor.issue("revit", max_license_users=3, **terms)
    _, password = vendor.assign(license, ADA, 5)
    vendor.activate(ADA, "old", password)
    _, other = vendor.assign(license, BOB, 5)
    return license, other or ""


@ALL
def test_what_a_customer_resets_is_given_up_and_its_next_device_a_transfer(
    vendor: Vendor, reset: Callable[..., Any]
) -> None:
    license, password = in_use(vendor, max_transfers=1)
    reset(vendor, license, CUSTOMER)
    vendor.activate(BOB, "new", password)
    assert vendor.stored(license).transfer_count == 1
    reset_device(vendor.code, license.id, "new", CUSTOMER, now=NOW)
    reset_license(vendor.code, license.id, CUSTOMER, now=NOW)
    assert vendor.stored(license).transfer_count == 1
    with refused("device_transfer_limit_reached"):
        vendor.activate(BOB, "third", password)
    vendor.activate(BOB, "new", password)


@ALL
def test_what_the_vendor_resets_is_no_transfer(vendor: Vendor, reset: Callable[..., Any]) -> None:
    license, password = in_use(vendor, max_transfers=-1)
    reset(vendor, license, ADMIN)
    vendor.activate(BOB, "new", password)
    assert vendor.stored(license).transfer_count == 0


@ALL
def test_the_vendor_may_sell_resets_that_are_free(vendor: Vendor, reset: Callable[..., Any]) -> None:
    license, password = in_use(vendor, max_transfers=-1, free_resets=True)
    reset(vendor, license, CUSTOMER)
    vendor.activate(BOB, "new", password)
    assert vendor.stored(license).transfer_count == 0


def test_no_reset_moves_a_license_that_does_not_move(vendor: Vendor) -> None:
    license, password = in_use(vendor, max_transfers=-1)
    for name in ("the license", "the user's activations", "the user"):
        with refused("device_transfer_not_allowed"):  # nobody could come back
            RESETS[name](vendor, license, CUSTOMER)
    RESETS["the device"](vendor, license, CUSTOMER)
    with refused("device_transfer_not_allowed"):
        vendor.activate(BOB, "new", password)
    vendor.activate(BOB, "old", password)
    RESETS["the license"](vendor, license, ADMIN)
    vendor.activate(BOB, "new", password)


@ALL
@pytest.mark.parametrize("devices", [1, 3])
@pytest.mark.parametrize("max_transfers", [-1, 0, 1, 2, 3])
def test_of_what_a_customer_resets_each_place_can_be_taken_again(
    vendor: Vendor, reset: Callable[..., Any], devices: int, max_transfers: int
) -> None:
    license, password = in_use(vendor, max_transfers=max_transfers)
    ada = initial_password(account(vendor, ADA))
    names = ["old", "two", "three"][:devices]
    for name in names[1:]:
        vendor.activate(ADA, name, ada)
    try:
        reset(vendor, license, CUSTOMER)
    except SeatkeeperError as why:
        assert why.code.startswith("device_transfer_"), why.code
        assert 0 != max_transfers < devices, "enough transfers are left"
        assert vendor.stored(license).times_activated == devices
        return
    taken = vendor.stored(license).times_activated
    for name in names[: devices - taken]:
        vendor.activate(BOB, name, password)
    assert vendor.stored(license).times_activated == devices


def test_a_reset_counts_the_places_that_wait_for_a_device_already(vendor: Vendor) -> None:
    license, password = in_use(vendor, max_transfers=1)
    vendor.activate(BOB, "other", password)
    vendor.deactivate(BOB, "other")
    with refused("device_transfer_limit_reached"):
        RESETS["the license"](vendor, license, CUSTOMER)


def test_the_vendors_reset_begins_the_count_of_transfers_anew(vendor: Vendor) -> None:
    license, password = in_use(vendor, max_transfers=1)
    RESETS["the device"](vendor, license, CUSTOMER)
    vendor.activate(BOB, "new", password)
    reset_license(vendor.code, license.id, ADMIN, now=NOW)
    stored = vendor.stored(license)
    assert (stored.transfer_count, stored.released, stored.last_released_by) == (0, 0, None)


def test_a_reset_of_nothing_gives_up_nothing(vendor: Vendor) -> None:
    license = vendor.issue(max_transfers=-1)
    reset_license(vendor.code, license.id, CUSTOMER, now=NOW)
    assert vendor.stored(license).released == 0
    vendor.activate(license, "pc")
    with pytest.raises(SeatkeeperError):
        reset_license(vendor.code, license.id, CUSTOMER, now=NOW)
