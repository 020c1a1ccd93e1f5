"""The slots of floating licenses: how they are taken, renewed and given back, each by one atomic write.

An item for each slot that was ever taken, none of which is made in advance. The device's item has its slot's number and
no date, and counts how often it has got another: so no two processes take two slots for it.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, Seat, hash_hardware_id
from chalicelib.domain.slots import TAKES, Slot, SlotDecision, held_from, is_draining, is_floating
from chalicelib.store import reads, writes
from chalicelib.store.device_items import is_live
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, SlotItem
from chalicelib.store.keys import LICENSE, device_sort_key, license_pk, slot_sort_key
from chalicelib.store.seats import read_seats
from chalicelib.store.transactions import Transaction


def read_slot(license: License, number: int) -> Slot | None:
    """One slot, consistently."""
    found = reads.get(_item(license, number))
    return None if found is None else found.to_domain()


def read_slots(license: License) -> list[Slot]:
    """All slots that were ever taken and not given back, by their numbers. Consistent, in pages."""
    pk = license_pk(license.company, license.id)
    return [SlotItem.from_raw(raw) for raw in reads.query_raw(SlotItem, pk, slot_sort_key())]


def read_named_slots(named: Sequence[tuple[License, Device]]) -> list[Slot | None]:
    """The slot that each device of a floating license names, whoever holds it; consistently, a hundred in one round
    trip.
    """
    asked = [
        _item(license, device.slot) if is_floating(license) and device.slot is not None else None
        for license, device in named
    ]
    left, found = (item for item in asked if item is not None), list[SlotItem | None]()
    while few := list(islice(left, reads.BATCH_GET_LIMIT)):
        found += reads.batch_get(few, consistent=True)
    in_order = iter(found)
    slots = [None if item is None else next(in_order) for item in asked]
    return [None if item is None else item.to_domain() for item in slots]


def seat_epochs(license: License, slots: Iterable[Slot]) -> dict[int, int]:
    """The epoch of the seat of each user who has taken one of these. Consistent; nothing where there are no users."""
    users = {slot.user_id for slot in slots if slot.user_id is not None}
    return {user_id: seat.epoch for user_id, seat in read_seats(license, users).items()} if users else {}


def renew(license: License, device: Device, seat: Seat | None, now: Instant) -> None:
    """Hold the slot that the device names for longer: one write unit, and no event, as of a check that is noted.

    Raises `ConditionFailed` where the device does not hold it, or holds it for longer already.
    """
    until = held_from(license, now)
    held = _is_of(device) & (SlotItem.epoch == license.epoch)
    held &= (SlotItem.held_until > now) & (SlotItem.held_until <= until)
    if seat is not None:
        held &= SlotItem.seat_epoch == seat.epoch
    writes.update(_item(license, device.slot or 0), [SlotItem.held_until.set(until)], held)


def take(seen: Snapshot, license: License, device: Device, decision: SlotDecision, event: Event) -> None:
    """Give a device a slot: license, slot and device, and the event, or nothing. Raises `ConditionFailed`.

    The license has to be as it was when the slot was looked for: usable, of as many slots, in the same epoch. Where it
    has users, nothing may have been given back since, for a user's reset gives back without touching a device; where it
    drains, nothing may have been taken.
    """
    now, seat, item = event.at, seen.seat, LicenseItem
    write = Transaction(event_item(license_pk(license.company, license.id), event))
    may: Condition = item.unchanged(license, item.floating_users, item.slots_known, item.epoch)
    may &= (item.enabled == True) & (item.ends_at.does_not_exist() | (item.ends_at > now))  # noqa: E712 - an expression
    if seat is not None:
        may &= item.unchanged(license, item.slot_releases)
    if is_draining(license):
        may &= item.unchanged(license, item.slot_takes)
    taking: list[Action] = [item.slot_takes.add(1)]
    if decision.has_drained:
        taking.append(item.slots_known.remove())
    write.update(_license_item(license), taking, may)
    of_seat = (None, None) if seat is None else (seat.user_id, seat.epoch)
    given = Slot(decision.number, device.id, held_from(license, now), license.epoch, *of_seat)
    write.put(_item(license, given.number, given), _is_free(license, decision, now))
    if decision.goes is not None:
        write.delete(_item(license, decision.goes.number), _as_seen(decision.goes))
    full_at = TAKES.after_change(device.slots_full_at, now)  # nobody has moved it, if `slot_moves` is as it was
    named = [DeviceItem.slot.set(given.number), DeviceItem.slot_moves.add(1), DeviceItem.slots_full_at.set(full_at)]
    write.update(_device_item(license, device), named, is_live(license, seat) & has_same_slot(device))
    write.commit()


def release(seen: Snapshot, license: License, device: Device, slot: Slot, event: Event) -> None:
    """Give a device's slot back. Raises `ConditionFailed` where it is not the device's any more.

    Where there are users, nothing may have been given back since it was read, as in `take`.
    """
    write = Transaction(event_item(license_pk(license.company, license.id), event))
    may: Condition = LicenseItem.unchanged(license, LicenseItem.epoch)
    if seen.seat is not None:
        may &= LicenseItem.unchanged(license, LicenseItem.slot_releases)
    write.update(_license_item(license), [LicenseItem.slot_releases.add(1)], may)
    write.delete(_item(license, slot.number), _is_of(device))
    write.update(_device_item(license, device), _without_slot(), DeviceItem.pk.exists() & has_same_slot(device))
    write.commit()


def give_back(write: Transaction, license: License, device: Device) -> tuple[list[Action], list[Action]]:
    """Let a transaction that switches a device off, if `has_same_slot` holds, give its slot back, where it has one.

    Answers what it does besides to the items of the license and of the device.
    """
    slot = None if device.slot is None else read_slot(license, device.slot)
    if slot is None or slot.holder != device.id:
        return [], []
    write.delete(_item(license, slot.number), _is_of(device))
    return [LicenseItem.slot_releases.add(1)], _without_slot()


def has_same_slot(device: Device) -> Condition:
    """That a device has got no slot since it was read, and has given none back."""
    unchanged: Condition = DeviceItem.unchanged(device, DeviceItem.slot_moves)
    return unchanged


def _is_free(license: License, decision: SlotDecision, now: Instant) -> Condition:
    if decision.is_blind:
        absent = SlotItem.pk.does_not_exist()
        return absent | (SlotItem.held_until <= now) | (SlotItem.epoch < license.epoch)
    return SlotItem.pk.does_not_exist() if decision.before is None else _as_seen(decision.before)


def _as_seen(slot: Slot) -> Condition:
    """That nobody has taken or renewed it since."""
    item = SlotItem
    same: Condition = item.unchanged(slot, item.holder, item.held_until, item.epoch, item.seat_epoch)
    return same


def _is_of(device: Device) -> Condition:
    own: Condition = SlotItem.holder == device.id
    return own


def _without_slot() -> list[Action]:
    return [DeviceItem.slot.remove(), DeviceItem.slot_moves.add(1)]


def _item(license: License, number: int, slot: Slot | None = None) -> SlotItem:
    pk, part = license_pk(license.company, license.id), slot_sort_key(number)
    return SlotItem(pk, part) if slot is None else SlotItem.of(slot, pk, part)


def _license_item(license: License) -> LicenseItem:
    return LicenseItem(license_pk(license.company, license.id), LICENSE)


def _device_item(license: License, device: Device) -> DeviceItem:
    part = device_sort_key(hash_hardware_id(device.hardware_id), device.user_id)
    return DeviceItem(license_pk(license.company, license.id), part)
