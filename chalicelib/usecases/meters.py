"""The meters of licenses that are sold by consumption: what they say, and what the vendor lets them say."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.errors import Denied, Invalid, NotFound
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.features import MAX_CONSUMPTION
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License
from chalicelib.domain.meters import Meter, as_of, is_metered, new_meter, period_of_row, with_total
from chalicelib.domain.types import Json
from chalicelib.store import meters
from chalicelib.usecases.change_terms import Sold, find_sold
from chalicelib.usecases.retry import decide_and_write


def set_consumption(
    company: str, license_id: int, total: int, actor: Actor, *, revision: int | None = None, now: Instant
) -> Sold:
    """Set how often a license was used in this period, whatever the limit. Doing so again changes nothing.

    `revision`: that of the license that is meant. Raises `Invalid` for no count; `NotFound`: `license_not_found`;
    `Denied`: `license_not_consumption`, `revision_changed`.
    """
    _guard_total(total)

    def read(_: bool) -> tuple[Sold, Meter]:
        sold = find_sold(company, license_id)
        if revision not in (None, sold[0].revision):
            raise Denied("revision_changed")
        if not is_metered(sold[0]):
            raise Denied("license_not_consumption")
        return sold, there(meters.read_meters([sold[0]])[0])

    def write(seen: tuple[Sold, Meter], after: Meter) -> None:
        (license, _), before = seen
        if after != before:
            meters.set_total(license, before, after, _set(before, after, actor, now), filed_day(before, actor, now))

    def decide(seen: tuple[Sold, Meter]) -> Meter:
        meter = seen[1]  # of a period that is over, it is begun: a server whose clock is behind still counts in that
        return meter if (meter.total, as_of(meter, now)) == (total, meter) else with_total(meter, total, now)

    (sold, _), _ = decide_and_write(read, decide, write, result=lambda seen, _: seen[0])
    return sold


def counted_before(license: License, total: int, actor: Actor, now: Instant) -> tuple[Meter, Event] | None:
    """The meter of a license that is new here and was used before, with the event that says so. None where it was not,
    or its uses are not counted. Raises `Invalid`.
    """
    if not total or not is_metered(license):
        return None
    _guard_total(total)
    new = new_meter(license)
    return (meter := with_total(new, total, now)), _set(new, meter, actor, now)


def with_meter(snapshot: Snapshot, now: Instant) -> Snapshot:
    """The snapshot with its `meter`, for the answer: one read, of a license whose uses are counted."""
    license = snapshot.license
    if license is None or not is_metered(license):
        return snapshot
    return replace(snapshot, meter=read_meter(license, now))


def read_meter(license: License, now: Instant) -> Meter | None:
    """The meter of a license as it counts now; None where its uses are not counted."""
    return next(read_meters([license], now))


def read_meters(some: Sequence[License], now: Instant) -> Iterator[Meter | None]:
    """The same of each of these, a hundred in one read."""
    return (None if meter is None else as_of(meter, now) for meter in meters.read_meters(some))


def there(meter: Meter | None) -> Meter:
    """Raises `NotFound` where there is none: the license was deleted."""
    if meter is None:
        raise NotFound("license_not_found")
    return meter


def _guard_total(total: int) -> None:
    if not 0 <= total <= MAX_CONSUMPTION:
        raise Invalid("count_out_of_range", field="total_consumptions", least=0, most=MAX_CONSUMPTION)


def _set(before: Meter, after: Meter, actor: Actor, now: Instant) -> Event:
    was = as_of(before, now).total
    about: Json = {"total": after.total, "total_before": was, "amount": after.total - was}
    return Event.new("consumption_set", actor, now, **about, counted_from=period_of_row(after))


def filed_day(meter: Meter, actor: Actor, now: Instant) -> Event | None:
    """The row of history of a day that is over; None where nothing was counted on it."""
    if not meter.day_uses:
        return None
    about: Json = {"day": to_iso(meter.day)[:10], "amount": meter.day_total, "uses": meter.day_uses}
    return Event.new("consumption_counted", Actor(actor.name), now, **about, counted_from=period_of_row(meter))
