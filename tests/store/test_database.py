"""The one way to DynamoDB: what a commit makes of an answer it did not get, and reads in several rounds."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Event
from chalicelib.store import database, reads, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.events import EventItem, event_item
from chalicelib.store.items.licenses import SeatItem, VariablesItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.transactions import Requirement, Transaction, requiring
from tests.store.faults import (
    ALWAYS,
    NOT_COMMITTED,
    WRITES,
    Fault,
    answer_timed_out,
    cancelled,
    failed,
    in_conflict_and_condition_failed,
    out_of_reach,
    throttled,
    wire,
)
from tests.store.seam import Answer, Request, Send
from tests.support import ADMIN, NOW

BATCH, TOGETHER, QUERY = frozenset({"BatchGetItem"}), frozenset({"TransactGetItems"}), frozenset({"Query"})
ANYTHING = WRITES | BATCH | TOGETHER | QUERY
FIRST = range(1, 2)


@pytest.fixture(autouse=True)
def _nothing_takes_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "back_off", lambda _attempt: None)


@pytest.fixture
def pk() -> str:
    """A partition of its own."""
    return f"test#{secrets.token_hex(8)}"


def transaction(pk: str) -> Transaction:
    return Transaction(event_item(pk, Event.new("license_reset", ADMIN, NOW)))


def putting(pk: str, revision: int, part: str = "variables") -> Transaction:
    """Puts an item where there is none."""
    write = transaction(pk)
    item = VariablesItem(pk, part, revision=revision, variables=[])
    write.put(item, VariablesItem.pk.does_not_exist())
    return write


def revisions(pk: str) -> list[int]:
    return [item.revision for item in reads.query(VariablesItem, pk, "variables")]


def events(pk: str) -> list[str]:
    return [item.sort_key for item in reads.query(EventItem, pk, "at#")]


def links(pk: str, *parts: str) -> None:
    for part in parts:
        writes.update(LookupItem(pk, part), [LookupItem.target_id.set(1)])


# --- a commit that is not sure -----------------------------------------------------------------------------------


def test_a_commit_whose_answer_was_lost_knows_its_own_write_by_its_event(pk: str) -> None:
    write = putting(pk, 1)
    with wire(answer_timed_out, FIRST, ANYTHING) as sent:
        write.commit()
    assert revisions(pk) == [1]
    assert write.event is not None
    assert events(pk) == [write.event.sort_key]
    assert len(sent.bodies) == 3  # lost; refused for its own sake; the event is there


def test_a_commit_that_was_not_sure_and_met_a_rival_is_stale_and_tells_of_the_rival(pk: str) -> None:
    rival = putting(pk, 7)

    def rival_first(request: Request, send: Send) -> Answer:
        rival.commit()
        return out_of_reach(request, send)

    with wire(rival_first, FIRST), pytest.raises(ConditionFailed) as caught:
        putting(pk, 1).commit()
    assert revisions(pk) == [7]
    assert rival.event is not None
    assert events(pk) == [rival.event.sort_key]
    assert caught.value.items is not None
    assert [item["revision"] for item in caught.value.items] == [{"N": "7"}]


class NotAllowed(Exception):
    """What is required does not hold."""


def required(pk: str) -> Requirement:
    """That the link is there."""
    return Requirement(LookupItem(pk, "link"), LookupItem.pk.exists(), NotAllowed())


def test_what_is_required_is_a_condition_of_every_commit_and_says_itself_what_is_wrong(pk: str) -> None:
    with requiring(required(pk)):
        for _ in range(2):
            with pytest.raises(NotAllowed):
                putting(pk, 1).commit()
        assert revisions(pk) == []
        links(pk, "link")
        putting(pk, 1).commit()
        with pytest.raises(ConditionFailed):
            putting(pk, 2).commit()
    writes.delete(LookupItem(pk, "link"))
    putting(pk, 3, "variables-3").commit()
    assert revisions(pk) == [1, 3]


def test_what_was_committed_while_it_held_is_committed_though_its_answer_was_lost(pk: str) -> None:
    links(pk, "link")

    def lost_and_taken_away(request: Request, send: Send) -> Answer:
        try:
            return answer_timed_out(request, send)
        finally:
            writes.delete(LookupItem(pk, "link"))

    with wire(lost_and_taken_away, FIRST), requiring(required(pk)):
        putting(pk, 1).commit()
    assert revisions(pk) == [1]


def test_a_commit_that_cannot_find_out_is_busy(pk: str) -> None:
    def lost_then_throttled(request: Request, send: Send) -> Answer:
        return (answer_timed_out if len(sent.bodies) == 1 else throttled)(request, send)

    with wire(lost_then_throttled, ALWAYS, ANYTHING) as sent, pytest.raises(Unavailable):
        putting(pk, 1).commit()
    assert revisions(pk) == [1], "it may have been written, and was"


def test_a_commit_that_is_sure_asks_nothing_more(pk: str) -> None:
    putting(pk, 1).commit()
    with wire(throttled, FIRST, ANYTHING) as sent, pytest.raises(ConditionFailed):
        putting(pk, 2).commit()
    assert len(sent.bodies) == 2  # throttled; a condition failed


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"])
def test_every_reason_that_passes_is_tried_again(pk: str, code: str) -> None:
    with wire(lambda request, _: cancelled(request, [code]), FIRST):
        putting(pk, 1).commit()
    assert revisions(pk) == [1]


@pytest.mark.parametrize(
    "code",
    [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    ],
)
def test_every_failure_that_passes_is_tried_again(pk: str, code: str) -> None:
    with wire(lambda request, _: failed(request, 400, code), FIRST):
        links(pk, "a")
    assert reads.get(LookupItem(pk, "a")) is not None


def test_what_is_wrong_with_a_call_itself_is_neither_tried_again_nor_called_busy(pk: str) -> None:
    write = transaction(pk)
    write.update(
        LookupItem(pk, ""), [LookupItem.target_id.set(1)], LookupItem.pk.does_not_exist()
    )  # no key may be empty
    with wire() as sent, pytest.raises(Exception, match="ValidationException"):
        write.commit()
    assert len(sent.bodies) == 1


# --- what is in the way ------------------------------------------------------------------------------------------


def test_a_failed_commit_tells_every_item_in_its_way_and_writes_none(pk: str) -> None:
    for number in (1, 2, 3):
        putting(pk, number, f"variables#{number}").commit()
    before = events(pk)
    write = transaction(pk)
    for number, wanted in ((1, 1), (2, 9), (3, 9)):
        item = VariablesItem(pk, f"variables#{number}")
        write.update(item, [VariablesItem.revision.set(8)], VariablesItem.revision == wanted)
    with pytest.raises(ConditionFailed) as caught:
        write.commit()
    assert caught.value.items is not None
    assert sorted(item["revision"]["N"] for item in caught.value.items) == ["2", "3"]
    assert revisions(pk) == [1, 2, 3]
    assert events(pk) == before


def test_what_is_in_the_way_of_a_put_and_of_a_delete_is_told_too(pk: str) -> None:
    putting(pk, 1).commit()
    deleting = transaction(pk)
    deleting.delete(VariablesItem(pk, "variables"), VariablesItem.revision == 2)
    for write in (putting(pk, 2), deleting):
        with pytest.raises(ConditionFailed) as caught:
            write.commit()
        assert caught.value.items is not None
        assert [item["revision"]["N"] for item in caught.value.items] == ["1"]


def test_an_absent_item_in_the_way_leaves_the_state_unknown(pk: str) -> None:
    putting(pk, 1).commit()
    write = transaction(pk)
    for part in ("variables", "absent"):
        write.update(VariablesItem(pk, part), [VariablesItem.revision.set(8)], VariablesItem.revision == 9)
    with pytest.raises(ConditionFailed) as caught:
        write.commit()
    assert caught.value.items is None


def test_a_conflict_beside_a_failed_condition_leaves_the_state_unknown(pk: str) -> None:
    with wire(in_conflict_and_condition_failed) as sent, pytest.raises(ConditionFailed) as caught:
        putting(pk, 1).commit()
    assert caught.value.items is None
    assert len(sent.bodies) == 1


def test_a_single_update_answers_the_new_item_or_is_stale_at_once(pk: str) -> None:
    link = LookupItem(pk, "link")
    assert writes.update(link, [LookupItem.target_id.set(1)]).target_id == 1
    with wire() as sent, pytest.raises(ConditionFailed):
        writes.update(link, [LookupItem.target_id.set(2)], LookupItem.target_id == 9)
    assert len(sent.bodies) == 1
    found = reads.get(link)
    assert found is not None
    assert found.target_id == 1
    writes.delete(link)
    assert reads.get(link) is None


# --- reads -------------------------------------------------------------------------------------------------------


def together(items: list[Any]) -> list[Any]:
    read = zip(items, reads.transact_get(items), strict=True)
    return [None if raw is None else type(item).from_raw_data(raw) for item, raw in read]


def one_by_one(items: list[Any]) -> list[Any]:
    return reads.batch_get(items, consistent=True)


@pytest.mark.parametrize("read", [together, one_by_one])
def test_what_is_read_stands_in_the_order_asked_for_whatever_the_table(
    pk: str, read: Callable[[list[Any]], list[Any]]
) -> None:
    putting(pk, 1).commit()
    links(pk, "b", "a")
    wanted = [LookupItem(pk, "b"), SeatItem(pk, "seat#1"), VariablesItem(pk, "variables"), LookupItem(pk, "a")]
    assert [None if item is None else (type(item), item.sort_key) for item in read(wanted)] == [
        (LookupItem, "b"),
        None,
        (VariablesItem, "variables"),
        (LookupItem, "a"),
    ]


def test_the_same_key_may_be_asked_for_twice(pk: str) -> None:
    links(pk, "a")
    assert [item.sort_key for item in one_by_one([LookupItem(pk, "a"), LookupItem(pk, "a")])] == ["a", "a"]


def leave_unread(count: int) -> Fault:
    """The database answers the first `count` of the keys, and gives the others back."""

    def fault(request: Request, send: Send) -> Answer:
        ((table, asked),) = request.body["RequestItems"].items()
        rest = {table: asked | {"Keys": asked["Keys"][count:]}} if asked["Keys"][count:] else {}
        some = {"RequestItems": {table: asked | {"Keys": asked["Keys"][:count]}}}
        return send(replace(request, body=some)) | {"UnprocessedKeys": rest}

    return fault


def test_keys_that_were_left_unread_are_asked_for_again(pk: str) -> None:
    links(pk, *"abcde")
    wanted = [LookupItem(pk, part) for part in "edxcba"]
    with wire(leave_unread(2), ALWAYS, BATCH) as sent:
        found = one_by_one(wanted)
    assert ["-" if item is None else item.sort_key for item in found] == list("ed-cba")
    asked = [next(iter(body["RequestItems"].values())) for body in sent.bodies]
    assert [len(table["Keys"]) for table in asked] == [6, 4, 2]
    assert all(table["ConsistentRead"] for table in asked)


def test_keys_that_are_left_unread_every_time_end_as_busy(pk: str) -> None:
    def unread(request: Request, _: Send) -> Answer:
        return {"Responses": {}, "UnprocessedKeys": request.body["RequestItems"]}

    with wire(unread, ALWAYS, BATCH) as sent, pytest.raises(Unavailable):
        reads.get(LookupItem(pk, "a"))
    assert len(sent.bodies) == database.ATTEMPTS


@pytest.mark.parametrize("fault", [*NOT_COMMITTED, answer_timed_out])
def test_a_fault_of_a_read_changes_no_answer_and_one_that_stays_ends_as_busy(pk: str, fault: Fault) -> None:
    links(pk, "a", "b")
    wanted = [LookupItem(pk, "a"), LookupItem(pk, "b")]
    ways: list[tuple[frozenset[str], Callable[[], list[LookupItem]]]] = [
        (BATCH, lambda: one_by_one(wanted)),
        (TOGETHER, lambda: together(wanted)),
        (QUERY, lambda: list(reads.query(LookupItem, pk))),
    ]
    for operations, read in ways:
        with wire(fault, FIRST, operations) as sent:
            assert [item.sort_key for item in read()] == ["a", "b"]
        assert len(sent.bodies) == 2
        with wire(fault, ALWAYS, operations), pytest.raises(Unavailable):
            read()


# --- queries -----------------------------------------------------------------------------------------------------


PARTS = ["a#1", "a#2", "a#3", "b", "b#1", "b#2", "b#3", "b#4", "b#5", "c#1"]


def pages_of_two(request: Request, send: Send) -> Answer:
    """The database ends every page early, as it does at 1 MB."""
    asked = request.body
    return send(replace(request, body=asked | {"Limit": min(2, asked.get("Limit", 2))}))


def expected(prefix: str, backwards: bool, limit: int | None, after: str | None) -> list[str]:
    found = [part for part in PARTS if part.startswith(prefix)]
    found = found[::-1] if backwards else found
    if after is not None:
        found = [part for part in found if (part < after if backwards else part > after)]
    return found[:limit]


@pytest.mark.parametrize("fault", [None, pages_of_two])
def test_a_query_finds_what_was_asked_for_in_order_and_no_more_whatever_the_pages(pk: str, fault: Fault | None) -> None:
    links(pk, *PARTS)
    for prefix, backwards, limit in product(("", "a#", "b#", "x"), (False, True), (None, 1, 2, 3, 5, 99)):
        inside = expected(prefix, False, None, None)
        for after in (None, *inside):
            with wire(fault, ALWAYS, QUERY):
                found = reads.query(LookupItem, pk, prefix, backwards=backwards, limit=limit, after=after)
                given = (prefix, backwards, limit, after)
                assert [item.sort_key for item in found] == expected(*given), given


def test_a_query_reads_no_page_before_it_is_needed(pk: str) -> None:
    links(pk, *PARTS)
    with wire(pages_of_two, ALWAYS, QUERY) as sent:
        found = reads.query(LookupItem, pk)
        for needed, part in enumerate(PARTS):
            assert next(found).sort_key == part
            assert len(sent.bodies) == needed // 2 + 1


def test_a_query_that_has_all_it_was_to_find_asks_no_more(pk: str) -> None:
    links(pk, *PARTS)
    with wire(pages_of_two, ALWAYS, QUERY) as sent:
        assert len(list(reads.query(LookupItem, pk, limit=4))) == 4
    assert [body["Limit"] for body in sent.bodies] == [4, 2]
