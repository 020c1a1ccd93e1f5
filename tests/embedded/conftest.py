"""An engine on a file of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded.engine import EmbeddedEngine
from tests.embedded.engines import make_tables


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the engine keeps its data."""
    return tmp_path / "data" / "seatkeeper.sqlite"


@pytest.fixture
def engine(path: Path) -> Iterator[EmbeddedEngine]:
    """With empty tables."""
    engine = EmbeddedEngine(path)
    make_tables(engine)
    yield engine
    engine.close()
