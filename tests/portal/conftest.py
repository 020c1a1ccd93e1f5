"""A vendor whose sessions last at the clock of the server, and a license with its manager in a browser."""

from collections.abc import Callable

import pytest

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.web import clock
from tests.portal.browser import Browser, browser_of
from tests.support import Vendor
from tests.usecases.people import MANAGER


@pytest.fixture
def vendor() -> Vendor:
    """A company of its own."""
    return Vendor(now=clock.now())


@pytest.fixture
def set_clock(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> Callable[[Instant], None]:
    """The clock stands, so that no step of a code ends amid a test; what is answered sets it."""

    def set(at: Instant) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)

    set(vendor.now)
    return set


@pytest.fixture
def manager(vendor: Vendor, license: License) -> Browser:
    """The browser of the license's manager, logged in; each test says what `license` is."""
    return browser_of(vendor, MANAGER)
