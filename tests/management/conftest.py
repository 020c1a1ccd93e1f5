"""Calls of the Management API go through the WSGI adapter, in process: all but the socket is as it is served."""

from collections.abc import Iterator

import httpx
import pytest

from app import app
from infra.wsgi import wsgi
from tests.management.server import VendorsServer, new_key
from tests.support import Vendor


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """What leads to the app."""
    with httpx.Client(transport=httpx.WSGITransport(wsgi(app)), base_url="http://license.test", timeout=120) as client:
        yield client


@pytest.fixture
def shop(vendor: Vendor, http: httpx.Client) -> VendorsServer:
    """A server of the vendor's, with a key for all."""
    return VendorsServer(new_key(vendor), http, vendor)
