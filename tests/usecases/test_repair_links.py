"""What the audit finds missing or left over among names is repaired, beside everything else that goes on."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.store import accounts, activations, device_items, histories, orders, reads, repairs, writes
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import CountItem, LicenseSummaryItem, LookupItem
from chalicelib.store.keys import (
    count_sort_key,
    hardware_sort_key,
    license_key_sort_key,
    license_pk,
    manager_license_sort_key,
    user_license_sort_key,
)
from chalicelib.store.repairs import Repair
from chalicelib.store.schema import AnyItem
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.delete_company import delete_company
from chalicelib.usecases.device_licenses import device_licenses
from chalicelib.usecases.order_managers import add_manager, remove_manager
from chalicelib.usecases.repair_links import repair_links
from tests.store.faults import wire
from tests.store.seam import Request, Send
from tests.support import ADMIN, CUSTOMER, NOW, Vendor

ADA = "ada@customer.test"


def found(vendor: Vendor, hardware_id: str) -> list[int]:
    """The licenses that `device_licenses` answers."""
    held = device_licenses(vendor.code, hardware_id, None, frozenset(), now=NOW)
    return [snapshot.license.id for snapshot in held if snapshot.license is not None]


def repair(vendor: Vendor) -> tuple[int, int]:
    """How many were filed, and how many removed."""
    counts = repair_links(vendor.code, ADMIN, now=NOW)
    return counts["filed"], counts["removed"]


def hardware(vendor: Vendor, license: License, hardware_id: str, user_id: int | None = None) -> LookupItem:
    part = hardware_sort_key(hash_hardware_id(hardware_id), license.id, user_id)
    return LookupItem(vendor.code, part, target_id=license.id, product=license.product)


def unlink(vendor: Vendor, license: License, *hardware_ids: str, user_id: int | None = None) -> None:
    """As if older code had activated these devices."""
    for hardware_id in hardware_ids:
        writes.delete(hardware(vendor, license, hardware_id, user_id))


def id_link(vendor: Vendor, license: License, hardware_id: str) -> LookupItem:
    (device,) = activations.devices(vendor.code, license.id, hardware_id)
    return device_items.id_link(license, device.id, hash_hardware_id(hardware_id), device.user_id)


def forget(vendor: Vendor, license: License, hardware_id: str) -> None:
    """Forget a device that holds no place: its item and its link go together."""
    devices = list(activations.devices(vendor.code, license.id, hardware_id))
    activations.forget(vendor.stored(license), devices, Event.new("devices_forgotten", ADMIN, NOW, devices=1))


def left(vendor: Vendor, prefix: str) -> list[str]:
    return list(reads.sort_keys(LookupItem, vendor.code, prefix))


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen between what a repair has read and its first write."""

    def before_the_first(happen: Callable[[], object]) -> None:
        waiting, carry_out = [happen], repairs.carry_out

        def carried_out(company: str, some: Iterable[Repair], event: Event) -> None:
            while waiting:
                waiting.pop()()
            carry_out(company, some, event)

        monkeypatch.setattr(repairs, "carry_out", carried_out)

    return before_the_first


def test_a_device_of_older_code_is_found_after_a_repair_and_when_it_comes_back(vendor: Vendor) -> None:
    license, by_user = vendor.issue(), vendor.issue("revit", max_license_users=2)
    user, password = vendor.assign(by_user, ADA, 3)
    for hardware_id in ("pc", "given back"):
        vendor.activate(license, hardware_id)
    vendor.deactivate(license, "given back")
    vendor.activate(ADA, "pc", password)
    unlink(vendor, license, "pc", "given back")
    unlink(vendor, by_user, "pc", user_id=user.id)
    answer = "a device is not found by its hardware id"
    assert sorted(vendor.differences()) == [answer, f"{answer} (2 times)"]
    assert found(vendor, "pc") == []
    assert repair(vendor) == (3, 0)
    assert vendor.differences() == []
    assert sorted(found(vendor, "pc")) == sorted([by_user.id, license.id])
    assert found(vendor, "given back") == []
    vendor.activate(license, "given back")
    assert found(vendor, "given back") == [license.id]
    assert repair(vendor) == (0, 0)


def test_the_id_of_a_device_of_older_code_leads_to_it_after_a_repair(vendor: Vendor) -> None:
    license, by_user = vendor.issue(), vendor.issue("revit", max_license_users=2)
    _, password = vendor.assign(by_user, ADA, 3)
    vendor.activate(license, "pc")
    vendor.activate(ADA, "pc", password)
    links = [id_link(vendor, where, "pc") for where in (license, by_user)]
    for link in links:
        writes.delete(link)
    assert vendor.differences() == ["a device is not found by its id"] * 2
    assert repair(vendor) == (2, 0)
    filed = [reads.get(link) for link in links]
    assert [link and link.serialize() for link in filed] == [link.serialize() for link in links]
    assert vendor.differences() == []


def test_the_id_of_a_device_that_is_there_no_more_leads_nowhere_after_a_repair(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    link = id_link(vendor, license, "pc")
    vendor.deactivate(license, "pc")
    forget(vendor, license, "pc")
    assert reads.get(link) is None
    writes.put(link)
    (named,) = vendor.differences()
    assert named.endswith("leads to it, and no device there has it")
    assert repair(vendor) == (0, 1)
    assert reads.get(link) is None


def test_a_repair_is_told_in_the_history_of_the_company(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    unlink(vendor, license, "pc")
    writes.batch_put([hardware(vendor, license, "nobody's")])
    repair(vendor)
    events = [event for event in histories.company_events(vendor.code) if event.type == "links_repaired"]
    assert [(event.actor, event.detail) for event in events] == [(ADMIN, {"filed": 1, "removed": 1})]


def test_more_than_fit_in_a_transaction_are_filed_in_several(vendor: Vendor) -> None:
    count = repairs.AT_ONCE + 1
    order_id = vendor.issue(manager=CUSTOMER).order_id
    for _ in range(count - 1):
        vendor.issue(order_id=order_id)
    for part in left(vendor, manager_license_sort_key(accounts.user_of_email(vendor.code, CUSTOMER) or 0)):
        writes.delete(LicenseSummaryItem(vendor.code, part))
    assert len(vendor.differences()) == count
    assert repair(vendor) == (count, 0)
    assert vendor.differences() == []


def test_a_device_that_is_forgotten_meanwhile_gets_no_link_and_the_others_do(
    vendor: Vendor, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    license = vendor.issue()
    for hardware_id in ("a", "b", "c"):
        vendor.activate(license, hardware_id)
    vendor.deactivate(license, "b")
    unlink(vendor, license, "a", "b", "c")
    meanwhile(lambda: forget(vendor, license, "b"))
    assert repair(vendor) == (2, 0)
    assert len(left(vendor, "hardware#")) == 2
    assert vendor.differences() == []


def test_a_device_that_is_activated_meanwhile_keeps_its_link(
    vendor: Vendor, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    license = vendor.issue()
    writes.batch_put([hardware(vendor, license, "comes"), hardware(vendor, license, "never")])
    assert vendor.differences() == ["a hardware id leads to it that no device of it has"] * 2
    meanwhile(lambda: vendor.activate(license, "comes"))
    assert repair(vendor) == (0, 1)
    assert found(vendor, "comes") == [license.id]
    assert left(vendor, "hardware#") == [hardware(vendor, license, "comes").sort_key]
    assert vendor.differences() == []


def test_what_leads_a_user_to_no_seat_and_no_order_goes_and_comes_back_with_it(
    vendor: Vendor, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    license = vendor.issue("revit", CUSTOMER, max_license_users=2)
    user, _ = vendor.assign(license, ADA)
    manager = accounts.user_of_email(vendor.code, CUSTOMER) or 0
    leading: list[AnyItem] = [
        LookupItem(vendor.code, user_license_sort_key(user.id, license.id)),
        LicenseSummaryItem(vendor.code, manager_license_sort_key(manager, license.id)),
    ]
    stored = reads.batch_get(leading, consistent=True)
    remove_user(vendor.code, license.id, ADA, ADMIN, now=NOW)
    remove_manager(vendor.code, license.order_id or "", CUSTOMER, ADMIN, now=NOW)
    for item in stored:
        writes.put(item)
    assert len(vendor.differences()) == 2
    assert repair(vendor) == (0, 2)
    assert reads.batch_get(leading, consistent=True) == [None, None]

    for item in stored:
        writes.put(item)
    meanwhile(lambda: add_manager(vendor.code, license.order_id or "", CUSTOMER, ADMIN, now=NOW))
    assert repair(vendor) == (0, 1)
    assert [sold.license_id for sold in orders.read_managed_licenses(vendor.code, manager)] == [license.id]
    assert vendor.differences() == []


def test_a_name_and_what_is_left_of_a_license_are_never_removed(vendor: Vendor) -> None:
    """A name keeps what it names from being given to somebody else."""
    license = vendor.issue()
    kept = [
        LookupItem(vendor.code, "email#gone@customer.test", target_id=1),
        LookupItem(vendor.code, "key#AAAAA-AAAAA-AAAAA-AAAAA-AAAAA", target_id=license.id),
        LookupItem(vendor.code, f"customer#gone@customer.test#{license.id:016d}", product="viewer"),
    ]
    writes.batch_put(kept)
    assert len(vendor.differences()) == 4
    assert repair(vendor) == (2, 0)  # the customer has a record then
    assert len(vendor.differences()) == 3
    assert None not in reads.batch_get(kept, consistent=True)
    for item in kept:
        writes.delete(item)
    assert repair(vendor) == (1, 0)  # to whom nothing was sold


def test_of_two_licenses_that_bear_one_key_the_older_is_found_by_it_and_the_other_is_reported(vendor: Vendor) -> None:
    """As data that was put together from two backups may have them."""
    older = vendor.issue()
    vendor.now += 1000
    newer = vendor.issue()
    vendor.activate(older, "pc")
    own = LicenseItem(license_pk(vendor.code, newer.id), "license")
    writes.update(own, [LicenseItem.license_key.set(older.license_key or "")])
    unlink(vendor, older, "pc")
    for license in (older, newer):
        writes.delete(LookupItem(vendor.code, license_key_sort_key(license.license_key or "")))
    assert repair(vendor) == (2, 0)
    assert accounts.find_license_id_by_key(vendor.code, older.license_key or "") == older.id
    assert found(vendor, "pc") == [older.id]
    assert f"the license key leads to another license, {older.id}" in vendor.differences()
    assert repair(vendor) == (0, 0)
    writes.update(own, [LicenseItem.license_key.set(newer.license_key or "")])
    assert repair(vendor) == (1, 0)


def test_counters_of_a_company_that_is_deleted_meanwhile_are_not_written_anew() -> None:
    vendor = Vendor()
    todo = [lambda: delete_company(vendor.code)]

    def and_delete(request: Request, send: Send) -> Any:
        if request.operation == "TransactWriteItems" and todo:
            todo.pop()()
        return send(request)

    writes.delete(CountItem(vendor.code, count_sort_key("licenses")))
    with wire(and_delete):
        repair(vendor)
    assert todo == []
    assert list(reads.query_raw(LookupItem, vendor.code)) == []
