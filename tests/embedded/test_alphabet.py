"""Whatever our store sends is among what the engines are held against each other by: who adds an expression, an
operation or a parameter sees this fail until `alphabet` has it.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.store.connection import StageDatabase
from chalicelib.store.database import create_tables
from infra.embedded.engine import EmbeddedEngine
from tests.embedded.alphabet import drawn, requests
from tests.embedded.grammar import features
from tests.store.cases import CASES
from tests.support import ChangeRuntime, Vendor

TABLES = {"CreateTable", "DeleteTable", "DescribeTable"}
"""What makes tables is tested by itself."""
SAMPLES = 700


class Recorder:
    """An engine that keeps what it is made of that it was asked."""

    def __init__(self, path: Path) -> None:
        self._engine = EmbeddedEngine(path)
        self.words: set[str] = set()

    def __call__(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if operation not in TABLES:
            self.words |= features(operation, request)
        return self._engine(operation, request)


def test_the_alphabet_has_all_that_the_store_sends(path: Path, change_runtime: ChangeRuntime) -> None:
    """Of every use case that writes, and of what it reads for that."""
    recorder = Recorder(path)
    change_runtime(database=StageDatabase("seatkeeper", "us-east-1", None, lambda: recorder))
    create_tables()
    for case in CASES:
        vendor = Vendor()
        prepared = case.prepare(vendor)
        with suppress(SeatkeeperError):
            case.act(vendor, prepared)
    known = {word for request in drawn(requests(), SAMPLES) for word in features(*request)}
    assert sorted(recorder.words - known) == []
