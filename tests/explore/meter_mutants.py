"""Broken builds of licenses by consumption: one for each condition that a count rests on."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.domain import meters as domain_meters
from chalicelib.store import licenses, meters, writes
from chalicelib.store.items.ephemera import UseItem
from chalicelib.store.items.licenses import MeterItem
from chalicelib.store.transactions import THERE_OR_NOT
from tests.proof.mutants import Patches, rewriting


def _limit_not_in_the_condition() -> Patches:
    """Who has read that uses are left counts his, however many are left by then."""
    return [(meters, "has_room", lambda _counting: MeterItem.pk.exists())]


def _key_outside_the_transaction() -> Patches:
    """A use is counted, and then its key is noted."""

    def use(license: Any, counting: Any, made: Any, key: str, filed: Any) -> Any:
        right(license, counting, made, f"{key}#{made.at}", filed)
        record = UseItem.of(made, f"use#{key}")
        record.expires = made.at
        writes.put(record)
        return made

    right = meters.use
    return [(meters, "use", use)]


def _key_forgotten() -> Patches:
    """A key is noted over the same one."""
    return [(UseItem, "is_absent", classmethod(lambda _kind, _now: THERE_OR_NOT))]


def _period_not_in_the_condition() -> Patches:
    """Who comes first in a period sets the count, also where somebody was before him."""
    return rewriting(meters, "use", MeterItem, lambda actions, _: (actions, MeterItem.pk.exists()))


def _overage_ignored() -> Patches:
    """Who may go beyond what was sold is refused there."""
    return [(domain_meters, "most_consumptions", lambda meter: meter.max_consumptions)]


def _overage_off_by_one() -> Patches:
    """One use more is counted than is allowed beyond."""

    def has_room(counting: Any) -> Any:
        return MeterItem.total <= counting.most - counting.amount + 1

    return [(meters, "has_room", has_room)]


def _limit_changed_beside_the_meter() -> Patches:
    """What is sold is changed, and the meter goes by what was sold before."""
    return [(licenses, "put_terms", lambda *_: None)]


def _period_goes_back() -> Patches:
    """A server whose clock is behind counts in the period that is over, from the beginning."""

    def as_of(meter: Any, now: int) -> Any:
        begin = domain_meters.period_start(meter.consumption_period, now)
        return meter if begin == meter.counted_from else replace(meter, total=0, counted_from=begin)

    return [(domain_meters, "as_of", as_of)]


METER_MUTANTS: dict[str, Callable[[], Patches]] = {
    "use limit not in the condition": _limit_not_in_the_condition,
    "use counted beside its key": _key_outside_the_transaction,
    "key of a use forgotten": _key_forgotten,
    "period not in the condition": _period_not_in_the_condition,
    "overage of uses ignored": _overage_ignored,
    "overage of uses off by one": _overage_off_by_one,
    "meter keeps the old limit": _limit_changed_beside_the_meter,
    "period goes back": _period_goes_back,
}
CAUGHT_ON_METERS = {
    "use limit not in the condition": "use+use-other@meter/last",
    "use counted beside its key": "use-once+use-once@meter/fresh",
    "key of a use forgotten": "use-once+use-once@meter/fresh",
    "period not in the condition": "use+use-other@meter/turned",
    "overage of uses ignored": "use+use-other@meter/over",
    "overage of uses off by one": "use+use-other@meter/over",
    "meter keeps the old limit": "use+sell-fewer@meter/fresh",
    "period goes back": "use+use-two@meter/behind",
}
