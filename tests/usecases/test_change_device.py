"""A manager resets or blacklists a device."""

import pytest

from chalicelib.domain.refusal import Refused
from chalicelib.usecases.change_device import blacklist_device, reset_device
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import kinds, refused


def test_a_reset_device_frees_its_place_at_once_and_for_any_device(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1, max_transfers=-1)
    vendor.activate(license, "pc")
    assert reset_device(vendor.code, license.id, "pc", ADMIN, now=NOW) == 1
    with refused("device_not_found"):
        vendor.check(license, "pc")
    vendor.activate(license, "other")  # no transfer, which would be refused
    assert vendor.stored(license).transfer_count == 0


def test_a_reset_again_frees_nothing_and_writes_no_event(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    assert [reset_device(vendor.code, license.id, "pc", ADMIN, now=NOW) for _ in range(3)] == [1, 0, 0]
    assert kinds(vendor, license).count("device_reset") == 1


@pytest.mark.parametrize("hardware_id", ["", "unknown", "PC", "p"])
def test_a_reset_of_a_device_that_was_never_here_touches_no_other(vendor: Vendor, hardware_id: str) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    with refused("device_not_found"):
        reset_device(vendor.code, license.id, hardware_id, ADMIN, now=NOW)
    assert vendor.check(license, "pc").device


def test_a_machine_that_two_users_share_is_reset_for_both(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=3)
    for name in ("ada", "bob", "eve"):
        _, password = vendor.assign(license, f"{name}@customer.test")
        vendor.activate(f"{name}@customer.test", "hers" if name == "eve" else "shared", password)
    assert reset_device(vendor.code, license.id, "shared", ADMIN, now=NOW) == 2
    assert vendor.stored(license).times_activated == 1
    assert vendor.check("eve@customer.test", "hers").device
    resets = [event for event in vendor.history(license) if event.type == "device_reset"]
    assert {(event.user, event.hardware_id) for event in resets} == {
        ("ada@customer.test", "shared"),
        ("bob@customer.test", "shared"),
    }


def test_a_blacklisted_device_loses_its_place_for_good(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    vendor.activate(license, "pc")
    blacklist_device(vendor.code, license.id, "pc", ADMIN, now=NOW)
    for act in (vendor.activate, vendor.check):
        with refused("blacklisted"):
            act(license, "pc")
    vendor.deactivate(license, "pc")  # it may always give back what it has not
    vendor.activate(license, "other")
    assert vendor.stored(license).transfer_count == 0
    activated = ["device_activated"] * 2
    assert sorted(kinds(vendor, license)) == [*activated, "device_blacklisted", "device_reset"]


def test_a_device_can_be_blacklisted_before_it_was_ever_seen_and_again(vendor: Vendor) -> None:
    license = vendor.issue()
    for _ in range(2):
        blacklist_device(vendor.code, license.id, "pc", ADMIN, now=NOW)
    with refused("blacklisted"):
        vendor.activate(license, "pc")
    vendor.activate(license, "PC")
    assert kinds(vendor, license).count("device_blacklisted") == 1


def test_blacklisting_nothing_takes_no_place_away(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    blacklist_device(vendor.code, license.id, "", ADMIN, now=NOW)
    assert vendor.check(license, "pc").device


def test_one_users_place_on_a_shared_machine_is_reset_alone(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2)
    users = [vendor.assign(license, email) for email in ("ada@customer.test", "bob@customer.test")]
    for user, password in users:
        vendor.activate(user.email, "pc", password)
    assert reset_device(vendor.code, license.id, "pc", ADMIN, user_id=users[0][0].id, now=NOW) == 1
    with pytest.raises(Refused):
        vendor.check("ada@customer.test", "pc")
    assert vendor.check("bob@customer.test", "pc").device
    with pytest.raises(Refused) as refused:
        reset_device(vendor.code, license.id, "pc", ADMIN, user_id=1, now=NOW)
    assert refused.value.code == "device_not_found"
