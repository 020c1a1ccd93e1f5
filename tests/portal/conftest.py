"""A vendor whose sessions last at the clock of the server, and a license with its manager in a browser."""

import pytest

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
def manager(vendor: Vendor, license: License) -> Browser:
    """The browser of the license's manager, logged in; each test says what `license` is."""
    return browser_of(vendor, MANAGER)
