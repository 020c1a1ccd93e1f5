"""Change a license as a whole: enable, disable, extend, reset."""

from dataclasses import replace

from chalicelib.domain.expiry import announced_after_change, transitions_due
from chalicelib.domain.history import Actor, Event
from chalicelib.domain.instants import Instant, add, parse_duration, to_iso
from chalicelib.domain.license import License, phase
from chalicelib.domain.refusal import Refused
from chalicelib.store import licenses
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.settle import settle
from chalicelib.usecases.sweep import announcements


def set_enabled(company: str, license_id: int, enabled: bool, actor: Actor, *, now: Instant) -> License:
    """Enable or disable. Doing so again changes nothing. Raises `Refused`."""

    def decide(license: License) -> License:
        return replace(license, enabled=enabled)

    def write(old: License, new: License) -> None:
        if old.enabled != enabled:
            event = Event.new("license_enabled" if enabled else "license_disabled", actor, now)
            licenses.change_terms(old, new, event)

    return settle(lambda _: find_license(company, license_id), decide, write)[1]


def extend(
    company: str, license_id: int, validity_period: Instant | None, by: str | None, actor: Actor, *, now: Instant
) -> License:
    """Set a new end, or move it on by a duration from the later of the old end and now. Raises `Refused`.

    A license that has expired comes back to life. What no sweep has announced of the old dates yet is announced now.
    """

    def decide(license: License) -> License:
        return _with_end(license, _new_end(license, validity_period, by, now), now)

    def write(old: License, new: License) -> None:
        if old.validity_period != new.validity_period:
            missed, end = announcements(transitions_due(old, now), now), to_iso(new.validity_period)
            event = Event.new("license_extended", actor, now + len(missed), validity_period=end)
            licenses.change_terms(old, new, event, missed)

    return settle(lambda _: find_license(company, license_id), decide, write)[1]


def reset_license(company: str, license_id: int, actor: Actor, *, now: Instant) -> License:
    """All devices off, counts to zero, in one write. Raises `Refused`."""

    def write(license: License, _: License) -> None:
        event = Event.new("license_reset", actor, now, times_activated=license.times_activated)
        licenses.reset(license, event)

    settle(lambda _: find_license(company, license_id), lambda license: license, write)
    return find_license(company, license_id)


def _new_end(license: License, validity_period: Instant | None, by: str | None, now: Instant) -> Instant:
    if license.license_type == "perpetual":
        raise Refused("validation_error", "validity-period: a perpetual license has no end to extend.")
    if license.validity_period is None:
        sentence = "validity-period: the license has no end yet; it gets one at its first activation."
        raise Refused("validation_error", sentence)
    if validity_period is not None:
        return validity_period
    try:
        return add(max(license.validity_period, now), parse_duration(by or ""))
    except ValueError as error:
        raise Refused("validation_error", f"by: {error}") from None


def _with_end(license: License, end: Instant, now: Instant) -> License:
    moved, missed = replace(license, validity_period=end), transitions_due(license, now)
    announced = missed[-1].phase if missed else license.announced
    return replace(moved, announced=announced_after_change(announced, phase(moved, now)))
