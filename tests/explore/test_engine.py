"""The engine in memory is held against the embedded one, which is held against others."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, note, settings

from infra.embedded.engine import EmbeddedEngine
from tests.embedded.alphabet import Request, sequences_of_requests
from tests.embedded.engines import TABLES, Send, ask, empty, stored
from tests.embedded.engines import make_tables as make_embedded
from tests.explore.engine import MemoryEngine, make_tables
from tests.support import in_memory


@pytest.fixture(scope="module")
def embedded() -> Iterator[Send]:
    with TemporaryDirectory(dir=in_memory()) as folder:
        engine = EmbeddedEngine(Path(folder) / "data.sqlite")
        make_embedded(engine)
        yield engine
        engine.close()


@settings(
    max_examples=60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(sequences_of_requests())
def test_the_same_requests_have_the_same_answers_and_leave_the_same(embedded: Send, sent: list[Request]) -> None:
    ours = MemoryEngine(make_tables(TABLES))
    empty(embedded)
    for operation, request in sent:
        note(f"{operation} {request}")
        before = {place: dict(partition) for place, partition in ours.state.items()}
        copied = MemoryEngine(ours.tables, dict(ours.state))
        assert ask(copied, operation, request) == ask(embedded, operation, request)
        assert ours.state == before  # a copy is a state of its own
        ours = copied
    assert stored(ours) == stored(embedded)
