"""Legacy devices, which come along from another license system: add them, adopt them, and let them lapse."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from chalicelib.domain.activation import ActivationDecision, DeactivationDecision, Snapshot
from chalicelib.domain.adoption import LegacyDevice, LegacyPlace
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Denied, Invalid, NotFound
from chalicelib.domain.events import Actor, Event, named, of_seat
from chalicelib.domain.ids import new_device_ids
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import REPORTED, Device, DeviceReport, License, Seat, hash_hardware_id, is_live
from chalicelib.domain.limits import LICENSE_OVERAGE, SEAT_ACTIVATIONS
from chalicelib.store import accounts, activations, adoptions, devices, licenses
from chalicelib.store.database import ConditionFailed
from chalicelib.store.devices import DeviceKey
from chalicelib.store.seats import read_seats
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.retry import decide_and_write

AT_ONCE = 11
"""Devices that are added in one transaction of a hundred items: up to eight each, and eight that come once at most."""


@dataclass(frozen=True, slots=True)
class _State:
    """A license, the seats of those who are named, and the devices that are known already."""

    license: License
    seats: Mapping[int, Seat]
    known: frozenset[DeviceKey]


def add_legacy_devices(
    company: str, license_id: int, given: Sequence[LegacyDevice], until: Instant, actor: Actor, *, now: Instant
) -> int:
    """Let devices of another license system hold places of a license, to be adopted until then; answers how many are
    new.

    One whose hardware id the license knows, of the same user, stays as it is, whatever has become of it: so the same
    again adds nothing. `until` is from then on that of all that wait on the license. The limits hold, whatever
    the other system allowed: raise them first, and lower them then, which evicts nobody. Written 11 at a time: where
    this ends early, the same again adds the rest.
    Raises `NotFound`: `license_not_found`, `user_not_found` for who has no seat; `LimitReached` before anything is
    written; `Denied`: `blacklisted`; `Invalid` at the field `adopt_until`: `date_past`.
    """
    if until <= now:
        raise Invalid("date_past", field="adopt_until")
    owners = {email: _user_id(company, email) for email in {one.email for one in given if one.email is not None}}
    wanted = {_key(license_id, one, owners): one for one in given}
    _unknown(_read(company, license_id, wanted), wanted)
    left, added = iter(wanted.items()), 0
    while True:
        few = dict(islice(left, AT_ONCE))
        added += _add(company, license_id, few, until, actor, now)
        if len(few) < AT_ONCE:
            return added


def place_to_adopt(snapshot: Snapshot, decision: ActivationDecision, hardware_id: str) -> LegacyPlace | None:
    """The legacy device whose place an activation takes over, where it was decided that it takes one.

    Raises `ConditionFailed` where others have taken all since.
    """
    if decision.adopts is None:
        return None
    place = adoptions.find_place(decision.license, snapshot.seat, decision.adopts, hardware_id)
    if place is None:
        raise ConditionFailed
    return place


def is_legacy(snapshot: Snapshot) -> bool:
    """Whether the device, which is live, is one that waits to be adopted."""
    return snapshot.device is not None and snapshot.device.legacy


def claim(snapshot: Snapshot, report: DeviceReport, actor: Actor, *, now: Instant) -> None:
    """Note that a legacy device has called itself: its place does not wait any more. Raises `ConditionFailed`."""
    about = of_seat(snapshot.seat) | named(report.hostname) | {"adopted": report.hardware_id}
    if snapshot.license is not None and snapshot.license.first_activated_at is None:
        about |= {"first": 1}
    event = Event.new("device_activated", actor, now, hardware_id=report.hardware_id, **about)
    adoptions.claim(snapshot, report, event)


def lapse(company: str, license_id: int, actor: Actor, *, now: Instant) -> int:
    """Free the places of a license that may not be adopted any more; answers how many it has freed.

    Each is freed by one write, once, whoever does so at the same time. Interrupted, it goes on at the next run.
    """
    freed = 0

    def read(_consistent: bool) -> License | None:
        nonlocal freed
        while (license := _overdue(company, license_id, now)) is not None:
            places = [_lapse(company, license_id, place, actor, now) for place in adoptions.waiting(license)]
            freed += sum(places)
            if not any(places):
                break
        return license

    def write(license: License | None, _: License | None) -> None:
        if license is not None:
            adoptions.end(license)

    decide_and_write(read, lambda license: license, write)
    return freed


def _overdue(company: str, license_id: int, now: Instant) -> License | None:
    license = licenses.read_license(company, license_id)
    if license is None or license.adopt_until is None or now < license.adopt_until:
        return None
    return license


def _lapse(company: str, license_id: int, place: LegacyPlace, actor: Actor, now: Instant) -> bool:
    def read(_consistent: bool) -> Snapshot:
        return activations.read_snapshot(company, license_id, place.hardware_id, place.user_id, consistent=True)

    def decide(snapshot: Snapshot) -> DeactivationDecision | None:
        license, device = snapshot.license, snapshot.device
        if license is None or device is None or license.adopt_until is None or now < license.adopt_until:
            return None
        waits = device.legacy and is_live(device, license, snapshot.seat)
        return DeactivationDecision(license, device, live=True) if waits else None

    def write(snapshot: Snapshot, given: DeactivationDecision | None) -> None:
        if given is not None:
            about = of_seat(snapshot.seat) | named(given.device.hostname)
            event = Event.new("device_lapsed", actor, now, hardware_id=place.hardware_id, **about)
            activations.deactivate(snapshot, given, event, counts_as_release=False, lapses=True)

    return decide_and_write(read, decide, write)[1] is not None


def _add(
    company: str,
    license_id: int,
    wanted: Mapping[DeviceKey, LegacyDevice],
    until: Instant,
    actor: Actor,
    now: Instant,
) -> int:
    def write(state: _State, new: list[Device]) -> None:
        if new or until != state.license.adopt_until:
            event = Event.new("legacy_devices_added", actor, now, devices=len(new), adopt_until=to_iso(until))
            adoptions.add(state.license, state.seats, new, until, event)

    def decide(state: _State) -> list[Device]:
        new = _unknown(state, wanted)
        if _blocked(state.license, {key.hardware_hash for key in new}):
            raise Denied("blacklisted")
        ids = new_device_ids(now, len(new))
        return [_device(id, state, key, given, now) for id, (key, given) in zip(ids, new.items(), strict=True)]

    return len(decide_and_write(lambda _: _read(company, license_id, wanted), decide, write)[1])


def _read(company: str, license_id: int, wanted: Mapping[DeviceKey, LegacyDevice]) -> _State:
    """The license first: a device that comes while this is read is then known, or is counted in vain."""
    license = find_license(company, license_id)
    seats = read_seats(license, [key.user_id for key in wanted if key.user_id is not None])
    known = devices.read_device_ids(company, list(wanted))
    return _State(license, seats, frozenset(known))


def _unknown(state: _State, wanted: Mapping[DeviceKey, LegacyDevice]) -> Mapping[DeviceKey, LegacyDevice]:
    """Those that are to be made. Raises `NotFound` and `LimitReached`."""
    license, seats = state.license, state.seats
    if any(key.user_id is not None and key.user_id not in seats for key in wanted):
        raise NotFound("user_not_found")
    new = {key: given for key, given in wanted.items() if key not in state.known}
    for user_id, number in Counter(key.user_id for key in new if key.user_id is not None).items():
        SEAT_ACTIVATIONS.check(seats[user_id].in_epoch_of(license), number)
    if new:  # of a license that was sold smaller since, more may be active than it lets in
        LICENSE_OVERAGE.check(license, len(new))
    return new


def _blocked(license: License, hashes: Set[str]) -> bool:
    """Whether one of these may never be active here."""
    if license.blacklist & hashes:
        return True
    return bool(license.blocked_devices and activations.blocked(license, hashes))


def _device(id: int, state: _State, key: DeviceKey, given: LegacyDevice, now: Instant) -> Device:
    license, seat = state.license, state.seats.get(key.user_id or 0)
    activated_at = now if given.activated_at is None else given.activated_at
    return Device(
        id=id,
        active=True,
        epoch=license.epoch,
        first_activated_at=activated_at,
        activated_at=activated_at,
        last_check_at=activated_at if given.last_check_at is None else given.last_check_at,
        user_id=None if seat is None else seat.user_id,
        seat_epoch=None if seat is None else seat.epoch,
        legacy=True,
        **{name: getattr(given.report, name) for name in REPORTED},
    )


def _key(license_id: int, given: LegacyDevice, owners: Mapping[str, int]) -> DeviceKey:
    user_id = None if given.email is None else owners[given.email]
    return DeviceKey(license_id, hash_hardware_id(given.report.hardware_id), user_id)


def _user_id(company: str, email: str) -> int:
    user_id = accounts.user_of_email(company, known_email(email))
    if user_id is None:
        raise NotFound("user_not_found")
    return user_id
