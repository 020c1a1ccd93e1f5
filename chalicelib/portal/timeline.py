"""The life of a license as a line in time: where its marks lie, for a drawing and in words."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.days import day_of
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, ends_at
from chalicelib.languages import day, gettext, ngettext

WIDTH = 1000
HEIGHT, ROW_HEIGHT = 60, 44
LEFT, RIGHT = 100.0, 900.0
LABEL_WIDTH = 200.0
"""Two labels that are nearer to each other than this stand in different rows."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """An instant on the line. Labels of row 0 stand nearest to it; no two of a row overlap."""

    x: float
    label: str
    when: Instant
    kind: str
    row: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """All of it. Coordinates are those of a drawing of `width` by `height`."""

    width: int
    height: int
    track: tuple[float, float]
    milestones: list[Milestone]
    grace: tuple[float, float] | None
    text: str
    """The same in one sentence, for who does not see it."""


@dataclass(frozen=True, slots=True)
class Validity:
    """How much of its time a license has had, for a meter."""

    passed: int
    """Of 100."""
    days: int | None
    """Until it ends, or its grace period does; None where it has ended, or has no end yet."""


def validity(license: License, now: Instant, zone: str = "") -> Validity:
    """The time that has passed since the license began, of all that it has, the grace period apart."""
    end, begin = license.validity_period, license.start_date or license.first_activated_at or license.created_at
    if end is None:
        return Validity(0, None)
    over = ends_at(end, license.grace_period)
    next_end = end if now < end else over
    left = (day_of(next_end, zone) - day_of(now, zone)).days if now < over else None
    return Validity(max(0, min(100, round(100 * (now - begin) / max(1, end - begin)))), left)


def grace_words(hours: int) -> str:
    """A grace period, in hours as it was sold, and in days where these are whole."""
    in_hours = ngettext("{n} hour", "{n} hours", hours)
    days, rest = divmod(hours, 24)
    if not hours or rest:
        return in_hours if hours else gettext("none")
    return gettext("{hours} ({days})", hours=in_hours, days=ngettext("{n} day", "{n} days", days))


def timeline(license: License, now: Instant, zone: str = "") -> Timeline:
    """The line from the license's creation to its last date, or to today; days are those of the time zone."""
    instants = _instants(license, now)
    begin, end = min(at for _, _, at in instants), max(at for _, _, at in instants)

    def x(at: Instant) -> float:
        return round(LEFT + (RIGHT - LEFT) * (at - begin) / max(1, end - begin), 1)

    until, over = license.validity_period, ends_at(license.validity_period, license.grace_period)
    grace = (x(until), x(over)) if until is not None and over is not None and over > until else None
    milestones = _placed(instants, x)
    height = HEIGHT + ROW_HEIGHT * (1 + max(mark.row for mark in milestones))
    return Timeline(WIDTH, height, (LEFT, RIGHT), milestones, grace, _words(instants, zone))


def _instants(license: License, now: Instant) -> list[tuple[str, str, Instant]]:
    known: list[tuple[str, str, Instant | None]] = [
        ("created", gettext("Created"), license.created_at),
        ("start", gettext("Start date"), license.start_date),
        ("first_activated", gettext("First activated"), license.first_activated_at),
        ("today", gettext("Today"), now),
        ("valid_until", gettext("Valid until"), license.validity_period),
    ]
    if license.grace_period:
        known.append(("grace_end", gettext("Grace ends"), ends_at(license.validity_period, license.grace_period)))
    return sorted(((k, label, at) for k, label, at in known if at is not None), key=lambda mark: mark[2])


def _placed(instants: list[tuple[str, str, Instant]], x: Callable[[Instant], float]) -> list[Milestone]:
    ends: list[float] = []  # where the last label of each row stands
    milestones = []
    for kind, label, at in instants:
        here = x(at)
        row = next((n for n, end in enumerate(ends) if here - end >= LABEL_WIDTH), len(ends))
        ends[row : row + 1] = [here]
        milestones.append(Milestone(here, label, at, kind, row))
    return milestones


def _words(instants: list[tuple[str, str, Instant]], zone: str) -> str:
    parts = [gettext("{label} {day}", label=label, day=day(day_of(at, zone))) for _, label, at in instants]
    return gettext("The life of the license: {days}.", days=", ".join(parts))
