"""Tables and items: their keys, their limits, and how an item is stored as text."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import orjson

from infra.embedded.database import Database, Read, SqlValue, Statement
from infra.embedded.errors import Refused, invalid
from infra.embedded.requests import Answer, Request
from infra.embedded.values import Item, Untyped, Value, checked, item_size

MAX_ITEM_BYTES = 400 * 1024
MAX_PK_BYTES, MAX_PART_BYTES = 2048, 1024
EXPIRES = "expires"
"""The attribute, in seconds since the epoch, behind which an item may be forgotten, as in a stage's tables."""

Key = tuple[str, str]
"""Partition key and sort key; the latter is `` in a table that has none."""

_PUT = "INSERT OR REPLACE INTO items (table_id, pk, part, expires, item) VALUES (?, ?, ?, ?, CAST(? AS TEXT))"
_DELETE = "DELETE FROM items WHERE table_id = ? AND pk = ? AND part = ?"


@dataclass(frozen=True, slots=True)
class Table:
    """A table: all keys are texts."""

    id: int
    name: str
    keys: tuple[str, ...]

    def key(self, given: Untyped) -> Key:
        """The key that a request names. Raises `Refused`."""
        if not isinstance(given, dict) or given.keys() != set(self.keys):
            raise invalid("The provided key element does not match the schema")
        return self.key_of(given)

    def key_of(self, item: Item) -> Key:
        """The key of a whole item. Raises `Refused`."""
        for name in self.keys:
            if name not in item:
                raise invalid(f"One or more parameter values were invalid: Missing the key {name} in the item")
        texts = [self.key_text(name, item[name]) for name in self.keys]
        return texts[0], texts[1] if len(texts) == 2 else ""

    def as_item(self, key: Key) -> Item:
        """The attributes of a key."""
        return {name: {"S": text} for name, text in zip(self.keys, key, strict=False)}

    def item(self, given: Untyped) -> Item:
        """A whole item of a request, as it is stored. Raises `Refused`."""
        if not isinstance(given, dict):
            raise Refused("SerializationException", "an item is a map of attributes")
        return {name: checked(value) for name, value in given.items()}

    def put(self, key: Key, item: Item) -> Statement:
        """What stores an item. Raises `Refused`."""
        text = orjson.dumps(item)
        if len(text) > MAX_ITEM_BYTES and item_size(item) > MAX_ITEM_BYTES:  # no item is longer than its text
            raise invalid("Item size has exceeded the maximum allowed size")
        expires = item.get(EXPIRES, {}).get("N", "")
        seconds = int(expires) if expires.isdecimal() and len(expires) < 19 else None
        return _PUT, (self.id, *key, seconds, text)

    def delete(self, key: Key) -> Statement:
        """What deletes an item."""
        return _DELETE, (self.id, *key)

    def key_text(self, name: str, value: Value) -> str:
        """The text that a key attribute holds. Raises `Refused`."""
        text = checked(value).get("S")
        if text is None:
            raise invalid(f"One or more parameter values were invalid: Type mismatch for key {name} expected: S")
        if not text:
            raise invalid(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                f"empty string value. Key: {name}"
            )
        most = MAX_PK_BYTES if name == self.keys[0] else MAX_PART_BYTES
        if 4 * len(text) > most and len(text.encode()) > most:
            raise invalid(f"One or more parameter values were invalid: Size of key {name} exceeds {most} bytes")
        return str(text)


class TableGone(Refused):
    """A table that is remembered does not exist any more: another process has dropped it, and perhaps made it again."""

    def __init__(self) -> None:
        super().__init__("ResourceNotFoundException", "Requested resource not found")


class Tables:
    """The tables of a database, by their names."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Table] = {}

    def __getitem__(self, name: Untyped) -> Table:
        """Raises `Refused`."""
        table = self._known.get(name)
        if table is None:
            rows = self._database.read("SELECT id, definition FROM tables WHERE name = ?", (str(name),))
            if not rows:
                raise TableGone
            ((id, definition),) = rows
            keys = tuple(key["AttributeName"] for key in orjson.loads(definition)["KeySchema"])
            table = self._known[name] = Table(id, name, keys)
        return table

    def create(self, request: Request) -> Answer:
        """CreateTable. Raises `Refused`."""
        definition = _definition(request)
        name = definition["TableName"]

        def decide(read: Read) -> tuple[Answer, list[Statement]]:
            if read("SELECT 1 FROM tables WHERE name = ?", (name,)):
                raise Refused("ResourceInUseException", f"Cannot create preexisting table: {name}")
            insert = "INSERT INTO tables (name, definition) VALUES (?, ?)"
            return {}, [(insert, (name, orjson.dumps(definition).decode()))]

        self._database.write(decide)
        return {"TableDescription": _described(definition)}

    def describe(self, request: Request) -> Answer:
        """DescribeTable. Raises `Refused`."""
        rows = self._database.read("SELECT definition FROM tables WHERE name = ?", (request["TableName"],))
        if not rows:
            raise Refused("ResourceNotFoundException", "Requested resource not found")
        return {"Table": _described(orjson.loads(rows[0][0]))}

    def delete(self, request: Request) -> Answer:
        """DeleteTable, with all that is in it. Raises `Refused`."""
        name, described = request["TableName"], self.describe(request)["Table"]
        items = "DELETE FROM items WHERE table_id = (SELECT id FROM tables WHERE name = ?)"
        itself = "DELETE FROM tables WHERE name = ?"
        self._database.write(lambda _: ({}, [(items, (name,)), (itself, (name,))]))
        self.forget()
        return {"TableDescription": described | {"TableStatus": "DELETING"}}

    def forget(self) -> None:
        """Look each up again: one is gone, and another one may have its name."""
        self._known.clear()


def _definition(request: Request) -> Answer:
    """What is kept of a CreateTable. Raises `Refused` for tables that ours are not like."""
    if request.keys() != {"TableName", "BillingMode", "KeySchema", "AttributeDefinitions"}:
        raise invalid("the embedded engine has tables of keys, without indexes and whatever else")
    keys = [(key["AttributeName"], key["KeyType"]) for key in request["KeySchema"]]
    types = {(each["AttributeName"], each["AttributeType"]) for each in request["AttributeDefinitions"]}
    if [kind for _, kind in keys] != ["HASH", "RANGE"][: len(keys)] or types != {(name, "S") for name, _ in keys}:
        raise invalid("the embedded engine has tables of a partition key, and at most one sort key, that are texts")
    if request["BillingMode"] != "PAY_PER_REQUEST":
        raise invalid("the embedded engine provisions nothing: its tables are PAY_PER_REQUEST")
    return {name: request[name] for name in ("TableName", "KeySchema", "AttributeDefinitions")}


def _described(definition: Answer) -> Answer:
    return definition | {"TableStatus": "ACTIVE", "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}}


def refuse_same(keys: Sequence[tuple[Table, Key]], why: str) -> None:
    """Refuse a request that names an item twice."""
    if len({(table.id, key) for table, key in keys}) < len(keys):
        raise invalid(why)


def require(read: Read, *tables: Table) -> None:
    """Raise `TableGone` where one of them does not exist any more."""
    for table in set(tables):
        if not read("SELECT 1 FROM tables WHERE id = ?", (table.id,)):
            raise TableGone


def read_items(read: Read, keys: Sequence[tuple[Table, Key]]) -> list[Item | None]:
    """The items with these keys, as they stood at one instant; None for those that do not exist. Raises `TableGone`."""
    parameters: list[SqlValue] = []
    for table, key in keys:
        parameters += (table.id, *key)
    ((*texts, ids),) = read(_select(len(keys)), parameters)
    if not _ids(ids).issuperset([table.id for table, _ in keys]):
        raise TableGone
    return [None if text is None else orjson.loads(text) for text in texts]


@lru_cache(maxsize=128)
def _select(count: int) -> str:
    """One row, however many items: each row has the interpreter's lock let go and taken again."""
    one = "(SELECT item FROM items WHERE table_id = ? AND pk = ? AND part = ?)"
    return f"SELECT {', '.join([one] * count)}, (SELECT group_concat(id) FROM tables)"  # noqa: S608 - texts of ours


@lru_cache(maxsize=8)
def _ids(text: bytes | None) -> frozenset[int]:
    """Of all tables that there are."""
    return frozenset(map(int, text.split(b","))) if text else frozenset()
