"""Activate a device on a license."""

from chalicelib import telemetry
from chalicelib.domain.access import guard_opens
from chalicelib.domain.catalogue import Product
from chalicelib.domain.history import Actor, Event, named, of_seat
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import DeviceReport
from chalicelib.domain.origin import Origin, network_of
from chalicelib.domain.places import Grant, Place, after_activation, check_is_due, grant_activation
from chalicelib.domain.refusal import Refused
from chalicelib.settings import settings
from chalicelib.store import places
from chalicelib.usecases.catalogue import find_product
from chalicelib.usecases.device_variables import guard_variables
from chalicelib.usecases.forget_devices import forget_idle_devices
from chalicelib.usecases.identify import Identity, Target, guard_method, holds, read_target, read_targets, targets
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.passwords import LoggedIn
from chalicelib.usecases.settle import settle


def activate(
    company: str,
    ident: Identity,
    password: str | None,
    report: DeviceReport,
    actor: Actor,
    *,
    told: dict[str, str] | None = None,
    now: Instant,
) -> Place:
    """Bind a device to a license; the same device again changes nothing. Raises `Refused`.

    A user who names no license gets the place that the device holds already, else one on the newest license that
    grants it. `told`: variables that will be tracked on that place; where it cannot keep them, it is not taken.
    """
    product = find_product(company, ident.product, on_vm=bool(report.is_vm), now=now)
    logged_in: LoggedIn | None = None
    if product.authorization_method == "user" and ident.username is not None:
        origin = Origin(network_of(actor.ip or ""))
        user = log_in(company, ident.email or "", password or "", origin, hardware_id=report.hardware_id, now=now)
        logged_in = LoggedIn(user, password or "")
    guard_method(product, ident)
    refusal: Refused | None = None
    candidates = _candidates(company, product, ident, now)
    for target, seen in candidates:
        try:
            if seen is not None:  # read at one instant: its refusal is final
                _guard_opened(seen, logged_in)
                _grant(seen, report, product, now)
            return _activate_on(target, seen, ident, logged_in, report, actor, told or {}, now)
        except Refused as refused:
            refusal = refusal or refused
    telemetry.note(license_id=candidates[0][0].license_id)
    assert refusal is not None  # there is at least one candidate
    raise refusal


def _candidates(company: str, product: Product, ident: Identity, now: Instant) -> list[tuple[Target, Place | None]]:
    """The licenses that may be meant; where there are several as they stand, and the one that the device holds first.

    A repeat must find its own place again, however many newer licenses there are.
    """
    named = targets(company, product, ident, now, consistent=True)
    if len(named) == 1:
        return [(named[0], None)]
    found: list[tuple[Target, Place | None]] = list(
        zip(named, read_targets(named, ident, consistent=True), strict=True)
    )
    return sorted(found, key=lambda candidate: not (candidate[1] and holds(candidate[1])))


def _activate_on(
    target: Target,
    seen: Place | None,
    ident: Identity,
    logged_in: LoggedIn | None,
    report: DeviceReport,
    actor: Actor,
    told: dict[str, str],
    now: Instant,
) -> Place:
    # A password without a scope opens all: it must be the one that the account has at the instant of its seat.
    user = None if logged_in is None else logged_in.user
    certain = user is not None and not user.proved and user.password_scope is None

    def read(consistent: bool) -> Place:
        if seen and not consistent:
            return seen
        return read_target(target, ident, now=now, consistent=consistent or certain)

    def decide(place: Place) -> Grant:
        _guard_opened(place, logged_in)
        grant = _grant(place, report, target.product, now)
        if not (ident.is_named or grant.already_live):
            raise Refused("license_not_found")
        if told:
            guard_variables(grant.license, report.hardware_id, target.user_id, told, now=now)
        return grant

    def write(place: Place, grant: Grant) -> None:
        if not grant.already_live:
            event = _event(place, grant, report, actor, now)
            places.take_place(place, grant, report, event)
            telemetry.count(telemetry.GRANTS)
        elif place.device is not None and (check_is_due(place.device, now) or _has_news(place, report)):
            places.note_check(grant.license, place.device, place.seat, report, now)

    place, grant = settle(read, decide, write, places.newer, lambda grant: not grant.already_live)
    after = after_activation(place, grant, report, now)
    if place.device is None and after.license is not None:
        forget_idle_devices(after.license, actor, now=now)
    return after


def _grant(place: Place, report: DeviceReport, product: Product, now: Instant) -> Grant:
    least = settings().license_changes_per_hour
    return grant_activation(place, report, prevent_vm=product.prevent_vm, least_changes=least, now=now)


def _guard_opened(place: Place, logged_in: LoggedIn | None) -> None:
    """Refuse a password that is the account's no more, or does not open this license."""
    if logged_in is None or place.license is None or place.seat is None or place.user is None:
        return  # nothing to open: the rules say so
    if not logged_in.is_still(place.user.password_hash):
        raise Refused("invalid_credentials")
    guard_opens(place.user, place.license)


def _event(place: Place, grant: Grant, report: DeviceReport, actor: Actor, now: Instant) -> Event:
    about = of_seat(place.seat) | named(report.hostname) | ({"transfer": 1} if grant.transfer else {})
    return Event.new("device_activated", actor, now, hardware_id=report.hardware_id, **about)


def _has_news(place: Place, report: DeviceReport) -> bool:
    """Whether the client tells something of its device that is not stored yet."""
    told = {name: getattr(report, name) for name in DeviceReport.__dataclass_fields__}
    return any(value is not None and getattr(place.device, name) != value for name, value in told.items())
