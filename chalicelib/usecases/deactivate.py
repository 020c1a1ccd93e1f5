"""Give a place back, from the device that holds it."""

from chalicelib.domain.history import Actor, Event, named, of_seat
from chalicelib.domain.instants import Instant
from chalicelib.domain.places import Place, Release, release
from chalicelib.domain.refusal import Refused
from chalicelib.store import places
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.identify import Identity, find_place
from chalicelib.usecases.settle import settle


def deactivate(
    company: str, ident: Identity, actor: Actor, *, told: dict[str, str] | None = None, now: Instant
) -> None:
    """Free the device's place. A device that was active once and holds none is answered the same: it is a repeat.

    `told`: variables to keep with the device, its last words. Raises `Refused`: `device_not_found` for a device that
    was never active here.
    """
    if told:
        _keep(company, ident, told, actor, now)

    def read(consistent: bool) -> Place:
        return find_place(company, ident, now=now, consistent=consistent)

    def write(place: Place, given: Release) -> None:
        if given.live:
            places.give_back(place, given, _event(place), vacates=True)

    def _event(place: Place) -> Event:
        host = named(None if place.device is None else place.device.hostname)
        return Event.new("device_deactivated", actor, now, hardware_id=ident.hardware_id, **of_seat(place.seat), **host)

    settle(read, release, write, places.newer, lambda given: given.live)


def _keep(company: str, ident: Identity, told: dict[str, str], actor: Actor, now: Instant) -> None:
    try:
        track_variables(company, ident, told, actor, now=now)
    except Refused as refused:
        if refused.code == "validation_error":  # all else is no reason to hold a place
            raise
