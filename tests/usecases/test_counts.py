"""How many licenses, orders and users a company has is counted in the transactions that make them."""

from collections.abc import Callable, Iterator
from zlib import crc32

import pytest

from chalicelib.domain.events import Event
from chalicelib.store import counts, reads, writes
from chalicelib.store.counts import COUNTED, SHARDS, Noun, read_count
from chalicelib.store.items.links import CountItem, LookupItem
from chalicelib.store.keys import company_license_sort_key, count_sort_key
from chalicelib.store.schema import AnyItem
from chalicelib.store.transactions import Transaction
from chalicelib.usecases.batch_assign import ROWS_PER_TRANSACTION, continue_batch, start_batch
from chalicelib.usecases.repair_links import repair_links
from tests.store.costs import counted
from tests.support import ADMIN, NOW, Vendor

MANAGER = "manager@customer.test"


def how_many(vendor: Vendor) -> dict[Noun, int | None]:
    return {noun: read_count(vendor.code, noun) for noun in COUNTED}


def as_before(vendor: Vendor) -> None:
    """As older code has left a company."""
    for part in list(reads.sort_keys(CountItem, vendor.code, count_sort_key())):
        writes.delete(CountItem(vendor.code, part))


def repair(vendor: Vendor) -> int:
    return repair_links(vendor.code, ADMIN, now=NOW)["filed"]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen behind each thing that is counted as it is there."""

    def happening(happen: Callable[[], object]) -> None:
        sort_keys = reads.sort_keys

        def one_by_one(table: type[AnyItem], pk: str, prefix: str = "") -> Iterator[str]:
            for part in sort_keys(table, pk, prefix):
                yield part
                if prefix in COUNTED.values():
                    happen()

        monkeypatch.setattr(reads, "sort_keys", one_by_one)

    return happening


def test_what_is_made_is_counted_in_its_transaction(vendor: Vendor) -> None:
    assert how_many(vendor) == dict.fromkeys(COUNTED, 0)
    first = vendor.issue(manager=MANAGER)
    vendor.issue(order_id=first.order_id)
    vendor.assign(vendor.issue("revit", max_license_users=2), MANAGER)
    assert how_many(vendor) == {"licenses": 3, "orders": 2, "users": 1, "customers": 1}


def test_as_many_people_as_fit_in_a_transaction_are_counted_in_it(vendor: Vendor) -> None:
    license, people = vendor.issue("revit", max_license_users=40), 2 * ROWS_PER_TRANSACTION
    listed = "\n".join(f"p{n}@customer.test" for n in range(people))
    batch = start_batch(vendor.code, license.id, listed, False, ADMIN, now=NOW)
    continue_batch(vendor.code, license.id, batch, ADMIN, lambda: True, now=NOW)
    assert how_many(vendor)["users"] == people


def test_what_is_taken_off_is_taken_off_the_counter_that_has_counted_it(vendor: Vendor) -> None:
    license = vendor.issue()
    part = company_license_sort_key(license.id)
    for by, left in ((-1, 0), (1, 1)):
        change(vendor, part, by)
        assert how_many(vendor)["licenses"] == left
    assert len(list(reads.sort_keys(CountItem, vendor.code, count_sort_key("licenses")))) == 2


def test_a_count_is_one_read_of_one_unit(vendor: Vendor) -> None:
    for _ in range(40):
        vendor.issue()
    with counted() as cost:
        assert read_count(vendor.code, "licenses") == 40
    assert (cost.round_trips, cost.read_units) == ("1 read", 1)


def test_a_company_of_before_is_counted_by_the_repair_and_from_then_on(vendor: Vendor) -> None:
    vendor.issue(manager=MANAGER)
    as_before(vendor)
    vendor.issue()
    assert how_many(vendor) == dict.fromkeys(COUNTED)
    there_are = {"licenses": 2, "orders": 2, "users": 1, "customers": 1}
    assert set(vendor.differences()) == {f"its {noun} are not counted: there are {n}" for noun, n in there_are.items()}
    repair(vendor)
    assert (repair(vendor), vendor.differences()) == (0, [])
    vendor.issue()
    assert how_many(vendor) == {"licenses": 3, "orders": 3, "users": 1, "customers": 1}


def test_a_counter_that_is_wrong_is_named_and_set(vendor: Vendor) -> None:
    vendor.issue()
    writes.update(
        CountItem(vendor.code, count_sort_key("licenses", 3)), [CountItem.number.add(5), CountItem.moves.add(1)]
    )
    assert vendor.differences() == ["6 licenses are counted, but there are 1"]
    assert (repair(vendor), how_many(vendor)["licenses"]) == (1, 1)


def test_what_is_made_while_it_is_counted_is_counted_once(
    vendor: Vendor, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    vendor.issue()
    as_before(vendor)
    more = iter(range(2))
    meanwhile(lambda: vendor.issue() if next(more, None) is not None else None)
    repair(vendor)
    assert how_many(vendor)["licenses"] == 3


def test_where_others_write_without_end_the_repair_ends(
    vendor: Vendor, meanwhile: Callable[[Callable[[], object]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    part = company_license_sort_key(vendor.issue().id)
    as_before(vendor)

    def move() -> None:
        change(vendor, part, 1)
        change(vendor, part, -1)

    meanwhile(move)
    repair(vendor)
    assert how_many(vendor)["licenses"] is None
    monkeypatch.undo()
    repair(vendor)
    assert how_many(vendor)["licenses"] == 1


def test_a_counter_that_says_the_same_again_has_moved_all_the_same(
    vendor: Vendor, meanwhile: Callable[[Callable[[], object]], None]
) -> None:
    """One was counted as it was there, and is deleted; another one comes, and is counted, too: that is one too many."""
    first, last = parts_of_one_counter()
    make(vendor, first)
    as_before(vendor)
    change(vendor, first, 1)
    once = iter(range(1))

    def replace() -> None:
        if next(once, None) is not None:
            writes.delete(LookupItem(vendor.code, first))
            change(vendor, first, -1)
            make(vendor, last)

    meanwhile(replace)
    counts.repair(vendor.code, lambda filed: Event.new("links_repaired", ADMIN, NOW, filed=filed))
    assert how_many(vendor)["licenses"] == 1
    writes.delete(LookupItem(vendor.code, last))
    change(vendor, last, -1)


def parts_of_one_counter() -> tuple[str, str]:
    """The sort keys of two licenses that the same counter counts."""
    by_shard: dict[int, str] = {}
    for id in range(100, 200):
        part = company_license_sort_key(id)
        if (shard := crc32(part.encode()) % SHARDS) in by_shard:
            return by_shard[shard], part
        by_shard[shard] = part
    raise AssertionError


def make(vendor: Vendor, part: str) -> None:
    writes.put(LookupItem(vendor.code, part))
    change(vendor, part, 1)


def change(vendor: Vendor, part: str, by: int) -> None:
    write = Transaction(None)
    counts.put_count(write, "licenses", vendor.code, part, by)
    write.commit()
