"""What a call asks of the database, noted while it is made once: the plan of its floor (`infra.bench.floor`)."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from chalicelib.domain.types import Json
from chalicelib.store import database
from chalicelib.store.connection import Send
from infra.bench.clients import BenchError
from infra.bench.floor import Key, Plan, Row
from infra.bench.in_process import Respond

_ITEM = "SELECT expires, CAST(item AS TEXT) FROM items WHERE table_id = ? AND pk = ? AND part = ?"
_TABLE = "SELECT id, definition FROM tables WHERE name = ?"


def watch(respond: Respond, request: bytes, home: Path, plan: Plan) -> None:
    """Make the call, note what it asks of the database of a home into `plan`, and copy that to the plan's.

    Raises `BenchError`.
    """
    with closing(sqlite3.connect(f"file:{home}?mode=ro", uri=True)) as stored:
        watched = _Watched(stored)
        connection = database.connection()
        connection.send, send = watched.noting(connection.send), connection.send
        try:
            answer = respond(request)
        finally:
            connection.send = send
        if not answer.startswith(b"HTTP/1.1 200"):
            raise BenchError(f"The call whose floor is to be measured was refused: {answer[:300]!r}.")
        plan.steps = watched.steps()
        with closing(sqlite3.connect(plan.database)) as copy:
            stored.backup(copy)
            copy.execute("PRAGMA journal_mode = WAL")
    head, _, body = answer.partition(b"\r\n\r\n")
    of_server = {"Date", "Server", "Connection"}
    fields = [tuple(line.split(": ", 1)) for line in head.decode("latin-1").split("\r\n")[1:]]
    plan.head = [(name, value) for name, value in fields if name not in of_server]
    plan.body_bytes = len(body)


class _Watched:
    def __init__(self, stored: sqlite3.Connection) -> None:
        self._stored = stored
        self._tables: dict[str, tuple[int, list[str]]] = {}
        self._steps: list[tuple[list[Key], list[tuple[Key, bool]]]] = []
        """Keys that are read, and those that are written, with whether there was nothing before."""

    def noting(self, send: Send) -> Send:
        """`send`, with everything noted."""

        def note(operation: str, request: Json) -> Json:
            written = [(key, self._item(key) == (None, None)) for key in self._written(operation, request)]
            answer = send(operation, request)
            self._steps.append((self._read(operation, request, answer) or [key for key, _ in written], written))
            return answer

        return note

    def steps(self) -> list[tuple[list[Key], list[Row]]]:
        """All that was noted, with the rows as they are now."""
        return [(keys, [(key, *self._item(key), new) for key, new in written]) for keys, written in self._steps]

    def _item(self, key: Key) -> tuple[int | None, str | None]:
        found: tuple[int | None, str | None] | None = self._stored.execute(_ITEM, key).fetchone()
        return found or (None, None)

    def _written(self, operation: str, request: Json) -> list[Key]:
        if operation == "TransactWriteItems":
            asked = [(kind, step) for one in request["TransactItems"] for kind, step in one.items()]
            writing = [step for kind, step in asked if kind != "ConditionCheck"]
        elif operation in {"PutItem", "UpdateItem", "DeleteItem"}:
            writing = [request]
        else:
            return []
        return [self._key(step["TableName"], step.get("Key") or step["Item"]) for step in writing]

    def _read(self, operation: str, request: Json, answer: Json) -> list[Key]:
        if operation == "BatchGetItem":
            asked = request["RequestItems"].items()
            return [self._key(table, key) for table, of in asked for key in of["Keys"]]
        if operation == "TransactGetItems":
            gets = [step["Get"] for step in request["TransactItems"]]
            return [self._key(get["TableName"], get["Key"]) for get in gets]
        if operation == "GetItem":
            return [self._key(request["TableName"], request["Key"])]
        if operation == "Query":  # each of the rows by itself, of which our calls find few
            found = [self._key(request["TableName"], item) for item in answer["Items"]]
            return found or [(self._table(request["TableName"])[0], "", "")]
        return []

    def _key(self, table: str, item: Json) -> Key:
        number, names = self._table(table)
        return number, *([item[name]["S"] for name in names] + [""])[:2]

    def _table(self, name: str) -> tuple[int, list[str]]:
        if name not in self._tables:
            number, definition = self._stored.execute(_TABLE, (name,)).fetchone()
            self._tables[name] = number, [key["AttributeName"] for key in json.loads(definition)["KeySchema"]]
        return self._tables[name]
