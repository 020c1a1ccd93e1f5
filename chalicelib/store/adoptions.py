"""Legacy devices: those that wait to be adopted, and the atomic writes that add, adopt and claim them.

Each has an item among the devices, and a link under whose it is, by which it is found. The license counts those of no
user, a seat those of its user: as long as that is 0 nobody looks for one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.adoption import LegacyPlace, Whose
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, DeviceReport, License, Seat, hash_hardware_id
from chalicelib.domain.limits import SEAT_ACTIVATIONS
from chalicelib.store import reads
from chalicelib.store.attributes import IntegerAttribute
from chalicelib.store.database import ConditionFailed
from chalicelib.store.device_items import is_live, is_named_as, link_device, move_host_link, reported
from chalicelib.store.due import adoption_entry, move_adoption
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.first_activation import begin, never_activated, starting
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import BlockItem, DeviceItem, LicenseItem, SeatItem
from chalicelib.store.items.links import LegacyItem
from chalicelib.store.items.work import DueItem
from chalicelib.store.keys import (
    LICENSE,
    block_sort_key,
    device_sort_key,
    legacy_prefix,
    legacy_sort_key,
    license_pk,
    seat_sort_key,
)
from chalicelib.store.limits import has_room_beyond, has_room_for
from chalicelib.store.transactions import Transaction


def find_place(license: License, seat: Seat | None, whose: Whose, hardware_id: str) -> LegacyPlace | None:
    """A legacy device that waits: that of this hardware id, the next one behind it, or the first. None: there is none.

    Consistent. Who asks for several at once comes upon several.
    """
    of = None if seat is None or whose == "license" else (seat.user_id, seat.epoch)
    prefix, pk = legacy_sort_key(license.epoch, of), license_pk(license.company, license.id)
    before = prefix + hash_hardware_id(hardware_id)[:-1]
    for after in (before, None):
        for link in reads.query(LegacyItem, pk, prefix, after=after, limit=1):
            return link.to_domain()
    return None


def waiting(license: License) -> Iterator[LegacyPlace]:
    """All that wait, and of users also those of before a reset of theirs. Consistent, in pages."""
    links = reads.query(LegacyItem, license_pk(license.company, license.id), legacy_prefix(license.epoch))
    return (link.to_domain() for link in links)


def none_to_adopt(license: License, seat: Seat | None, now: Instant) -> Condition:
    """Of a license: that none waits that may be adopted; of the user's own `none_of_user` says it."""
    over: Condition = LicenseItem.adopt_until <= now
    if seat is not None and _is_over(license, now):  # then the seat is not asked
        return LicenseItem.adopt_until.does_not_exist() | over
    return _none(LicenseItem.legacy_devices) | over


def none_of_user(license: License, now: Instant) -> Condition:
    """Of a seat in the license's epoch: that none waits that may be adopted."""
    return SeatItem.pk.exists() if _is_over(license, now) else _none(SeatItem.legacy_devices)


def put_adoption(write: Transaction, license: License, seat: Seat | None, place: LegacyPlace, adopter: str) -> None:
    """Add to the activation of a device, with this sort key, that a legacy device is off. Who counts it is elsewhere.

    Raises `ConditionFailed` where it is that device itself.
    """
    hardware_hash, of = hash_hardware_id(place.hardware_id), None if place.user_id is None else seat
    pk, user = license_pk(license.company, license.id), None if of is None else (of.user_id, of.epoch)
    item = DeviceItem(pk, device_sort_key(hardware_hash, place.user_id))
    if item.sort_key == adopter:  # it was added since the license was read
        raise ConditionFailed
    write.update(item, [DeviceItem.active.set(False)], _waits(license, of))
    write.delete(LegacyItem(pk, legacy_sort_key(license.epoch, user, hardware_hash)), LegacyItem.pk.exists())


def claim(seen: Snapshot, report: DeviceReport, event: Event) -> None:
    """Let a live legacy device that calls itself be a device as any other. Raises `ConditionFailed`."""
    license, device, seat = seen.license, seen.device, seen.seat
    if license is None or device is None:
        raise ConditionFailed
    pk, hardware_hash = license_pk(license.company, license.id), hash_hardware_id(device.hardware_id)
    write = Transaction(event_item(pk, event))
    of_license, in_epoch = LicenseItem(pk, LICENSE), LicenseItem.epoch == license.epoch
    counted: list[Action] = [LicenseItem.legacy_devices.add(-1)] if seat is None else []
    if license.first_activated_at is None:
        counted += [LicenseItem.first_activated_at.set(event.at), *starting(license, event.at)]
        in_epoch &= never_activated(license)
        begin(write, license, event.at)
    if counted:
        write.update(of_license, counted, in_epoch)
    else:
        write.check(of_license, in_epoch)
    if seat is not None:
        of_seat = (SeatItem.epoch == seat.epoch) & (SeatItem.license_epoch == license.epoch)
        called: list[Action] = [SeatItem.legacy_devices.add(-1), SeatItem.last_used_at.set(event.at)]
        write.update(SeatItem(pk, seat_sort_key(seat.user_id)), called, of_seat)
    itself: list[Action] = [DeviceItem.legacy.remove(), DeviceItem.last_check_at.set(event.at), *reported(report)]
    as_seen = _waits(license, seat) & is_named_as(device, report)
    write.update(DeviceItem(pk, device_sort_key(hardware_hash, device.user_id)), itself, as_seen)
    move_host_link(write, license, device, report)
    write.delete(link_to(license, device), LegacyItem.pk.exists())
    write.commit()


def add(license: License, seats: Mapping[int, Seat], devices: Iterable[Device], until: Instant, event: Event) -> None:
    """Add legacy devices, to be adopted until then, as are those that wait already. Raises `ConditionFailed`.

    `seats`: those of their users, as they were read; `devices`: all of them unknown on the license.
    """
    pk, added, item = license_pk(license.company, license.id), list(devices), LicenseItem
    count, of_nobody = len(added), sum(device.user_id is None for device in added)
    write = Transaction(event_item(pk, event))
    counted: list[Action] = [item.times_activated.add(count), item.known_devices.add(count)]
    counted += [item.legacy_devices.add(of_nobody), item.adopt_until.set(until)]
    as_seen = (item.epoch == license.epoch) & item.unchanged(license, item.adopt_until, item.blocked_devices)
    if added:
        as_seen &= has_room_beyond(license, count)
    write.update(item(pk, LICENSE), counted, as_seen)
    move_adoption(write, license, replace(license, adopt_until=until))
    for user_id, number in Counter(device.user_id for device in added if device.user_id is not None).items():
        write.update(SeatItem(pk, seat_sort_key(user_id)), *_taking(seats[user_id], license, number))
    hashes = dict.fromkeys(hash_hardware_id(device.hardware_id) for device in added)  # users may share a device
    for hardware_hash in hashes if license.blocked_devices else ():
        write.check(BlockItem(pk, block_sort_key(hardware_hash)), BlockItem.pk.does_not_exist())
    for device in added:
        hardware_hash = hash_hardware_id(device.hardware_id)
        key = device_sort_key(hardware_hash, device.user_id)
        write.put(DeviceItem.of(device, pk, key), DeviceItem.pk.does_not_exist())
        link_device(write, license, device.id, hardware_hash, device.user_id, device.hostname)
        write.put(link_to(license, device), LegacyItem.pk.does_not_exist())
    write.commit()


def end(license: License) -> None:
    """Note that none waits any more, as it was when the license was read. Raises `ConditionFailed`."""
    item, entry = LicenseItem, adoption_entry(license)
    write = Transaction(None)
    none_came = item.unchanged(license, item.adopt_until, item.times_activated, item.known_devices, item.epoch)
    write.update(item(license_pk(license.company, license.id), LICENSE), [item.adopt_until.remove()], none_came)
    if entry is not None:
        write.delete(entry, DueItem.pk.exists())
    write.commit()


def link_to(license: License, device: Device) -> LegacyItem:
    """The link to a legacy device. It is there exactly as long as the device has not called and is not off, also where
    a reset has ended it by its epoch."""
    user = None if device.user_id is None else (device.user_id, device.seat_epoch or 0)
    key = legacy_sort_key(device.epoch, user, hash_hardware_id(device.hardware_id))
    place = LegacyPlace(device.hardware_id, device.user_id)
    return LegacyItem.of(place, license_pk(license.company, license.id), key)


def _waits(license: License, seat: Seat | None) -> Condition:
    return is_live(license, seat) & (DeviceItem.legacy == True)  # noqa: E712 - an expression


def _taking(seat: Seat, license: License, count: int) -> tuple[list[Action], Condition]:
    """What counts so many legacy devices on a seat, if there is room for them."""
    item = SeatItem
    same = (item.epoch == seat.epoch) & (item.license_epoch == seat.license_epoch)
    if seat.license_epoch != license.epoch:  # the license was reset: the seat's counts start anew
        anew = [item.activations.set(count), item.legacy_devices.set(count), item.license_epoch.set(license.epoch)]
        return anew, same & item.unchanged(seat, item.max_activations)
    return [item.activations.add(count), item.legacy_devices.add(count)], same & has_room_for(
        SEAT_ACTIVATIONS, seat, count
    )


def _none(counter: IntegerAttribute) -> Condition:
    return counter.does_not_exist() | (counter == 0)


def _is_over(license: License, now: Instant) -> bool:
    return license.adopt_until is not None and license.adopt_until <= now
