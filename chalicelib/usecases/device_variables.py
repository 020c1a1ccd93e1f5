"""Variables that an application keeps with its device."""

from chalicelib.domain.history import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License
from chalicelib.domain.places import Place, holder
from chalicelib.domain.variables import Variable, merge
from chalicelib.store import variables as stored
from chalicelib.store.variables import Variables
from chalicelib.usecases.identify import Identity, find_place
from chalicelib.usecases.settle import settle


def track_variables(
    company: str, ident: Identity, told: dict[str, str], actor: Actor, *, now: Instant
) -> tuple[Device, list[Variable]]:
    """Set variables by name; others stay. Raises `Refused`: `device_not_found`, `validation_error`, …"""
    license, device = _held(company, ident, now)

    def decide(seen: Variables) -> list[Variable]:
        return merge(seen.variables, told, now)

    def write(seen: Variables, merged: list[Variable]) -> None:
        event = Event.new("variables_tracked", actor, now, hardware_id=device.hardware_id, count=len(told))
        stored.write_variables(license, device, seen, merged, event)

    _, merged = settle(lambda _: stored.read_variables(license, device), decide, write)
    return device, [variable for variable in merged if variable.name in told]


def device_variables(company: str, ident: Identity, *, now: Instant) -> tuple[Device, list[Variable]]:
    """All variables of the device, by name. Raises `Refused`."""
    license, device = _held(company, ident, now)
    return device, stored.read_variables(license, device).variables


def _held(company: str, ident: Identity, now: Instant) -> tuple[License, Device]:
    def read(consistent: bool) -> Place:
        return find_place(company, ident, now=now, consistent=consistent)

    _, held = settle(read, lambda place: holder(place, ident.hardware_id), lambda _place, _held: None)
    return held
