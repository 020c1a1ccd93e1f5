"""One embedded engine for each test process, with empty tables for each module; each test has a vendor of its own.

The engine is started for the first test that is marked `engine`; so are all but those in `NEED_NO_ENGINE`.

With `SEATKEEPER_TEST_URL` in the environment, that of a deployed stage, the tests of `licenseapi` ask the stage, and
the environment says where its tables and secrets are.
"""

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from infra import engine, local

_home = tempfile.TemporaryDirectory(prefix="seatkeeper-tests-")
_NOWHERE = "http://127.0.0.1:9"
if "SEATKEEPER_TEST_URL" not in os.environ:
    os.environ |= local.environment(Path(_home.name), _NOWHERE)
    os.environ["SEATKEEPER_LICENSE_CHANGES_PER_HOUR"] = "1000000"  # they hammer few licenses

from chalicelib.store import database  # noqa: E402 - `app`, which tests import, needs the environment
from chalicelib.store.items import TABLE_KEYS, AttemptsItem  # noqa: E402
from chalicelib.usecases import passwords  # noqa: E402
from tests.support import ENGINE_ENVIRONMENT, STAGE_URL, Vendor, cheap_passwords  # noqa: E402

NEED_NO_ENGINE = ("domain", "docs", "web", "infra/stage", "test_")
"""Where tests ask no database, unless they have a vendor or are marked."""


@cache
def _start_engine() -> engine.Engine:
    """The engine of this process with its tables; the environment leads to it from now on."""
    started = engine.start(None)
    os.environ |= local.environment(Path(_home.name), started.endpoint)
    ENGINE_ENVIRONMENT.update(os.environ)
    database.connection.cache_clear()
    database.create_tables()
    return started


_emptied_for: list[Path] = []


def _empty_for(module: Path) -> None:
    """Let each module begin with empty tables: who sweeps, reads mails or walks a table pays for no other's items."""
    if _emptied_for != [module]:
        if _emptied_for:
            _guard_that_all_expires()
            for table in TABLE_KEYS:
                database.connection().dispatch("DeleteTable", {"TableName": table})
            database.create_tables()
        _emptied_for[:] = [module]


def _guard_that_all_expires() -> None:
    """Of whatever the tests have had stored in `ephemera`: an item without `expires` would stay for ever."""
    stored = database.scan(AttemptsItem, ("pk", "expires"))
    assert [raw["pk"]["S"] for raw in stored if "expires" not in raw] == []


_costly = passwords.hasher


def pytest_unconfigure() -> None:
    """Stop what this process started."""
    if _start_engine.cache_info().currsize:
        _start_engine().stop()
    _home.cleanup()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the engine, and leave out what cannot be asked of a stage."""
    for item in items:
        room = str(item.path.relative_to(Path(__file__).parent))
        if not room.startswith(NEED_NO_ENGINE) or "vendor" in getattr(item, "fixturenames", ()):
            item.add_marker("engine")
        if STAGE_URL and (mark := item.get_closest_marker("in_process")) is not None:
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before all fixtures: what they make is stored in the engine."""
    if not STAGE_URL and item.get_closest_marker("engine") is not None:
        _start_engine()
        _empty_for(item.path)


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """A hash that is made here costs next to nothing, and to verify it costs a server as little."""
    with cheap_passwords():
        yield


@pytest.fixture(scope="session", autouse=True)
def _all_that_may_be_lost_expires() -> Iterator[None]:
    yield
    if _start_engine.cache_info().currsize:
        _guard_that_all_expires()


@pytest.fixture
def costly_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes cost what they cost in production: also for those who act at once, and are to have time to meet."""
    monkeypatch.setattr(passwords, "hasher", _costly)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """A company of its own, with a key-based product `viewer`, a user-based product `revit` and an API key."""
    vendor = Vendor()
    yield vendor
    assert vendor.differences() == [], "the audit finds differences after the test"
