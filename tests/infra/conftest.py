"""What the tests of this folder share."""

import pytest

from tests.infra.operator import Operator


@pytest.fixture
def operator(capsys: pytest.CaptureFixture[str]) -> Operator:
    """Who types admin commands."""
    return Operator(capsys)
