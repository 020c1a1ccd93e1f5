"""The devices of one user on a license are found by links of their own, whoever has activated them."""

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.store import activations, reads, writes
from chalicelib.store.items.links import UserDeviceItem
from chalicelib.store.keys import license_pk, user_device_sort_key
from chalicelib.usecases import portal_queries
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.portal_queries import ListQuery
from chalicelib.usecases.repair_links import repair_links
from infra.budgets import LIST_PAGE_READS
from tests.store.costs import counted
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import PASSWORD, account, chosen, issued, logged_in

ADA, BOB = "ada@customer.test", "bob@customer.test"
UNLINKED, UNMARKED = "a device is not linked to its user", "the devices of its users are not marked as linked"


@pytest.fixture
def license(vendor: Vendor) -> License:
    """On which Ada has three devices, of which she has given back one, and Bob has one."""
    license = issued(vendor)
    for email, devices in ((ADA, ("pc", "laptop", "old")), (BOB, ("pc",))):
        vendor.assign(license, email, 3)
        chosen(vendor, email)
        for hardware_id in devices:
            vendor.activate(email, hardware_id, PASSWORD)
    vendor.deactivate(ADA, "old")
    return license


def own(vendor: Vendor, license: License, email: str = ADA) -> set[tuple[str, str]]:
    """What the user's own page shows."""
    page = portal_queries.own_devices(logged_in(vendor, email), license.id, ListQuery(), now=NOW).page
    return {(row.device.hardware_id, row.state) for row in page.rows}


def links(vendor: Vendor, license: License) -> list[UserDeviceItem]:
    pk = license_pk(vendor.code, license.id)
    return list(reads.query(UserDeviceItem, pk, user_device_sort_key()))


def link(vendor: Vendor, license: License, email: str, hardware_id: str) -> UserDeviceItem:
    pk, user_id = license_pk(vendor.code, license.id), account(vendor, email).id
    return UserDeviceItem(pk, user_device_sort_key(user_id, hash_hardware_id(hardware_id)))


OWN = {("pc", "active"), ("laptop", "active"), ("old", "deactivated")}


def test_each_user_sees_the_own_devices_live_or_not(vendor: Vendor, license: License) -> None:
    assert own(vendor, license) == OWN
    assert own(vendor, license, BOB) == {("pc", "active")}
    assert len(links(vendor, license)) == 4 + 1
    vendor.activate(ADA, "old", PASSWORD)
    assert own(vendor, license) == {("pc", "active"), ("laptop", "active"), ("old", "active")}


def test_what_older_code_has_activated_is_shown_before_and_after_a_repair(vendor: Vendor, license: License) -> None:
    mark, *others = links(vendor, license)
    for item in (mark, link(vendor, license, ADA, "old")):  # of which the count of the seat says nothing
        writes.delete(item)
    assert own(vendor, license) == OWN
    for item in others:
        writes.delete(item)
    assert own(vendor, license) == OWN
    vendor.activate(BOB, "new", PASSWORD)  # by newer code, on a license that is not marked
    assert own(vendor, license) == OWN
    assert own(vendor, license, BOB) == {("pc", "active"), ("new", "active")}
    assert sorted(vendor.differences()) == [f"{UNLINKED} (4 times)", UNMARKED]
    assert repair_links(vendor.code, ADMIN, now=NOW) == {"filed": 5, "removed": 0}
    assert vendor.differences() == []
    claims = logged_in(vendor, ADA)
    with counted() as cost:
        portal_queries.own_devices(claims, license.id, ListQuery(), now=NOW)
    assert len(cost.calls) <= LIST_PAGE_READS
    assert own(vendor, license) == OWN


def test_more_devices_than_one_read_takes_are_shown_where_some_are_blacklisted(vendor: Vendor) -> None:
    license = issued(vendor, max_activations=None)
    vendor.assign(license, ADA, None)
    chosen(vendor, ADA)
    names = [f"pc-{n}" for n in range(reads.BATCH_GET_LIMIT + 1)]
    for name in names:
        vendor.activate(ADA, name, PASSWORD)
    for name in (names[0], names[-1]):
        blacklist_device(vendor.code, license.id, name, ADMIN, now=NOW)
    for item in links(vendor, license):
        writes.delete(item)
    listed = ListQuery(status="blacklisted")
    page = portal_queries.own_devices(logged_in(vendor, ADA), license.id, listed, now=NOW).page
    assert {row.device.hardware_id for row in page.rows} == {names[0], names[-1]}
    repair_links(vendor.code, ADMIN, now=NOW)


def test_what_older_code_activates_meanwhile_is_shown(vendor: Vendor, license: License) -> None:
    writes.delete(link(vendor, license, ADA, "laptop"))
    assert own(vendor, license) == OWN
    assert vendor.differences() == [UNLINKED]
    assert repair_links(vendor.code, ADMIN, now=NOW) == {"filed": 1, "removed": 0}


def test_a_link_that_leads_nowhere_is_passed_named_and_removed(vendor: Vendor, license: License) -> None:
    writes.put(link(vendor, license, ADA, "never seen"))
    assert own(vendor, license) == OWN
    assert vendor.differences() == ["a user is linked to a device that is not there"]
    assert repair_links(vendor.code, ADMIN, now=NOW) == {"filed": 0, "removed": 1}
    assert vendor.differences() == []


def test_a_device_that_is_forgotten_is_linked_no_more(vendor: Vendor, license: License) -> None:
    devices = list(activations.devices(vendor.code, license.id, "old"))
    activations.forget(vendor.stored(license), devices, Event.new("devices_forgotten", ADMIN, NOW, devices=1))
    assert own(vendor, license) == OWN - {("old", "deactivated")}
    assert vendor.differences() == []
