"""What a manager does to a device: reset, blacklist, allow again."""

from contextlib import suppress

from chalicelib.domain.history import Actor, Event, named, of_seat
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, is_live
from chalicelib.domain.places import Place, Release, counts_as_given_up
from chalicelib.domain.refusal import Refused
from chalicelib.store import licenses, places
from chalicelib.store.dynamo import Stale
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.settle import settle


def reset_device(
    company: str, license_id: int, hardware_id: str, actor: Actor, *, user_id: int | None = None, now: Instant
) -> int:
    """Free every place that a device holds on a license; answers how many. Raises `Refused`: `device_not_found`.

    `user_id`: only the place of this user. It is free at once for any other device; whether that one is a transfer:
    `domain.places.counts_as_given_up`.
    """
    find_license(company, license_id)
    known = [d for d in places.devices(company, license_id, hardware_id) if user_id in (None, d.user_id)]
    if not known:
        raise Refused("device_not_found")
    return sum(_free(company, license_id, device, actor, now) for device in known)


def blacklist_device(company: str, license_id: int, hardware_id: str, actor: Actor, *, now: Instant) -> License:
    """Refuse a device for good, whether it was ever seen here or not, and free its places. Raises `Refused`."""
    license = find_license(company, license_id)
    try:
        event = Event.new("device_blacklisted", actor, now, hardware_id=hardware_id)
        licenses.blacklist(license, hardware_id, event)
    except Stale:
        pass  # it is blacklisted already
    for device in places.devices(company, license_id, hardware_id):
        _free(company, license_id, device, actor, now)
    return find_license(company, license_id)


def allow_device(company: str, license_id: int, hardware_id: str, actor: Actor, *, now: Instant) -> License:
    """Let a blacklisted device take a place again; it has none by this. One that is allowed stays so."""
    license = find_license(company, license_id)
    with suppress(Stale):  # it is not blacklisted, or no more
        licenses.allow(license, hardware_id, Event.new("device_allowed", actor, now, hardware_id=hardware_id))
    return find_license(company, license_id)


def _free(company: str, license_id: int, device: Device, actor: Actor, now: Instant) -> int:
    def read(_consistent: bool) -> Place:
        return places.read_place(company, license_id, device.hardware_id, device.user_id, consistent=True)

    def decide(place: Place) -> Release:
        if place.license is None or place.device is None:
            raise Refused("device_not_found")
        return Release(place.license, place.device, is_live(place.device, place.license, place.seat))

    def write(place: Place, given: Release) -> None:
        if given.live:
            about = of_seat(place.seat) | named(device.hostname)
            event = Event.new("device_reset", actor, now, hardware_id=device.hardware_id, **about)
            places.give_back(place, given, event, vacates=counts_as_given_up(given.license, actor))

    return int(settle(read, decide, write)[1].live)
