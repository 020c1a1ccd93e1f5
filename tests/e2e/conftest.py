"""One server and one Chromium for each test process, and a fresh browser context for each test."""

import os
from collections.abc import Iterator
from typing import Any

import httpx
import playwright.sync_api as playwright
import pytest

from infra import serve
from tests.e2e import install
from tests.e2e.browser import chromium, watched
from tests.e2e.site import Site
from tests.support import Application


def _need(tool: object, name: str) -> None:
    if not tool:
        tell = pytest.fail if install.IN_CI else pytest.skip
        tell(f"{name} is missing: `make test` installs it where it can, and says why where it cannot")


@pytest.fixture(scope="session")
def server() -> Iterator[serve.Server]:
    """A server on this process's engine."""
    with serve.start(dict(os.environ)) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[playwright.Browser]:
    """Debian's Chromium. Where it is missing, the test is skipped, or fails in CI."""
    _need(install.chromium(), "Chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture
def axe_core() -> None:
    """To be asked for by a test that calls `axe`. Where it is missing, the test is skipped, or fails in CI."""
    _need(install.axe(), "axe-core")


def _page(browser: playwright.Browser, server: serve.Server, **options: Any) -> Iterator[playwright.Page]:
    with watched(browser, server.base_url, **options) as (page, faults):
        yield page
    assert faults == []


@pytest.fixture
def page(browser: playwright.Browser, server: serve.Server) -> Iterator[playwright.Page]:
    """A page in which nothing may go wrong (`browser.watched`), JavaScript on."""
    yield from _page(browser, server)


@pytest.fixture
def second_page(browser: playwright.Browser, server: serve.Server) -> Iterator[playwright.Page]:
    """Another one, of a browser that shares nothing with the first: of another manager, say."""
    yield from _page(browser, server)


@pytest.fixture
def german_page(browser: playwright.Browser, server: serve.Server) -> Iterator[playwright.Page]:
    """The same in a browser that asks for German."""
    yield from _page(browser, server, locale="de-DE")


@pytest.fixture
def plain_page(browser: playwright.Browser, server: serve.Server) -> Iterator[playwright.Page]:
    """A page in which nothing may go wrong, JavaScript off."""
    yield from _page(browser, server, java_script_enabled=False)


@pytest.fixture(params=[True, False], ids=["javascript", "plain"])
def either_page(
    browser: playwright.Browser, server: serve.Server, request: pytest.FixtureRequest
) -> Iterator[playwright.Page]:
    """Runs the test twice: with JavaScript and without."""
    yield from _page(browser, server, java_script_enabled=request.param)


@pytest.fixture
def site(server: serve.Server) -> Iterator[Site]:
    """A vendor of the test's own, with licenses and people (`Site`)."""
    site = Site(server.base_url)
    yield site
    assert site.vendor.differences() == [], "the audit finds differences after the test"


@pytest.fixture
def application(site: Site) -> Iterator[Application]:
    """A client application of the site's vendor."""
    with httpx.Client(base_url=site.base_url, timeout=30) as http:
        yield site.application(http)
