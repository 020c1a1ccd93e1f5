"""What a read-only API key may do: all that shows, and nothing that changes. Goes through the route table."""

from typing import Any

import httpx
import pytest

from chalicelib.licenseapi.routes import endpoint
from chalicelib.usecases.create import create_api_key
from chalicelib.usecases.device_variables import track_variables
from chalicelib.web import clock
from chalicelib.web.endpoint import Endpoint
from tests.licenseapi.objects import granted, refused
from tests.store.effects import stored
from tests.support import ADMIN, STAGE_URL, Application, Vendor

EMAIL = "don.joe@qbitec.com"
OF_USERS = {"user_licenses", "change_password", "customer_license_users"}
"""Calls that name a user, or are of products with users; all others name a license by its key."""
NOTED = {"last_check_at", "ip"}
"""What a check notes of its device, whoever makes it."""


@pytest.fixture
def reader(vendor: Vendor, http: httpx.Client) -> Application:
    """A server with a read-only key for everything."""
    key, secret = create_api_key(vendor.code, frozenset(), True, ADMIN, scopes=frozenset({"people"}), now=clock.now())
    return Application(key.api_key, secret, http)


def fields_of(declared: Endpoint, vendor: Vendor) -> dict[str, Any]:
    """What a call sends that is granted to a key that may write."""
    if declared.name in OF_USERS:
        license = vendor.issue("revit")
        _, password = vendor.assign(license, EMAIL)
        more = {"new_password": "another long password", "customer": license.customer}
        return {"product": "revit", "username": EMAIL, "password": password} | more
    vendor.grant(license := vendor.issue(), "export")
    vendor.activate(license, "hw-1")
    track_variables(vendor.code, vendor.lookup(license, "hw-1"), {"plan": "pro"}, ADMIN, now=vendor.now)
    named = {"product": "viewer", "license_key": license.license_key, "hardware_id": "hw-1", "feature": "export"}
    return named | ({"variables": {"plan": "basic"}} if declared.method == "POST" else {})


@pytest.mark.parametrize("declared", [one for one in endpoint.declared if not one.public], ids=lambda one: one.name)
def test_a_read_only_key_shows_everything_and_changes_nothing(
    reader: Application, vendor: Vendor, declared: Endpoint
) -> None:
    call, fields = declared.route.removeprefix("/"), fields_of(declared, vendor)
    before = stored(vendor.code)
    if declared.writes:
        assert refused(reader.post(call, **fields)) == "api_key_read_only"
        assert stored(vendor.code) == before
        return
    granted(reader.get(call, **fields))
    after = stored(vendor.code)
    moved = {name for key in before | after for name in _differences(before.get(key), after.get(key))}
    hashed_anew = {"password_hash"} if STAGE_URL else set()  # a stage takes the costly hash, and tests a cheap one
    assert moved <= (NOTED if call.startswith("check_license") else hashed_anew)


def _differences(before: Any, after: Any) -> set[str]:
    if before is None or after is None:
        return {"an item"}
    return {name for name in before | after if before.get(name) != after.get(name)}
