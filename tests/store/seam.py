"""The seam where the store sends an operation to its database: tests listen there, and come between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chalicelib.store import database
from chalicelib.store.schema import Raw
from chalicelib.store.writes import BATCH_WRITE_LIMIT

Answer = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One attempt of an operation."""

    operation: str
    body: dict[str, Any]


Send = Callable[[Request], Answer]
Handler = Callable[[Request, Send], Answer]
"""Answers a request, or sends it and answers what the database does, or raises what botocore would."""


@contextmanager
def intercepted(handle: Handler) -> Iterator[None]:
    """Let `handle` answer what is sent inside, from whichever threads."""
    connection = database.connection()
    before = connection.send

    def send(request: Request) -> Answer:
        return before(request.operation, request.body)

    connection.send = lambda operation, body: handle(Request(operation, body), send)
    try:
        yield
    finally:
        connection.send = before


@contextmanager
def noted(note: Callable[[Request], object]) -> Iterator[None]:
    """Call `note` with each request before it is sent. What it raises, the store gets."""

    def handle(request: Request, send: Send) -> Answer:
        note(request)
        return send(request)

    with intercepted(handle):
        yield


def ask(operation: str, **request: Any) -> Answer:
    """What the database answers to an operation, which names tables as the stage does."""
    return database.connection().send(operation, request)


def every_item(table: str) -> Iterator[Raw]:
    """All that is stored in a table, which is named as items name it."""
    asked: dict[str, Any] = {"TableName": database.connection().table_name(table), "ConsistentRead": True}
    while True:
        answer = ask("Scan", **asked)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def empty(table: str) -> None:
    """Delete all that is stored in a table, which is named as items name it. A server that has it open goes on."""
    keys = [{name: item[name] for name in ("pk", "part") if name in item} for item in every_item(table)]
    name = database.connection().table_name(table)
    for start in range(0, len(keys), BATCH_WRITE_LIMIT):
        requests = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + BATCH_WRITE_LIMIT]]
        ask("BatchWriteItem", RequestItems={name: requests})
