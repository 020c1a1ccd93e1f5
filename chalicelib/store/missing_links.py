"""Which names and summaries of a license are not there, held against the items that they follow from: for the audit.

When its users have used it last is said by their seats, and follows from their devices.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from chalicelib.domain.activation import use_is_due
from chalicelib.domain.catalog import LicenseSummary, Order
from chalicelib.domain.faults import FaultCode
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, Seat, hash_hardware_id, is_live
from chalicelib.store import reads
from chalicelib.store.adoptions import link_to
from chalicelib.store.device_items import host_link, id_link
from chalicelib.store.due import adoption_entry, as_filed, notice_entry
from chalicelib.store.expressions import Condition
from chalicelib.store.items.accounts import OrderItem
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, SeatItem
from chalicelib.store.items.links import LegacyItem, LicenseSummaryItem, LookupItem, UserDeviceItem
from chalicelib.store.items.work import ScheduledUpdateItem, UpdateSlotItem
from chalicelib.store.keys import (
    COMPANY,
    LICENSE,
    company_of_license_pk,
    customer_license_sort_key,
    device_sort_key,
    hardware_sort_key,
    legacy_prefix,
    license_key_sort_key,
    license_pk,
    order_license_sort_key,
    order_sort_key,
    product_license_sort_key,
    scheduled_update_sort_key,
    seat_sort_key,
    update_slot_sort_key,
    user_device_sort_key,
)
from chalicelib.store.links import Fault
from chalicelib.store.orders import filed_as, managed_item, sold_item, summary_of
from chalicelib.store.repairs import Repair
from chalicelib.store.schema import AnyItem, Raw
from chalicelib.store.seats import held_item


def missing(license: License, order: Order | None, seats: Iterable[Seat], devices: Iterable[Device]) -> Iterator[Fault]:
    """What is not there of all that leads to a license, its users and its devices. Consistent, a hundred at a time.

    And what lets a manager do something else than the order does. Each with what files it: on condition that it is not
    there, or is there, and that what it follows from is. A license key that leads to another license is for a person to
    decide.
    """
    wanted = _wanted(license, order, seats, devices)
    while few := list(islice(wanted, reads.BATCH_GET_LIMIT)):
        found = reads.batch_get_raw([fault.repair.link for fault in few if fault.repair], consistent=True)
        for fault, raw in zip(few, found, strict=True):
            if raw is None:
                yield fault
            elif fault.code == "manager_link_missing" and order is not None and not _permits_as(order, raw):
                yield _filed_anew(fault)
            elif fault.code == "key_link_missing" and (leads_to := raw.get("to", {}).get("N")) != str(license.id):
                yield Fault(license.id, "key_link_elsewhere", {"license": leads_to or "none"})


def _permits_as(order: Order, raw: Raw) -> bool:
    """Whether what is filed under a manager denies him what the order does."""
    return LicenseSummaryItem.from_raw(raw).denied == order.denied


def _filed_anew(fault: Fault) -> Fault:
    """Of a link that is there, and is to be as the one that would be filed if it were not."""
    repair = fault.repair and replace(fault.repair, replaces=True)
    return replace(fault, code="manager_link_permits_otherwise", repair=repair)


def _wanted(license: License, order: Order | None, seats: Iterable[Seat], devices: Iterable[Device]) -> Iterator[Fault]:
    """All that has to be there, with what is said where it is not."""
    company, id, pk = license.company, license.id, license_pk(license.company, license.id)

    def link(code: FaultCode, link: AnyItem, source: AnyItem, condition: Condition, **params: str | int) -> Fault:
        return Fault(id, code, params, Repair(link, source, condition))

    item, sold, order_id = LicenseItem, summary_of(license), license.order_id or ""
    there = item.order_id.does_not_exist() if license.order_id is None else item.order_id == order_id
    listed = sold_item(sold, company, order_license_sort_key(order_id, id))
    yield link("not_listed_under_order", listed, item(pk, LICENSE), item.pk.exists() & there)
    by_id = LookupItem(company_of_license_pk(id), COMPANY, company=company)
    yield link("id_link_missing", by_id, item(pk, LICENSE), item.pk.exists())
    of_product = LookupItem(company, product_license_sort_key(license.product, id))
    yield link("not_listed_under_product", of_product, item(pk, LICENSE), item.product == license.product)
    if (key := license.license_key) is not None:
        by_key = LookupItem(company, license_key_sort_key(key), target_id=id)
        yield link("key_link_missing", by_key, item(pk, LICENSE), item.license_key == key)
    if (customer := license.customer) is not None:
        bought = LookupItem(company, customer_license_sort_key(customer, id))
        bought.product, bought.order_id = license.product, license.order_id
        yield link("not_listed_under_customer", bought, item(pk, LICENSE), item.customer == customer)
    if (lapse := adoption_entry(license)) is not None:
        yield link("lapse_not_indexed", lapse, item(pk, LICENSE), item.unchanged(license, item.adopt_until))
    if (notice := notice_entry(license)) is not None:
        yield link("notice_not_indexed", notice, item(pk, LICENSE), as_filed(license))
    for who, shown, as_ordered in _managed(sold, order):
        yield link("manager_link_missing", shown, OrderItem(company, order_sort_key(order_id)), as_ordered, user=who)
    for seat in seats:
        held, right = held_item(license, seat.user_id), SeatItem(pk, seat_sort_key(seat.user_id))
        yield link("user_link_missing", held, right, SeatItem.pk.exists(), email=seat.email)
    for device in devices:
        yield from _wanted_of_device(license, device)
    if license.authorization_method == "user":  # last: once all are filed
        mark = UserDeviceItem(pk, user_device_sort_key())
        yield link("device_links_not_marked", mark, item(pk, "license"), item.pk.exists())


def _wanted_of_device(license: License, device: Device) -> Iterator[Fault]:
    """All that has to lead to a device."""
    pk, hardware_hash, user = (
        license_pk(license.company, license.id),
        hash_hardware_id(device.hardware_id),
        device.user_id,
    )
    known, item = DeviceItem(pk, device_sort_key(hardware_hash, user)), DeviceItem
    there: Condition = item.pk.exists()
    by_hardware = LookupItem(license.company, hardware_sort_key(hardware_hash, license.id, user))
    by_hardware.target_id, by_hardware.product = license.id, license.product
    by_device_id = id_link(license, device.id, hardware_hash, user)
    wanted: list[tuple[FaultCode, AnyItem, Condition]] = [("hardware_link_missing", by_hardware, there)]
    wanted.append(("device_id_link_missing", by_device_id, item.id == device.id))
    if (by_name := host_link(license.company, license.id, device.hostname, hardware_hash, user)) is not None:
        wanted.append(("host_link_missing", by_name, item.unchanged(device, item.hostname)))
    if user is not None:
        wanted.append(("device_link_missing", UserDeviceItem(pk, user_device_sort_key(user, hardware_hash)), there))
    if device.legacy and device.active:
        same = item.unchanged(device, item.legacy, item.active, item.epoch, item.seat_epoch)
        wanted.append(("legacy_link_missing", link_to(license, device), same))
    for code, link, condition in wanted:
        yield Fault(license.id, code, repair=Repair(link, known, condition))


def _managed(sold: LicenseSummary, order: Order | None) -> list[tuple[int, AnyItem, Condition]]:
    """What is filed under the managers of an order, each with the condition that he is one and may do this."""
    if order is None:
        return []
    return [(id, managed_item(sold, order, id), filed_as(order, id)) for id in sorted(order.managers)]


def unnoted_uses(license: License, seats: Mapping[int, Seat], devices: Iterable[Device]) -> Iterator[Fault]:
    """Seats that are behind the checks of their users' live devices, as those of before a use was noted. Each with what
    notes it.

    `devices`: as they were read before the seats, for a check notes the seat first. By user: `seats`.
    """
    checks: dict[int, Instant] = {}
    for device in devices:
        if device.user_id is None or device.legacy:  # that has never called
            continue
        # One that is live no more may be of a seat of before, and have called a server whose clock was ahead.
        if is_live(device, license, seats.get(device.user_id)):
            checks[device.user_id] = max(device.last_check_at, checks.get(device.user_id, 0))
    item, pk = SeatItem, license_pk(license.company, license.id)
    for user_id, at in checks.items():
        seat = seats[user_id]
        if at <= seat.assigned_at or not use_is_due(seat, at):
            continue
        stored = item(pk, seat_sort_key(user_id))
        as_read = (item.epoch == seat.epoch) & item.unchanged(seat, item.last_used_at)
        repair = Repair(stored, stored, as_read, sets=[item.last_used_at.set(at)])
        yield Fault(license.id, "use_not_noted", {"email": seat.email}, repair)


def left_over(license: License, devices: Iterable[Device]) -> Iterator[Fault]:
    """The links in a license's partition to devices that are not there, or wait to be adopted no more, and the places
    of updates that are not there, each with what removes it. Consistent."""
    pk, known, legacy = license_pk(license.company, license.id), set[str](), set[str]()
    for device in devices:
        known.add(user_device_sort_key(device.user_id, hash_hardware_id(device.hardware_id)))
        if device.legacy and device.active:
            legacy.add(link_to(license, device).sort_key)
    for part in reads.sort_keys(UserDeviceItem, pk, user_device_sort_key()):
        if part != user_device_sort_key() and part not in known:
            _, user_id, hardware_hash = part.split("#")
            source = DeviceItem(pk, device_sort_key(hardware_hash, int(user_id)))
            repair = Repair(UserDeviceItem(pk, part), source, DeviceItem.pk.does_not_exist(), removes=True)
            yield Fault(license.id, "device_link_left_over", repair=repair)
    for link in reads.query(LegacyItem, pk, legacy_prefix()):
        if link.sort_key not in legacy:
            source = DeviceItem(pk, device_sort_key(hash_hardware_id(link.hardware_id), link.user_id))
            over = DeviceItem.legacy.does_not_exist() | (DeviceItem.active == False)  # noqa: E712 - an expression
            yield Fault(license.id, "legacy_link_left_over", repair=Repair(link, source, over, removes=True))
    for slot in reads.query(UpdateSlotItem, pk, update_slot_sort_key()):
        yield from _slot_left_over(license, slot)


def _slot_left_over(license: License, slot: UpdateSlotItem) -> Iterator[Fault]:
    update = ScheduledUpdateItem(license.company, scheduled_update_sort_key(slot.update_id))
    place, there = reads.transact_get([UpdateSlotItem(slot.pk, slot.sort_key), update])
    if place is not None and there is None and UpdateSlotItem.from_raw_data(place).update_id == slot.update_id:
        repair = Repair(slot, update, ScheduledUpdateItem.pk.does_not_exist(), removes=True)
        yield Fault(license.id, "update_slot_left_over", {"update": slot.update_id}, repair)
