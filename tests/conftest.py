"""One embedded engine and one set of tables for each test process; each test has a vendor of its own.

With `SEATKEEPER_TEST_URL` in the environment, that of a deployed stage, the tests of `licenseapi` ask the stage, and
the environment says where its tables and secrets are.

The environment must stand before `chalicelib.store` is imported, so the engine is started here, at import.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import engine, local

_home = tempfile.TemporaryDirectory(prefix="seatkeeper-tests-")
_engine = None if "SEATKEEPER_TEST_URL" in os.environ else engine.start(None)

if _engine is not None:
    os.environ |= local.environment(Path(_home.name), _engine.endpoint)
    os.environ["SEATKEEPER_LICENSE_CHANGES_PER_HOUR"] = "1000000"  # they hammer few licenses

from chalicelib.store import database  # noqa: E402 - needs the environment
from chalicelib.store.database import create_tables  # noqa: E402 - needs the environment
from chalicelib.store.items import AttemptsItem  # noqa: E402 - needs the environment
from chalicelib.usecases import passwords  # noqa: E402 - needs the environment
from tests.support import STAGE_URL, Vendor, cheap_passwords  # noqa: E402 - needs the environment

if _engine is not None:
    create_tables()

_costly = passwords._hasher


def pytest_unconfigure() -> None:
    """Stop what this process started."""
    if _engine is not None:
        _engine.stop()
    _home.cleanup()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what cannot be asked of a stage."""
    for item in items if STAGE_URL else []:
        if (mark := item.get_closest_marker("in_process")) is not None:
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """A hash that is made here costs next to nothing, and to verify it costs a server as little."""
    with cheap_passwords():
        yield


@pytest.fixture(scope="session", autouse=True)
def _all_that_may_be_lost_expires() -> Iterator[None]:
    """Whatever the tests have had stored in `ephemera`: an item without `expires` would stay for ever."""
    yield
    if _engine is not None:
        stored = database.scan(AttemptsItem, ("pk", "expires"))
        assert [raw["pk"]["S"] for raw in stored if "expires" not in raw] == []


@pytest.fixture
def costly_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes cost what they cost in production: also for those who act at once, and are to have time to meet."""
    monkeypatch.setattr(passwords, "_hasher", _costly)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A company of its own, with a key-based product `viewer`, a user-based product `revit` and an API key."""
    vendor = Vendor()
    yield vendor
    assert vendor.differences() == [], "the audit finds differences after the test"
