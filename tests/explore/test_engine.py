"""The engine in memory is held against the embedded one, and on `make dynamodb` against DynamoDB Local itself."""

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, note, settings

from infra.embedded.engine import EmbeddedEngine
from infra.embedded.errors import Refused
from tests.dynamodb_local import ENDPOINT as DYNAMODB_LOCAL
from tests.embedded.alphabet import PAGE_OF_A_PARTITION_OF_ONE, Request, drawn, sequences_of_requests
from tests.embedded.engines import TABLES, Send, ask, empty, reference, stored
from tests.embedded.engines import make_tables as make_embedded
from tests.explore.engine import OPERATIONS, MemoryEngine, make_tables
from tests.support import in_memory

OTHERS = ("the embedded engine", *(["DynamoDB Local"] if DYNAMODB_LOCAL else []))


@pytest.fixture(scope="module", params=OTHERS)
def other(request: pytest.FixtureRequest) -> Iterator[Send]:
    """What the engine in memory is held against."""
    if request.param == "DynamoDB Local":
        with reference() as send:
            make_embedded(send)
            yield send
        return
    with TemporaryDirectory(dir=in_memory()) as folder:
        embedded = EmbeddedEngine(Path(folder) / "data.sqlite")
        make_embedded(embedded)
        yield embedded
        embedded.close()


@settings(
    max_examples=150 if DYNAMODB_LOCAL else 60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sequences_of_requests())
@example(PAGE_OF_A_PARTITION_OF_ONE)
def test_the_same_requests_have_the_same_answers_and_leave_the_same(other: Send, sent: list[Request]) -> None:
    ours = MemoryEngine(make_tables(TABLES))
    empty(other)
    for operation, request in sent:
        note(f"{operation} {request}")
        before = {place: dict(partition) for place, partition in ours.state.items()}
        copied = MemoryEngine(ours.tables, dict(ours.state))
        assert ask(copied, operation, request) == ask(other, operation, request)
        assert ours.state == before  # a copy is a state of its own
        ours = copied
    assert stored(ours) == stored(other)


MODULE = "tests.explore.engine.{}".format
_store, _understood, _query, _transact = map(
    pkgutil.resolve_name,
    (
        MODULE("MemoryEngine.store"),
        MODULE("_understood"),
        MODULE("_query"),
        MODULE("_transact_write_items"),
    ),
)


def lose_a_write(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("MemoryEngine.store"), lambda *_: None)


def forget_to_delete(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("MemoryEngine.store"), lambda *given: None if given[-1] is None else _store(*given))


def skip_conditions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("_understood"), lambda *given: replace(_understood(*given), may=True))


def tell_no_item_in_the_way(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MODULE("_understood"), lambda *given: replace(_understood(*given), returns_old=False))


def write_what_is_left_of_a_cancelled_transaction(patch: pytest.MonkeyPatch) -> None:
    def each(self: MemoryEngine, request: Any) -> Any:
        try:
            return _transact(self, request)
        except Refused:
            writes = [
                _understood(self, kind, asked) for step in request["TransactItems"] for kind, asked in step.items()
            ]
            for write in writes:
                if write.may:
                    self.store(write.where, write.become())
            raise

    patch.setitem(OPERATIONS, "TransactWriteItems", each)


def take_the_wrong_order(patch: pytest.MonkeyPatch) -> None:
    backwards = {"ScanIndexForward": False}
    patch.setitem(OPERATIONS, "Query", lambda self, request: _query(self, request | backwards))


BREAKS = (
    lose_a_write,
    forget_to_delete,
    skip_conditions,
    tell_no_item_in_the_way,
    write_what_is_left_of_a_cancelled_transaction,
    take_the_wrong_order,
)


@pytest.fixture(scope="module")
def sequences() -> list[list[Request]]:
    return drawn(sequences_of_requests(), 100)


def answered(sequence: list[Request]) -> Any:
    ours = MemoryEngine(make_tables(TABLES))
    return [ask(ours, *request) for request in sequence], stored(ours)


@pytest.mark.parametrize("break_it", BREAKS)
def test_an_engine_that_is_broken_is_seen(
    break_it: Callable[[pytest.MonkeyPatch], None], sequences: list[list[Request]], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = [answered(sequence) for sequence in sequences]
    break_it(monkeypatch)
    assert any(answered(sequence) != wanted for sequence, wanted in zip(sequences, right, strict=True))
