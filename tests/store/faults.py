"""Faults below boto: what the network and DynamoDB may do to a call.

No engine ever throttles, answers TransactionConflict or loses an answer, so each fault is put between botocore and
the engine: it gets the request, and a way to really send it.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from chalicelib.store import database

Send = Callable[[AWSPreparedRequest], AWSResponse]
Fault = Callable[[AWSPreparedRequest, Send], AWSResponse]

WRITES = frozenset({"TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem"})
ALWAYS = range(1, 1_000_000)


class Wire:
    """What goes over the wire, in order; the calls of `operations` whose numbers are in `at` meet the fault."""

    def __init__(self, fault: Fault | None, at: range, operations: frozenset[str]) -> None:
        self.bodies: list[dict[str, Any]] = []
        """The requests of `operations`."""
        self._fault, self._at, self._operations = fault, at, operations
        self._lock = Lock()

    def before_send(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """Botocore's hook: an answer, an error, or None to let the request pass."""
        if _operation(request) not in self._operations:
            return None
        with self._lock:
            self.bodies.append(body_of(request))
            number = len(self.bodies)
        if self._fault is None or number not in self._at:
            return None
        return self._fault(request, database.connection().client._endpoint.http_session.send)

    def event_keys(self) -> list[str]:
        """The keys of the events that the transactions carried, in order, each as often as it was sent."""
        writes = [write for body in self.bodies for write in body.get("TransactItems", [])]
        parts = [write["Put"]["Item"]["part"]["S"] for write in writes if "Put" in write]
        return [part for part in parts if part.startswith("at#")]


@contextmanager
def wire(fault: Fault | None = None, at: range = ALWAYS, operations: frozenset[str] = WRITES) -> Iterator[Wire]:
    """Listen to the calls inside, and let those of `operations` with numbers in `at` meet a fault."""
    listener = Wire(fault, at, operations)
    events: Any = database.connection().client.meta.events  # its stubs know no hook that answers
    events.register_last("before-send.dynamodb", listener.before_send)
    try:
        yield listener
    finally:
        events.unregister("before-send.dynamodb", listener.before_send)


# --- not committed ---------------------------------------------------------------------------------------------


def throughput_exceeded(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    return failed(request, 400, "ProvisionedThroughputExceededException")


def throttled(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    return failed(request, 400, "ThrottlingException")


def in_conflict(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    """A rival's transaction is under way on the first of the items."""
    return _in_the_way(request, "TransactionConflict")


def throttled_in_part(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    """One partition of a transaction's is throttled."""
    return _in_the_way(request, "ThrottlingError")


def in_conflict_and_condition_failed(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    """A rival's transaction is under way on one item, and has changed another one."""
    return cancelled(request, ["TransactionConflict", "ConditionalCheckFailed"])


def server_failed(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    return failed(request, 500, "InternalServerError")


def unnamed_failure(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    """A balancer in between answers: not in DynamoDB's words."""
    return answer(request, 503, b"<html>Service Unavailable</html>")


def out_of_reach(request: AWSPreparedRequest, _: Send) -> AWSResponse:
    raise EndpointConnectionError(endpoint_url=request.url)


# --- taken by the engine, and its answer lost ------------------------------------------------------------------


def answer_timed_out(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    send(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def answer_replaced(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    send(request)
    return server_failed(request, send)


def answer_replaced_by_unnamed(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    send(request)
    return unnamed_failure(request, send)


NOT_COMMITTED = (
    throughput_exceeded,
    throttled,
    in_conflict,
    throttled_in_part,
    server_failed,
    unnamed_failure,
    out_of_reach,
)
ANSWER_LOST = (answer_timed_out, answer_replaced, answer_replaced_by_unnamed)


def cancelled(request: AWSPreparedRequest, codes: list[str]) -> AWSResponse:
    """A cancelled transaction: the reasons of its first items, and none for the others."""
    count = len(body_of(request)["TransactItems"])
    reasons = [{"Code": code, "Message": "injected"} for code in codes] + [{"Code": "None"}] * (count - len(codes))
    return failed(request, 400, "TransactionCanceledException", CancellationReasons=reasons)


def _in_the_way(request: AWSPreparedRequest, code: str) -> AWSResponse:
    if _operation(request).startswith("Transact"):
        return cancelled(request, [code])
    return failed(request, 400, f"{code}Exception" if code == "TransactionConflict" else "ThrottlingException")


def failed(request: AWSPreparedRequest, status: int, code: str, **more: Any) -> AWSResponse:
    """An error in DynamoDB's words."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "injected", **more}
    return answer(request, status, json.dumps(body).encode())


def answer(request: AWSPreparedRequest, status: int, body: bytes) -> AWSResponse:
    """What botocore takes for the database's answer."""
    return AWSResponse(request.url, status, HTTPHeaders(), _Raw(body))


def body_of(request: AWSPreparedRequest) -> dict[str, Any]:
    """What is asked of the database."""
    assert isinstance(request.body, str | bytes)
    document: dict[str, Any] = json.loads(request.body)
    return document


def _operation(request: AWSPreparedRequest) -> str:
    target = request.headers["X-Amz-Target"]
    return (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]


class _Raw(BytesIO):
    """A body as urllib3 hands it over."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
