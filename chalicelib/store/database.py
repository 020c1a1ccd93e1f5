"""The one way to DynamoDB: one connection, and one place that retries. `reads`, `writes` and `transactions` go by it.

* Conflict is not refusal: throttling, TransactionConflict and lost answers are retried here, with full jitter and
  inside a bound, and end as `Unavailable`. A failed condition is never retried; it is raised as `ConditionFailed`.
* An observation (`observing`) is no part of the answer: it is tried once, and what is lost of it is counted.

Raises `domain.errors.Unavailable` for what could not be done in time, and `ConditionFailed`.
"""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import observability
from chalicelib.domain.errors import Unavailable
from chalicelib.runtime import runtime
from chalicelib.store.connection import StageConnection
from chalicelib.store.dry_run import NotWritten, is_dry_run
from chalicelib.store.schema import AnyItem, Operation, Raw
from chalicelib.store.tables import TABLE_KEYS, table_definition

log = logging.getLogger("seatkeeper")

T = TypeVar("T")

ATTEMPTS = 8
BASE_WAIT, MAX_WAIT = 0.025, 1.0  # seconds; in all at most 3.6 s of waiting
DEADLINE = 8.0  # seconds after which nothing is tried again: API Gateway gives up at 29, and clients before

_CONFLICTS = {
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_RETRYABLE = _CONFLICTS | {
    "ProvisionedThroughputExceededException",
    "ProvisionedThroughputExceeded",
    "ThrottlingException",
    "ThrottlingError",
    "RequestLimitExceeded",
}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"}
_once: ContextVar[bool] = ContextVar("once", default=False)
"""Whether each call is tried once."""


class ConditionFailed(Exception):
    """A condition did not hold. `known`: what is in the way, as it stands now; `items`: None where that is not all."""

    def __init__(self, known: list[Raw] | None = None, *, complete: bool = True) -> None:
        super().__init__()
        self.known = known or []
        self.items = known if complete else None


def connection() -> StageConnection:
    """The connection of the runtime's database."""
    opened: StageConnection = runtime().database.connection
    return opened


def table_name(kind: type[AnyItem]) -> str:
    """The stage's name of the table that items of this kind are in."""
    return connection().table_name(kind.Meta.table_name)


def create_tables() -> None:
    """Create the tables that do not exist yet: on the embedded engine. A stage's tables belong to its stack."""
    for table in TABLE_KEYS:
        try:
            connection().dispatch("CreateTable", {"TableName": table} | table_definition(table))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUseException":  # it is there
                raise


@contextmanager
def observing() -> Iterator[None]:
    """What is done inside is an observation: each call is tried once, and the first that is not taken ends it.

    That is counted, and raises nothing. Raises `ConditionFailed`.
    """
    outer = _once.set(True)
    try:
        yield
    except Unavailable:
        observability.add_metric(observability.OBSERVATIONS_LOST)
    finally:
        _once.reset(outer)


def dispatch(operation: str, kwargs: Operation) -> Operation:
    """What DynamoDB answers to an operation. Raises `ConditionFailed`, and `Unavailable`."""
    return retrying(lambda: _send(operation, kwargs))


def dispatch_batch(operation: str, wanted: Operation, left_as: str) -> Iterator[Operation]:
    """The answers to a batch: what the database has left of it (`left_as`) is asked for again. Raises `Unavailable`."""
    rounds = 0
    while wanted:
        answer = dispatch(operation, {"RequestItems": wanted})
        yield answer
        wanted = answer.get(left_as) or {}
        if wanted:
            rounds += 1
            if rounds >= ATTEMPTS or _once.get():
                raise Unavailable("database_busy", cause=left_as)
            observability.add_metric(observability.RETRIES)
            back_off(rounds)


def _send(operation: str, kwargs: Operation) -> Operation:
    """One attempt. Raises `ConditionFailed`, `NotWritten`, and what botocore does."""
    if is_dry_run() and operation in _WRITES:
        if _once.get():
            raise Unavailable("database_read_only")  # an observation, which is lost
        raise NotWritten
    try:
        answer: Operation = connection().dispatch(operation, kwargs)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            raise ConditionFailed from error
        raise
    return answer


def retrying(send: Callable[[], T]) -> T:
    """What `send` returns, called again as long as what it raises passes. Raises the rest of it, and `Unavailable`."""
    start = time.monotonic()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return send()
        except (ClientError, BotoCoreError) as error:
            if not _is_retryable(error):
                raise
            codes = _codes(error)
            why = ", ".join(sorted(codes)) or type(error).__name__
            if _once.get():
                raise Unavailable("database_busy", cause=why) from error
            if attempt == ATTEMPTS or time.monotonic() - start > DEADLINE:
                log.warning("the database is busy or out of reach: %s", why)
                raise Unavailable("database_busy", cause=why) from error
            observability.add_metric(observability.CONFLICTS if codes & _CONFLICTS else observability.RETRIES)
        back_off(attempt)
    raise AssertionError("unreachable")


def back_off(attempt: int) -> None:
    """Wait after so many attempts, so that rivals part: full jitter, from nothing up to the exponential bound."""
    time.sleep(random.uniform(0, min(MAX_WAIT, BASE_WAIT * 2**attempt)))  # noqa: S311 - no secret


def _codes(error: Exception) -> set[str]:
    if not isinstance(error, ClientError):
        return set()
    return {reason["Code"] for reason in cancellation_reasons(error)} or {error.response["Error"]["Code"]}


def cancellation_reasons(error: Exception) -> list[Operation]:
    """Of a transaction that was cancelled, why: of each write that was in the way its `Code`, and its `Item`."""
    response: Operation = dict(error.response) if isinstance(error, ClientError) else {}
    reasons: list[Operation] = response.get("CancellationReasons", [])
    return [reason for reason in reasons if reason["Code"] != "None"]


def is_condition_failed(error: BaseException | None, step: int) -> bool:
    """Whether a transaction was cancelled, for the condition of this step of it among others."""
    reasons = error.response.get("CancellationReasons", []) if isinstance(error, ClientError) else []
    return bool(reasons) and reasons[step]["Code"] == "ConditionalCheckFailed"


def _is_retryable(error: Exception) -> bool:
    return may_have_committed(error) or bool(_codes(error) & _RETRYABLE)


def may_have_committed(error: Exception) -> bool:
    """Whether a write may have been done all the same.

    Botocore's own errors are those of the network; a 5xx may come from a balancer, and not in DynamoDB's words.
    """
    if not isinstance(error, ClientError):
        return True
    return bool(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500)
