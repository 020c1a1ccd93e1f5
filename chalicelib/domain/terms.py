"""The terms of a license: what is sold, what of it may be changed afterwards, and which terms contradict each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from chalicelib.domain.errors import Denied, Forbidden, Invalid, at_field, raise_all, wrong_in
from chalicelib.domain.events import Actor
from chalicelib.domain.features import MAX_CONSUMPTION
from chalicelib.domain.instants import Instant, add, duration_days, parse_duration
from chalicelib.domain.license import (
    FLOATING_TIMEOUT,
    TRANSFERS_FORBIDDEN,
    License,
    LicenseType,
    Overage,
    Period,
    RenewalBasis,
    license_name,
    within_calendar,
)
from chalicelib.domain.limits import LICENSE_ACTIVATIONS, LICENSE_USERS
from chalicelib.domain.meters import METER_TERMS
from chalicelib.domain.transitions import redated

MAX_COUNT = 10_000_000
MAX_SLOTS = 100_000
MAX_TIMEOUT_MINUTES = 60 * 24 * 366
MAX_GRACE_HOURS = 24 * 366 * 10
MAX_ORDER_ID = 100
"""Characters."""
TermChanges = Mapping[str, Any]  # each as the field of that name of `License`
"""The terms that change, of `CHANGEABLE`, each with its new value. None: no limit, no date."""
CHANGEABLE = (
    *("max_activations", "overage", "max_license_users", "max_transfers", "free_resets", "is_trial", "name"),
    *("floating_users", "floating_timeout", "prevent_vm"),
    *("max_consumptions", "allow_negative_consumptions", "allow_overages", "max_overages", "consumption_period"),
    *("validity_period", "valid_duration", "start_date", "grace_period", "renewal_basis"),
)
"""The terms that may be changed after the sale. All others tell what was sold, and under which names it is found."""
UNDATED = ("perpetual", "consumption")
"""The types of licenses that need no end."""
_IN_USE = (LICENSE_ACTIVATIONS, LICENSE_USERS)
"""The limits of what can be given back."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is sold: each term is the field of that name of `License`. None: no limit, no date, or not given."""

    license_type: LicenseType
    max_activations: int | None
    max_license_users: int | None = None
    validity_period: Instant | None = None
    valid_duration: str | None = None
    start_date: Instant | None = None
    grace_period: int = 0
    renewal_basis: RenewalBasis = "later"
    max_transfers: int = 0
    free_resets: bool = False
    prevent_vm: bool | None = None
    """None: as the product says, also later."""
    is_trial: bool = False
    overage: Overage = "none"
    floating_users: int = 0
    floating_timeout: int = FLOATING_TIMEOUT
    max_consumptions: int | None = None
    """Of a license that is sold by consumption. None: unlimited, which has to be said (`guard_said`)."""
    allow_negative_consumptions: bool = False
    allow_overages: bool = False
    max_overages: int = 0
    consumption_period: Period | None = None
    order_id: str | None = None
    customer: str | None = None
    license_key: str | None = None


if _forgotten := {term.name for term in fields(Terms)} - {field.name for field in fields(License)}:
    raise TypeError(f"License has no field {', '.join(sorted(_forgotten))}")


def with_terms(license: License, changes: TermChanges, *, now: Instant) -> License:
    """The license with some terms changed, and with what that makes of its dates. Raises `Invalid` for what is wrong
    with it now and was not before: a note is not refused for an end that lies before the start.

    A new limit below what is in use evicts nobody. An end is fixed from then on: a duration that has not begun goes; a
    new duration counts from the first activation, whenever that was or will be.
    """
    if unknown := changes.keys() - set(CHANGEABLE):
        raise TypeError(f"{', '.join(sorted(unknown))}: no term that may be changed")
    raise_all([*ends_twice(changes.get("validity_period"), changes.get("valid_duration"))])
    given = dict(changes)
    if "name" in given:
        given["name"] = license_name(given["name"] or "")
    if "free_resets" in given:
        given["free_resets"] = given["free_resets"] or None
    new = replace(license, **counted_terms(license.license_type, given))
    if given.get("valid_duration") is not None:
        new = _with_duration(new)
    elif given.get("validity_period") is not None and license.first_activated_at is None:
        new = replace(new, valid_duration=None)
    wrong_before = {(error.code, error.field) for error in _contradictions(license)}
    wrong = [error for error in _contradictions(new) if (error.code, error.field) not in wrong_before]
    if given.get("valid_duration") is not None:  # it makes the end
        wrong = [error.sent_as(lambda name: "valid_duration" if name == "validity_period" else name) for error in wrong]
    raise_all(wrong)
    return redated(license, new, now)


def switched(license: License, enabled: bool, by: Actor) -> License:
    """The license enabled or disabled. The vendor's word is final: what he has disabled no customer enables, and he may
    make a customer's word his own. Raises `Forbidden`: `disabled_by_vendor`; `Denied`: `license_archived`.
    """
    if license.archived_at is not None:
        raise Forbidden("disabled_by_vendor") if by.is_customer else Denied("license_archived")
    if enabled:
        if by.is_customer and not license.enabled and license.disabled_by != "customer":
            raise Forbidden("disabled_by_vendor")
        return replace(license, enabled=True, disabled_by=None)
    if by.is_customer:
        return replace(license, enabled=False, disabled_by="customer") if license.enabled else license
    return replace(license, enabled=False, disabled_by="vendor")


def guard_use(license: License, changes: TermChanges) -> None:
    """That no new limit is below what is in use. Raises `Denied`: `limit_below_use`."""
    for limit in _IN_USE:
        most, used = changes.get(limit.maximum), getattr(license, limit.counter)
        if most is not None and used > most:
            raise Denied("limit_below_use", field=limit.maximum, limit=most, used=used)


def limits_in(changes: TermChanges) -> dict[str, int]:
    """The new limits of a change, by the counters that count against them."""
    return {limit.counter: changes[limit.maximum] for limit in _IN_USE if changes.get(limit.maximum) is not None}


def renewed_from(end: Instant, basis: RenewalBasis, now: Instant) -> Instant:
    """The instant that a renewal of a license with this end counts from."""
    return {"end": end, "now": now, "later": max(end, now)}[basis]


def wrong_dates(terms: Terms | License) -> Iterator[Invalid]:
    """What contradicts itself in the dates."""
    end, start = terms.validity_period, terms.start_date
    dated = end is not None or terms.valid_duration is not None
    if terms.license_type == "perpetual" and dated:
        yield Invalid("perpetual_has_no_end", field="validity_period" if end is not None else "valid_duration")
    if terms.license_type not in UNDATED and not dated:
        yield Invalid("end_missing", field="validity_period", license_type=terms.license_type)
    if terms.valid_duration is not None:
        yield from wrong_in("valid_duration", lambda text: duration_days(parse_duration(text)), terms.valid_duration)
    if not 0 <= terms.grace_period <= MAX_GRACE_HOURS:
        yield Invalid("count_out_of_range", of="hours", field="grace_period", least=0, most=MAX_GRACE_HOURS)
    elif terms.grace_period and not dated:
        yield Invalid("grace_without_end", field="grace_period")
    elif end is not None and not within_calendar(end, terms.grace_period):
        yield Invalid("end_beyond_calendar", field="validity_period")
    if start and end and start >= end:
        yield Invalid("start_after_end", field="start_date")


def order_id(text: str) -> str:
    """What a shop names an order. Raises `Invalid`: `name_length`."""
    if not (1 <= len(text) <= MAX_ORDER_ID and text.isprintable()):
        raise Invalid("name_length", most=MAX_ORDER_ID)
    return text


def wrong_counts(terms: Terms | License) -> Iterator[Invalid]:
    """The counts that are out of range."""
    for field in ("max_activations", "max_license_users"):
        if (value := getattr(terms, field)) is not None and not 0 <= value <= MAX_COUNT:
            yield Invalid("count_out_of_range", field=field, least=0, most=MAX_COUNT)
    for field, least, most in (("floating_users", 0, MAX_SLOTS), ("floating_timeout", 1, MAX_TIMEOUT_MINUTES)):
        if not least <= getattr(terms, field) <= most:
            yield Invalid("count_out_of_range", field=field, least=least, most=most)
    if not TRANSFERS_FORBIDDEN <= terms.max_transfers <= MAX_COUNT:
        yield Invalid("transfers_out_of_range", field="max_transfers")
    yield from _wrong_consumption(terms)


def _wrong_consumption(terms: Terms | License) -> Iterator[Invalid]:
    if terms.license_type != "consumption":
        said = (name for name in METER_TERMS if getattr(terms, name))
        yield from (Invalid("license_without_consumption", field=name) for name in said)
        return
    for field in ("max_consumptions", "max_overages"):
        if not 0 <= (getattr(terms, field) or 0) <= MAX_CONSUMPTION // 2:  # both together are a number, too
            yield Invalid("count_out_of_range", field=field, least=0, most=MAX_CONSUMPTION // 2)


def counted_terms(license_type: LicenseType, given: Mapping[str, Any]) -> dict[str, Any]:  # as above
    """The terms that are given, where a license whose uses are not counted may say that it has none of them."""
    if license_type != "consumption" and given.get("max_consumptions") == 0:
        return {**given, "max_consumptions": None}
    return dict(given)


def guard_said(given: Mapping[str, Any]) -> None:  # each as `Terms` has it
    """That of a license by consumption it is said how often it may be used. Raises `Invalid`: `missing_parameters`."""
    if given.get("license_type") == "consumption" and "max_consumptions" not in given:
        raise Invalid("missing_parameters", field="max_consumptions")


def ends_twice(end: Instant | None, duration: str | None) -> Iterator[Invalid]:
    """That an end is given by itself and by a duration."""
    if end is not None and duration is not None:
        yield Invalid("end_twice", field="valid_duration")


def _with_duration(license: License) -> License:
    """The license with the end that its duration makes, once it was activated. Raises `Invalid`."""
    with at_field("valid_duration"):
        duration = parse_duration(license.valid_duration or "")
        end = None if license.first_activated_at is None else add(license.first_activated_at, duration)
    return replace(license, validity_period=end)


def _contradictions(license: License) -> Iterator[Invalid]:
    if license.authorization_method != "user" and license.max_license_users is not None:
        yield Invalid("license_has_no_users", field="max_license_users")
    yield from wrong_dates(license)
    yield from wrong_counts(license)
