"""What the network and DynamoDB may do to a call.

No engine ever throttles, answers TransactionConflict or loses an answer, so each fault is put where the store sends an
operation: it gets the request, and a way to really send it; and it ends as botocore would end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any, Never

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tests.store.seam import Answer, Request, Send, intercepted

Fault = Callable[[Request, Send], Answer]

WRITES = frozenset({"TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem"})
ALWAYS = range(1, 1_000_000)
_URL = "http://127.0.0.1"


class Wire:
    """What goes over the wire, in order; the calls of `operations` whose numbers are in `at` meet the fault."""

    def __init__(self, fault: Fault | None, at: range, operations: frozenset[str]) -> None:
        self.bodies: list[dict[str, Any]] = []
        """The requests of `operations`."""
        self._fault, self._at, self._operations = fault, at, operations
        self._lock = Lock()

    def answer(self, request: Request, send: Send) -> Answer:
        """What the store gets."""
        if request.operation not in self._operations:
            return send(request)
        with self._lock:
            self.bodies.append(request.body)
            number = len(self.bodies)
        if self._fault is None or number not in self._at:
            return send(request)
        return self._fault(request, send)

    def event_keys(self) -> list[str]:
        """The keys of the events that the transactions carried, in order, each as often as it was sent."""
        writes = [write for body in self.bodies for write in body.get("TransactItems", [])]
        items = [write["Put"]["Item"] for write in writes if "Put" in write]
        return [item["part"]["S"] for item in items if item.get("part", {"S": ""})["S"].startswith("at#")]


@contextmanager
def wire(fault: Fault | None = None, at: range = ALWAYS, operations: frozenset[str] = WRITES) -> Iterator[Wire]:
    """Listen to the calls inside, and let those of `operations` with numbers in `at` meet a fault."""
    listener = Wire(fault, at, operations)
    with intercepted(listener.answer):
        yield listener


# --- the process ends ------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process is gone."""


def crash_before(_request: Request, _send: Send) -> Never:
    raise Crash


def crash_after(request: Request, send: Send) -> Never:
    send(request)
    raise Crash


# --- not committed ---------------------------------------------------------------------------------------------


def throughput_exceeded(request: Request, _: Send) -> Never:
    failed(request, 400, "ProvisionedThroughputExceededException")


def throttled(request: Request, _: Send) -> Never:
    failed(request, 400, "ThrottlingException")


def in_conflict(request: Request, _: Send) -> Never:
    """A rival's transaction is under way on the first of the items."""
    _in_the_way(request, "TransactionConflict")


def throttled_in_part(request: Request, _: Send) -> Never:
    """One partition of a transaction's is throttled."""
    _in_the_way(request, "ThrottlingError")


def in_conflict_and_condition_failed(request: Request, _: Send) -> Never:
    """A rival's transaction is under way on one item, and has changed another one."""
    cancelled(request, ["TransactionConflict", "ConditionalCheckFailed"])


def server_failed(request: Request, _: Send) -> Never:
    failed(request, 500, "InternalServerError")


def unnamed_failure(request: Request, _: Send) -> Never:
    """A balancer in between answers: not in DynamoDB's words."""
    failed(request, 503, "503")


def out_of_reach(request: Request, _: Send) -> Never:
    raise EndpointConnectionError(endpoint_url=_URL)


# --- taken by the engine, and its answer lost ------------------------------------------------------------------


def answer_timed_out(request: Request, send: Send) -> Never:
    _send(request, send)
    raise ReadTimeoutError(endpoint_url=_URL)


def answer_replaced(request: Request, send: Send) -> Never:
    _send(request, send)
    server_failed(request, send)


def answer_replaced_by_unnamed(request: Request, send: Send) -> Never:
    _send(request, send)
    unnamed_failure(request, send)


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


def _send(request: Request, send: Send) -> None:
    with suppress(ClientError):  # nobody hears what is answered, whatever it is
        send(request)


def cancelled(request: Request, codes: list[str]) -> Never:
    """A cancelled transaction: the reasons of its first items, and none for the others."""
    count = len(request.body["TransactItems"])
    reasons = [{"Code": code, "Message": "injected"} for code in codes] + [{"Code": "None"}] * (count - len(codes))
    failed(request, 400, "TransactionCanceledException", CancellationReasons=reasons)


def _in_the_way(request: Request, code: str) -> Never:
    if request.operation.startswith("Transact"):
        cancelled(request, [code])
    failed(request, 400, f"{code}Exception" if code == "TransactionConflict" else "ThrottlingException")


def failed(request: Request, status: int, code: str, **more: Any) -> Never:
    """An error, as botocore raises it."""
    response: Any = {
        "Error": {"Code": code, "Message": "injected"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    raise ClientError(response, request.operation)
