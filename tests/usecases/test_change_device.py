"""A manager resets or blacklists a device."""

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.license import hash_hardware_id
from chalicelib.store import licenses, writes
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.keys import license_pk
from chalicelib.usecases.change_device import allow_device, blacklist_device, reset_device
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import kinds, refused, replica_of_now


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
    with pytest.raises(SeatkeeperError):
        vendor.check("ada@customer.test", "pc")
    assert vendor.check("bob@customer.test", "pc").device
    with pytest.raises(SeatkeeperError) as refused:
        reset_device(vendor.code, license.id, "pc", ADMIN, user_id=1, now=NOW)
    assert refused.value.code == "device_not_found"


def test_a_device_that_is_allowed_again_takes_a_place_and_has_none_by_that(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    blacklist_device(vendor.code, license.id, "pc", ADMIN, now=NOW)
    for _ in range(2):
        assert allow_device(vendor.code, license.id, "pc", ADMIN, now=NOW).blocked_devices == 0
    with refused("device_not_found"):
        vendor.check(license, "pc")
    assert vendor.activate(license, "pc").device
    assert kinds(vendor, license).count("device_allowed") == 1


def test_a_device_that_was_blacklisted_on_the_license_itself_is_refused_still_and_can_be_allowed(
    vendor: Vendor,
) -> None:
    """As licenses of before hold it."""
    license = vendor.issue()
    vendor.activate(license, "other")
    hashes = frozenset({hash_hardware_id("pc")})
    item = LicenseItem(license_pk(vendor.code, license.id), "license")
    writes.update(item, [LicenseItem.blacklist.set(hashes)], LicenseItem.pk.exists())
    for hardware_id in ("pc", "other"):
        blacklist_device(vendor.code, license.id, hardware_id, ADMIN, now=NOW)
        for call in (vendor.activate, vendor.check):
            with refused("blacklisted"):
                call(license, hardware_id)
    assert (vendor.stored(license).blacklist, vendor.stored(license).blocked_devices) == (hashes, 1)
    for hardware_id in ("pc", "other"):
        allow_device(vendor.code, license.id, hardware_id, ADMIN, now=NOW)
        assert vendor.activate(license, hardware_id).device


@pytest.mark.parametrize("others", [0, 1])
def test_a_device_that_is_blacklisted_since_a_replica_was_read_gets_no_place(vendor: Vendor, others: int) -> None:
    license = vendor.issue()
    for number in range(others):
        blacklist_device(vendor.code, license.id, f"other {number}", ADMIN, now=NOW)
    with replica_of_now(license, "pc"):
        blacklist_device(vendor.code, license.id, "pc", ADMIN, now=NOW)
        with refused("blacklisted"):
            vendor.activate(license, "pc")
    assert vendor.stored(license).times_activated == 0


def test_a_machine_is_blacklisted_for_all_users_also_for_those_who_were_never_there(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=2)
    passwords = {who: vendor.assign(license, who)[1] for who in ("ada@customer.test", "bob@customer.test")}
    vendor.activate("ada@customer.test", "shared", passwords["ada@customer.test"])
    blacklist_device(vendor.code, license.id, "shared", ADMIN, now=NOW)
    for who, password in passwords.items():
        with refused("blacklisted"):
            vendor.activate(who, "shared", password)
        with refused("blacklisted"):
            vendor.check(who, "shared")
    assert vendor.activate("bob@customer.test", "own", passwords["bob@customer.test"]).device
    assert list(licenses.blocked_devices(vendor.code, license.id)) == ["shared"]
