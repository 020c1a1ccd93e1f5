"""Change a license as a whole: name, enable, disable, archive, extend, reset."""

from dataclasses import replace

from chalicelib.domain.activation import counts_as_release, guard_reset
from chalicelib.domain.days import renewed
from chalicelib.domain.errors import Invalid, at_field
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant, add, parse_duration, to_iso
from chalicelib.domain.license import License, RenewalBasis, license_name, within_calendar
from chalicelib.domain.terms import renewed_from, switched
from chalicelib.domain.transitions import redated, transitions_due
from chalicelib.store import licenses
from chalicelib.usecases.announcements import switch_events, transition_events
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.retry import decide_and_write


def set_enabled(company: str, license_id: int, enabled: bool, actor: Actor, *, now: Instant) -> License:
    """Enable or disable. Doing so again changes nothing. Raises as `switched`."""

    def write(old: License, new: License) -> None:
        for event in switch_events(old, new, actor, now):
            licenses.update(old, new, event)

    find = lambda _: find_license(company, license_id)  # noqa: E731 - short and local
    return decide_and_write(find, lambda old: switched(old, enabled, actor), write, result=lambda _, new: new)[1]


def set_archived(company: str, license_id: int, archived: bool, actor: Actor, *, now: Instant) -> License:
    """Put a license away, and refuse every use of it; or bring it back as it was. Doing so again changes nothing.

    Raises `NotFound`: `license_not_found`.
    """

    def decide(license: License) -> License:
        if archived == (license.archived_at is not None):
            return license
        if not archived:
            return replace(license, archived_at=None, enabled=license.disabled_by is None)
        disabled_by = None if license.enabled else license.disabled_by or "vendor"
        return replace(license, archived_at=now, enabled=False, disabled_by=disabled_by)

    def write(old: License, new: License) -> None:
        if old != new:
            licenses.update(old, new, Event.new("license_archived" if archived else "license_restored", actor, now))

    find = lambda _: find_license(company, license_id)  # noqa: E731 - short and local
    return decide_and_write(find, decide, write, result=lambda _, new: new)[1]


def set_name(company: str, license_id: int, name: str, actor: Actor, *, now: Instant) -> License:
    """Let a license be called so; empty: by its product alone. Idempotent.

    Raises `Invalid`: `text_too_long`, `text_not_printable`; `NotFound`: `license_not_found`.
    """
    given = license_name(name)

    def write(old: License, new: License) -> None:
        if old.name != new.name:
            licenses.update(old, new, Event.new("license_named", actor, now, name=new.name))

    find = lambda _: find_license(company, license_id)  # noqa: E731 - short and local
    return decide_and_write(find, lambda license: replace(license, name=given), write, result=lambda _, new: new)[1]


def extend(
    company: str,
    license_id: int,
    validity_period: Instant | None,
    by: str | None,
    actor: Actor,
    *,
    basis: RenewalBasis | None = None,
    zone: str = "",
    now: Instant,
) -> License:
    """Set a new end, or move it on by a duration from what `basis` says. Raises `SeatkeeperError`.

    `basis`: None: as the license says. `zone`: by whose calendar an end moves on (`domain.days.renewed`).

    A license that has expired comes back to life, where the new end is not past as well. What no sweep has announced of
    the old dates yet is announced now.
    """

    def decide(license: License) -> License:
        end = _new_end(license, validity_period, by, basis, zone, now)
        return redated(license, replace(license, validity_period=end), now)

    def write(old: License, new: License) -> None:
        if old.validity_period != new.validity_period:
            missed, end = transition_events(transitions_due(old, now), now), to_iso(new.validity_period)
            event = Event.new("license_extended", actor, now + len(missed), validity_period=end)
            licenses.update(old, new, event, missed)

    return decide_and_write(lambda _: find_license(company, license_id), decide, write)[1]


def reset_license(company: str, license_id: int, actor: Actor, *, now: Instant) -> License:
    """All devices off in one write. Raises `Denied`: `device_transfer_not_allowed`, …

    The vendor's reset begins all counts anew. A customer's releases the activations that there were, and the count of
    transfers stays, unless his resets are free.
    """

    def decide(license: License) -> bool:
        guard_reset(license, actor, license.times_activated)
        return counts_as_release(license, actor)

    def write(license: License, released: bool) -> None:
        event = Event.new("license_reset", actor, now, times_activated=license.times_activated)
        licenses.reset(license, event, all_anew=not actor.is_customer, released=released)

    find = lambda _: find_license(company, license_id)  # noqa: E731 - short and local
    license, _ = decide_and_write(find, decide, write, result=lambda license, _: license)
    return licenses.read_license(company, license_id) or license  # which is deleted by now


def _new_end(
    license: License,
    validity_period: Instant | None,
    by: str | None,
    basis: RenewalBasis | None,
    zone: str,
    now: Instant,
) -> Instant:
    with at_field("by" if validity_period is None else "validity_period"):
        if license.license_type == "perpetual":
            raise Invalid("perpetual_has_no_end")
        if license.validity_period is None:
            raise Invalid("no_end_yet")
        end = validity_period or _renewed(license.validity_period, by or "", basis or license.renewal_basis, zone, now)
        if not within_calendar(end, license.grace_period):
            raise Invalid("end_beyond_calendar")
    return end


def _renewed(end: Instant, by: str, basis: RenewalBasis, zone: str, now: Instant) -> Instant:
    begin, duration = renewed_from(end, basis, now), parse_duration(by)
    return renewed(end, duration, zone) if begin == end else add(begin, duration)
