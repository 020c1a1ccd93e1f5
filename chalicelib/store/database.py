"""The one way to DynamoDB: one connection, one place that retries, one transaction.

* Conflict is not refusal: throttling, TransactionConflict and lost answers are retried here, with full jitter and
  inside a bound, and end as `Unavailable`. A failed condition is never retried; it is raised as `ConditionFailed`.
* An observation (`observe`) is no part of the answer: it is tried once, and what is lost of it is counted.
* A transaction whose answer was lost may have been committed. Each carries an event with a key of its own, so that
  the event's presence is the proof: the caller never sees its own write as somebody else's.

Raises `domain.errors.Unavailable` for what could not be done in time, and `ConditionFailed`.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from chalicelib import observability
from chalicelib.domain.errors import Unavailable
from chalicelib.runtime import runtime
from chalicelib.store.connection import StageConnection
from chalicelib.store.items.events import EventItem
from chalicelib.store.schema import Item, Raw
from chalicelib.store.tables import TABLE_KEYS, table_definition

log = logging.getLogger("seatkeeper")

M = TypeVar("M", bound=Model)
T = TypeVar("T")

ATTEMPTS = 8
BASE_WAIT, MAX_WAIT = 0.025, 1.0  # seconds; in all at most about 3 s of waiting
DEADLINE = 8.0  # seconds after which nothing is tried again: API Gateway gives up at 29, and clients before
BATCH_GET_LIMIT = 100
BATCH_WRITE_LIMIT = 25

_CONFLICTS = {
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_RETRYABLE = _CONFLICTS | {
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "ThrottlingException",
    "ThrottlingError",
    "RequestLimitExceeded",
}
_once: ContextVar[bool] = ContextVar("once", default=False)
"""Whether each call is tried once."""


class ConditionFailed(Exception):
    """A condition did not hold. `known`: what is in the way, as it stands now; `items`: None where that is not all."""

    def __init__(self, known: list[Raw] | None = None, *, complete: bool = True) -> None:
        super().__init__("a condition did not hold")
        self.known = known or []
        self.items = known if complete else None


class AlreadyPut(Exception):
    """What a transaction was to take along is there already, as `raw` says."""

    def __init__(self, raw: Raw) -> None:
        super().__init__("it was put before")
        self.raw = raw


@dataclass
class Companion:
    """An item that the next transaction with an event puts, too, whatever that transaction is about."""

    item: Any
    condition: Condition
    is_put: bool = False

    def put_in_way_of(self, error: Exception) -> Raw | None:
        """The item that is there already, where a transaction has failed for that."""
        known = error.known if isinstance(error, ConditionFailed) else []
        return next((raw for raw in known if raw["pk"]["S"] == self.item.pk), None)


_companion: ContextVar[Companion | None] = ContextVar("companion", default=None)


@contextmanager
def accompanied(companion: Companion | None) -> Iterator[None]:
    """Let the next transaction inside that has an event put an item more. It may raise `AlreadyPut`."""
    outer = _companion.set(companion)
    try:
        yield
    finally:
        _companion.reset(outer)


@dataclass
class Transaction:
    """The writes of one TransactWriteItems. Every one has a condition, and one of them puts the event.

    `event`: None where nothing changes that history tells of: summaries of what is there, filed once more or not.
    `again`: the sort key of an event that tells of the same already. It is told there that it has happened once more.
    """

    event: EventItem | None
    again: str | None = None
    checks: list[dict[str, Any]] = field(default_factory=list)
    puts: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    deletes: list[dict[str, Any]] = field(default_factory=list)

    def put(self, item: Model, condition: Condition) -> None:
        """Write a whole item."""
        self.puts.append(
            item.get_save_kwargs_from_instance(condition=condition, return_values_on_condition_failure="ALL_OLD")
        )

    def update(self, item: Model, actions: Sequence[Action], condition: Condition) -> None:
        """Change attributes of the item with these keys."""
        self.updates.append(
            item.get_update_kwargs_from_instance(
                actions=list(actions), condition=condition, return_values_on_condition_failure="ALL_OLD"
            )
        )

    def change(self, item: Item[T], old: T, new: T, also: Condition | None = None, more: Sequence[Action] = ()) -> None:
        """Change the item with these keys from what was read into `new`, if nobody has changed it since.

        The event names the fields that differ (`changed`), but for those that its details tell already. `also`: what
        must be true besides; `more`: what is written besides.
        """
        changes = type(item).changes(old, new)
        unchanged = changes.unchanged if also is None else changes.unchanged & also
        self.update(item, [*changes.actions, *more], unchanged)
        if self.event is not None:
            told = self.event.detail or {}
            if untold := [name for name in changes.names if name not in told]:
                self.event.detail = told | {"changed": ", ".join(untold)}

    def check(self, item: Any, condition: Condition) -> None:
        """Write nothing to the item with these keys, and require this of it."""
        kwargs = type(item).get_operation_kwargs_from_class(item.pk, range_key=item.sort_key, condition=condition)
        self.checks.append(kwargs | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"})

    def delete(self, item: Model, condition: Condition) -> None:
        """Delete the item with these keys."""
        self.deletes.append(
            item.get_delete_kwargs_from_instance(condition=condition)
            | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        )

    def commit(self) -> None:
        """All or nothing. Raises `ConditionFailed`, `Unavailable`, and `AlreadyPut` where it is `accompanied`."""
        outcome_unknown = False
        companion = None if self.event is None else _companion.get()
        if companion is not None and not companion.is_put:
            self.put(companion.item, companion.condition)

        def send() -> None:
            nonlocal outcome_unknown
            try:
                connection().transact_write_items(self.checks, self.deletes, self.puts, self.updates)
            except Exception as error:
                cause = _cause(error)
                outcome_unknown = outcome_unknown or _may_have_committed(cause)
                _raise_if_condition_failed(cause)
                raise cause from cause.__cause__

        self._put_event()
        try:
            _retrying(send)
        except (ConditionFailed, Unavailable) as error:
            if not (outcome_unknown and self._is_committed()):
                if companion is not None and (raw := companion.put_in_way_of(error)) is not None:
                    raise AlreadyPut(raw) from None
                raise
        if companion is not None:
            companion.is_put = True

    def _put_event(self) -> None:
        """Put the event, or count it in the one that tells of the same."""
        if self.event is None:
            return
        kind = type(self.event)
        if self.again is None:
            self.put(self.event, kind.sort_key.does_not_exist())
            return
        ip = self.event.ip
        counted = [kind.repeats.add(1), kind.last_at.set(self.event.at), kind.last_key.set(self.event.sort_key)]
        counted.append(kind.last_ip.set(ip) if ip else kind.last_ip.remove())
        self.update(kind(self.event.pk, self.again), counted, kind.sort_key.exists())

    def _is_committed(self) -> bool:
        """Whether the history proves that the transaction was committed. One that was counted is told of until the next
        is: after that it is not known, and what is not known is decided anew.
        """
        if self.event is None:
            return False
        if self.again is None:
            return get(self.event) is not None
        found = get(type(self.event)(self.event.pk, self.again))
        return found is not None and found.last_key == self.event.sort_key


def get(item: M, *, consistent: bool = True) -> M | None:
    """The stored item with the keys of `item`."""
    found: M | None = read([item], consistent=consistent)[0]
    return found


def read(items: list[Any], *, consistent: bool) -> list[Any]:
    """The stored items with the keys of `items`, of any tables, in one round trip; None for those that do not exist.

    At most 100 distinct keys. Each read alone is atomic; together they are not.
    """
    raws = read_raw(items, consistent=consistent)
    return [None if raw is None else type(item).from_raw_data(raw) for item, raw in zip(items, raws, strict=True)]


def read_raw(items: list[Any], *, consistent: bool, only: Sequence[str] = ()) -> list[Raw | None]:
    """As `read`, but the items as they are stored; `only`: the attributes that are answered, besides the keys."""
    found: dict[tuple[str, str, str], Raw] = {}
    wanted: dict[str, dict[str, Any]] = {}
    projection = {"ProjectionExpression": ", ".join(["pk", "part", *only])} if only else {}
    for item in items:
        of_table = wanted.setdefault(item.Meta.table_name, {"Keys": [], "ConsistentRead": consistent} | projection)
        if (key := _key(item)) not in of_table["Keys"]:
            of_table["Keys"].append(key)
    for answer in _batch("BatchGetItem", wanted, "UnprocessedKeys"):
        for table, raws in answer["Responses"].items():
            found |= {_identity(table, raw): raw for raw in raws}
    return [found.get(_identity(item.Meta.table_name, _key(item))) for item in items]


def transact_get(items: list[Any]) -> list[Raw | None]:
    """As `read_raw`, but all as they stood at one instant.

    For a decision that no write confirms: read one by one, counter and device may be of two instants, and a device
    would be denied for the activation that it has just got itself. Costs twice the units; at most 100 items.
    """
    gets = [{"Get": {"TableName": item.Meta.table_name, "Key": _key(item)}} for item in items]
    answer = _dispatch("TransactGetItems", {"TransactItems": gets})
    return [found.get("Item") or None for found in answer["Responses"]]


def update(item: M, actions: Sequence[Action], condition: Condition | None = None) -> M:
    """One UpdateItem without an event, for what is no history, such as attempts. Answers the new item.

    Raises `ConditionFailed`, `Unavailable`. It may be sent twice where an answer is lost: what it counts may be
    counted twice, so nothing that was sold is counted by it.
    """
    kwargs = item.get_update_kwargs_from_instance(actions=list(actions), condition=condition)
    answer = _dispatch("UpdateItem", kwargs | {"ReturnValues": "ALL_NEW"})
    return type(item).from_raw_data(answer["Attributes"])


def observe(item: M, actions: Sequence[Action], condition: Condition | None = None) -> M | None:
    """Note what was seen of an item, in one attempt: an answer that is known already neither waits nor fails for it.

    Answers the new item. What the database does not take is counted and left, and the answer is None: the next call
    notes it. Raises `ConditionFailed`: where the condition does not hold, what the answer rests on is over.
    """
    with observing():
        return update(item, actions, condition)
    return None


@contextmanager
def observing() -> Iterator[None]:
    """What is done inside is an observation: each call is tried once, and the first that is not taken ends it.

    That is counted, and raises nothing. Raises `ConditionFailed`.
    """
    outer = _once.set(True)
    try:
        yield
    except Unavailable:
        observability.add_metric(observability.OBSERVATIONS_LOST)
    finally:
        _once.reset(outer)


def put(item: Model) -> None:
    """One PutItem without an event and without a condition: its key is its own. It may be sent twice."""
    _dispatch("PutItem", item.get_save_kwargs_from_instance())


def delete(item: Model, condition: Condition | None = None) -> None:
    """One DeleteItem without an event. Raises `ConditionFailed`."""
    _dispatch("DeleteItem", item.get_delete_kwargs_from_instance(condition=condition))


def batch_put(items: Iterable[Model]) -> None:
    """Write whole items without conditions or events, 25 in one round trip: each under a key of its own."""
    left = iter(items)
    while step := list(islice(left, BATCH_WRITE_LIMIT)):
        _batch_write(step[0].Meta.table_name, [{"PutRequest": {"Item": _whole(item)}} for item in step])


def delete_all(items: Iterable[Model]) -> Iterator[int]:
    """Delete the items of one table with these keys, 25 in one round trip; how many, after each of them."""
    left = iter(items)
    while step := list(islice(left, BATCH_WRITE_LIMIT)):
        _batch_write(step[0].Meta.table_name, [{"DeleteRequest": {"Key": _key(item)}} for item in step])
        yield len(step)


def _batch_write(table: str, requests: list[dict[str, Any]]) -> None:
    for _ in _batch("BatchWriteItem", {table: requests}, "UnprocessedItems"):
        pass


def _batch(operation: str, wanted: dict[str, Any], left_as: str) -> Iterator[dict[str, Any]]:
    """The answers to a batch: what the database has left of it (`left_as`) is asked for again. Raises `Unavailable`."""
    rounds = 0
    while wanted:
        answer = _dispatch(operation, {"RequestItems": wanted})
        yield answer
        wanted = answer.get(left_as) or {}
        if wanted:
            rounds += 1
            if rounds >= ATTEMPTS or _once.get():
                raise Unavailable("database_busy", cause=left_as)
            observability.add_metric(observability.RETRIES)
            back_off(rounds)


def query(
    model: type[M],
    pk: str,
    prefix: str = "",
    *,
    backwards: bool = False,
    limit: int | None = None,
    after: str | None = None,
) -> Iterator[M]:
    """The items of a partition whose sort key starts with `prefix`, in order, read page by page as they are taken.

    `limit` bounds the items, `after` is the sort key to go on behind. Consistent.
    """
    raws = _query(model, pk, "begins_with(part, :a)" if prefix else "", (prefix,), backwards, limit, after)
    return map(model.from_raw_data, raws)


def query_raw(
    table: type[Model],
    pk: str,
    prefix: str,
    *,
    backwards: bool = False,
    limit: int | None = None,
    after: str | None = None,
) -> Iterator[Raw]:
    """As `query`, of items as they are stored; `after` has the prefix itself."""
    return _query(table, pk, "begins_with(part, :a)", (prefix,), backwards, limit, after)


def query_between(
    table: type[Model],
    pk: str,
    first: str,
    last: str,
    *,
    backwards: bool = False,
    limit: int | None = None,
    after: str | None = None,
) -> Iterator[Raw]:
    """Items of several kinds whose sort keys lie from `first` to `last`, as they are stored, read page by page.

    `limit` and `after` as in `query`; `after` lies between the two itself. Consistent. For `store.batch_reads` alone,
    where it saves a read: all else reads by a prefix.
    """
    return _query(table, pk, "part BETWEEN :a AND :b", (first, last), backwards, limit, after)


class Unreadable(Exception):
    """An item that holds no value of its kind, such as one that was written by hand. The cause says why."""


def read_each(kind: type[Item[T]], pk: str, first: str, last: str) -> Iterator[T | Unreadable]:
    """The values of items as `query_between` finds them; one that cannot be read keeps no other from being read."""
    for raw in query_between(kind, pk, first, last):
        try:
            yield kind.from_raw(raw)
        except Exception as error:  # of whatever kind: pynamodb raises several
            unreadable = Unreadable(f"item {pk}, {raw['part']['S']}")
            unreadable.__cause__ = error
            yield unreadable


def sort_keys(table: type[Model], pk: str, prefix: str = "") -> Iterator[str]:
    """The sort keys of a partition that start with `prefix`, in order, page by page as they are taken. Consistent."""
    condition, bounds = ("begins_with(part, :a)", (prefix,)) if prefix else ("", ())
    return (raw["part"]["S"] for raw in _query(table, pk, condition, bounds, False, None, None, "part"))


def scan(table: type[Model], only: Sequence[str], after: str = "", limit: int | None = None) -> Iterator[Raw]:
    """These attributes of every item of a table, page by page as they are taken. Never in a request: it reads all.

    `after`: the key to go on behind, in a table that has no sort key; `limit` bounds the items.
    """
    names = {f"#{n}": name for n, name in enumerate(only)}
    asked = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names, "ConsistentRead": True}
    start: dict[str, Any] = {"ExclusiveStartKey": {"pk": {"S": after}}} if after else {}
    return iter(_pages({"TableName": table.Meta.table_name, **asked, **start}, limit, "Scan"))


def _query(
    table: type[Model],
    pk: str,
    condition: str,
    bounds: tuple[str, ...],
    backwards: bool,
    limit: int | None,
    after: str | None,
    only: str = "",
) -> Iterator[Raw]:
    kwargs: dict[str, Any] = {
        "TableName": table.Meta.table_name,
        "KeyConditionExpression": f"pk = :pk AND {condition}" if condition else "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}}
        | {f":{name}": {"S": bound} for name, bound in zip("ab", bounds, strict=False) if bound},
        "ConsistentRead": True,
        "ScanIndexForward": not backwards,
    }
    if only:
        kwargs["ProjectionExpression"] = only
    if after is not None:
        kwargs["ExclusiveStartKey"] = {"pk": {"S": pk}, "part": {"S": after}}
    return iter(_pages(kwargs, limit))


def _whole(item: Model) -> Raw:
    stored: Raw = item.get_save_kwargs_from_instance()["Item"]
    return stored


def _pages(kwargs: dict[str, Any], limit: int | None, operation: str = "Query") -> Iterable[Raw]:
    left = limit
    while True:
        answer = _dispatch(operation, kwargs if left is None else kwargs | {"Limit": left})
        yield from answer["Items"]
        if left is not None:
            left -= len(answer["Items"])
        if "LastEvaluatedKey" not in answer or left == 0:
            return
        kwargs = kwargs | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def connection() -> StageConnection:
    """The connection of the runtime's database."""
    opened: StageConnection = runtime().database.connection
    return opened


def table_name(kind: type[Model]) -> str:
    """The stage's name of the table that items of this kind are in."""
    return connection().table_name(kind.Meta.table_name)


def create_tables() -> None:
    """Create the tables that do not exist yet: on the embedded engine. A stage's tables belong to its stack."""
    for table in TABLE_KEYS:
        try:
            connection().dispatch("CreateTable", {"TableName": table} | table_definition(table))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUseException":  # it is there
                raise


def _dispatch(operation: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    return _retrying(lambda: _send(operation, kwargs))


def _send(operation: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """One attempt. Raises `ConditionFailed`, and what botocore does."""
    try:
        answer: dict[str, Any] = connection().dispatch(operation, kwargs)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise ConditionFailed from error
        raise
    return answer


def _retrying(send: Callable[[], T]) -> T:
    start = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return send()
        except (ClientError, BotoCoreError) as error:
            if not _is_retryable(error):
                raise
            codes = _codes(error)
            why = ", ".join(sorted(codes)) or type(error).__name__
            if _once.get():
                raise Unavailable("database_busy", cause=why) from error
            if attempt == ATTEMPTS or time.monotonic() - start > DEADLINE:
                log.warning("the database is busy or out of reach: %s", why)
                raise Unavailable("database_busy", cause=why) from error
            observability.add_metric(observability.CONFLICTS if codes & _CONFLICTS else observability.RETRIES)
        back_off(attempt)
    raise AssertionError("unreachable")


def back_off(attempt: int) -> None:
    """Wait after so many attempts, so that rivals part: full jitter, from nothing up to the exponential bound."""
    time.sleep(random.uniform(0, min(MAX_WAIT, BASE_WAIT * 2**attempt)))  # noqa: S311 - no secret


def _cause(error: Exception) -> Exception:
    """What pynamodb wrapped."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error


def _codes(error: Exception) -> set[str]:
    if not isinstance(error, ClientError):
        return set()
    reasons = {r.code for r in getattr(error, "cancellation_reasons", []) if r}
    return reasons or {error.response["Error"]["Code"]}


def _is_retryable(error: Exception) -> bool:
    return _may_have_committed(error) or bool(_codes(error) & _RETRYABLE)


def _may_have_committed(error: Exception) -> bool:
    """Botocore's own errors are those of the network; a 5xx may come from a balancer, and not in DynamoDB's words."""
    if not isinstance(error, ClientError):
        return True
    client_error = error.__cause__ if isinstance(error.__cause__, ClientError) else error  # pynamodb drops the status
    return bool(client_error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500)


def _raise_if_condition_failed(error: Exception) -> None:
    reasons = [r for r in getattr(error, "cancellation_reasons", []) if r]
    if not any(r.code == "ConditionalCheckFailed" for r in reasons):
        return
    known = [r.raw_item for r in reasons if r.code == "ConditionalCheckFailed" and r.raw_item]
    raise ConditionFailed(known, complete=len(known) == len(reasons)) from error


def _key(item: Any) -> Raw:
    return {"pk": {"S": item.pk}} | ({"part": {"S": item.sort_key}} if hasattr(type(item), "sort_key") else {})


def _identity(table: str, raw: Raw) -> tuple[str, str, str]:
    return table, raw["pk"]["S"], raw["part"]["S"] if "part" in raw else ""
