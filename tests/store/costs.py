"""What calls to the database cost: round trips, and units by DynamoDB's published rules from the items as stored.

The engine tells no real capacity, so the sizes are taken here: each item of a write is read before and after it, by a
client beside the one whose calls are counted. A write costs the larger of the two in started KB, twice in a
transaction; a read started blocks of 4 KB, half where it may lag, twice in a transaction.
"""

import json
import math
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from chalicelib.bootstrap import bootstrap
from chalicelib.store.connection import Send as DatabaseSend
from chalicelib.store.items.kinds import KINDS, kind_of
from chalicelib.store.schema import Raw
from tests.store.seam import Answer, Request, Send, intercepted

KB = 1024
_KINDS = {
    "BatchGetItem": "read",
    "BatchWriteItem": "write",
    "TransactGetItems": "read",
    "Query": "read",
    "Scan": "read",
    "PutItem": "write",
    "UpdateItem": "write",
    "DeleteItem": "write",
    "TransactWriteItems": "transaction",
}
Key = tuple[str, str]
"""Of an item: its table, and its key attributes as JSON."""


@dataclass
class Cost:
    """What was sent inside `counted`."""

    calls: list[str] = field(default_factory=list)
    """The names of the operations, in order."""
    read: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Read units, by the kind of item (`kind_name`)."""
    written: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Write units likewise."""

    @property
    def read_units(self) -> float:
        """Of all calls."""
        return sum(self.read.values())

    @property
    def write_units(self) -> int:
        """Of all calls."""
        return sum(self.written.values())

    @property
    def round_trips(self) -> str:
        """As in the documentation: `2 reads + 1 transaction`."""
        return round_trips(self.calls)

    def answer(self, request: Request, send: Send) -> Answer:
        """Let a request be answered, and count it."""
        operation, asked = request.operation, request.body
        self.calls.append(operation)
        assert operation != "Query" or _is_of_one_kind(asked), asked
        before = _stored(_keys_written(operation, asked))
        answer = send(request)
        after, factor = _stored(list(before)), 2 if operation == "TransactWriteItems" else 1
        for table, key in before:
            written = factor * _blocks(max(size(before[table, key]), size(after[table, key])), KB)
            self.written[kind_name(table, json.loads(key))] += written
        for kind, units in _read_units(operation, asked, answer):
            self.read[kind] += units
        return answer


def round_trips(operations: Iterable[str]) -> str:
    """Calls by their operations, as in the documentation: `2 reads + 1 transaction`."""
    counts = Counter(_KINDS[operation] for operation in operations)
    kinds = [(counts[kind], kind) for kind in ("read", "write", "transaction") if counts[kind]]
    return " + ".join(f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in kinds) or "none"


@contextmanager
def counted() -> Iterator[Cost]:
    """Count what the store sends inside, from whichever threads."""
    cost = Cost()
    with intercepted(cost.answer):
        yield cost


def size(item: Raw | None) -> int:
    """Bytes of an item as capacity is counted by; 0 where there is none."""
    return 0 if item is None else sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def stored(table: str, key: Raw) -> Raw | None:
    """An item as it stands, read beside the store."""
    found: Raw | None = _beside()("GetItem", {"TableName": table, "Key": key, "ConsistentRead": True}).get("Item")
    return found


def _bytes(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "SS":
        return sum(len(text.encode()) for text in content)
    if kind == "BOOL":
        return 1
    assert kind == "N", kind  # we store no other
    digits = Decimal(content).normalize().as_tuple().digits
    return math.ceil(len(digits) / 2) + 1


def _is_of_one_kind(query: dict[str, Any]) -> bool:
    """Whether what a Query asks for is of one kind, whatever kinds sort next to it."""
    *bounds, pk = (value["S"] for _, value in sorted(query["ExpressionAttributeValues"].items()))  # :a, :b, :pk
    if any(kind.partition and not kind.prefix and pk.startswith(kind.partition) for kind in KINDS):
        return True  # nothing else is in the partition
    within = any(kind.prefix and all(bound.startswith(kind.prefix) for bound in bounds) for kind in KINDS)
    return bool(bounds) and "<" not in query["KeyConditionExpression"] and within


def kind_name(table: str, key: Raw) -> str:
    """The kind of the item with a key, as `infra.scale.items` names it: its table, and how its key begins."""
    name = table.removeprefix(f"{os.environ['SEATKEEPER_TABLE_PREFIX']}-")
    kind = kind_of(name, key)
    return f"{name} {'/'.join(part for part in (kind.partition, kind.prefix) if part)}"


def _read_units(operation: str, asked: dict[str, Any], answer: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Blocks are counted by the item, those of a Query all together; what does not exist is one block."""
    if operation == "TransactGetItems":
        for get, found in zip(asked["TransactItems"], answer["Responses"], strict=True):
            yield kind_name(get["Get"]["TableName"], get["Get"]["Key"]), 2 * _blocks(size(found.get("Item")))
    if operation == "Query":
        values = asked["ExpressionAttributeValues"]
        kind = kind_name(asked["TableName"], {"pk": values[":pk"], "part": values.get(":a", {"S": ""})})
        yield kind, _blocks(sum(map(size, answer["Items"]))) / (1 if asked["ConsistentRead"] else 2)
    if operation == "BatchGetItem":
        assert not answer.get("UnprocessedKeys")
        for table, wanted in asked["RequestItems"].items():
            found = {_key_of(item): item for item in answer["Responses"][table]}
            for key in wanted["Keys"]:
                blocks = _blocks(size(found.get(_key_of(key))))
                yield kind_name(table, key), blocks / (1 if wanted["ConsistentRead"] else 2)


def _key_of(item: Raw) -> str:
    return json.dumps({name: item[name] for name in ("pk", "part") if name in item})


def _blocks(length: int, of: int = 4 * KB) -> int:
    return max(1, math.ceil(length / of))


def _keys_written(operation: str, asked: dict[str, Any]) -> list[Key]:
    writes = [asked] if operation in ("PutItem", "UpdateItem", "DeleteItem") else []
    if operation == "TransactWriteItems":
        writes = [write for kinds in asked["TransactItems"] for write in kinds.values()]
    return [_key(write) for write in writes]


def _key(write: dict[str, Any]) -> Key:
    return write["TableName"], _key_of(write["Key"] if "Key" in write else write["Item"])


def _stored(keys: list[Key]) -> dict[Key, Raw | None]:
    return {(table, key): stored(table, json.loads(key)) for table, key in keys}


@cache
def _beside() -> DatabaseSend:
    send: DatabaseSend = bootstrap(os.environ).database.connection.send
    return send
