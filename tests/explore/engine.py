"""DynamoDB in a dictionary: a state is copied in microseconds, and every schedule begins with one.

Expressions, keys and values are those of the embedded engine, which it is held against (tests/explore/test_engine.py).
What is stored is never changed in place: a write puts another item in its place, in a partition of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import eq, ge, gt, le, lt
from typing import Any, NamedTuple

import orjson

from infra.embedded.errors import Refused, invalid
from infra.embedded.expressions import compiled
from infra.embedded.tables import Table, refuse_same
from infra.embedded.values import Item

Answer = dict[str, Any]
Request = dict[str, Any]
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": eq,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "begins_with": str.startswith,
}
_IN_BATCH = {"PutRequest": "Put", "DeleteRequest": "Delete"}
_BY_ITSELF = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete"}


class Where(NamedTuple):
    """The place of an item."""

    table: str
    pk: str
    part: str


class Partition(dict[str, Item]):
    """Sort key → item. Nothing in it is changed any more."""

    __slots__ = ("marks",)
    marks: dict[str, int]
    """Of each item, as `mark_of`."""

    def __init__(self, items: dict[str, Item], marks: dict[str, int]) -> None:
        super().__init__(items)
        self.marks = marks

    def having(self, part: str, item: Item | None, mark: int) -> "Partition":
        """The same, with this item there, which has that mark; None: without any."""
        changed = Partition(self, dict(self.marks))
        if item is None:
            changed.pop(part, None)
            changed.marks.pop(part, None)
        else:
            changed[part], changed.marks[part] = item, mark
        return changed


NO_ITEMS = Partition({}, {})
State = dict[tuple[str, str], Partition]
"""All that is stored, by table and partition key. Nothing in it is changed any more once it was copied."""


def mark_of(where: Where, item: Item | None) -> int:
    """Of an item there: another one for another item, but for a chance of one in 2¹²⁸."""
    text = orjson.dumps([*where, item], option=orjson.OPT_SORT_KEYS, default=bytes.hex)
    return int.from_bytes(blake2b(text, digest_size=16).digest())


class Effect(NamedTuple):
    """What would come of a write now."""

    changes: frozenset[Where]
    """The items that it would change."""
    refused_for: tuple[Where, ...]
    """Those whose conditions do not hold."""


@dataclass(slots=True)
class MemoryEngine:
    """DynamoDB's operations by their names, on what is stored in `state`. Raises botocore's `ClientError`."""

    tables: dict[str, Table]
    state: State = field(default_factory=dict)

    def __call__(self, operation: str, request: Request) -> Answer:
        """The answer to an operation."""
        try:
            return OPERATIONS[operation](self, request)
        except Refused as refusal:
            raise refusal.as_botocore(operation) from None

    def effect(self, operation: str, request: Request) -> Effect:
        """What would come of a write; it is not done. Raises `Refused` for a request that is none."""
        writes = _writes_of(self, operation, request)
        refused_for = tuple(write.where for write in writes if not write.may)
        changes = () if refused_for else (write.where for write in writes if write.become() != write.old)
        return Effect(frozenset(changes), refused_for)

    def item(self, where: Where) -> Item | None:
        """What is stored there."""
        return self.state.get(where[:2], NO_ITEMS).get(where.part)

    def items(self) -> Iterator[tuple[Where, Item]]:
        """All that is stored."""
        for (table, pk), partition in self.state.items():
            yield from ((Where(table, pk, part), item) for part, item in partition.items())

    def where(self, name: str, key: Item) -> Where:
        """The place that a key names. Raises `Refused`."""
        return Where(name, *self.table(name).key(key))

    def table(self, name: str) -> Table:
        """Raises `Refused`."""
        try:
            return self.tables[name]
        except KeyError:
            raise Refused("ResourceNotFoundException", "Requested resource not found") from None

    def store(self, where: Where, item: Item | None) -> None:
        """Put the item there; None deletes what is there."""
        mark = mark_of(where, item)
        self.state[where[:2]] = self.state.get(where[:2], NO_ITEMS).having(where.part, item, mark)


def make_tables(definitions: dict[str, tuple[str, ...]]) -> dict[str, Table]:
    """Tables of these names and keys."""
    return {name: Table(number, name, keys) for number, (name, keys) in enumerate(definitions.items())}


# --- reads ----------------------------------------------------------------------------------------------------------


def _read(engine: MemoryEngine, name: str, key: Item, request: Request) -> Item | None:
    item = engine.item(engine.where(name, key))
    return None if item is None else _only(compiled(request)[0].projection, item)


def _only(names: tuple[str, ...] | None, item: Item) -> Item:
    return dict(item) if names is None else {name: item[name] for name in names if name in item}


def _get_item(engine: MemoryEngine, request: Request) -> Answer:
    item = _read(engine, request["TableName"], request["Key"], request)
    return {} if item is None else {"Item": item}


def _batch_get_item(engine: MemoryEngine, request: Request) -> Answer:
    found = {}
    for name, asked in request["RequestItems"].items():
        items = (_read(engine, name, key, asked) for key in asked["Keys"])
        found[name] = [item for item in items if item is not None]
    return {"Responses": found, "UnprocessedKeys": {}}


def _transact_get_items(engine: MemoryEngine, request: Request) -> Answer:
    gets = [step["Get"] for step in request["TransactItems"]]
    items = [_read(engine, get["TableName"], get["Key"], get) for get in gets]
    return {"Responses": [{} if item is None else {"Item": item} for item in items]}


def _query(engine: MemoryEngine, request: Request) -> Answer:
    table, (expressions, values) = engine.table(request["TableName"]), compiled(request)
    asked = expressions.key_condition
    assert asked is not None
    if asked.keys != table.keys[: len(asked.keys)]:
        raise invalid("Query condition missed key schema element")
    pk = table.key_text(table.keys[0], values[asked.pk])
    texts = [table.key_text(table.keys[-1], values[placeholder]) for placeholder in asked.bounds]
    operators = (">=", "<=") if asked.operator == "BETWEEN" else (asked.operator,)
    bounds = [(_COMPARISONS[operator], bound) for operator, bound in zip(operators, texts, strict=False)]
    backwards = request.get("ScanIndexForward") is False
    if "ExclusiveStartKey" in request:
        start_pk, start = table.key(request["ExclusiveStartKey"])
        if start_pk != pk or not all(compare(start, bound) for compare, bound in bounds):
            raise invalid("The provided starting key does not match the range key predicate")
        bounds.append((lt if backwards else gt, start))
    partition = engine.state.get((table.name, pk), NO_ITEMS)
    compared = [*partition]
    for compare, bound in bounds:
        compared = [part for part in compared if compare(part, bound)]
    parts = sorted(compared, reverse=backwards)
    page = _page(table, [(pk, part, partition[part]) for part in parts], request, expressions.projection)
    # DynamoDB names no next page behind the end of a range; it does behind a key or a prefix that was named.
    end = ">=" if backwards else "<="
    last = [bound for operator, bound in zip(operators, texts, strict=False) if operator == end]
    if len(table.keys) == 1:  # nor behind the one item of a partition
        last.append(pk)
    if page.get("LastEvaluatedKey", {}).get(table.keys[-1], {}).get("S") in last:
        del page["LastEvaluatedKey"]
    return page


def _scan(engine: MemoryEngine, request: Request) -> Answer:
    table = engine.table(request["TableName"])
    start = table.key(request["ExclusiveStartKey"]) if "ExclusiveStartKey" in request else None
    found = sorted(
        ((where.pk, where.part, item) for where, item in engine.items() if where.table == table.name),
        key=lambda row: row[:2],
    )
    rows = [row for row in found if start is None or row[:2] > start]
    return _page(table, rows, request, compiled(request)[0].projection)


def _page(table: Table, rows: list[tuple[str, str, Item]], request: Request, names: tuple[str, ...] | None) -> Answer:
    limit = request.get("Limit")
    taken = rows if limit is None else rows[:limit]
    page: Answer = {
        "Items": [_only(names, item) for _, _, item in taken],
        "Count": len(taken),
        "ScannedCount": len(taken),
    }
    if limit is not None and len(taken) == limit:
        page["LastEvaluatedKey"] = table.as_item(taken[-1][:2])
    return page


# --- writes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Write:
    """One write of a request: where, whether it may be done, and what becomes of the item there."""

    where: Where
    old: Item | None
    may: bool
    become: Callable[[], Item | None]
    returns_old: bool


def _understood(engine: MemoryEngine, kind: str, request: Request) -> _Write:
    table, (expressions, values) = engine.table(request["TableName"]), compiled(request)
    item = table.item(request["Item"]) if kind == "Put" else None
    where = Where(table.name, *(table.key(request["Key"]) if item is None else table.key_of(item)))
    old, update, test = engine.item(where), expressions.update, expressions.condition
    if update is not None:
        for name in sorted(update.names.intersection(table.keys)):
            raise invalid(f"Cannot update attribute {name}. This attribute is part of the key")

    def become() -> Item | None:
        if update is not None:
            return update.apply(table.as_item(where[1:]) if old is None else old, values)
        return old if kind == "ConditionCheck" else item

    returned = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return _Write(where, old, test is None or test(old or {}, values), become, returned)


def _writes_of(engine: MemoryEngine, operation: str, request: Request) -> list[_Write]:
    if operation == "TransactWriteItems":
        steps = [(kind, asked) for step in request["TransactItems"] for kind, asked in step.items()]
    elif operation == "BatchWriteItem":
        of_tables = ((name, map(dict, asked)) for name, asked in request["RequestItems"].items())
        by_kind = ((name, *one.popitem()) for name, those in of_tables for one in those)
        steps = [(_IN_BATCH[kind], asked | {"TableName": name}) for name, kind, asked in by_kind]
    else:
        steps = [(_BY_ITSELF[operation], request)]
    return [_understood(engine, kind, asked) for kind, asked in steps]


def _write_one(operation: str) -> Callable[[MemoryEngine, Request], Answer]:
    def write(engine: MemoryEngine, request: Request) -> Answer:
        (one,) = _writes_of(engine, operation, request)
        if not one.may:
            raise Refused("ConditionalCheckFailedException", "The conditional request failed")
        new = one.become()
        engine.store(one.where, new)
        return {"Attributes": dict(new or {})} if request.get("ReturnValues") == "ALL_NEW" else {}

    return write


def _transact_write_items(engine: MemoryEngine, request: Request) -> Answer:
    writes = _writes_of(engine, "TransactWriteItems", request)
    _refuse_same(engine, writes, "Transaction request cannot include multiple operations on one item")
    news = [write.become() if write.may else None for write in writes]
    if not all(write.may for write in writes):
        raise _cancelled(writes)
    for write, new in zip(writes, news, strict=True):
        if new is not write.old:
            engine.store(write.where, new)
    return {}


def _cancelled(writes: list[_Write]) -> Refused:
    """With a reason for each write, in their order."""
    reasons: list[Answer] = []
    for write in writes:
        failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
        in_the_way = {"Item": dict(write.old)} if write.returns_old and write.old is not None else {}
        reasons.append({"Code": "None"} if write.may else failed | in_the_way)
    codes = ", ".join(reason["Code"] for reason in reasons)
    what = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return Refused("TransactionCanceledException", what, CancellationReasons=reasons)


def _batch_write_item(engine: MemoryEngine, request: Request) -> Answer:
    writes = _writes_of(engine, "BatchWriteItem", request)
    _refuse_same(engine, writes, "Provided list of item keys contains duplicates")
    for write in writes:
        engine.store(write.where, write.become())
    return {"UnprocessedItems": {}}


def _refuse_same(engine: MemoryEngine, writes: list[_Write], why: str) -> None:
    refuse_same([(engine.table(write.where.table), write.where[1:]) for write in writes], why)


OPERATIONS: dict[str, Callable[[MemoryEngine, Request], Answer]] = {
    "BatchGetItem": _batch_get_item,
    "BatchWriteItem": _batch_write_item,
    "DeleteItem": _write_one("DeleteItem"),
    "GetItem": _get_item,
    "PutItem": _write_one("PutItem"),
    "Query": _query,
    "Scan": _scan,
    "TransactGetItems": _transact_get_items,
    "TransactWriteItems": _transact_write_items,
    "UpdateItem": _write_one("UpdateItem"),
}
