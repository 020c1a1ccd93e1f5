"""Meters: how often a license was used, of those that are sold by that, and how often it may be.

A meter counts the uses of one period, and says itself which: whoever comes first in a new one counts from the
beginning, without a sweep. Periods are those of the UTC calendar. Of two clocks the one that is ahead begins a period,
and the one behind counts in it: no use is counted in a period that is over.

A day's uses become one row of history with the first use of a later day, in the same write.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.errors import Denied, LimitReached
from chalicelib.domain.events import Event
from chalicelib.domain.features import MAX_CONSUMPTION
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License, Period, is_expired

DAY_MS = 86_400_000
USES_KEPT_SECONDS = 90 * 86_400
"""How long a use is known by its key: a repeat after that is another use."""
METER_TERMS = (
    *("max_consumptions", "allow_negative_consumptions", "allow_overages", "max_overages"),
    "consumption_period",
)
"""The terms of a license that its meter has, too: fields of both."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Meter:
    """What counts the uses of a license, with the terms that a use goes by: one condition covers both."""

    total: int = 0
    """Uses since `counted_from`."""
    counted_from: Instant = 0
    """The begin of the period that is counted; 0: all are counted."""
    max_consumptions: int | None = None
    """In one period. None: unlimited."""
    allow_negative_consumptions: bool = False
    allow_overages: bool = False
    max_overages: int = 0
    """Uses beyond, where those are allowed; 0: any number."""
    consumption_period: Period | None = None
    """None: the count never begins anew."""
    day: Instant = 0
    """The begin of the day of the last use."""
    day_total: int = 0
    """How much of `total` was counted on that day."""
    day_uses: int = 0
    """By how many calls."""


@dataclass(frozen=True, slots=True)
class Use:
    """A use that was counted, under the key of its call."""

    company: str
    license_id: int
    device_id: int
    amount: int
    total: int
    """What was answered: that of the meter, without what others have used at the same moment."""
    at: Instant


@dataclass(frozen=True, slots=True)
class Counting:
    """A use that a meter has room for."""

    before: Meter
    """As it was read."""
    after: Meter
    amount: int
    most: int
    """How far `total` may come by it."""

    @property
    def begins(self) -> bool:
        """Whether it is the first of a day or a period."""
        return (self.before.day, self.before.counted_from) != (self.after.day, self.after.counted_from)


def is_metered(license: License) -> bool:
    """Whether its uses are counted."""
    return license.license_type == "consumption"


def new_meter(license: License) -> Meter:
    """The meter of a license that nobody has used."""
    return Meter(**meter_terms(license))


def meter_terms(of: License | Meter) -> dict[str, Any]:  # each as the field of that name
    """What a license and its meter both have."""
    return {name: getattr(of, name) for name in METER_TERMS}


def most_consumptions(meter: Meter | License) -> int | None:
    """How far the total may come, with what is allowed beyond. None: any number."""
    if meter.max_consumptions is None or (meter.allow_overages and not meter.max_overages):
        return None
    return meter.max_consumptions + (meter.max_overages if meter.allow_overages else 0)


def period_start(period: Period | None, now: Instant) -> Instant:
    """The instant at which the period of `now` began; 0 where there are none."""
    if period is None:
        return 0
    day = _EPOCH + timedelta(days=now // DAY_MS)
    match period:
        case "weekly":
            day -= timedelta(days=day.weekday())
        case "monthly":
            day = day.replace(day=1)
        case "annually":
            day = day.replace(month=1, day=1)
    return (day - _EPOCH).days * DAY_MS


def period_end(period: Period | None, now: Instant) -> Instant | None:
    """The instant at which the next period begins. None: there is none."""
    if period is None:
        return None
    begin = period_start(period, now)
    longest = {"daily": 1, "weekly": 7, "monthly": 31, "annually": 366}[period]
    return period_start(period, begin + longest * DAY_MS)


def as_of(meter: Meter, now: Instant) -> Meter:
    """The meter as it counts at an instant: in a new period from the beginning."""
    begin = period_start(meter.consumption_period, now)
    if begin <= meter.counted_from:
        return meter
    return replace(meter, total=0, counted_from=begin, day_total=0, day_uses=0)


def guard_consumes(license: License, now: Instant) -> None:
    """That uses of a license can be counted. Raises `Denied`: `license_expired`, `license_not_consumption`."""
    if is_expired(license, now):
        raise Denied("license_expired")
    if not is_metered(license):
        raise Denied("license_not_consumption")


def decide_use(meter: Meter, amount: int, *, asked: "Asked", now: Instant) -> Counting:
    """Count a use. Raises `LimitReached`: `license_not_enough_consumptions`; `Denied`:
    `negative_consumptions_not_allowed`, also where the total would come below 0.
    """
    begun = as_of(meter, now)
    if amount < 0 and not (meter.allow_negative_consumptions and begun.total + amount >= 0):
        raise Denied("negative_consumptions_not_allowed")
    most = asked.most(meter)
    if amount > 0 and begun.total + amount > most:
        raise LimitReached("license_not_enough_consumptions", limit=most, used=begun.total)
    return Counting(meter, counted(begun, amount, now), amount, most)


def counted(begun: Meter, amount: int, now: Instant) -> Meter:
    """The meter after a use."""
    day = max(begun.day, now // DAY_MS * DAY_MS)
    before, uses = (begun.day_total, begun.day_uses) if day == begun.day else (0, 0)
    return replace(begun, total=begun.total + amount, day=day, day_total=before + amount, day_uses=uses + 1)


def with_total(meter: Meter, total: int, now: Instant) -> Meter:
    """The meter that a vendor has set; what was used on the day is a row of history by itself then."""
    return replace(as_of(meter, now), total=total, day_total=0, day_uses=0)


@dataclass(frozen=True, slots=True)
class Asked:
    """How far a client wants to go beyond what was sold: within what the license allows. None: as far as that."""

    allow_overages: bool | None = None
    max_overages: int | None = None

    def most(self, meter: Meter) -> int:
        """How far the total may come by this call."""
        most, sold = most_consumptions(meter), meter.max_consumptions
        if sold is not None and self.allow_overages is False:
            most = sold
        elif sold is not None and self.max_overages:
            most = min(MAX_CONSUMPTION if most is None else most, sold + self.max_overages)
        return MAX_CONSUMPTION if most is None else most


AS_SOLD = Asked()


def period_of_row(meter: Meter) -> str | None:
    """Of which period a row of history is, as it says so. None: all uses are counted."""
    return to_iso(meter.counted_from or None)


def filed_consumption(meter: Meter, history: Iterable[Event]) -> int:
    """What the meter should say, by the rows of history of its period, newest first, and by what the day has."""
    rows = 0
    for event in history:
        if event.at < meter.counted_from - DAY_MS:
            break
        if event.type in ("consumption_counted", "consumption_set"):
            rows += int(event.detail["amount"] or 0) * (event.detail["counted_from"] == period_of_row(meter))
    return rows + meter.day_total
