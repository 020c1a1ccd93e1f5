"""Slots of a floating license: a check takes one or renews it, and the device gives it back."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.activation import Snapshot, decide_deactivation, guard_live_device
from chalicelib.domain.errors import Denied, LimitReached, Unavailable
from chalicelib.domain.events import Actor, Event, EventType, named, of_seat
from chalicelib.domain.instants import MINUTE_MS, Instant
from chalicelib.domain.license import Device, License, Seat, is_live
from chalicelib.domain.slots import (
    BLIND_ABOVE,
    FullPool,
    Slot,
    SlotDecision,
    decide_slot,
    freed_by,
    guard_takes,
    in_use,
    is_draining,
    is_floating,
    needs_slot,
)
from chalicelib.runtime import runtime
from chalicelib.store import activations, licenses, slots
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.change_device import known_devices
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.license_lookup import LicenseLookup, find_snapshot
from chalicelib.usecases.retry import MAX_ATTEMPTS, decide_and_write

_BLIND_TRIES = 3
"""Of a large pool, before all of it is looked at."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a slot is looked for in."""

    snapshot: Snapshot
    slots: list[Slot] | None = None
    """All that were ever taken; None: nobody has looked."""
    seats: dict[int, int] | None = None


def hold_slot(checked: Snapshot, hardware_id: str, actor: Actor, *, now: Instant) -> Snapshot:
    """Let a device that was found live hold a slot: for longer, or one that is free. Of a license that is over, or is
    not floating, it needs none. Answers the snapshot as it is by then, with how many slots are in use.

    Raises `LimitReached`: `max_floating_reached`, where at one instant all were in use; `Denied`:
    `rate_limit_exceeded`, where it has taken very many within an hour; and as `guard_live_device`.
    """
    license, device = guard_live_device(checked, hardware_id)
    if not needs_slot(license, now) or (device.slot is not None and _renewed(checked, license, device, now)):
        return with_slots_in_use(checked, now)
    _guard_remembered(license, device, now)
    looked = list[_Seen]()
    tries = iter(range(_BLIND_TRIES))

    def read(consistent: bool) -> _Seen:
        # A user's reset moves license and seat, which the take holds against each other: they are read at one instant.
        at_once = consistent or checked.seat is not None
        snapshot = _as_it_stands(license, checked.device) if at_once else checked
        if _may_be_blind(snapshot) and next(tries, None) is not None:
            return _Seen(snapshot)
        looked.append(_look(snapshot, now, final=consistent))
        return looked[-1]

    def decide(seen: _Seen) -> SlotDecision | None:
        return _decide(seen, hardware_id, now)

    def write(seen: _Seen, decision: SlotDecision | None) -> None:
        if decision is not None and seen.snapshot.license is not None and seen.snapshot.device is not None:
            event = _event("slot_taken", seen.snapshot, decision.number, actor, now)
            slots.take(seen.snapshot, seen.snapshot.license, seen.snapshot.device, decision, event)

    try:
        seen, _ = decide_and_write(read, decide, write, changes=lambda decision: decision is not None)
    except LimitReached as error:
        error.license_id = license.id
        _remember(looked[-1], now)
        raise
    return with_slots_in_use(_as_of(checked, seen.snapshot), now, fresh=license.floating_users <= BLIND_ABOVE)


def release_slot(company: str, lookup: LicenseLookup, actor: Actor, *, now: Instant) -> None:
    """Give back the slot of a device. One that has none, or is active no more, gets the same answer: it is a repeat.

    On a license in any state, as `deactivate`. Raises `device_not_found`, `license_not_floating`.
    """

    def read(consistent: bool) -> Snapshot:
        found = find_snapshot(company, lookup, now=now, consistent=consistent)
        if found.license is None or found.seat is None or consistent:
            return found
        return _as_it_stands(found.license, found.device)  # as in `hold_slot`

    def decide(snapshot: Snapshot) -> Slot | None:
        found = decide_deactivation(snapshot)
        if not is_floating(found.license):
            raise Denied("license_not_floating")
        return _own_slot(snapshot)

    decide_and_write(read, decide, _releasing(actor, now), changes=lambda slot: slot is not None)


def take_slot_back(
    company: str, license_id: int, hardware_id: str, actor: Actor, *, user_id: int | None = None, now: Instant
) -> int:
    """Let a vendor free the slots that a device holds; how many. It stays active, and takes one again when it checks.
    `user_id`: only that of this user. Raises `NotFound`: `device_not_found`; `license_not_floating`.
    """
    license = find_license(company, license_id)
    if not is_floating(license):
        raise Denied("license_not_floating")
    known = known_devices(company, license_id, hardware_id, user_id)
    if len(known) == 1:
        return _take_back(license, known[0], actor, now, result=lambda _, slot: int(slot is not None))
    return sum(_take_back(license, device, actor, now) for device in known)


def guard_slot(license: License, device: Device, now: Instant) -> None:
    """What `hold_slot` would answer a device that is live, and nothing is taken. Raises as it does."""
    if needs_slot(license, now):
        found = slots.read_slots(license)
        if decide_slot(license, device, found, slots.seat_epochs(license, found), min, now=now) is not None:
            guard_takes(device, now)


def held_slots(license: License, now: Instant) -> list[Slot]:
    """The slots that are in use, consistently; of a license that is not floating none."""
    found = slots.read_slots(license) if is_floating(license) else []
    return in_use(found, license, slots.seat_epochs(license, found), now)


def held_until(devices: Sequence[tuple[License, Device, Seat | None]], now: Instant) -> list[Instant | None]:
    """Until when each of these devices of licenses and seats holds a slot; None: it holds none, as all do of a license
    that is not floating. Consistent, in one read for a hundred that name one.
    """
    named = slots.read_named_slots([(license, device) for license, device, _ in devices])
    held = list[Instant | None]()
    for (license, device, seat), slot in zip(devices, named, strict=True):
        seats = {} if seat is None else {seat.user_id: seat.epoch}
        mine = [] if slot is None or slot.holder != device.id else in_use([slot], license, seats, now)
        held.append(mine[0].held_until if mine else None)
    return held


def with_slots_in_use(snapshot: Snapshot, now: Instant, *, fresh: bool = False) -> Snapshot:
    """The snapshot with `slots_in_use`, for the answer."""
    license = snapshot.license
    if license is None or not is_floating(license):
        return snapshot
    return replace(snapshot, slots_in_use=slots_in_use(license, now, fresh=fresh))


def slots_in_use(license: License, now: Instant, *, fresh: bool = False) -> int:
    """How many slots are in use, as it was known a minute ago at the latest, or last, where the database has no time to
    tell: for that nobody is refused. 0 of a license that is not floating. Raises `Unavailable` where it never was.

    Of a large pool it counts the slots of a user whose devices were reset until they lapse: to know of them is a read
    for each hundred users.
    """
    if not is_floating(license):
        return 0

    def count() -> int:
        found = slots.read_slots(license)
        if len(found) > BLIND_ABOVE:
            return sum(slot.held_until > now and slot.epoch == license.epoch for slot in found)
        return len(in_use(found, license, slots.seat_epochs(license, found), now))

    key, cache = (license.company, license.id), runtime().caches.slots_in_use

    def is_old(known: tuple[int, Instant]) -> bool:
        return not 0 <= now - known[1] < MINUTE_MS

    try:
        known = cache.get(key, lambda: (count(), now), now, refuses=is_old, fresh=fresh)
    except Unavailable:
        if (known := cache.get(key, lambda: None, now)) is None:
            raise
    return known[0] if known else 0


def _take_back(
    license: License,
    device: Device,
    actor: Actor,
    now: Instant,
    *,
    result: Callable[[Snapshot, Slot | None], int] | None = None,
) -> int:
    def read(_consistent: bool) -> Snapshot:
        return _as_it_stands(license, device)

    def decide(snapshot: Snapshot) -> Slot | None:
        license, device = snapshot.license, snapshot.device
        if license is None or device is None or not is_live(device, license, snapshot.seat):
            return None
        return _own_slot(snapshot)

    given = decide_and_write(read, decide, _releasing(actor, now), result=result)
    return int(given[1] is not None)


def _own_slot(snapshot: Snapshot) -> Slot | None:
    """The slot that the device has taken last, where it is still the device's."""
    license, device = snapshot.license, snapshot.device
    if license is None or device is None or device.slot is None:
        return None
    slot = slots.read_slot(license, device.slot)
    return slot if slot is not None and slot.holder == device.id else None


def _releasing(actor: Actor, now: Instant) -> Callable[[Snapshot, Slot | None], None]:
    def write(snapshot: Snapshot, slot: Slot | None) -> None:
        if slot is not None and snapshot.license is not None and snapshot.device is not None:
            event = _event("slot_released", snapshot, slot.number, actor, now)
            slots.release(snapshot, snapshot.license, snapshot.device, slot, event)

    return write


def _renewed(checked: Snapshot, license: License, device: Device, now: Instant) -> bool:
    """Whether the device holds the slot that it names, for longer if it does not hold it for longer already.

    Where the database takes no write now, who holds a slot keeps it. Raises `Unavailable` where nobody can tell.
    """
    try:
        slots.renew(license, device, checked.seat, now)
    except (ConditionFailed, Unavailable) as error:
        slot = slots.read_slot(license, device.slot or 0)
        seats = {} if checked.seat is None else {checked.seat.user_id: checked.seat.epoch}
        if slot is not None and slot.holder == device.id and in_use([slot], license, seats, now):
            return True
        if isinstance(error, Unavailable):
            raise
        return False
    return True


def _may_be_blind(snapshot: Snapshot) -> bool:
    license, device = snapshot.license, snapshot.device
    if license is None or device is None or device.slot is not None or is_draining(license):
        return False
    return license.floating_users > BLIND_ABOVE


def _decide(seen: _Seen, hardware_id: str, now: Instant) -> SlotDecision | None:
    license, device = guard_live_device(seen.snapshot, hardware_id)
    if not needs_slot(license, now):
        return None
    decision: SlotDecision | None = SlotDecision(secrets.randbelow(license.floating_users), is_blind=True)
    if seen.slots is not None:
        decision = decide_slot(license, device, seen.slots, seen.seats or {}, secrets.choice, now=now)
    if decision is not None:
        guard_takes(device, now)
    return decision


def _look(snapshot: Snapshot, now: Instant, *, final: bool) -> _Seen:
    """All slots. `final`: a refusal may rest on it: nothing was given back from before they were read until after.

    Raises `Unavailable` where there is always something.
    """
    for _ in range(MAX_ATTEMPTS):
        license = snapshot.license
        if license is None:
            return _Seen(snapshot)
        found = slots.read_slots(license)
        seats = slots.seat_epochs(license, found)
        seen = _Seen(snapshot, found, seats)
        if not final or len(in_use(found, license, seats, now)) < license.floating_users:
            return seen
        after = licenses.read_license(license.company, license.id)
        if after is not None and freed_by(after) == freed_by(license):
            return seen
        snapshot = _as_it_stands(license, snapshot.device)
    raise Unavailable("too_many_rivals")


def _guard_remembered(license: License, device: Device, now: Instant) -> None:
    """Refuse a device where all slots are in use since they were looked at. Raises as `hold_slot`."""
    full = runtime().caches.full_pools.get((license.company, license.id), lambda: None, now)
    if full is None or now >= full.until:
        return
    snapshot = _as_it_stands(license, device)
    as_is, still = guard_live_device(snapshot, device.hardware_id)
    if needs_slot(as_is, now) and freed_by(as_is) == full.seen_of and still.slot_moves == device.slot_moves:
        error = LimitReached("max_floating_reached", limit=as_is.floating_users, used=as_is.floating_users)
        error.license_id = license.id
        raise error


def _remember(seen: _Seen, now: Instant) -> None:
    """That all slots are in use, as it was looked at."""
    license, found = seen.snapshot.license, seen.slots
    if license is None or found is None:
        return
    used = in_use(found, license, seen.seats or {}, now)
    full = FullPool(freed_by(license), min((slot.held_until for slot in used), default=now))
    runtime().caches.full_pools.get((license.company, license.id), lambda: full, now, fresh=True)


def _as_it_stands(license: License, device: Device | None) -> Snapshot:
    """License, device and seat at one instant."""
    hardware_id, user_id = (None, None) if device is None else (device.hardware_id, device.user_id)
    return activations.read_snapshot(license.company, license.id, hardware_id, user_id, consistent=True)


def _as_of(checked: Snapshot, seen: Snapshot) -> Snapshot:
    """What was checked, as it was seen last; under the key that was asked for."""
    if checked.license is None or seen.license is None:
        return checked
    license = replace(seen.license, license_key=checked.license.license_key)
    return replace(checked, license=license, device=seen.device, seat=seen.seat, user=seen.user)


def _event(kind: EventType, snapshot: Snapshot, number: int, actor: Actor, now: Instant) -> Event:
    device = snapshot.device
    assert device is not None  # it is live
    about = of_seat(snapshot.seat) | named(device.hostname)
    return Event.new(kind, actor, now, hardware_id=device.hardware_id, slot=number, **about)
