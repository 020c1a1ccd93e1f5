"""What a vendor asks of many licenses at once: sums that are made of what there is. Nothing is stored for them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from heapq import nlargest, nsmallest

from chalicelib.domain.days import day_of
from chalicelib.domain.events import Event
from chalicelib.domain.instants import LATEST, Instant
from chalicelib.domain.license import License, Status, is_expired, status
from chalicelib.domain.refusals import Refusal
from chalicelib.domain.usage import activations_of


@dataclass(slots=True)
class ProductSums:
    """The licenses of a product."""

    by_status: Counter[Status] = field(default_factory=Counter)
    never_used: int = 0
    """No device was ever activated."""
    ending_soon: int = 0
    active_devices: int = 0

    @property
    def licenses(self) -> int:
        """How many there are."""
        return self.by_status.total()


@dataclass(slots=True)
class LicenseReport:
    """Licenses, summed up by the codes of their products."""

    products: dict[str, ProductSums] = field(default_factory=dict)
    ending_soon: list[License] = field(default_factory=list)
    """Those that end first, the first of all first."""
    most_devices: list[License] = field(default_factory=list)
    """Those with the most active devices, the most of all first."""


def add_licenses(report: LicenseReport, licenses: list[License], soon: Instant, most: int, now: Instant) -> None:
    """Sum some licenses up. `soon`: what ends up to then ends soon; `most`: licenses that each list names."""
    for license in licenses:
        sums = report.products.setdefault(license.product, ProductSums())
        sums.by_status[status(license, now)] += 1
        sums.never_used += license.first_activated_at is None
        sums.ending_soon += ends_soon(license, soon, now)
        sums.active_devices += license.times_activated
    ending = [*report.ending_soon, *(one for one in licenses if ends_soon(one, soon, now))]
    report.ending_soon = nsmallest(most, ending, key=lambda one: (one.validity_period or LATEST, one.id))
    report.most_devices = with_most_devices([*report.most_devices, *licenses], most)


def with_most_devices(licenses: Iterable[License], most: int) -> list[License]:
    """Those with the most active devices, the most of all first; none without any."""
    used = (one for one in licenses if one.times_activated)
    return nlargest(most, used, key=lambda one: (one.times_activated, one.id))


def ends_soon(license: License, soon: Instant, now: Instant) -> bool:
    """Whether a license that can still be used ends up to then."""
    end = license.validity_period
    return end is not None and end <= soon and license.enabled and not is_expired(license, now)


DayCount = tuple[date, str, str]
"""A day of the company's, the code of a product, and what has happened: a kind of event, or why a call was refused."""
ACTIVATED, FREED = "activated", "freed"


def count_activations(events: Iterable[Event], product: str, zone: str) -> Counter[DayCount]:
    """How many activations were taken and given back on each day, told from the history of a license."""
    counts: Counter[DayCount] = Counter()
    for event in events:
        moved = activations_of(event)
        if moved:
            counts[day_of(event.at, zone), product, ACTIVATED if moved > 0 else FREED] += abs(moved)
    return counts


def count_refusals(refusals: Iterable[Refusal], since: Instant, until: Instant, zone: str) -> Counter[DayCount]:
    """How many calls were refused on each day, by their codes. `since`, `until`: the first and the last instant."""
    counts: Counter[DayCount] = Counter()
    for one in refusals:
        if since <= one.at <= until:
            counts[day_of(one.at, zone), one.product or "", one.code] += one.times
    return counts


def in_order(counts: Counter[DayCount]) -> Iterator[tuple[DayCount, int]]:
    """The newest day first; within a day by product, and what has happened."""
    yield from sorted(counts.items(), key=lambda one: (-one[0][0].toordinal(), *one[0][1:]))
