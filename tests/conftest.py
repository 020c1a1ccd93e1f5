"""One embedded engine and one set of tables for each test process; each test has a vendor of its own.

The environment must stand before `chalicelib.store` is imported, so the engine is started here, at import.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import engine, local

_home = tempfile.TemporaryDirectory(prefix="seatkeeper-tests-")
_engine = engine.start(None)


os.environ |= local.environment(Path(_home.name), _engine.endpoint)

from chalicelib.store.tables import create_tables  # noqa: E402 - needs the environment
from tests.support import Vendor  # noqa: E402 - needs the environment

create_tables()


def pytest_unconfigure() -> None:
    """Stop what this process started."""
    _engine.stop()
    _home.cleanup()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A company of its own, with a key-based product `viewer`, a user-based product `revit` and an API key."""
    vendor = Vendor()
    yield vendor
    assert vendor.differences() == [], "the audit finds differences after the test"
