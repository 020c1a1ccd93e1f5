"""Deactivate: frees the place at once, and may be repeated."""

import pytest

from chalicelib.domain.license import hash_hardware_id
from chalicelib.usecases.change_license import reset_license
from chalicelib.usecases.deactivate import deactivate
from chalicelib.usecases.device_variables import device_variables
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.support import kinds, refused, replica_of_now


def test_a_place_given_back_is_free_at_once(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    vendor.activate(license, "a")
    vendor.deactivate(license, "a")
    assert vendor.stored(license).times_activated == 0
    with refused("device_not_found"):
        vendor.check(license, "a")
    assert vendor.activate(license, "b").device


def test_giving_back_again_changes_nothing(vendor: Vendor) -> None:
    license = vendor.issue()
    for hardware_id in ("a", "b"):
        vendor.activate(license, hardware_id)
    for _ in range(3):
        vendor.deactivate(license, "a", now=NOW + 1)
    stored = vendor.stored(license)
    assert (stored.times_activated, stored.released, stored.last_released_by) == (1, 1, hash_hardware_id("a"))
    assert kinds(vendor, license).count("device_deactivated") == 1


def test_a_place_that_was_just_taken_again_is_given_back_though_a_replica_lags(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "a")
    vendor.deactivate(license, "a")
    with replica_of_now(license, "a"):
        vendor.activate(license, "a")
        vendor.deactivate(license, "a")
    assert vendor.stored(license).times_activated == 0


def test_a_place_that_was_taken_after_a_reset_is_given_back_though_a_replica_has_seen_neither(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "a")
    with replica_of_now(license, "a"):
        reset_license(vendor.code, license.id, ADMIN, now=NOW + 1)
        vendor.activate(license, "a", now=NOW + 2)
        vendor.deactivate(license, "a", now=NOW + 3)
    assert vendor.stored(license).times_activated == 0


def test_the_event_names_the_device_and_its_user(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(license, "ada@customer.test")
    vendor.activate("ada@customer.test", "pc", password)
    vendor.deactivate("ada@customer.test", "pc", now=NOW + DAY)
    event = vendor.history(license)[-1]
    assert (event.type, event.at, event.user, event.hardware_id) == (
        "device_deactivated",
        NOW + DAY,
        "ada@customer.test",
        "pc",
    )


def test_a_user_gives_back_an_own_place_and_nobody_elses(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2)
    for name in ("ada", "bob"):
        _, password = vendor.assign(license, f"{name}@customer.test")
        vendor.activate(f"{name}@customer.test", "shared", password)
    vendor.deactivate("ada@customer.test", "shared")
    assert vendor.check("bob@customer.test", "shared").device
    with refused("device_not_found"):
        vendor.check("ada@customer.test", "shared")


def test_a_device_that_was_never_here_has_nothing_to_give_back(vendor: Vendor) -> None:
    license = vendor.issue()
    with refused("device_not_found"):
        vendor.deactivate(license, "pc")


def test_an_expired_license_takes_its_places_back(vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + DAY)
    vendor.activate(license, "pc")
    vendor.deactivate(license, "pc", now=NOW + 2 * DAY)
    assert vendor.stored(license).times_activated == 0


def test_last_words_of_a_device_are_kept(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    lookup = vendor.lookup(license, "pc")
    deactivate(vendor.code, lookup, ADMIN, variables={"why": "moved"}, now=NOW)
    assert vendor.stored(license).times_activated == 0
    vendor.activate(license, "pc")
    assert [v.value for v in device_variables(vendor.code, lookup, now=NOW)[1]] == ["moved"]


@pytest.mark.parametrize("expected", [{"why": "again"}, None])
def test_a_repeat_is_answered_whatever_it_tells(vendor: Vendor, expected: dict[str, str] | None) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    for _ in range(2):
        deactivate(vendor.code, vendor.lookup(license, "pc"), ADMIN, variables=expected, now=NOW)
    assert vendor.stored(license).times_activated == 0
