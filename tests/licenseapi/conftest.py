"""Calls of the License API go through the WSGI adapter, in process: all but the socket is as it is served."""

from collections.abc import Iterator

import httpx
import pytest

from app import app
from infra.wsgi import wsgi
from tests.support import Application, Vendor


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """The app over WSGI."""
    with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test") as client:
        yield client


@pytest.fixture
def application(vendor: Vendor, http: httpx.Client) -> Application:
    """An application of the vendor."""
    return Application(vendor.api_key, vendor.shared_key, http)
