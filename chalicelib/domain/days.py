"""Days in a company's time zone: what a date alone means, and which instants end a day.

A date alone is that day's last instant where something ends, and its first where something begins.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import LATEST, Duration, Instant, add, from_iso

Moment = Instant | date
"""An instant, or a day of which the time zone is not known yet."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND, _SECOND_MS = timedelta(milliseconds=1), 1000


def time_zone(text: str) -> str:
    """The stored form of a time zone, an IANA name such as `Europe/Berlin`; empty means UTC. Raises `Invalid`."""
    name = text.strip()
    if name in ("", "UTC"):
        return ""
    if not _ZONE.fullmatch(name) or not _is_known(name):
        raise Invalid("time_zone_unknown", field="time_zone")
    return name


@cache
def time_zones() -> Sequence[str]:
    """The time zones that people choose from: `UTC`, and one for each region of the world, by name."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text()
    return "UTC", *sorted(line.split("\t")[2] for line in table.splitlines() if not line.startswith("#"))


def read_moment(text: str) -> Moment:
    """A date alone as a day, anything else as an instant, as `instants.from_iso` reads it. Raises `Invalid`."""
    instant = from_iso(text)
    return date.fromisoformat(text) if _DATE.fullmatch(text) else instant


def last_instant(moment: Moment, zone: str) -> Instant:
    """The last millisecond of a day in a time zone, within the calendar; an instant is itself."""
    if not isinstance(moment, date):
        return moment
    try:
        return min(LATEST, _midnight(moment + timedelta(days=1), zone) - 1)
    except OverflowError:  # the last day of the calendar
        return LATEST


def first_instant(moment: Moment, zone: str) -> Instant:
    """The first millisecond of a day in a time zone, within the calendar; an instant is itself."""
    return max(0, min(LATEST, _midnight(moment, zone))) if isinstance(moment, date) else moment


def local(at: Instant, zone: str) -> datetime:
    """The time of the clocks in a time zone."""
    moment = _EPOCH + timedelta(milliseconds=at)
    try:
        return moment.astimezone(_zone(zone))
    except OverflowError:  # within a day of the calendar's end
        return moment


def day_of(at: Instant, zone: str) -> date:
    """The day in a time zone."""
    return local(at, zone).date()


def ends_a_day(at: Instant, zone: str) -> bool:
    """Whether an instant is the last millisecond, or the last second, of a day in a time zone."""
    if at >= LATEST - _SECOND_MS:
        return True
    # The next day begins at midnight, or at one where clocks go forward then.
    return day_of(at // _SECOND_MS * _SECOND_MS + _SECOND_MS, zone) > day_of(at, zone)


def renewed(end: Instant, duration: Duration, zone: str) -> Instant:
    """An end moved on by the calendar of a time zone: the same time of the clocks on the same day of a later month, or
    on the last one where that is too short. The last day of a month moves on to the last day of a month, and the last
    instant of a day to that of a day; so however often an end moves on, it comes to no earlier day of the month.

    Raises `Invalid`: `date_out_of_range`.
    """
    if duration.unit == "h":
        return add(end, duration)
    clock = local(end, zone)
    try:
        day = clock.date() + timedelta(days=duration.count) if duration.unit == "d" else _moved(clock.date(), duration)
        if ends_a_day(end, zone):
            return last_instant(day, zone)
        moved = datetime.combine(day, clock.time(), clock.tzinfo)
        return from_iso(moved.astimezone(UTC).isoformat())
    except (OverflowError, ValueError):
        raise Invalid("date_out_of_range") from None


def _moved(day: date, duration: Duration) -> date:
    """So many months or years later. Raises ValueError outside the years 1 to 9999."""
    months = day.month - 1 + duration.count * (12 if duration.unit == "y" else 1)
    year, month = day.year + months // 12, months % 12 + 1
    is_last = day.day == monthrange(day.year, day.month)[1]
    last = monthrange(year, month)[1]
    return date(year, month, last if is_last else min(day.day, last))


def _midnight(day: date, zone: str) -> Instant:
    return (datetime(day.year, day.month, day.day, tzinfo=_zone(zone)) - _EPOCH) // _MILLISECOND


@lru_cache(100)
def _zone(zone: str) -> tzinfo:
    return ZoneInfo(zone) if zone else UTC


def _is_known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False
    return True
