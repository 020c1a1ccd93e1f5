"""Count a use of a license that is sold by consumption, once for its key."""

from dataclasses import replace

from chalicelib.domain.errors import Denied, LimitReached
from chalicelib.domain.events import Actor
from chalicelib.domain.ids import new_event_key
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, DeviceReport, License
from chalicelib.domain.meters import AS_SOLD, Asked, Counting, Meter, Use, as_of, decide_use, guard_consumes
from chalicelib.store import meters
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.check import hear_of
from chalicelib.usecases.license_lookup import LicenseLookup
from chalicelib.usecases.meters import filed_day, there
from chalicelib.usecases.retry import decide_and_write


def add_consumption(
    company: str,
    lookup: LicenseLookup,
    amount: int,
    report: DeviceReport,
    actor: Actor,
    *,
    key: str | None = None,
    asked: Asked = AS_SOLD,
    now: Instant,
) -> tuple[License, Meter]:
    """Count a use by a device that is active: the license, and its meter after it.

    `key`: what names the call. The same once more, from the same device, is answered as the first and not counted,
    within `USES_KEPT_SECONDS`. Raises as `check`; `Denied`: `license_expired`, `license_not_consumption`,
    `negative_consumptions_not_allowed`, `idempotency_key_reused`; `LimitReached`: `license_not_enough_consumptions`.
    """
    license, device = _usable(company, lookup, report, actor, now)
    use_key = meters.use_key(license, device.id, f"new#{new_event_key(now)}" if key is None else f"sent#{key}")
    made: Use | None = None

    def read(_: bool) -> tuple[Meter, Use | None]:
        """Consistently, so that a refusal may rest on it; nobody has counted a use under a key that is new."""
        if key is None:
            return there(meters.read_meters([license])[0]), None
        meter, before = meters.read_meter_and_use(license, use_key, now)
        return there(meter), before

    def decide(seen: tuple[Meter, Use | None]) -> Use | Counting:
        meter, before = seen
        return before if before is not None else decide_use(meter, amount, asked=asked, now=now)

    def write(seen: tuple[Meter, Use | None], decision: Use | Counting) -> None:
        nonlocal made
        if isinstance(decision, Use):
            made = decision
            return
        use = Use(company, license.id, device.id, amount, decision.after.total, now)
        filed = filed_day(seen[0], actor, now) if decision.begins else None
        made = meters.use(license, decision, use, use_key, filed)

    def as_in_way(_: object, conflict: ConditionFailed) -> tuple[Meter, Use | None] | None:
        meter = meters.meter_in_way(conflict)
        return None if meter is None else (meter, None)

    try:
        (meter, _), _ = decide_and_write(read, decide, write, as_in_way, confirmed=True)
    except LimitReached as error:
        error.license_id = license.id
        raise
    assert made is not None  # it was counted, now or before
    if made.amount != amount:
        raise Denied("idempotency_key_reused")
    return license, replace(as_of(meter, now), total=made.total)


def _usable(
    company: str, lookup: LicenseLookup, report: DeviceReport, actor: Actor, now: Instant
) -> tuple[License, Device]:
    """The license and the device, as for a check. Raises `SeatkeeperError`."""
    snapshot = hear_of(company, lookup, report, actor, lambda license: guard_consumes(license, now), now=now)
    assert snapshot.license is not None  # it is live
    assert snapshot.device is not None
    return snapshot.license, snapshot.device
