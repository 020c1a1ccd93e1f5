"""Deactivate a license on the device that asks."""

from chalicelib.domain.activation import DeactivationDecision, Snapshot, decide_deactivation
from chalicelib.domain.errors import Invalid, Rejected
from chalicelib.domain.events import Actor, Event, named, of_seat
from chalicelib.domain.instants import Instant
from chalicelib.store import activations
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.license_lookup import LicenseLookup, find_snapshot
from chalicelib.usecases.retry import decide_and_write


def deactivate(
    company: str, lookup: LicenseLookup, actor: Actor, *, variables: dict[str, str] | None = None, now: Instant
) -> None:
    """Deactivate the device. One that was active once and is no more gets the same answer: it is a repeat.

    `variables`: to be kept with the device, its last words. Raises `NotFound`: `device_not_found` for a device
    that was never active here.
    """
    if variables:
        _keep(company, lookup, variables, actor, now)

    def read(consistent: bool) -> Snapshot:
        return find_snapshot(company, lookup, now=now, consistent=consistent)

    def write(snapshot: Snapshot, given: DeactivationDecision) -> None:
        if given.live:
            activations.deactivate(snapshot, given, _event(snapshot), counts_as_release=True)

    def _event(snapshot: Snapshot) -> Event:
        host = named(None if snapshot.device is None else snapshot.device.hostname)
        return Event.new(
            "device_deactivated", actor, now, hardware_id=lookup.hardware_id, **of_seat(snapshot.seat), **host
        )

    decide_and_write(read, decide_deactivation, write, activations.apply_conflict, lambda given: given.live)


def _keep(company: str, lookup: LicenseLookup, variables: dict[str, str], actor: Actor, now: Instant) -> None:
    try:
        track_variables(company, lookup, variables, actor, now=now)
    except Invalid:
        raise
    except Rejected:
        pass  # no reason to keep the activation
