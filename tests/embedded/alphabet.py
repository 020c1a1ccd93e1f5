"""Requests as our store sends them, and some that it does not, for Hypothesis to draw: few keys, names and values, so
that they meet. What the store sends and is not here fails `test_alphabet`.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.embedded.engines import TABLES

T = TypeVar("T")
Request = tuple[str, dict[str, Any]]
NUMBERS = ("0", "1", "2", "-1", "10", "1.50", "1E2", "9" * 38, "-0.001")
TEXTS = ("", "a", "ab", "b", "a#1", "é", "\U0001f600", "\uffff", "0")
MEMBERS = ("a", "b", "é")
PKS = ("p", "q")
PARTS = ("a", "a#1", "a#2", "b", "é", "\uffff", "\U0001f600")

ATTRIBUTES = {"amount": "N", "count": "N", "text": "S", "remark": "S", "flag": "BOOL", "members": "SS"}
"""Their usual types."""

COMPARED = {
    "=": ("S", "N", "BOOL", "SS"),
    "<>": ("S", "N"),
    "<": ("S", "N"),
    "<=": ("S", "N"),
    ">": ("S", "N"),
    ">=": ("N",),
}
OPERATIONS = (
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "Scan",
    "TransactGetItems",
    "TransactWriteItems",
    "UpdateItem",
)

_values = {
    "N": st.sampled_from(NUMBERS),
    "S": st.sampled_from(TEXTS),
    "BOOL": st.booleans(),
    "SS": st.lists(st.sampled_from(MEMBERS), min_size=1, unique=True),
}


def values(*kinds: str) -> st.SearchStrategy[dict[str, Any]]:
    """Values of these types, of all if none is given."""
    return st.sampled_from(kinds or tuple(_values)).flatmap(lambda kind: _values[kind].map(lambda v: {kind: v}))


def keys(table: str) -> st.SearchStrategy[dict[str, Any]]:
    """Keys of items."""
    pk, part = st.sampled_from(PKS), st.sampled_from(PARTS)
    if len(TABLES[table]) == 1:
        return pk.map(lambda text: {"pk": {"S": text}})
    return st.tuples(pk, part).map(lambda texts: {"pk": {"S": texts[0]}, "part": {"S": texts[1]}})


tables = st.sampled_from((*TABLES, "ranged", "ranged"))
names = st.sampled_from(tuple(ATTRIBUTES))


Place = tuple[str, dict[str, Any]]
"""A table and the key of an item."""
places = tables.flatmap(lambda table: st.tuples(st.just(table), keys(table)))


@st.composite
def items(draw: st.DrawFn, key: dict[str, Any]) -> dict[str, Any]:
    """Whole items; now and then an attribute has another type than it has elsewhere."""
    item = dict(key)
    for name in draw(st.lists(names, unique=True)):
        item[name] = draw(values() if draw(st.integers(0, 9)) == 0 else values(ATTRIBUTES[name]))
    return item


class Placeholders:
    """Placeholders of one request, as many as it has."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def name(self, name: str) -> str:
        """Of an attribute: each has one."""
        return self.names.setdefault(name, f"#{len(self.names)}")

    def value(self, value: Any) -> str:
        """Of a value."""
        self.values[f":{len(self.values)}"] = value
        return f":{len(self.values) - 1}"

    def of(self, request: dict[str, Any]) -> dict[str, Any]:
        """The request with what it needs of them."""
        names = {"ExpressionAttributeNames": {v: k for k, v in self.names.items()}} if self.names else {}
        return request | names | ({"ExpressionAttributeValues": self.values} if self.values else {})


@st.composite
def conditions(draw: st.DrawFn, used: Placeholders, depth: int = 3) -> str:
    """Conditions of up to eight tests."""
    kind = draw(st.sampled_from(("test", "test", "AND", "OR", "NOT"))) if depth else "test"
    if kind == "NOT":
        return f"(NOT {draw(conditions(used, 0))})"
    if kind != "test":
        return f"({draw(conditions(used, depth - 1))} {kind} {draw(conditions(used, depth - 1))})"
    name = draw(names)
    tests: dict[str, Callable[[], str]] = {
        "exists": lambda: f"attribute_exists ({used.name(draw(st.sampled_from(('pk', name))))})",
        "not exists": lambda: f"attribute_not_exists ({used.name(draw(st.sampled_from(('pk', name))))})",
        "contains": lambda: f"contains ({used.name(name)}, {used.value(draw(values('S')))})",
        "begins": lambda: f"begins_with ({used.name(name)}, {used.value(draw(values('S')))})",
        "between": lambda: draw(_between(used, name)),
        "attributes": lambda: draw(_of_attributes(used, name)),
    }
    which = draw(st.sampled_from((*tests, *COMPARED)))
    if which in tests:
        return tests[which]()
    return f"{used.name(name)} {which} {used.value(draw(values(*COMPARED[which])))}"


@st.composite
def _between(draw: st.DrawFn, used: Placeholders, name: str) -> str:
    low, high = sorted((draw(values("N")), draw(values("N"))), key=lambda value: Decimal(value["N"]))
    return f"{used.name(name)} BETWEEN {used.value(low)} AND {used.value(high)}"


@st.composite
def _of_attributes(draw: st.DrawFn, used: Placeholders, name: str) -> str:
    other = draw(names.filter(lambda other: other != name))
    return f"{used.name(name)} {draw(st.sampled_from(tuple(COMPARED)))} {used.name(other)}"


@st.composite
def updates(draw: st.DrawFn, used: Placeholders) -> str:
    """UpdateExpressions of some attributes, each written once."""
    clauses: dict[str, list[str]] = {}
    for name in draw(st.lists(names, min_size=1, max_size=4, unique=True)):
        path, usual = used.name(name), ATTRIBUTES[name]

        def value(*kinds: str) -> str:
            return used.value(draw(values(*kinds)))

        which = draw(st.sampled_from(("set", "set", "unless", "count", "remove", "add", "take")))
        if which == "set":
            clauses.setdefault("SET", []).append(f"{path} = {value(usual)}")
        elif which == "unless":
            clauses.setdefault("SET", []).append(f"{path} = if_not_exists ({path}, {value(usual)})")
        elif which == "count":
            clauses.setdefault("SET", []).append(f"{path} = if_not_exists ({path}, {value('N')}) + {value('N')}")
        elif which == "remove":
            clauses.setdefault("REMOVE", []).append(path)
        elif which == "add":
            clauses.setdefault("ADD", []).append(f"{path} {value('SS' if usual == 'SS' else 'N')}")
        else:
            clauses.setdefault("DELETE", []).append(f"{path} {value('SS')}")
    return " ".join(f"{clause} {', '.join(actions)}" for clause, actions in clauses.items())


@st.composite
def writes(draw: st.DrawFn, kind: str, place: Place) -> dict[str, Any]:
    """A Put, Update, Delete or ConditionCheck."""
    (table, key), used = place, Placeholders()
    request: dict[str, Any] = {"TableName": table}
    request |= {"Item": draw(items(key))} if kind == "Put" else {"Key": key}
    if kind == "Update":
        request["UpdateExpression"] = draw(updates(used))
    if kind == "ConditionCheck" or draw(st.integers(0, 2)) == 0:
        request["ConditionExpression"] = draw(conditions(used))
    return used.of(request)


@st.composite
def pages(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A Query or a Scan: a page or all."""
    table = draw(tables)
    request: dict[str, Any] = {"TableName": table, "ConsistentRead": True}
    if kind == "Scan":
        asked = {"#0": "pk", "#1": draw(names)}
        return request | {"ProjectionExpression": "#0, #1", "ExpressionAttributeNames": asked}
    if draw(st.integers(0, 2)) == 0:
        request["ProjectionExpression"] = draw(st.sampled_from(("part", "pk, amount, flag", "amount, members")))
    pk, bounds = draw(st.sampled_from(PKS)), draw(st.lists(st.sampled_from(PARTS), min_size=2, max_size=2))
    which = draw(st.sampled_from(("", "begins_with(part, :a)", "part BETWEEN :a AND :b", "part > :a", "part = :a")))
    which = which if table == "ranged" else ""
    low, high = sorted(bounds, key=str.encode)
    given = {":pk": pk, ":a": low, ":b": high}
    request["KeyConditionExpression"] = f"pk = :pk AND {which}" if which else "pk = :pk"
    used = {
        name: {"S": text}
        for name, text in given.items()
        if name in request["KeyConditionExpression"].split() or f"{name})" in which
    }
    request["ExpressionAttributeValues"] = used
    request["ScanIndexForward"] = draw(st.booleans())
    if draw(st.booleans()):
        request["Limit"] = draw(st.integers(1, 4))
    if table == "ranged" and which == "" and draw(st.booleans()):
        request["ExclusiveStartKey"] = {"pk": {"S": pk}, "part": {"S": draw(st.sampled_from(PARTS))}}
    return request


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """One request."""
    operation = draw(st.sampled_from((*OPERATIONS, "TransactWriteItems", "TransactWriteItems", "UpdateItem")))
    if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
        request = draw(writes(operation.removesuffix("Item"), draw(places)))
        return operation, request | ({"ReturnValues": "ALL_NEW"} if operation == "UpdateItem" else {})
    if operation in {"Query", "Scan"}:
        return operation, draw(pages(operation))
    return operation, draw(_of_several(operation))


@st.composite
def _of_several(draw: st.DrawFn, operation: str) -> dict[str, Any]:
    some = draw(st.lists(places, min_size=1, max_size=4, unique_by=str))
    if operation == "TransactWriteItems":
        returned = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        kinds = st.sampled_from(("Put", "Put", "Update", "Update", "Update", "Delete", "ConditionCheck"))
        steps = [(draw(kinds), place) for place in some]
        return {"TransactItems": [{kind: draw(writes(kind, place)) | returned} for kind, place in steps]}
    if operation == "TransactGetItems":
        return {"TransactItems": [{"Get": {"TableName": table, "Key": key}} for table, key in some]}
    table = some[0][0]
    of_table = [key for other, key in some if other == table]
    if operation == "GetItem":
        return {"TableName": table, "Key": of_table[0], "ConsistentRead": True}
    if operation == "BatchGetItem":
        only = {"ProjectionExpression": "pk, part, amount"} if draw(st.booleans()) else {}
        return {"RequestItems": {table: {"Keys": of_table, "ConsistentRead": draw(st.booleans())} | only}}
    puts: list[Any] = [{"PutRequest": {"Item": draw(items(key))}} for key in of_table[1:]]
    return {"RequestItems": {table: [{"DeleteRequest": {"Key": of_table[0]}}, *puts]}}


@st.composite
def sequences_of_requests(draw: st.DrawFn) -> list[Request]:
    """A sequence that begins with some items, so that most requests meet one."""
    puts = [
        {"PutRequest": {"Item": draw(items(key))}} for key in draw(st.lists(keys("ranged"), unique_by=str, max_size=8))
    ]
    stock: list[Request] = [("BatchWriteItem", {"RequestItems": {"ranged": puts}})] if puts else []
    return stock + draw(st.lists(requests(), min_size=1, max_size=12))


PAGE_OF_A_PARTITION_OF_ONE: list[Request] = [
    ("PutItem", {"TableName": "hashed", "Item": {"pk": {"S": "p"}}}),
    (
        "Query",
        {
            "TableName": "hashed",
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "p"}},
            "Limit": 1,
        },
    ),
]
"""Found by chance once, and asked each time since."""


def drawn(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """So many examples, always the same."""
    found: list[T] = []

    @seed(1)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example: T) -> None:
        found.append(example)

    collect()
    return found
