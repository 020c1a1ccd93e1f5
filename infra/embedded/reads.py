"""The operations that read."""

from collections.abc import Iterable, Sequence
from operator import eq, ge, gt, le, lt

import orjson

from infra.embedded.database import Database, Row, SqlValue
from infra.embedded.errors import invalid
from infra.embedded.expressions import KeyCondition, compiled
from infra.embedded.requests import Answer, Request, expect, only_member
from infra.embedded.source import Values
from infra.embedded.tables import Key, Table, Tables, read_items, refuse_same, require
from infra.embedded.values import Item, Untyped

MOST_AT_ONCE = 100
MAX_PAGE_BYTES = 2**20
"""Of the items as they are stored, whose text is no shorter than what DynamoDB counts."""

_COMPARISONS = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
_PROJECTION = {"ProjectionExpression", "ExpressionAttributeNames"}
_ONE = _PROJECTION | {"ConsistentRead"}
_PAGE = _ONE | {"Limit", "ExclusiveStartKey"}
Names = tuple[str, ...] | None
"""The attributes that are answered; None is all."""


class Reads:
    """What reads the tables of a database, always consistently. Each raises `Refused`."""

    def __init__(self, database: Database, tables: Tables) -> None:
        self._database, self._tables = database, tables

    def get_item(self, request: Request) -> Answer:
        """GetItem."""
        expect(request, {"TableName", "Key"}, _ONE)
        (item,) = self._read([self._understand(request["TableName"], request["Key"], request)])
        return {} if item is None else {"Item": item}

    def batch_get_item(self, request: Request) -> Answer:
        """BatchGetItem."""
        expect(request, {"RequestItems"})
        wanted: list[tuple[Table, Key, Names]] = []
        for name, asked in request["RequestItems"].items():
            expect(asked, {"Keys"}, _ONE)
            if not asked["Keys"]:
                raise invalid(f"The list of keys in RequestItems for BatchGetItem is required: {name} has empty list")
            table, (expressions, _) = self._tables[name], compiled(asked)
            wanted += [(table, table.key(key), expressions.projection) for key in asked["Keys"]]
        if not 1 <= len(wanted) <= MOST_AT_ONCE:
            raise invalid("Too many items requested for the BatchGetItem call, or none")
        refuse_same([(table, key) for table, key, _ in wanted], "Provided list of item keys contains duplicates")
        found: dict[str, list[Item]] = {name: [] for name in request["RequestItems"]}
        for (table, _, _), item in zip(wanted, self._read(wanted), strict=True):
            if item is not None:
                found[table.name].append(item)
        return {"Responses": found, "UnprocessedKeys": {}}

    def transact_get_items(self, request: Request) -> Answer:
        """TransactGetItems."""
        expect(request, {"TransactItems"})
        steps = [only_member(step, ("Get",))[1] for step in request["TransactItems"]]
        if not 1 <= len(steps) <= MOST_AT_ONCE:
            raise invalid("Member must have length less than or equal to 100, and greater than or equal to 1")
        for step in steps:
            expect(step, {"TableName", "Key"}, _PROJECTION)
        wanted = [self._understand(step["TableName"], step["Key"], step) for step in steps]
        refuse_same(
            [(table, key) for table, key, _ in wanted],
            "Transaction request cannot include multiple operations on one item",
        )
        return {"Responses": [{} if item is None else {"Item": item} for item in self._read(wanted)]}

    def query(self, request: Request) -> Answer:
        """Query, of a table by its keys."""
        required = {"TableName", "KeyConditionExpression", "ExpressionAttributeValues"}
        expect(request, required, _PAGE | {"ScanIndexForward"})
        table, (expressions, values) = self._tables[request["TableName"]], compiled(request)
        asked = expressions.key_condition
        assert asked is not None
        pk, bounds = _bounds(table, asked, values)
        conditions: list[str] = ["table_id = ?", "pk = ?"]
        parameters: list[SqlValue] = [table.id, pk]
        backwards = request.get("ScanIndexForward") is False
        if "ExclusiveStartKey" in request:
            start_pk, start = table.key(request["ExclusiveStartKey"])
            if start_pk != pk or not all(_COMPARISONS[operator](start, bound) for operator, bound in bounds):
                raise invalid("The provided starting key does not match the range key predicate")
            bounds.append(("<" if backwards else ">", start))
        for operator, bound in bounds:
            conditions.append(f"part {operator} ?")
            parameters.append(bound)
        order = "part DESC" if backwards else "part"
        page = self._page(table, conditions, parameters, order, request, expressions.projection)
        # DynamoDB names no next page behind the end of a range; it does behind a key or a prefix that was named.
        end = "" if asked.operator == "begins_with" else ">=" if backwards else "<="
        last = [{"S": bound} for operator, bound in bounds if operator == end]
        if len(table.keys) == 1:  # nor behind the one item of a partition
            last.append({"S": pk})
        if page.get("LastEvaluatedKey", {}).get(table.keys[-1]) in last:
            del page["LastEvaluatedKey"]
        return page

    def scan(self, request: Request) -> Answer:
        """Scan, in the order of the keys."""
        expect(request, {"TableName"}, _PAGE)
        table, (expressions, _) = self._tables[request["TableName"]], compiled(request)
        conditions: list[str] = ["table_id = ?"]
        parameters: list[SqlValue] = [table.id]
        if "ExclusiveStartKey" in request:
            conditions.append("(pk, part) > (?, ?)")
            parameters += table.key(request["ExclusiveStartKey"])
        return self._page(table, conditions, parameters, "pk, part", request, expressions.projection)

    def _understand(self, name: Untyped, key: Untyped, request: Request) -> tuple[Table, Key, Names]:
        table, (expressions, _) = self._tables[name], compiled(request)
        return table, table.key(key), expressions.projection

    def _read(self, wanted: Sequence[tuple[Table, Key, Names]]) -> list[Item | None]:
        """The items, as they stood at one instant."""
        items = read_items(self._database.read, [(table, key) for table, key, _ in wanted])
        return [item and _only(names, item) for (_, _, names), item in zip(wanted, items, strict=True)]

    def _page(
        self,
        table: Table,
        conditions: Sequence[str],
        parameters: Sequence[SqlValue],
        order: str,
        request: Request,
        names: Names,
    ) -> Answer:
        limit = request.get("Limit", -1)
        if "Limit" in request and limit < 1:
            raise invalid("Limit must be greater than or equal to 1")
        sql = f"SELECT item FROM items WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT ?"  # noqa: S608 - texts of ours
        items, is_cut = self._database.take(sql, [*parameters, limit], _page_of)
        if not items:
            require(self._database.read, table)
        page: Answer = {
            "Items": [_only(names, item) for item in items],
            "Count": len(items),
            "ScannedCount": len(items),
        }
        if is_cut or len(items) == limit:
            page["LastEvaluatedKey"] = {name: items[-1][name] for name in table.keys}
        return page


def _page_of(rows: Iterable[Row]) -> tuple[list[Item], bool]:
    """The items that one page takes, and whether it leaves one."""
    items: list[Item] = []
    length = 0
    for (text,) in rows:
        length += len(text)
        if items and length > MAX_PAGE_BYTES:
            return items, True
        items.append(orjson.loads(text))
    return items, False


def _only(names: Names, item: Item) -> Item:
    return item if names is None else {name: item[name] for name in names if name in item}


def _bounds(table: Table, asked: KeyCondition, values: Values) -> tuple[str, list[tuple[str, str]]]:
    """The partition key, and what the sort key is compared with. Raises `Refused`."""
    if asked.keys != table.keys[: len(asked.keys)]:
        raise invalid("Query condition missed key schema element")
    pk = table.key_text(table.keys[0], values[asked.pk])
    texts = [table.key_text(table.keys[-1], values[placeholder]) for placeholder in asked.bounds]
    if asked.operator == "begins_with":
        behind = _behind(texts[0])
        return pk, [(">=", texts[0]), *([("<", behind)] if behind else [])]
    operators = (">=", "<=") if asked.operator == "BETWEEN" else (asked.operator,)
    return pk, list(zip(operators, texts, strict=False))


def _behind(prefix: str) -> str:
    """The first text behind all that begin with a prefix, in the order of UTF-8; `` where there is none."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)  # no text has halves of surrogate pairs
