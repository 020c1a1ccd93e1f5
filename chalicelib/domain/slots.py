"""Slots: of a floating license, how many of its active devices may use it at once, each until an instant.

`License.floating_users` slots are numbered from 0, and a slot is in use while its item says so: it was taken in the
epochs that are now, of the license and of the user's seat, and `held_until` is not past. So a slot that has lapsed is
free without a sweep, a reset frees all at once, and no counter can disagree with the items.

As long as slots are in use beyond those that are sold, for more were sold before, those who hold them keep them, and no
other is given while as many are in use as are sold: the pool *drains*. Each that is given meanwhile deletes one beyond
that has lapsed, so that no clock that is behind counts more of them than before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.domain.errors import Denied, LimitReached
from chalicelib.domain.instants import MINUTE_MS, Instant, whole_seconds
from chalicelib.domain.license import Device, License, is_expired
from chalicelib.domain.rate import Bucket

BLIND_ABOVE = 64
"""Up to so many slots, all are looked at before one is taken, for two read units; of more some are tried first."""
TAKES = Bucket(300)
"""Slots that one device may take at once, and within each hour: each take, and its release, is a row of history."""
SeatEpochs = Mapping[int, int]
"""The epoch of each user's seat, by the user; of those who have none, nothing."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot as it was taken last."""

    number: int
    holder: int
    """The id of the device."""
    held_until: Instant
    epoch: int
    """The license's, in which it was taken; in any later one nobody holds it."""
    user_id: int | None = None
    seat_epoch: int | None = None
    """The same of the holder's seat, where there are users."""


@dataclass(frozen=True, slots=True)
class SlotDecision:
    """A slot that a device may take."""

    number: int
    before: Slot | None = None
    """The slot as it was looked at; None: there was none."""
    goes: Slot | None = None
    """Another one that has lapsed and is deleted: the device's own, or one beyond those that are sold."""
    is_blind: bool = False
    """It was not looked at: it may be taken if it is free by then."""
    has_drained: bool = False
    """No slot is left beyond those that are sold."""


def is_floating(license: License) -> bool:
    """Whether its devices need a slot."""
    return license.floating_users > 0


def needs_slot(license: License, now: Instant) -> bool:
    """Whether who checks it takes a slot: of a license that is over nobody does."""
    return is_floating(license) and not is_expired(license, now)


def is_draining(license: License) -> bool:
    """Whether slots may be in use that are sold no more."""
    return license.slots_known > license.floating_users


def held_from(license: License, now: Instant) -> Instant:
    """Until when a slot is held that is taken or renewed now."""
    return now + license.floating_timeout * MINUTE_MS


def is_current(slot: Slot, license: License, seats: SeatEpochs) -> bool:
    """Whether it was taken since the last reset of the license, and of its user's devices."""
    if slot.epoch != license.epoch:
        return False
    return slot.user_id is None or seats.get(slot.user_id) == slot.seat_epoch


def in_use(slots: Iterable[Slot], license: License, seats: SeatEpochs, now: Instant) -> list[Slot]:
    """Those of these that somebody holds."""
    return [slot for slot in slots if slot.held_until > now and is_current(slot, license, seats)]


def decide_slot(
    license: License,
    device: Device,
    slots: Sequence[Slot],
    seats: SeatEpochs,
    choose: Callable[[Sequence[int]], int],
    *,
    now: Instant,
) -> SlotDecision | None:
    """Which slot a device takes, of all that there are; None where it holds one. Raises `LimitReached`.

    Its own, where that has lapsed: so it never has two, whichever clock has gone by. `choose`: one of those numbers.
    """
    used = in_use(slots, license, seats, now)
    if any(slot.holder == device.id for slot in used):
        return None
    if len(used) >= license.floating_users:
        raise LimitReached("max_floating_reached", limit=license.floating_users, used=len(used))
    taken = {slot.number for slot in used}
    free = [number for number in range(license.floating_users) if number not in taken]
    own = next((slot for slot in slots if slot.holder == device.id), None)
    number = own.number if own is not None and own.number in free else choose(free)
    before = next((slot for slot in slots if slot.number == number), None)
    beyond = [slot for slot in slots if slot.number >= license.floating_users and is_current(slot, license, seats)]
    lapsed = next((slot for slot in beyond if slot not in used), None)
    goes = own if own is not None and own != before else lapsed
    has_drained = is_draining(license) and not [slot for slot in beyond if slot != goes]
    return SlotDecision(number, before, goes, has_drained=has_drained)


def guard_takes(device: Device, now: Instant) -> None:
    """Raises `Denied`: `rate_limit_exceeded`, where the device takes slots without end; to give back is free."""
    if wait := TAKES.wait_ms(device.slots_full_at, now):
        raise Denied("rate_limit_exceeded", of="slots", retry_after=whole_seconds(wait))


@dataclass(frozen=True, slots=True)
class FullPool:
    """That all slots of a license were in use: until one of them lapses, or the license is another than it was."""

    seen_of: tuple[int, ...]
    """What is another one as soon as any slot is given back, or the pool is of another size (`freed_by`)."""
    until: Instant


def freed_by(license: License) -> tuple[int, ...]:
    """What moves whenever a slot may be free that was in use, unless it has lapsed: a renewal only holds for longer."""
    return license.epoch, license.slot_releases, license.floating_users
