"""The embedded engine and one that others have written answer the same to the same, and keep the same."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, note, settings

from infra.embedded.engine import EmbeddedEngine
from tests.embedded.alphabet import PAGE_OF_A_PARTITION_OF_ONE, Request, sequences_of_requests
from tests.embedded.engines import Send, ask, empty, make_tables, reference, stored

EXAMPLES = 150


@pytest.fixture(scope="module")
def other() -> Iterator[Send]:
    """What the engine is held against."""
    with reference() as send:
        make_tables(send)
        yield send


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Send]:
    engine = EmbeddedEngine(tmp_path_factory.mktemp("embedded") / "data.sqlite")
    make_tables(engine)
    yield engine
    engine.close()


@settings(
    max_examples=EXAMPLES,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sequences_of_requests())
@example(PAGE_OF_A_PARTITION_OF_ONE)
def test_the_same_requests_have_the_same_answers_and_leave_the_same(
    ours: Send, other: Send, sent: list[Request]
) -> None:
    for send in (ours, other):
        empty(send)
    for operation, request in sent:
        note(f"{operation} {request}")
        assert ask(ours, operation, request) == ask(other, operation, request)
    assert stored(ours) == stored(other)
