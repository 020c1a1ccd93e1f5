"""Reads: items by their keys, and what lies in a partition, page by page. All but `scan` know what they look for.

Raises `domain.errors.Unavailable`.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.domain.instants import Instant
from chalicelib.store import database
from chalicelib.store.schema import AnyItem, Item, Operation, Raw
from chalicelib.store.tables import key_of

log = logging.getLogger("seatkeeper")

M = TypeVar("M", bound=AnyItem)
T = TypeVar("T")

BATCH_GET_LIMIT = 100
MAX_LOGGED = 5
"""Of what one walk cannot read."""

_Name = tuple[str, str, str]
"""Of an item: its table, partition and sort key."""


class Unreadable(Exception):
    """An item that holds no value of its kind, such as one that was written by hand. The cause says why."""

    def __init__(self, raw: Raw) -> None:
        self.pk: str = raw["pk"]["S"]
        self.sort_key: str = raw["part"]["S"]
        super().__init__(f"item {self.pk}, {self.sort_key}")


@dataclass
class LeftOut:
    """How many items one walk has left out, because they cannot be read."""

    count: int = 0

    def skip(self, found: Iterable[T | Unreadable]) -> Iterator[T]:
        """What can be read. What cannot is logged: the first few of the walk, then once that there are more."""
        for one in found:
            if not isinstance(one, Unreadable):
                yield one
                continue
            self.count += 1
            if self.count <= MAX_LOGGED:
                log.error("%s cannot be read", one, exc_info=one.__cause__)
            elif self.count == MAX_LOGGED + 1:
                log.error("more items cannot be read")


def get(item: M, *, now: Instant | None = None) -> M | None:
    """The stored item with the keys of `item`; `now` as in `batch_get`. Strongly consistent read."""
    found: M | None = batch_get([item], consistent=True, now=now)[0]
    return found


# Each that is found is of the kind that was asked for in its place, which no type of a list says.
def as_asked(items: Sequence[AnyItem], raws: Sequence[Raw | None]) -> list[Any]:
    """What is stored under the keys of `items`, each of the kind of its item."""
    return [None if raw is None else type(item).from_raw_data(raw) for item, raw in zip(items, raws, strict=True)]


# As `as_asked`.
def batch_get(items: Sequence[AnyItem], *, consistent: bool | Collection[str], now: Instant | None = None) -> list[Any]:
    """The stored items with the keys of `items`, of any tables, in one round trip; None for those that do not exist.

    `consistent`: whether no replica may answer, or the tables of which none may. `now`: what has expired by then does
    not exist, for TTL deletes it hours late. Whoever reads what expires has to say it: raises `TypeError`. At most 100
    distinct keys. Each read alone is atomic; together they are not.
    """
    return as_asked(items, batch_get_raw(items, consistent=consistent, now=now))


def batch_get_each(items: Sequence[AnyItem], *, consistent: bool) -> list[AnyItem | Unreadable | None]:
    """As `batch_get`, but what cannot be read is `Unreadable`, and keeps no other from being read."""
    pairs = zip(items, batch_get_raw(items, consistent=consistent), strict=True)
    return [None if raw is None else readable(type(item).from_raw_data, raw) for item, raw in pairs]


# Each is of the kind that was asked for in its place.
def batch_get_values(items: Sequence[AnyItem]) -> list[Any]:
    """What the items with these keys hold, consistently, however many: a hundred in one round trip. Of a kind that
    holds no value the item itself; None for what does not exist, and for what cannot be read, which is logged.
    """
    left_out = LeftOut()
    found: list[Any] = []  # likewise
    for start in range(0, len(items), BATCH_GET_LIMIT):
        few = items[start : start + BATCH_GET_LIMIT]
        for item, raw in zip(few, batch_get_raw(few, consistent=True), strict=True):
            load = type(item).from_raw_data if item.value_type is None else type(item).from_raw
            found.append(None if raw is None else next(left_out.skip([readable(load, raw)]), None))
    return found


def batch_get_raw(
    items: Sequence[AnyItem],
    *,
    consistent: bool | Collection[str],
    now: Instant | None = None,
    only: Sequence[str] = (),
) -> list[Raw | None]:
    """As `batch_get`, but the items as they are stored; `only`: the attributes that are answered, besides the keys."""
    _ask_when(items, now)
    names, keys = _named(items)
    wanted: dict[str, Operation] = {}
    projection = {"ProjectionExpression": ", ".join(["pk", "part", *only])} if only else {}
    for (table, *_), key in keys.items():
        if table not in wanted:
            surely = consistent if isinstance(consistent, bool) else table in consistent
            wanted[table] = {"Keys": [], "ConsistentRead": surely} | projection
        wanted[table]["Keys"].append(key)
    found: dict[_Name, Raw] = {}
    for answer in database.dispatch_batch("BatchGetItem", wanted, "UnprocessedKeys"):
        for table, raws in answer["Responses"].items():
            found |= {_name(table, raw): raw for raw in raws}
    return _living(items, [found.get(name) for name in names], now)


def _ask_when(items: Sequence[AnyItem], now: Instant | None) -> None:
    if now is None and any(hasattr(item, "expires") for item in items):
        raise TypeError("what expires is read as of an instant")


def _living(items: Sequence[AnyItem], raws: Sequence[Raw | None], now: Instant | None) -> list[Raw | None]:
    """What has not expired by then."""
    if now is None:
        return list(raws)
    pairs = zip(items, raws, strict=True)
    return [None if raw is None or _has_expired(item, raw, now) else raw for item, raw in pairs]


def _has_expired(item: AnyItem, raw: Raw, now: Instant) -> bool:
    return hasattr(item, "expires") and "expires" in raw and int(raw["expires"]["N"]) < now // 1000


def transact_get(items: Sequence[AnyItem], *, now: Instant | None = None) -> list[Raw | None]:
    """As `batch_get_raw`, but all as they stood at one instant.

    For a decision that no write confirms: read one by one, counter and device may be of two instants, and a device
    would be denied for the activation that it has just got itself. Costs twice the units; at most 100 distinct keys.
    """
    _ask_when(items, now)
    names, keys = _named(items)
    gets = [{"Get": {"TableName": table, "Key": key}} for (table, *_), key in keys.items()]
    answer = database.dispatch("TransactGetItems", {"TransactItems": gets})
    found = dict(zip(keys, [found.get("Item") or None for found in answer["Responses"]], strict=True))
    return _living(items, [found[name] for name in names], now)


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

    `limit` bounds the items, `after` is the sort key to go on behind, with the prefix itself. Consistent.
    """
    return map(model.from_raw_data, query_raw(model, pk, prefix, backwards=backwards, limit=limit, after=after))


def query_raw(
    table: type[AnyItem],
    pk: str,
    prefix: str = "",
    *,
    backwards: bool = False,
    limit: int | None = None,
    after: str | None = None,
) -> Iterator[Raw]:
    """As `query`, of items as they are stored."""
    return _query(table, pk, *_beginning(prefix), backwards=backwards, limit=limit, after=after)


def readable(make: Callable[[Raw], T], raw: Raw) -> T | Unreadable:
    """What `make` makes of an item as it is stored."""
    try:
        return make(raw)
    except Exception as error:  # of whatever kind: pynamodb raises several
        unreadable = Unreadable(raw)
        unreadable.__cause__ = error
        return unreadable


def read_each(kind: type[Item[T]], pk: str, first: str, last: str) -> Iterator[T | Unreadable]:
    """The values of items whose sort keys lie from `first` to `last`, in a partition that holds this kind alone.

    One that cannot be read keeps no other from being read. Consistent, in pages.
    """
    return _read_between(kind, pk, first, last)


def read_since(kind: type[Item[T]], pk: str, prefix: str, first: str, limit: int) -> Iterator[T | Unreadable]:
    """The values of items whose sort keys are `prefix` and no less than `first` behind it, the last first.

    At most `limit`; otherwise as `read_each`.
    """
    return _read_between(kind, pk, prefix + first, prefix + "~", backwards=True, limit=limit)


def _read_between(
    kind: type[Item[T]], pk: str, first: str, last: str, *, backwards: bool = False, limit: int | None = None
) -> Iterator[T | Unreadable]:
    raws = _query(kind, pk, "part BETWEEN :a AND :b", (first, last), backwards=backwards, limit=limit)
    return (readable(kind.from_raw, raw) for raw in raws)


def query_readable(
    kind: type[Item[T]],
    pk: str,
    prefix: str = "",
    *,
    backwards: bool = False,
    limit: int | None = None,
    after: str | None = None,
) -> Iterator[T]:
    """The values of items as `query` finds them, for lists that are shown: what cannot be read is logged and left out.

    `limit` bounds the values.
    """
    left, behind, left_out = limit, after, LeftOut()
    while True:
        before = left_out.count
        for raw in query_raw(kind, pk, prefix, backwards=backwards, limit=left, after=behind):
            behind = raw["part"]["S"]
            yield from left_out.skip([readable(kind.from_raw, raw)])
        if limit is None or left_out.count == before:
            return
        left = left_out.count - before


def those_readable(found: Iterable[T | Unreadable]) -> Iterator[T]:
    """What can be read of what was found; what cannot is logged and left out (`LeftOut`)."""
    return LeftOut().skip(found)


def sort_keys(table: type[AnyItem], pk: str, prefix: str = "", *, after: str | None = None) -> Iterator[str]:
    """The sort keys of a partition that start with `prefix` and lie behind the key `after`, in order, page by page as
    they are taken. Consistent.
    """
    return (raw["part"]["S"] for raw in _query(table, pk, *_beginning(prefix), after=after, only="part"))


def scan(table: type[AnyItem], only: Sequence[str]) -> Iterator[Raw]:
    """These attributes of every item of a table, page by page as they are taken. Never in a request: it reads all."""
    names = {f"#{n}": name for n, name in enumerate(only)}
    asked = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names, "ConsistentRead": True}
    return iter(_pages({"TableName": table.Meta.table_name, **asked}, None, "Scan"))


def _beginning(prefix: str) -> tuple[str, tuple[str, ...]]:
    """The condition that sort keys start with a prefix; none where it is empty."""
    return ("begins_with(part, :a)", (prefix,)) if prefix else ("", ())


def _query(
    table: type[AnyItem],
    pk: str,
    condition: str,
    bounds: tuple[str, ...],
    *,
    backwards: bool = False,
    limit: int | None = None,
    after: str | None = None,
    only: str = "",
) -> Iterator[Raw]:
    kwargs: Operation = {
        "TableName": table.Meta.table_name,
        "KeyConditionExpression": f"pk = :pk AND {condition}" if condition else "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}}
        | {f":{name}": {"S": bound} for name, bound in zip("ab", bounds, strict=False)},
        "ConsistentRead": True,
        "ScanIndexForward": not backwards,
    }
    if only:
        kwargs["ProjectionExpression"] = only
    if after is not None:
        kwargs["ExclusiveStartKey"] = {"pk": {"S": pk}, "part": {"S": after}}
    return iter(_pages(kwargs, limit))


def _pages(kwargs: Operation, limit: int | None, operation: str = "Query") -> Iterable[Raw]:
    left = limit
    while True:
        answer = database.dispatch(operation, kwargs if left is None else kwargs | {"Limit": left})
        yield from answer["Items"]
        if left is not None:
            left -= len(answer["Items"])
        if "LastEvaluatedKey" not in answer or left == 0:
            return
        kwargs = kwargs | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def _named(items: Iterable[AnyItem]) -> tuple[list[_Name], dict[_Name, Raw]]:
    """The name of each item, and the keys of all by their names: nothing is asked for twice at once."""
    keyed = [(item.Meta.table_name, key_of(item)) for item in items]
    names = [_name(table, key) for table, key in keyed]
    return names, dict(zip(names, [key for _, key in keyed], strict=True))


def _name(table: str, raw: Raw) -> _Name:
    return table, raw["pk"]["S"], raw["part"]["S"] if "part" in raw else ""
