"""Devices are found by their host names: the link moves with the device, whoever writes it, and none is left over."""

from functools import partial

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.license import DeviceReport, License
from chalicelib.store import activations, reads, writes
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import HOST_LICENSE
from chalicelib.usecases.adopt import add_legacy_devices
from chalicelib.usecases.check import check
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.devices import DeviceFilter, find_devices
from chalicelib.usecases.license_search import search_licenses
from chalicelib.usecases.repair_links import repair_links
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.support import before_write

HOUR = 3_600_000
API = Actor("api")


def found(vendor: Vendor, host_name: str) -> list[int]:
    """The licenses of the devices with this name."""
    assert vendor.differences() == []
    return [key.license_id for key in find_devices(vendor.code, DeviceFilter(hostname=host_name), "", 100).keys]


def checked(vendor: Vendor, license: License, host_name: str | None, after: int = HOUR) -> None:
    report = DeviceReport("pc", hostname=host_name)
    check(vendor.code, vendor.lookup(license, "pc"), report, API, now=NOW + after)


def named(vendor: Vendor, host_name: str | None = "studio") -> License:
    """A license with a device of this name."""
    license = vendor.issue()
    vendor.activate(license, "pc", report={"hostname": host_name})
    return license


def test_the_device_of_each_license_and_user_is_found_by_its_name(vendor: Vendor) -> None:
    license = named(vendor)
    vendor.now += 1000
    by_user = vendor.issue("revit", max_license_users=2)
    for email in ("ada@customer.test", "bob@customer.test"):
        _, password = vendor.assign(by_user, email)
        vendor.activate(email, "pc", password, report={"hostname": "Studio"})
    assert found(vendor, " STUDIO ") == [by_user.id, by_user.id, license.id]
    assert found(vendor, "stud") == []
    matches = search_licenses(vendor.code, "studio", 10)
    assert [(one.license.id, one.by) for one in matches] == [(id, ("host_name",)) for id in (by_user.id, license.id)]


def test_the_link_goes_where_an_activation_or_a_check_says_and_stays_where_nothing_is_said(vendor: Vendor) -> None:
    license = named(vendor, None)
    assert reads_nothing(vendor)
    for host_name, is_named in (("one", "one"), ("One", "one"), (None, "one"), ("two", "two"), (" ", None)):
        vendor.deactivate(license, "pc")
        vendor.activate(license, "pc", report={"hostname": host_name})
        assert (found(vendor, is_named) == [license.id]) if is_named else reads_nothing(vendor)
    for hours, host_name, is_named in ((1, "one", "one"), (2, None, "one"), (3, "ONE", "one"), (4, "two", "two")):
        checked(vendor, license, host_name, hours * HOUR)
        assert found(vendor, is_named) == [license.id]
    assert found(vendor, "one") == []


def reads_nothing(vendor: Vendor) -> bool:
    """Whether no name leads to anything."""
    return not vendor.differences() and not list(reads.sort_keys(LookupItem, vendor.code, HOST_LICENSE))


def test_a_name_that_another_call_has_changed_meanwhile_leaves_no_link(vendor: Vendor) -> None:
    license = named(vendor, "old")
    for number, mine in enumerate(("mine", "old", "old"), start=1):
        theirs, at = f"theirs {number}", 3 * number * HOUR
        with before_write(1, partial(checked, vendor, license, theirs, at)) as has_come:
            checked(vendor, license, mine, at + HOUR)
        assert has_come()
        assert found(vendor, mine) == [license.id]
        assert found(vendor, theirs) == []


def test_a_device_that_is_given_back_amid_a_call_by_another_name_has_room_again(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=1)
    vendor.activate(license, "pc", report={"hostname": "old"})
    with before_write(1, partial(vendor.deactivate, license, "pc")) as has_come:
        vendor.activate(license, "pc", report={"hostname": "new"})
    assert has_come()
    assert found(vendor, "new") == [license.id]


def test_what_is_adopted_forgotten_or_deleted_takes_its_link_along(vendor: Vendor) -> None:
    license = vendor.issue(max_activations=3)
    waiting = [LegacyDevice(DeviceReport("pc", hostname="old"), None)]
    add_legacy_devices(vendor.code, license.id, waiting, NOW + DAY, ADMIN, now=NOW)
    assert found(vendor, "old") == [license.id]
    checked(vendor, license, "new")  # it calls itself
    assert (found(vendor, "old"), found(vendor, "new")) == ([], [license.id])
    vendor.deactivate(license, "pc")
    event = Event.new("devices_forgotten", ADMIN, NOW, devices=1)
    activations.forget(vendor.stored(license), list(activations.devices(vendor.code, license.id)), event)
    assert reads_nothing(vendor)
    vendor.activate(license, "pc", report={"hostname": "last"})
    delete_license(vendor.code, license.id, ADMIN, now=NOW)
    assert reads_nothing(vendor)


def test_what_older_code_has_activated_is_found_by_its_name_after_a_repair(vendor: Vendor) -> None:
    license = named(vendor)
    (part,) = reads.sort_keys(LookupItem, vendor.code, HOST_LICENSE)
    link = reads.get(LookupItem(vendor.code, part))
    assert link is not None
    writes.delete(link)
    assert vendor.differences() == ["a device is not found by its host name"]
    assert repair_links(vendor.code, ADMIN, now=NOW)["filed"] == 1
    assert found(vendor, "studio") == [license.id]
    other = LookupItem(vendor.code, part.replace("#", "#x", 1), target_id=license.id)
    writes.put(other)
    assert vendor.differences() == ["a host name leads to it that no device of it has"]
    writes.delete(other)


def test_a_link_of_no_device_is_removed_by_a_repair(vendor: Vendor) -> None:
    license = named(vendor)
    (part,) = reads.sort_keys(LookupItem, vendor.code, HOST_LICENSE)
    delete_license(vendor.code, license.id, ADMIN, now=NOW)
    writes.put(LookupItem(vendor.code, part, target_id=license.id))
    assert repair_links(vendor.code, ADMIN, now=NOW)["removed"] == 1
    assert reads_nothing(vendor)
