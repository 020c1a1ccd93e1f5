"""Devices with all that is shown of them, found by their ids."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, Seat, hash_hardware_id, is_live
from chalicelib.domain.slots import Slot, in_use
from chalicelib.domain.variables import Variable
from chalicelib.store import reads
from chalicelib.store.items.licenses import BlockItem, DeviceItem, LicenseItem, SeatItem, VariablesItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    LICENSE,
    block_sort_key,
    device_id_sort_key,
    device_prefix,
    device_sort_key,
    license_pk,
    seat_sort_key,
    variables_sort_key,
)
from chalicelib.store.schema import AnyItem
from chalicelib.store.slots import read_named_slots
from chalicelib.store.variables import to_variables

MAX_CHARACTERS = 300_000
"""Of the variables of all devices that are read together: what an answer of a Lambda holds, however it is escaped."""
_AT_ONCE = 20
"""Devices in one round trip, five items each."""


class DeviceKey(NamedTuple):
    """Where a device lies."""

    license_id: int
    hardware_hash: str
    user_id: int | None


@dataclass(frozen=True, slots=True)
class WholeDevice:
    """A device with its license, the seat of its user, and what an application keeps with it."""

    license: License
    device: Device
    seat: Seat | None
    is_blacklisted: bool
    variables: Sequence[Variable] | None
    """None of the devices of a list behind `MAX_CHARACTERS`."""
    slot: Slot | None = None
    """Of a floating license, the one that the device names; `slot_until` says whether it holds it."""

    @property
    def is_live(self) -> bool:
        """Whether it holds an activation."""
        return is_live(self.device, self.license, self.seat)

    def slot_until(self, now: Instant) -> Instant | None:
        """Until when it holds a slot, if it checks no more; None: it holds none."""
        seats = {} if self.seat is None else {self.seat.user_id: self.seat.epoch}
        held = [] if self.slot is None else in_use([self.slot], self.license, seats, now)
        return next((slot.held_until for slot in held if slot.holder == self.device.id and self.is_live), None)


def key_of_device(company: str, device_id: int) -> DeviceKey | None:
    """Where the device with this id lies, consistently. None: there is none, or older code has made it."""
    link = reads.get(LookupItem(company, device_id_sort_key(device_id)))
    return None if link is None else _key(link)


def device_before(company: str, id: int) -> tuple[int, DeviceKey] | None:
    """The last device whose id is below this one: its id, and where it lies. Consistent."""
    prefix, above = device_id_sort_key(), device_id_sort_key(id)
    for link in reads.query(LookupItem, company, prefix, backwards=True, after=above, limit=1):
        return int(link.sort_key.removeprefix(prefix)), _key(link)
    return None


def devices_by_id(
    company: str, *, after: int | None, backwards: bool = False, limit: int
) -> Iterator[tuple[int, DeviceKey]]:
    """The devices of a company by their ids, or `backwards`, at most `limit` behind the id `after`: each with where it
    lies. Consistent. Those of older code are filed by `audit --repair`.
    """
    prefix, behind = device_id_sort_key(), None if after is None else device_id_sort_key(after)
    for link in reads.query(LookupItem, company, prefix, backwards=backwards, after=behind, limit=limit):
        yield int(link.sort_key.removeprefix(prefix)), _key(link)


def blocked(company: str, keys: Sequence[DeviceKey]) -> set[DeviceKey]:
    """Those of these devices whose hardware id is blacklisted on their license by an item of its own. Consistent, a
    hundred in one round trip.
    """
    left, found = iter(keys), set[DeviceKey]()
    while few := list(islice(left, reads.BATCH_GET_LIMIT)):
        items = [BlockItem(license_pk(company, key.license_id), block_sort_key(key.hardware_hash)) for key in few]
        raws = reads.batch_get_raw(items, consistent=True)
        found |= {key for key, raw in zip(few, raws, strict=True) if raw is not None}
    return found


def read_variables_of(company: str, keys: Sequence[DeviceKey]) -> list[tuple[int, list[Variable]] | None]:
    """The ids of these devices, at most fifty, with what applications keep with each; None of those that are gone.

    Consistent, one round trip.
    """
    wanted = [_items(company, key, with_variables=True) for key in keys]
    found = iter(reads.batch_get([item for _, device, *_, kept in wanted for item in (device, kept)], consistent=True))
    pairs = [(next(found), next(found)) for _ in keys]
    return [None if device is None else (device.id, _variables([kept]) or []) for device, kept in pairs]


def read_devices(company: str, keys: Iterable[DeviceKey]) -> Iterator[WholeDevice]:
    """Those of these devices that are there, in their order; consistently, 20 in one round trip, and one more for the
    slots that they name.
    """
    left, room = iter(keys), MAX_CHARACTERS
    while few := list(islice(left, _AT_ONCE)):
        wanted = [_items(company, key, with_variables=room > 0) for key in few]
        found = iter(reads.batch_get([item for items in wanted for item in items], consistent=True))
        whole = list[WholeDevice]()
        for key, items in zip(few, wanted, strict=True):
            license, device, seat, block, *variables = [next(found) for _ in items]
            if license is None or device is None:
                continue
            kept = _variables(variables)
            room -= sum(len(one.name) + len(one.value) for one in kept or ())
            sold = license.to_domain()
            one = WholeDevice(
                sold,
                device.to_domain(),
                None if seat is None or key.user_id is None else seat.to_domain(),
                block is not None or key.hardware_hash in sold.blacklist,
                kept if room > 0 else None,
            )
            whole.append(one)
        slots = read_named_slots([(one.license, one.device) for one in whole])
        yield from (replace(one, slot=slot) for one, slot in zip(whole, slots, strict=True))


def read_device_ids(company: str, keys: Sequence[DeviceKey]) -> dict[DeviceKey, int]:
    """The ids of those of these devices that are there, consistently, a hundred in one round trip."""
    found: dict[DeviceKey, int] = {}
    left = iter(keys)
    while few := list(islice(left, reads.BATCH_GET_LIMIT)):
        items = reads.batch_get([_items(company, key, with_variables=False)[1] for key in few], consistent=True)
        found |= {key: item.id for key, item in zip(few, items, strict=True) if item is not None}
    return found


def _items(company: str, key: DeviceKey, *, with_variables: bool) -> list[AnyItem]:
    pk = license_pk(company, key.license_id)
    items: list[AnyItem] = [
        LicenseItem(pk, LICENSE),
        DeviceItem(pk, device_sort_key(key.hardware_hash, key.user_id)),
        SeatItem(pk, seat_sort_key(key.user_id or 0)),  # nobody has this id
        BlockItem(pk, block_sort_key(key.hardware_hash)),
    ]
    return [*items, VariablesItem(pk, variables_sort_key(key.hardware_hash, key.user_id))] if with_variables else items


def _variables(found: list[VariablesItem | None]) -> list[Variable] | None:
    """A device's variables; None where they were not asked for."""
    if not found:
        return None
    return [] if found[0] is None else to_variables(found[0])


def _key(link: LookupItem) -> DeviceKey:
    hardware_hash, _, user_id = (link.device or "").removeprefix(device_prefix()).partition("#")
    return DeviceKey(link.target_id, hardware_hash, int(user_id) if user_id else None)


def key_of(license: License, device: Device) -> DeviceKey:
    """Where a device of a license lies."""
    return DeviceKey(license.id, hash_hardware_id(device.hardware_id), device.user_id)
