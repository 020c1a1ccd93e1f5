"""Variables that an application keeps with its device."""

from chalicelib.domain.activation import Snapshot, guard_live_device
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License
from chalicelib.domain.variables import Variable, merge
from chalicelib.store import variables as stored
from chalicelib.store.variables import Variables
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.license_lookup import LicenseLookup, find_snapshot
from chalicelib.usecases.retry import decide_and_write


def track_variables(
    company: str, lookup: LicenseLookup, variables: dict[str, str], actor: Actor, *, now: Instant
) -> tuple[Device, list[Variable]]:
    """Set variables by name; others stay. Raises `NotFound`: `device_not_found`, `Invalid`: `validation_error`, …"""
    license, device = _held(company, lookup, now)
    return device, track_on(license, device, variables, actor, now=now)


def guard_variables(
    license: License, hardware_id: str, user_id: int | None, variables: dict[str, str], *, now: Instant
) -> Variables:
    """Refuse variables that the device could not keep, before anything else is done; returns those that it has.

    Raises `Invalid`: `validation_error`.
    """
    seen = stored.read_variables(license, hardware_id, user_id)
    merge(seen.variables, variables, now, seen.last_place)
    return seen


def track_on(
    license: License,
    device: Device,
    variables: dict[str, str],
    actor: Actor,
    *,
    seen: Variables | None = None,
    now: Instant,
) -> list[Variable]:
    """Set variables of this device on this license, by name; others stay. Raises `Invalid`: `validation_error`;
    `NotFound`: `license_not_found`, `device_not_found` where it is gone meanwhile.

    `seen`: those that it has, where the caller has just read them.
    """

    def read(again: bool) -> Variables:
        if again:  # others have changed them, or the device is gone meanwhile, with its license
            if (found := stored.read_of_known(license, device)) is None:
                find_license(license.company, license.id)
                raise NotFound("device_not_found")
            return found
        if seen is not None:
            return seen
        return stored.read_variables(license, device.hardware_id, device.user_id)

    def decide(seen: Variables) -> list[Variable]:
        return merge(seen.variables, variables, now, seen.last_place)

    def write(seen: Variables, merged: list[Variable]) -> None:
        if merged == seen.variables:
            return
        event = Event.new(
            "variables_tracked",
            actor,
            now,
            user_id=device.user_id,
            hardware_id=device.hardware_id,
            count=len(variables),
        )
        stored.write_variables(license, device, seen, merged, event)

    return [variable for variable in decide_and_write(read, decide, write)[1] if variable.name in variables]


def device_variables(company: str, lookup: LicenseLookup, *, now: Instant) -> tuple[Device, list[Variable]]:
    """All variables of the device, by name. Raises `SeatkeeperError`."""
    license, device = _held(company, lookup, now)
    return device, stored.read_variables(license, device.hardware_id, device.user_id).variables


def _held(company: str, lookup: LicenseLookup, now: Instant) -> tuple[License, Device]:
    def read(consistent: bool) -> Snapshot:
        return find_snapshot(company, lookup, now=now, consistent=consistent)

    _, held = decide_and_write(
        read, lambda snapshot: guard_live_device(snapshot, lookup.hardware_id), lambda _snapshot, _held: None
    )
    return held
