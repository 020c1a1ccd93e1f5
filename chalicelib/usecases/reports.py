"""Reports of a company, for operators: they read all of its licenses, and of those that were used the history.

Nothing is counted for them when something happens: a sum of the company's that each activation adds to would be one
item that all of its activations wait for, or one that loses some.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from chalicelib.domain.days import day_of, first_instant
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.paging import cut
from chalicelib.domain.reports import (
    DayCount,
    LicenseReport,
    add_licenses,
    count_activations,
    count_refusals,
    with_most_devices,
)
from chalicelib.store import license_lists, licenses, refusals
from chalicelib.threads import ThreadPool
from chalicelib.usecases.create import find_company

CHUNK = 100
"""Licenses that are read in one round trip."""
_AT_ONCE = 8
DAY_MS = 24 * 3_600_000


def report_licenses(
    company: str, *, ending_days: int, most: int, now: Instant, progress: Callable[[int], None]
) -> LicenseReport:
    """All licenses of a company, summed up. `ending_days`: what ends within so many ends soon; `most`: named in lists.

    A read for each hundred. Raises `NotFound`: `company_not_found`.
    """
    report, soon = LicenseReport(), now + ending_days * DAY_MS
    for some in _all_licenses(find_company(company).code):
        add_licenses(report, some, soon, most, now)
        progress(len(some))
    return report


class DayCounts(NamedTuple):
    """What happened on days."""

    counts: Counter[DayCount]
    incomplete: list[int]
    """The licenses of which the newest `MOST_EVENTS` events are counted alone: in these days they had more."""


def report_days(company: str, days: int, *, now: Instant, progress: Callable[[int], None]) -> DayCounts:
    """How many activations were taken, and given back, and how many calls were refused and why, on each of so many days
    up to today, which are the company's own.

    A read for each hundred licenses, one for each that was ever used, and one for each megabyte of refusals; of these
    the newest hundred of a license are kept (`domain.refusals`). Raises `NotFound`: `company_not_found`.
    """
    owner = find_company(company)
    zone, since = owner.time_zone, _first_of(days, owner.time_zone, now)
    counts = count_refusals(refusals.all_refusals(owner.code, now), since, now, zone)
    incomplete = list[int]()
    with ThreadPool(_AT_ONCE) as threads:
        for some in _all_licenses(owner.code):
            found, _ = _activations(some, threads, since, zone, now)
            counts.update(found.counts)
            incomplete += found.incomplete
            progress(len(some))
    return DayCounts(counts, incomplete)


def sum_some_licenses(
    company: str, codes: frozenset[str], after: int | None, *, ending_days: int, now: Instant
) -> tuple[LicenseReport, int | None]:
    """The licenses of these products, or of all where none is named, behind the one with the id `after`: at most
    `MOST_SUMMED`, and the id to go on behind; None at the end. A read or two of their ids, of each product that is
    named, and one for each hundred.
    """
    report, soon = LicenseReport(), now + ending_days * DAY_MS
    found, behind = _some_licenses(company, codes, after, MOST_SUMMED)
    add_licenses(report, found, soon, 0, now)
    return report, behind


def some_with_most_devices(
    company: str, codes: frozenset[str], after: int | None, most: int
) -> tuple[list[License], int | None]:
    """Of as many licenses as `sum_some_licenses` looks at, the `most` with the most active devices."""
    found, behind = _some_licenses(company, codes, after, MOST_SUMMED)
    return with_most_devices(found, most), behind


def sum_some_activations(
    company: str, codes: frozenset[str], after: int | None, days: int, *, now: Instant
) -> tuple[DayCounts, int | None]:
    """Of each of so many days up to today, how many activations of at most `MOST_HISTORIES` licenses behind `after`
    were taken and given back; likewise. A read for each license that was ever used, besides; after `MOST_EVENTS` in all
    no other history is begun.
    """
    zone = find_company(company).time_zone
    looked_at, behind = _some_licenses(company, codes, after, MOST_HISTORIES)
    used, since = [one for one in looked_at if one.first_activated_at is not None], _first_of(days, zone, now)
    found, read = DayCounts(Counter(), []), 0
    with ThreadPool(_AT_ONCE) as threads:
        for start in range(0, len(used), _AT_ONCE):
            some = used[start : start + _AT_ONCE]
            (counts, incomplete), events = _activations(some, threads, since, zone, now)
            found, read = DayCounts(found.counts + counts, found.incomplete + incomplete), read + events
            if read >= MOST_EVENTS and some[-1] != used[-1]:
                return found, some[-1].id
    return found, behind


def sum_some_refusals(
    company: str, after: str | None, days: int, *, now: Instant
) -> tuple[Counter[DayCount], str | None]:
    """Of each of so many days up to today, the refusals behind the key `after`, at most `MOST_SUMMED` records, and the
    key to go on behind; None at the end. One read.
    """
    zone = find_company(company).time_zone
    found, behind = refusals.some_refusals(company, after, MOST_SUMMED)
    return count_refusals(found, _first_of(days, zone, now), now, zone), behind


MOST_SUMMED = 800
"""Licenses, or records of refusals, that one part sums up."""
MOST_HISTORIES = 100
"""Licenses whose histories one part reads."""
MOST_EVENTS = 10_000
"""Of one license: the newest ones of the days that are asked for. Of several: after so many, a part begins no other."""


def _first_of(days: int, zone: str, now: Instant) -> Instant:
    """When the first of so many days up to today begins."""
    return first_instant(day_of(now, zone) - timedelta(days=days - 1), zone)


def _activations(
    some: list[License], threads: ThreadPool, since: Instant, zone: str, now: Instant
) -> tuple[DayCounts, int]:
    """And of how many events that was told."""

    def of_license(license: License) -> tuple[int, Counter[DayCount], int, bool]:
        events, more = cut(
            licenses.events_between(license.company, license.id, since, now, MOST_EVENTS + 1), MOST_EVENTS
        )
        return license.id, count_activations(events, license.product, zone), len(events), more

    found, read = DayCounts(Counter(), []), 0
    for id, counts, events, more in threads.map(
        of_license, [one for one in some if one.first_activated_at is not None]
    ):
        found.counts.update(counts)
        found.incomplete.extend([id] if more else [])
        read += events
    return found, read


def _some_licenses(
    company: str, codes: frozenset[str], after: int | None, most: int
) -> tuple[list[License], int | None]:
    all_ids = license_lists.of_company(company).ids
    find = partial(license_lists.ids_of_products, company, codes) if codes else all_ids
    ids = list(find(after, most))
    return licenses.read_some(company, ids), ids[-1] if len(ids) == most else None


def _all_licenses(company: str) -> Iterator[list[License]]:
    after: int | None = None
    while ids := list(license_lists.of_company(company).ids(after, CHUNK)):
        yield licenses.read_some(company, ids)
        after = ids[-1]
