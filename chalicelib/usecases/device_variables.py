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
    return device, track_on(license, device, told, actor, now=now)


def guard_variables(
    license: License, hardware_id: str, user_id: int | None, told: dict[str, str], *, now: Instant
) -> None:
    """Refuse variables that the device could not keep, before anything else is done. Raises `Refused`."""
    merge(stored.read_variables(license, hardware_id, user_id).variables, told, now)


def track_on(license: License, device: Device, told: dict[str, str], actor: Actor, *, now: Instant) -> list[Variable]:
    """Set variables of this device on this license, by name; others stay. Raises `Refused`: `validation_error`."""

    def read(_: bool) -> Variables:
        return stored.read_variables(license, device.hardware_id, device.user_id)

    def decide(seen: Variables) -> list[Variable]:
        return merge(seen.variables, told, now)

    def write(seen: Variables, merged: list[Variable]) -> None:
        if merged == seen.variables:
            return
        event = Event.new(
            "variables_tracked",
            actor,
            now,
            user_id=device.user_id,
            hardware_id=device.hardware_id,
            count=len(told),
        )
        stored.write_variables(license, device, seen, merged, event)

    return [variable for variable in settle(read, decide, write)[1] if variable.name in told]


def device_variables(company: str, ident: Identity, *, now: Instant) -> tuple[Device, list[Variable]]:
    """All variables of the device, by name. Raises `Refused`."""
    license, device = _held(company, ident, now)
    return device, stored.read_variables(license, device.hardware_id, device.user_id).variables


def _held(company: str, ident: Identity, now: Instant) -> tuple[License, Device]:
    def read(consistent: bool) -> Place:
        return find_place(company, ident, now=now, consistent=consistent)

    _, held = settle(read, lambda place: holder(place, ident.hardware_id), lambda _place, _held: None)
    return held
