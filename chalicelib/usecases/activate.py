"""Activate a device on a license."""

from chalicelib import observability
from chalicelib.domain.access import guard_opens
from chalicelib.domain.activation import ActivationDecision, Snapshot, apply_activation, check_is_due, decide_activation
from chalicelib.domain.adoption import LegacyPlace, may_adopt, to_adopt
from chalicelib.domain.catalog import Product
from chalicelib.domain.errors import NotFound, Rejected, SeatkeeperError, Unauthenticated
from chalicelib.domain.events import Actor, Event, named, of_seat
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import REPORTED, DeviceReport, License
from chalicelib.domain.origin import Origin, network_of
from chalicelib.domain.users import User
from chalicelib.domain.variables import Variable
from chalicelib.runtime import runtime
from chalicelib.store import activations
from chalicelib.store.variables import Variables
from chalicelib.usecases.adopt import claim, is_legacy, place_to_adopt
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.device_variables import guard_variables, track_on
from chalicelib.usecases.forget_devices import forget_idle_devices
from chalicelib.usecases.license_lookup import (
    Candidate,
    LicenseLookup,
    find_candidates,
    guard_license_lookup,
    holds,
    read_candidate,
    read_candidates,
)
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.meters import with_meter
from chalicelib.usecases.passwords import LoggedIn
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.slots import with_slots_in_use


def activate(
    company: str,
    lookup: LicenseLookup,
    password: str | None,
    report: DeviceReport,
    actor: Actor,
    *,
    variables: dict[str, str] | None = None,
    now: Instant,
) -> tuple[Snapshot, list[Variable]]:
    """Bind a device to a license; the same device again changes nothing. Raises `SeatkeeperError`.

    A user who names no license gets the one on which the device is live already, else the newest license that
    grants it. `variables` are then tracked on the device; where it cannot keep them, nothing is activated. Returns what
    there is after it, and the variables that were tracked.
    """
    product = find_product(company, lookup.product, on_vm=bool(report.is_vm), now=now)
    logged_in: LoggedIn | None = None
    if product.authorization_method == "user" and lookup.username is not None:
        origin = Origin(network_of(actor.ip or ""))
        user = log_in(company, lookup.email or "", password or "", origin, hardware_id=report.hardware_id, now=now)
        logged_in = LoggedIn(user, password or "")
    guard_license_lookup(product, lookup)
    refusal: SeatkeeperError | None = None
    candidates = _candidates(company, product, lookup, None if logged_in is None else logged_in.user, now)
    for candidate, seen in candidates:
        try:
            if seen is not None:  # read at one instant: its refusal is final
                _guard_opened(seen, logged_in)
                _decide(seen, report, product, now)
            return _activate_on(candidate, seen, lookup, logged_in, report, actor, variables or {}, now)
        except Rejected as error:
            refusal = refusal or error
    observability.add_fields(license_id=candidates[0][0].license_id)
    assert refusal is not None  # there is at least one candidate
    raise refusal


def _candidates(
    company: str, product: Product, lookup: LicenseLookup, user: User | None, now: Instant
) -> list[tuple[Candidate, Snapshot | None]]:
    """The licenses that may be meant; where there are several as they stand, and the one that the device holds first.

    A repeat must find its own license again, however many newer licenses there are.
    """
    named = find_candidates(company, product, lookup, now, consistent=True, logged_in=user)
    if len(named) == 1:
        return [(named[0], None)]
    found: list[tuple[Candidate, Snapshot | None]] = list(
        zip(named, read_candidates(named, lookup, consistent=True), strict=True)
    )
    return sorted(found, key=lambda candidate: _rank(candidate[1], now))


def _rank(seen: Snapshot | None, now: Instant) -> int:
    """The device is live there, or may adopt a legacy device, or neither: what it has before what is free."""
    if seen is None or seen.license is None or holds(seen):
        return 2 if seen is None or seen.license is None else 0
    return 1 if may_adopt(seen.device) and to_adopt(seen.license, seen.seat, now) else 2


def _activate_on(
    candidate: Candidate,
    seen: Snapshot | None,
    lookup: LicenseLookup,
    logged_in: LoggedIn | None,
    report: DeviceReport,
    actor: Actor,
    variables: dict[str, str],
    now: Instant,
) -> tuple[Snapshot, list[Variable]]:
    # A password without a scope opens all: it must be the one that the account has at the instant of its seat.
    user = None if logged_in is None else logged_in.user
    certain = user is not None and not user.email_verified and user.password_scope is None
    kept: Variables | None = None

    def read(consistent: bool) -> Snapshot:
        if seen and not consistent:
            return seen
        return read_candidate(candidate, lookup, now=now, consistent=consistent or certain)

    def decide(snapshot: Snapshot) -> ActivationDecision:
        nonlocal kept
        _guard_opened(snapshot, logged_in)
        decision = _decide(snapshot, report, candidate.product, now)
        if not (lookup.is_named or decision.already_active):
            raise NotFound("license_not_found")
        if variables:
            kept = guard_variables(decision.license, report.hardware_id, candidate.user_id, variables, now=now)
        return decision

    def write(snapshot: Snapshot, decision: ActivationDecision) -> None:
        if not decision.already_active:
            place = place_to_adopt(snapshot, decision, report.hardware_id)
            event = _event(snapshot, decision, report, actor, place, now)
            activations.activate(snapshot, decision, report, event, place)
            observability.add_metric(observability.ACTIVATIONS)
        else:
            _observe(snapshot, decision.license, report, actor, now)

    snapshot, decision = decide_and_write(
        read, decide, write, activations.apply_conflict, lambda decision: not decision.already_active
    )
    after = apply_activation(snapshot, decision, report, now)
    if snapshot.device is None and after.license is not None:
        forget_idle_devices(after.license, actor, now=now)
    return with_meter(with_slots_in_use(after, now), now), _tracked(after, variables, kept, actor, now)


def _observe(snapshot: Snapshot, license: License, report: DeviceReport, actor: Actor, now: Instant) -> None:
    """Note that a live device has called."""
    device = snapshot.device
    if is_legacy(snapshot):
        claim(snapshot, report, actor, now=now)
    elif device is not None and (check_is_due(device, now) or _has_news(snapshot, report)):
        activations.record_check(license, device, snapshot.seat, report, now)


def _tracked(
    after: Snapshot, variables: dict[str, str], kept: Variables | None, actor: Actor, now: Instant
) -> list[Variable]:
    """Track what came along with the activation; `kept`: what the device has, None where nothing came."""
    if kept is None or after.license is None or after.device is None:
        return []
    return track_on(after.license, after.device, variables, actor, seen=kept, now=now)


def _decide(snapshot: Snapshot, report: DeviceReport, product: Product, now: Instant) -> ActivationDecision:
    least = runtime().settings.license_changes_per_hour
    return decide_activation(snapshot, report, prevent_vm=product.prevent_vm, least_changes=least, now=now)


def _guard_opened(snapshot: Snapshot, logged_in: LoggedIn | None) -> None:
    """Refuse a password that is the account's no more, or does not open this license."""
    if logged_in is None or snapshot.license is None or snapshot.seat is None or snapshot.user is None:
        return  # nothing to open: the rules say so
    if not logged_in.is_still(snapshot.user.password_hash):
        raise Unauthenticated("invalid_credentials")
    guard_opens(snapshot.user, snapshot.license)


def _event(
    snapshot: Snapshot,
    decision: ActivationDecision,
    report: DeviceReport,
    actor: Actor,
    place: LegacyPlace | None,
    now: Instant,
) -> Event:
    about = of_seat(snapshot.seat) | named(report.hostname) | ({} if place is None else {"adopted": place.hardware_id})
    marks = {"first": decision.is_first, "transfer": decision.transfer, "over": decision.goes_over}
    about |= {name: 1 for name, is_so in marks.items() if is_so}
    return Event.new("device_activated", actor, now, hardware_id=report.hardware_id, **about)


def _has_news(snapshot: Snapshot, report: DeviceReport) -> bool:
    """Whether the client tells something of its device that is not stored yet."""
    reported = {name: getattr(report, name) for name in REPORTED}
    return any(value is not None and getattr(snapshot.device, name) != value for name, value in reported.items())
