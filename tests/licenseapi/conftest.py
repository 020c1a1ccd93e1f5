"""Calls of the License API go through the WSGI adapter, in process: all but the socket is as it is served.

Or to a deployed stage, where `SEATKEEPER_TEST_URL` names one.
"""

from collections.abc import Iterator

import httpx
import pytest

from app import app
from infra.wsgi import wsgi
from tests.support import STAGE_HOST, STAGE_URL, Application, Vendor


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """What leads to the app."""
    there = httpx.HTTPTransport() if STAGE_URL else httpx.WSGITransport(wsgi(app))
    base_url, headers = STAGE_URL or "http://license.test", {"Host": STAGE_HOST} if STAGE_HOST else {}
    with httpx.Client(transport=there, base_url=base_url, headers=headers, timeout=120) as client:
        yield client


@pytest.fixture
def application(vendor: Vendor, http: httpx.Client) -> Application:
    """An application of the vendor."""
    return Application(vendor.api_key, vendor.shared_key, http)
