"""One runtime for each test process, with empty tables for each module; each test has a vendor of its own.

Its database is an embedded engine, which is started where a test of the run is marked `engine`; so are all but those in
`NEED_NO_ENGINE`.

With `SEATKEEPER_DYNAMODB_LOCAL` in the environment the database is DynamoDB Local (`tests.dynamodb_local`).
With `SEATKEEPER_TEST_URL` in the environment, that of a deployed stage, the tests of `licenseapi` ask the stage, and
the environment says where its tables and secrets are.
"""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from hypothesis import settings

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import Runtime, runtime, using
from chalicelib.store import database, reads
from chalicelib.store.items.ephemera import AttemptsItem
from chalicelib.store.tables import TABLE_KEYS
from chalicelib.turns import Turns
from chalicelib.usecases import passwords
from infra import local
from tests import dynamodb_local
from tests.store.seam import empty
from tests.support import AWS_NOWHERE, STAGE_URL, ChangeRuntime, Vendor, cheap_passwords, in_memory
from tests.usecases.receivers import Receivers

_home = tempfile.TemporaryDirectory(prefix="seatkeeper-tests-", dir=in_memory())
if not STAGE_URL:  # `app`, which tests import, needs an environment
    os.environ |= dynamodb_local.over(local.environment(Path(_home.name)) | AWS_NOWHERE, "tests")
    os.environ["SEATKEEPER_LICENSE_CHANGES_PER_HOUR"] = "1000000"  # they hammer few licenses
    os.environ["SEATKEEPER_PORTAL_URL"] = "https://licenses.vendor.test"

settings.register_profile("no time", deadline=None)  # how long an example takes is up to the machine
settings.load_profile("no time")
NEED_NO_ENGINE = ("domain", "docs", "web", "infra/stage", "test_")
"""Where tests ask no database, unless they have a vendor or are marked."""
_costly = passwords.hasher


def pytest_unconfigure() -> None:
    """Remove what this process has made."""
    _home.cleanup()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the engine, and leave out what cannot be asked of a stage."""
    for item in items:
        if not _room(item.path).startswith(NEED_NO_ENGINE) or "vendor" in getattr(item, "fixturenames", ()):
            item.add_marker("engine")
        if STAGE_URL and (mark := item.get_closest_marker("in_process")) is not None:
            item.add_marker(pytest.mark.skip(reason=mark.args[0]))


@cache
def _room(path: Path) -> str:
    """Where a test is, below `tests`: asked once for each module, which has hundreds of them."""
    return str(path.relative_to(Path(__file__).parent))


@pytest.fixture(scope="session", autouse=True)
def _runtime(request: pytest.FixtureRequest) -> Iterator[None]:
    """That of all tests; also of the app, where they ask it in process. What they have stored may be lost."""
    if STAGE_URL or not any(item.get_closest_marker("engine") for item in request.session.items):
        with using(bootstrap(os.environ)):
            yield
        return
    with using(bootstrap(os.environ)):
        database.create_tables()
        yield
        _guard_that_all_expires()


_emptied_for: list[Path] = []
_drawn: set[int] = set()
"""The random numbers of ids of the tables that were emptied last."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let each module begin with empty tables: who sweeps, reads mails or walks a table pays for no other's items."""
    if STAGE_URL or item.get_closest_marker("engine") is None or _emptied_for == [item.path]:
        return
    if _emptied_for:
        _guard_that_all_expires()
        for table in TABLE_KEYS:
            empty(table)
    _emptied_for[:] = [item.path]
    _drawn.clear()


def _guard_that_all_expires() -> None:
    """Whatever the tests have had stored in `ephemera`: an item without `expires` would stay for ever."""
    stored = reads.scan(AttemptsItem, ("pk", "expires"))
    assert [raw["pk"]["S"] for raw in stored if "expires" not in raw] == []


@pytest.fixture(autouse=True)
def _turns() -> Iterator[None]:
    """Each test finds all turns free: on a fast machine those before it may have used up what an address has."""
    with using(replace(runtime(), turns=Turns())):
        yield


@pytest.fixture(autouse=True)
def _distinct_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no two ids of a module be equal: of one millisecond they are once in 4096, also those of two kinds. Who
    searches what is stored for an id would find the other, and who counts writes count one more.
    `test_clashing_ids` draws equal ones on purpose."""
    draw = secrets.randbits

    def distinct(bits: int) -> int:
        if len(_drawn) >= 3000:  # so that there is always something left to draw
            _drawn.clear()
        while (number := draw(bits)) in _drawn:
            pass
        _drawn.add(number)
        return number

    monkeypatch.setattr("chalicelib.domain.ids.secrets.randbits", distinct)


@pytest.fixture
def change_runtime() -> Iterator[ChangeRuntime]:
    """Puts a runtime with other fields in the place of this one, until the test ends: `change_runtime(clock=…)`."""
    with ExitStack() as stack:

        def change(**fields: Any) -> Runtime:
            return stack.enter_context(using(replace(runtime(), **fields)))

        yield change


@pytest.fixture
def receivers(change_runtime: ChangeRuntime) -> Receivers:
    """Of webhooks. All answer 204; nothing waits for them that other tests have left."""
    empty("licenses")
    receivers = Receivers()
    change_runtime(webhooks=receivers)
    return receivers


@pytest.fixture(scope="session", autouse=True)
def _certificates_are_read_once() -> Iterator[None]:
    """httpx reads those of all authorities for each client, also for one that asks over HTTP: 50 ms of a processor."""
    with patch("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context)):
        yield


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """A hash that is made here costs next to nothing, and to verify it costs a server as little."""
    with cheap_passwords():
        yield


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
