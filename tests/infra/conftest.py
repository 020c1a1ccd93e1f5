"""What the tests of this folder share."""

from collections.abc import Iterator

import pytest

from tests.infra.operator import Operator
from tests.infra.watched import Stuck, Watched, watching


@pytest.fixture
def operator(capsys: pytest.CaptureFixture[str]) -> Operator:
    """Who types admin commands."""
    return Operator(capsys)


@pytest.fixture
def watched() -> Iterator[Watched]:
    """A server that echoes."""
    with watching() as watched:
        yield watched


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    """An app that goes on when the test is over, at the latest."""
    stuck = Stuck()
    yield stuck
    stuck.go_on.set()
