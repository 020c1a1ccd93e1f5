"""Writes of single items without an event, for what is no history; all else is a `Transaction`.

Each may be sent twice, where an answer is lost. Raises `domain.errors.Unavailable`, and `ConditionFailed`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from chalicelib.store import database
from chalicelib.store.expressions import Action, Condition, parameters
from chalicelib.store.schema import AnyItem, Operation
from chalicelib.store.tables import key_of

M = TypeVar("M", bound=AnyItem)

BATCH_WRITE_LIMIT = 25


def update(item: M, actions: Sequence[Action], condition: Condition | None = None) -> M:
    """One UpdateItem without an event, for what is no history, such as attempts. Answers the new item.

    Raises `ConditionFailed`, `Unavailable`. It may be sent twice where an answer is lost: what it counts may be
    counted twice, so nothing that was sold is counted by it.
    """
    asked = {"TableName": item.Meta.table_name, "Key": key_of(item), "ReturnValues": "ALL_NEW"}
    answer = database.dispatch("UpdateItem", asked | parameters(condition, actions))
    return type(item).from_raw_data(answer["Attributes"])


def observe(item: M, actions: Sequence[Action], condition: Condition | None = None) -> M | None:
    """Note what was seen of an item, in one attempt: an answer that is known already neither waits nor fails for it.

    Answers the new item. What the database does not take is counted and left, and the answer is None: the next call
    notes it. Raises `ConditionFailed`: where the condition does not hold, what the answer rests on is over.
    """
    with database.observing():
        return update(item, actions, condition)
    return None


def put(item: AnyItem) -> None:
    """One PutItem without an event and without a condition: its key is its own. It may be sent twice."""
    database.dispatch("PutItem", {"TableName": item.Meta.table_name, "Item": item.serialize()})


def delete(item: AnyItem, condition: Condition | None = None) -> None:
    """One DeleteItem without an event. Raises `ConditionFailed`."""
    asked = {"TableName": item.Meta.table_name, "Key": key_of(item)}
    database.dispatch("DeleteItem", asked | parameters(condition))


def batch_put(items: Iterable[AnyItem]) -> None:
    """Write whole items without conditions or events, 25 in one round trip: each under a key of its own."""
    left = iter(items)
    while step := list(islice(left, BATCH_WRITE_LIMIT)):
        _batch_write(step[0].Meta.table_name, [{"PutRequest": {"Item": item.serialize()}} for item in step])


def delete_all(items: Iterable[AnyItem]) -> Iterator[int]:
    """Delete the items of one table with these keys, 25 in one round trip; how many, after each of them."""
    left = iter(items)
    while step := list(islice(left, BATCH_WRITE_LIMIT)):
        _batch_write(step[0].Meta.table_name, [{"DeleteRequest": {"Key": key_of(item)}} for item in step])
        yield len(step)


def _batch_write(table: str, requests: list[Operation]) -> None:
    for _ in database.dispatch_batch("BatchWriteItem", {table: requests}, "UnprocessedItems"):
        pass
