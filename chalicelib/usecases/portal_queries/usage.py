"""How many devices were active on each of the last days: told from the histories of licenses, when somebody looks.

Nothing is stored for it, and nothing is to be caught up with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.domain.days import day_of
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.usage import USAGE_DAYS, active_by_day, recent_days
from chalicelib.store import licenses

MAX_EVENTS = 500
"""Events of one license that are read, the newest ones."""


@dataclass(frozen=True, slots=True)
class History:
    """What was read of the history of one license, newest first, up to `MAX_EVENTS`."""

    license: License
    events: list[Event]

    def begins(self) -> Instant:
        """From when on all events are known."""
        return self.events[-1].at if len(self.events) == MAX_EVENTS else 0


def read_history(license: License, since: Instant) -> History:
    """The newest events of a license, from an instant on. One consistent read."""
    return History(license, licenses.events_since(license.company, license.id, since, MAX_EVENTS))


def read_events(company: str, license_id: int) -> tuple[list[Event], bool]:
    """The newest events of a license, up to `MAX_EVENTS`, and whether they are all. One consistent read."""
    events = licenses.events_since(company, license_id, 0, MAX_EVENTS)
    return events, len(events) < MAX_EVENTS


@dataclass(frozen=True, slots=True)
class Usage:
    """How many devices were active when each of some days ended, or are now."""

    days: list[date]
    """Oldest first, the last one is today. Fewer than `USAGE_DAYS` where a license has more events than are read."""
    active: list[int]
    """One for each day."""

    @property
    def is_whole(self) -> bool:
        """Whether no day is left out."""
        return len(self.days) == USAGE_DAYS


def usage_of(histories: Sequence[History], now: Instant, zone: str) -> Usage:
    """The active devices of these licenses together, by days of a time zone."""
    known_from = day_of(max((history.begins() for history in histories), default=0), zone)
    days = [day for day in recent_days(now, zone) if day > known_from]
    by_license = [active_by_day(one.license.times_activated, one.events, days, zone) for one in histories]
    return Usage(days, [sum(counts) for counts in zip(*by_license, strict=True)] or [0] * len(days))
