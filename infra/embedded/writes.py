"""The operations that write."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.embedded.database import Database, Read, Statement
from infra.embedded.errors import Refused, invalid
from infra.embedded.expressions import compiled
from infra.embedded.requests import Answer, Request, expect, only_member
from infra.embedded.tables import MAX_ITEM_BYTES, Key, Table, Tables, read_items, refuse_same, require
from infra.embedded.values import Item, item_size

MOST_IN_TRANSACTION = 100
MOST_IN_BATCH = 25
MAX_TRANSACTION_BYTES = 4 * 2**20

_REQUIRED = {
    "Put": {"TableName", "Item"},
    "Update": {"TableName", "Key", "UpdateExpression"},
    "Delete": {"TableName", "Key"},
    "ConditionCheck": {"TableName", "Key", "ConditionExpression"},
}
_CONDITION = {"ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}
_CONDITION_FAILED = "The conditional request failed"


May = Callable[[Item | None], bool]
"""Whether a condition holds for an item; None is none."""
Become = Callable[[Item | None], Item | None]
"""What becomes of an item. Raises `Refused`."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a request, understood."""

    table: Table
    key: Key
    may: May
    become: Become
    returns_old: bool
    """Whether a failed condition answers the item."""

    def statements(self, old: Item | None, new: Item | None) -> list[Statement]:
        """What makes the new item of the old one. Raises `Refused`."""
        if new is old:
            return []
        return [self.table.delete(self.key) if new is None else self.table.put(self.key, new)]


class Writes:
    """What writes to the tables of a database. Each raises `Refused`."""

    def __init__(self, database: Database, tables: Tables) -> None:
        self._database, self._tables = database, tables

    def put_item(self, request: Request) -> Answer:
        """PutItem."""
        return self._do(self._understand("Put", request), "NONE")

    def delete_item(self, request: Request) -> Answer:
        """DeleteItem."""
        return self._do(self._understand("Delete", request), "NONE")

    def update_item(self, request: Request) -> Answer:
        """UpdateItem."""
        return self._do(self._understand("Update", request, "ReturnValues"), request.get("ReturnValues", "NONE"))

    def transact_write_items(self, request: Request) -> Answer:
        """TransactWriteItems."""
        expect(request, {"TransactItems"})
        steps = [only_member(step, _REQUIRED) for step in request["TransactItems"]]
        if not 1 <= len(steps) <= MOST_IN_TRANSACTION:
            raise invalid("Member must have length less than or equal to 100, and greater than or equal to 1")
        writes = [self._understand(kind, asked, "ReturnValuesOnConditionCheckFailure") for kind, asked in steps]
        keys = [(write.table, write.key) for write in writes]
        refuse_same(keys, "Transaction request cannot include multiple operations on one item")
        return self._database.write(lambda read: _decide_all(writes, read_items(read, keys)))

    def batch_write_item(self, request: Request) -> Answer:
        """BatchWriteItem."""
        expect(request, {"RequestItems"})
        asked = request["RequestItems"]
        choices = [(name, *only_member(one, _IN_BATCH)) for name, those in asked.items() for one in those]
        if not 1 <= len(choices) <= MOST_IN_BATCH or not all(asked.values()):
            raise invalid("Too many items requested for the BatchWriteItem call, or none for a table")
        writes = [self._understand(_IN_BATCH[kind], what | {"TableName": name}) for name, kind, what in choices]
        refuse_same([(write.table, write.key) for write in writes], "Provided list of item keys contains duplicates")
        statements = [statement for write in writes for statement in write.statements({}, write.become(None))]

        def decide(read: Read) -> tuple[Answer, list[Statement]]:
            require(read, *(write.table for write in writes))
            return {"UnprocessedItems": {}}, statements

        return self._database.write(decide)

    def delete_expired(self, name: str, before: int, most: int) -> int:
        """Delete items that expire before an instant, in seconds, the first ones first; how many, at most so many."""
        table = self._tables[name]

        def decide(read: Read) -> tuple[int, list[Statement]]:
            require(read, table)
            sql = "SELECT pk, part FROM items WHERE table_id = ? AND expires < ? ORDER BY expires LIMIT ?"
            found = read(sql, (table.id, before, most))
            return len(found), [table.delete((pk.decode(), part.decode())) for pk, part in found]

        return self._database.write(decide)

    def _do(self, write: Write, returned: str) -> Answer:
        if returned not in {"NONE", "ALL_NEW"}:
            raise invalid(f"the embedded engine does not return {returned}")

        def decide(read: Read) -> tuple[Answer, list[Statement]]:
            (old,) = read_items(read, [(write.table, write.key)])
            if not write.may(old):
                raise Refused("ConditionalCheckFailedException", _CONDITION_FAILED)
            new = write.become(old)
            return {"Attributes": new} if returned == "ALL_NEW" else {}, write.statements(old, new)

        return self._database.write(decide)

    def _understand(self, kind: str, request: Request, *also: str) -> Write:
        expect(request, _REQUIRED[kind], _CONDITION.union(also))
        table, (expressions, values) = self._tables[request["TableName"]], compiled(request)
        become = _BECOMES.get(kind, _same)
        if kind == "Put":
            item = table.item(request["Item"])
            key, become = table.key_of(item), lambda _: item
        else:
            key = table.key(request["Key"])
        if (update := expressions.update) is not None:
            _refuse_keys(table, update.names)
            become = lambda old: update.apply(table.as_item(key) if old is None else old, values)  # noqa: E731 - short
        test = expressions.condition
        may: May = _always if test is None else lambda old: test(old or {}, values)
        return Write(table, key, may, become, _returns_old(request))


_IN_BATCH = {"PutRequest": "Put", "DeleteRequest": "Delete"}


def _always(_: Item | None) -> bool:
    return True


def _same(old: Item | None) -> Item | None:
    return old


def _nothing(_: Item | None) -> Item | None:
    return None


_BECOMES: dict[str, Become] = {"Delete": _nothing}


def _returns_old(request: Request) -> bool:
    wanted = request.get("ReturnValuesOnConditionCheckFailure", "NONE")
    if wanted not in {"NONE", "ALL_OLD"}:
        raise invalid(f"Return values on condition check failure set to invalid value: {wanted}")
    return bool(wanted == "ALL_OLD")


def _refuse_keys(table: Table, names: frozenset[str]) -> None:
    for name in sorted(names.intersection(table.keys)):
        what = f"Cannot update attribute {name}. This attribute is part of the key"
        raise invalid(f"One or more parameter values were invalid: {what}")


def _decide_all(writes: Sequence[Write], olds: Sequence[Item | None]) -> tuple[Answer, list[Statement]]:
    """All of a transaction, or nothing. What its own condition lets pass has to be valid, also where another fails."""
    mays = [write.may(old) for write, old in zip(writes, olds, strict=True)]
    news = [write.become(old) if may else None for write, may, old in zip(writes, mays, olds, strict=True)]
    if not all(mays):
        raise _cancelled(writes, mays, olds)
    triples = zip(writes, olds, news, strict=True)
    statements = [statement for write, old, new in triples for statement in write.statements(old, new)]
    may_be_much = len(news) > MAX_TRANSACTION_BYTES // MAX_ITEM_BYTES
    if may_be_much and sum(map(item_size, filter(None, news))) > MAX_TRANSACTION_BYTES:
        raise invalid("Transaction payload size cannot exceed 4MB.")
    return {}, statements


def _cancelled(writes: Sequence[Write], mays: Sequence[bool], olds: Sequence[Item | None]) -> Refused:
    """With a reason for each write, in their order."""
    reasons: list[dict[str, object]] = []
    for write, may, old in zip(writes, mays, olds, strict=True):
        failed: dict[str, object] = {"Code": "ConditionalCheckFailed", "Message": _CONDITION_FAILED}
        in_the_way = {"Item": old} if write.returns_old and old is not None else {}
        reasons.append({"Code": "None"} if may else failed | in_the_way)
    codes = ", ".join(str(reason["Code"]) for reason in reasons)
    what = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return Refused("TransactionCanceledException", what, CancellationReasons=reasons)
