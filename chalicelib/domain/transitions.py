"""Expiry and grace: which transitions a license's dates have brought about, and when the next one is due.

And the notices before: that a license will expire. The sweep announces both; nothing else depends on it
(`domain.license.phase` is computed from the dates).
"""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import HOUR_MS, License, Phase, ends_at, phase

NOTICE_DAYS = (30, 7, 3, 1)
"""How many times 24 hours before `validity_period` notice is given of it, whatever grace there is."""
_ORDER: tuple[Phase, ...] = ("valid", "grace", "expired")


DueKind = Literal["transition", "notice", "adoption", "update"]


class Dated(Protocol):
    """The dates of a license, and what is announced of them."""

    @property
    def validity_period(self) -> Instant | None: ...
    @property
    def grace_period(self) -> int: ...
    @property
    def announced_phase(self) -> Phase: ...


@dataclass(frozen=True, slots=True)
class Due:
    """Of a license with a transition to come, a notice to be given, legacy devices, or a scheduled update, what the
    sweep decides by."""

    company: str
    id: int
    announced_phase: Phase
    """Of a notice `expired`: so older code, which knows of none, finds no transition in it, and passes it by."""
    grace_period: int
    validity_period: Instant
    notified_until: Instant | None = None
    """Of a notice: those of up to this instant are not to be given any more. None: it is no notice that is due."""
    adopt_until: Instant | None = None
    """Of legacy devices (`domain.adoption`): when they lapse. The phase is `expired`, too, as of a notice."""
    update_id: int | None = None
    """Of a scheduled update (`domain.scheduled_updates`): which. It is due at `validity_period`; the phase is
    `expired`, too."""

    @property
    def kind(self) -> DueKind:
        """What it is that is due."""
        if self.update_id is not None:
            return "update"
        if self.adopt_until is not None:
            return "adoption"
        return "transition" if self.notified_until is None else "notice"


@dataclass(frozen=True, slots=True)
class Transition:
    """A license came into `phase` at `at`, whenever that is noticed."""

    phase: Phase
    at: Instant


@dataclass(frozen=True, slots=True)
class Notice:
    """A license came within `days` days of its end at `at`, whenever that is noticed."""

    days: int
    at: Instant


def due_of(license: License) -> list[Due]:
    """What a license is filed for: its next transition, its next notice, and that its legacy devices lapse, as far as
    there are any to come."""
    until, legacy = license.adopt_until, []
    if until is not None:
        legacy.append(Due(license.company, license.id, "expired", 0, until, adopt_until=until))
    return [*_dated_due_of(license), *legacy]


def _dated_due_of(license: License) -> list[Due]:
    if license.validity_period is None:
        return []
    dates = license.announced_phase, license.grace_period, license.validity_period
    transition = Due(license.company, license.id, *dates)
    until = license.created_at if license.notified_until is None else license.notified_until
    notice = replace(transition, announced_phase="expired", notified_until=until)
    possible = [transition, notice] if license.announced_phase == "valid" else [transition]
    return [due for due in possible if due_at(due) is not None]


def due_at(due: Due) -> Instant | None:
    """The instant of the first transition, or notice, that is not announced yet, of the lapse, or of the update, past
    or future."""
    if due.update_id is not None:
        return due.validity_period
    if due.adopt_until is not None:
        return due.adopt_until
    if due.notified_until is None:
        return next_due(due)
    ahead = _notices_ahead(due, due.notified_until)
    return ahead[0].at if ahead else None


def notice_due(due: Due, now: Instant) -> Notice | None:
    """The notice to be given at `now`: after a gap that spans several, the nearest to the end, for all of them.

    None where there is none yet, and from the end on.
    """
    if due.notified_until is None or now >= due.validity_period:
        return None
    passed = [notice for notice in _notices_ahead(due, due.notified_until) if notice.at <= now]
    return passed[-1] if passed else None


def transitions_due(license: Dated, now: Instant) -> list[Transition]:
    """What has happened up to `now` and is not announced yet, in the order in which it happened."""
    return [t for t in _ahead(license) if t.at <= now]


def next_due(license: Dated) -> Instant | None:
    """The instant of the first transition that is not announced yet, past or future."""
    ahead = _ahead(license)
    return ahead[0].at if ahead else None


def announced_after_change(announced: Phase, now_in: Phase) -> Phase:
    """What counts as announced when new dates put a license into phase `now_in`.

    Going back to life takes the announcement back, so that the next expiry is announced again; a phase that the new
    dates have just brought about is still to be announced.
    """
    return min(announced, now_in, key=_ORDER.index)


def redated(old: License, new: License, now: Instant) -> License:
    """The license `new`, made of `old`, with what is announced of its dates, where those are others.

    What has happened by the old dates up to `now`, and is not announced yet, is to be announced by who writes it
    (`transitions_due`); no notice is given of what lay nearer to the new end than `now`.
    """
    if (old.validity_period, old.grace_period) == (new.validity_period, new.grace_period):
        return new
    missed = transitions_due(old, now)
    announced = missed[-1].phase if missed else old.announced_phase
    return replace(new, notified_until=now, announced_phase=announced_after_change(announced, phase(new, now)))


def _ahead(license: Dated) -> list[Transition]:
    end = ends_at(license.validity_period, license.grace_period)
    if license.validity_period is None or end is None:
        return []
    life = [Transition("grace", license.validity_period)] if license.grace_period else []
    life.append(Transition("expired", end))
    return [t for t in life if _ORDER.index(t.phase) > _ORDER.index(license.announced_phase)]


def _notices_ahead(due: Due, after: Instant) -> list[Notice]:
    notices = (Notice(days, due.validity_period - days * 24 * HOUR_MS) for days in NOTICE_DAYS)
    return [notice for notice in notices if notice.at > after]
