"""How many things of a kind a company has: counters that move in the transaction that makes or deletes a thing.

The counters of a noun are several items, so that those who make many things at once do not wait for each other; a thing
is counted in the one that follows from its key, which is the one that it is taken off again. A mark beside them says
that all there is has been counted: of a company of before there were counters it is missing until they are repaired.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

from chalicelib.domain.events import Event
from chalicelib.store import reads
from chalicelib.store.database import ConditionFailed
from chalicelib.store.expressions import Condition
from chalicelib.store.items.accounts import CompanyItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.links import CountItem, LookupItem
from chalicelib.store.keys import (
    COMPANY,
    company_license_sort_key,
    count_sort_key,
    customer_sort_key,
    order_sort_key,
    user_sort_key,
)
from chalicelib.store.reads import Unreadable
from chalicelib.store.transactions import Transaction

Noun = Literal["licenses", "orders", "users", "customers"]

COUNTED: Mapping[Noun, str] = {
    "licenses": company_license_sort_key(),
    "orders": order_sort_key(),
    "users": user_sort_key(),
    "customers": customer_sort_key(),
}
"""What the sort keys of the things begin with, in their company's partition."""
SHARDS = 16
"""Counters of one noun of a company: two transactions that make something at once meet in one of them seldom."""
ROUNDS = 5
"""How often things are counted again that others make or delete meanwhile."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is wrong with the counters of a noun."""

    noun: Noun
    count: int | None
    """What they say; None: that not all there is was ever counted."""
    there: int


@dataclass(frozen=True, slots=True)
class _Counters:
    """Those of a noun, as they were read at one time."""

    numbers: Counter[int]
    """By shard."""
    moves: Counter[int]
    """How often each was moved. It comes back to no earlier value, as a number does."""
    is_marked: bool
    """Whether all was counted at some time, and what was is legible."""

    @property
    def total(self) -> int | None:
        return self.numbers.total() if self.is_marked else None

    def differing(self, there: Counter[int]) -> list[int]:
        """The shards that count something else than there is."""
        return [shard for shard in range(SHARDS) if self.numbers[shard] != there[shard]]


def put_count(write: Transaction, noun: Noun, company: str, sort_key: str, by: int = 1) -> None:
    """Let a transaction that makes a thing with this sort key count it, or with -1 one that deletes it take it off."""
    write.count(CountItem(company, count_sort_key(noun, _shard(sort_key))), by)


def marks(company: str) -> list[CountItem]:
    """The items by which a new company says that all that it has is counted: there is nothing yet."""
    return [CountItem(company, count_sort_key(noun)) for noun in COUNTED]


def read_count(company: str, noun: Noun) -> int | None:
    """How many there are; None where not all were ever counted (`repair`). Consistent, one read of one unit."""
    return _read(company, noun).total


def differences(company: str) -> Iterator[Difference]:
    """Hold the counters of a company against what is there. While others write, only what stays is a difference.

    A company of before that has nothing of a noun has nothing uncounted.
    """
    for noun in COUNTED:
        for _ in range(ROUNDS):
            counters, there = _read(company, noun), _there(company, noun)
            is_right = not counters.differing(there) and (counters.is_marked or not there)
            if is_right or counters == _read(company, noun):
                break
        if not is_right:
            yield Difference(noun, counters.total, there.total())


def repair(company: str, event: Callable[[int], Event]) -> int:
    """Set anew what is wrong with the counters of a company; how many items were written. Repeating is safe.

    Safe beside all that goes on: each is written on condition that it has not moved since the things were counted. What
    others keep moving for `ROUNDS` counts stays as it is, and the next audit names it. `event` is given how many.
    """
    return sum(_repair(company, noun, event) for noun in COUNTED)


def _repair(company: str, noun: Noun, event: Callable[[int], Event]) -> int:
    for _ in range(ROUNDS):
        counters, there = _read(company, noun), _there(company, noun)
        wrong = counters.differing(there)
        written = len(wrong) + (not counters.is_marked)
        if not written:
            return 0
        write = Transaction(event_item(company, event(written), AccountEventItem))
        for shard in wrong if counters.is_marked else range(SHARDS):
            item, unmoved = CountItem(company, count_sort_key(noun, shard)), _unmoved(counters, shard)
            if shard in wrong:
                write.update(item, [CountItem.number.set(there[shard]), CountItem.moves.add(1)], unmoved)
            else:
                write.check(item, unmoved)
        if not counters.is_marked:
            write.put(CountItem(company, count_sort_key(noun)), CountItem.pk.does_not_exist())
        write.check(CompanyItem(company, COMPANY), CompanyItem.pk.exists())  # nobody removes it once that was deleted
        with suppress(ConditionFailed):  # others write: it is counted again
            write.commit()
            return written
    return 0


def _unmoved(counters: _Counters, shard: int) -> Condition:
    moves = counters.moves[shard]
    return CountItem.moves == moves if moves else CountItem.pk.does_not_exist()


def _read(company: str, noun: Noun) -> _Counters:
    raws = reads.query_raw(CountItem, company, count_sort_key(noun))
    found = [reads.readable(CountItem.from_raw_data, raw) for raw in raws]
    legible = {item.sort_key: item for item in found if isinstance(item, CountItem)}
    is_marked = legible.pop(count_sort_key(noun), None) is not None and not any(
        isinstance(i, Unreadable) for i in found
    )
    numbers, moves = Counter[int](), Counter[int]()
    for part, item in legible.items():
        shard = int(part.rpartition("#")[2])
        numbers[shard], moves[shard] = item.number, item.moves
    return _Counters(numbers, moves, is_marked)


def _there(company: str, noun: Noun) -> Counter[int]:
    """How many things of each shard there are. Consistent, read in pages."""
    return Counter(map(_shard, reads.sort_keys(LookupItem, company, COUNTED[noun])))


def _shard(sort_key: str) -> int:
    return crc32(sort_key.encode()) % SHARDS
