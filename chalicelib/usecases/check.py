"""Check a license, or a feature of it, from a device that is active on it."""

from collections.abc import Callable

from chalicelib.domain.activation import Snapshot, apply_claim, check_is_due, guard_live_device
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import Actor
from chalicelib.domain.extras import FeatureGrant
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, DeviceReport, License
from chalicelib.store import activations
from chalicelib.usecases.adopt import claim, is_legacy
from chalicelib.usecases.license_lookup import LicenseLookup, find_snapshot
from chalicelib.usecases.meters import with_meter
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.slots import hold_slot, with_slots_in_use


def check(
    company: str,
    lookup: LicenseLookup,
    report: DeviceReport,
    actor: Actor,
    *,
    takes_slot: bool = True,
    now: Instant,
) -> Snapshot:
    """The license and the device as they stand. Raises `NotFound`: `device_not_found` after a reset.

    An expired license is no refusal: the answer says `is_expired`. A legacy device that checks has called: no other one
    adopts it any more. `takes_slot`: of a floating license, the device takes a slot, or holds the one it has for
    longer; raises `LimitReached`: `max_floating_reached`.
    """
    snapshot = hear_of(company, lookup, report, actor, now=now)
    if takes_slot:
        snapshot = hold_slot(snapshot, lookup.hardware_id, actor, now=now)
    else:
        snapshot = with_slots_in_use(snapshot, now)
    return with_meter(apply_claim(snapshot, now), now)


def hear_of(
    company: str,
    lookup: LicenseLookup,
    report: DeviceReport,
    actor: Actor,
    guard: Callable[[License], None] = lambda _: None,
    *,
    now: Instant,
) -> Snapshot:
    """The license and a device that is live on it; that it has called is noted, where that is due.

    `guard`: raises a `SeatkeeperError` where a license does not serve. Raises as `guard_live_device`.
    """

    def read(consistent: bool) -> Snapshot:
        return find_snapshot(company, lookup, now=now, consistent=consistent)

    def decide(snapshot: Snapshot) -> tuple[License, Device]:
        license, device = guard_live_device(snapshot, lookup.hardware_id)
        guard(license)
        return license, device

    def write(snapshot: Snapshot, held: tuple[License, Device]) -> None:
        license, device = held
        if is_legacy(snapshot):
            claim(snapshot, report, actor, now=now)
        elif check_is_due(device, now):
            activations.record_check(license, device, snapshot.seat, report, now)

    snapshot, _ = decide_and_write(read, decide, write)
    return snapshot


def check_feature(
    company: str, lookup: LicenseLookup, code: str, report: DeviceReport, actor: Actor, *, now: Instant
) -> tuple[License, FeatureGrant]:
    """The license as `check` has it, and its feature of this code, also one that is over: its date says so.

    Raises `NotFound`: `invalid_license_feature_code` where the license has none; and as `check`.
    """
    snapshot = check(company, lookup, report, actor, takes_slot=False, now=now)
    granted = next((grant for grant in snapshot.extras.features if grant.code == code), None)
    if granted is None or snapshot.license is None:
        raise NotFound("invalid_license_feature_code", field="feature")
    return snapshot.license, granted
