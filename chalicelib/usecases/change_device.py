"""What a manager does to a device: reset, blacklist, allow again."""

from collections.abc import Callable
from contextlib import suppress

from chalicelib.domain.activation import DeactivationDecision, Snapshot, counts_as_release
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import Actor, Event, named, of_seat
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, is_live
from chalicelib.store import activations, licenses
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.idempotency import stored_with_result
from chalicelib.usecases.retry import decide_and_write


def reset_device(
    company: str, license_id: int, hardware_id: str, actor: Actor, *, user_id: int | None = None, now: Instant
) -> int:
    """End every activation of a device on a license; returns how many. Raises `NotFound`: `device_not_found`.

    `user_id`: only that of this user. It is free at once for any other device; whether that one is a transfer:
    `domain.activation.counts_as_release`.
    """
    find_license(company, license_id)
    known = known_devices(company, license_id, hardware_id, user_id)
    if len(known) == 1:
        return _free(company, license_id, known[0], actor, now, result=lambda _, given: int(given.live))
    return sum(_free(company, license_id, device, actor, now) for device in known)


def known_devices(company: str, license_id: int, hardware_id: str, user_id: int | None) -> list[Device]:
    """The devices of a hardware id that a license knows; `user_id`: only that of this user. Raises `NotFound`:
    `device_not_found`.
    """
    known = [d for d in activations.devices(company, license_id, hardware_id) if user_id in (None, d.user_id)]
    if not known:
        raise NotFound("device_not_found")
    return known


def blacklist_device(company: str, license_id: int, hardware_id: str, actor: Actor, *, now: Instant) -> bool:
    """Refuse a device for good, and free its activations; answers whether the license knows it. Raises `NotFound`."""
    license = find_license(company, license_id)
    try:
        event = Event.new("device_blacklisted", actor, now, hardware_id=hardware_id)
        licenses.blacklist(license, hardware_id, event)
    except ConditionFailed:
        find_license(company, license_id)  # it is blacklisted already
    known = list(activations.devices(company, license_id, hardware_id))
    for number, device in enumerate(known, start=1):
        with suppress(NotFound):  # forgotten, or deleted with its license, since it was blacklisted
            _free(company, license_id, device, actor, now, result=None if number < len(known) else lambda *_: True)
    return bool(known)


def allow_device(company: str, license_id: int, hardware_id: str, actor: Actor, *, now: Instant) -> License:
    """Let a blacklisted device activate again; it is not active by this. One that is allowed stays so."""
    license = find_license(company, license_id)
    try:
        with stored_with_result(lambda: license):
            licenses.allow(license, hardware_id, Event.new("device_allowed", actor, now, hardware_id=hardware_id))
    except ConditionFailed:  # it is not blacklisted, or no more
        return find_license(company, license_id)
    return licenses.read_license(company, license_id) or license  # which is deleted by now


def _free(
    company: str,
    license_id: int,
    device: Device,
    actor: Actor,
    now: Instant,
    *,
    result: Callable[[Snapshot, DeactivationDecision], int] | None = None,
) -> int:
    def read(_consistent: bool) -> Snapshot:
        return activations.read_snapshot(company, license_id, device.hardware_id, device.user_id, consistent=True)

    def decide(snapshot: Snapshot) -> DeactivationDecision:
        if snapshot.license is None or snapshot.device is None:
            raise NotFound("device_not_found")
        return DeactivationDecision(
            snapshot.license, snapshot.device, is_live(snapshot.device, snapshot.license, snapshot.seat)
        )

    def write(snapshot: Snapshot, given: DeactivationDecision) -> None:
        if given.live:
            about = of_seat(snapshot.seat) | named(device.hostname)
            event = Event.new("device_reset", actor, now, hardware_id=device.hardware_id, **about)
            activations.deactivate(snapshot, given, event, counts_as_release=counts_as_release(given.license, actor))

    return int(decide_and_write(read, decide, write, result=result)[1].live)
