"""App keys are public: whoever has one, and names nobody, is told of nobody."""

from typing import Any

import httpx
import pytest

from app import app
from chalicelib.store import probes
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.create import create_api_key
from chalicelib.usecases.initial_password import initial_password
from chalicelib.web import clock
from infra.wsgi import wsgi
from tests.licenseapi.objects import granted, plain_text, refused
from tests.licenseapi.test_error_shape import ROUTES
from tests.support import ADMIN, Application, Vendor

EMAIL, BUYER = "ada.lovelace@customer.test", "purchasing@customer.test"
PEOPLE = (EMAIL, BUYER, "Augusta", "Kingston", "+43 1 2345")
"""All that is known of people here."""


@pytest.fixture
def app_key(vendor: Vendor, http: httpx.Client) -> Application:
    """A key as one is built into an application: without scopes."""
    key, shared_key = create_api_key(vendor.code, frozenset(), False, ADMIN, now=clock.now())
    return Application(key.api_key, shared_key, http)


@pytest.fixture
def ids(vendor: Vendor) -> dict[str, Any]:
    """What a stranger may guess or find: ids, and who buys. The device is active."""
    license = vendor.issue("revit", customer=BUYER, max_license_users=2)
    profile = Profile("Augusta", "Kingston", "+43 1 2345")
    user = assign_user(vendor.code, license.id, EMAIL, 2, ADMIN, profile=profile, now=vendor.now).user
    vendor.activate(EMAIL, "hw-1", initial_password(user))
    return {"product": "revit", "hardware_id": "hw-1", "license_id": license.id, "customer": BUYER}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_call_tells_of_people_to_who_names_none(
    app_key: Application, ids: dict[str, Any], method: str, path: str
) -> None:
    call = path.removeprefix("/api/v4/")
    answer = app_key.get(call, **ids) if method == "GET" else app_key.post(call, **ids, variables={"a": "1"})
    told_of = [text for text in PEOPLE if text in answer.text and text not in ids.values()]
    assert told_of == []
    assert answer.status_code == 200 or BUYER not in answer.text
    if answer.status_code == 200:
        rows = answer.json() if answer.text.startswith("[") else [answer.json()] if "{" in answer.text else []
        assert [row["customer"]["email"] for row in rows if "customer" in row and row["customer"]["email"]] == []


def test_a_device_that_is_active_goes_on_by_the_licenses_id_alone(app_key: Application, ids: dict[str, Any]) -> None:
    body = granted(app_key.get("check_license", **ids))
    assert (body["id"], body["hardware_id"], body["times_activated"]) == (ids["license_id"], "hw-1", 1)
    assert not {"user", "username"} & set(body)
    assert plain_text(app_key.post("deactivate_license", **ids)) == "license_deactivated"
    assert refused(app_key.get("check_license", **ids)) == "device_not_found"


def test_who_names_the_user_is_told_of_this_user(app_key: Application, ids: dict[str, Any]) -> None:
    body = granted(app_key.get("check_license", **ids, username=EMAIL))
    assert (body["username"], body["user"]["first_name"], body["customer"]["email"]) == (EMAIL, "Augusta", BUYER)


def test_the_people_of_a_customer_are_for_keys_with_the_scope(
    application: Application, app_key: Application, vendor: Vendor, http: httpx.Client, ids: dict[str, Any]
) -> None:
    asked = {"product": "revit", "customer": BUYER}
    assert refused(app_key.get("customer_license_users", **asked)) == "api_key_scope_missing"
    key, shared_key = create_api_key(vendor.code, frozenset(), True, ADMIN, now=clock.now())
    reader = Application(key.api_key, shared_key, http)
    assert refused(reader.get("customer_license_users", **asked)) == "api_key_scope_missing"
    users = granted(application.get("customer_license_users", **asked))["users"]
    assert [user["email"] for user in users] == [EMAIL]


@pytest.mark.in_process("it lowers the bound")
@pytest.mark.parametrize(
    ("method", "call", "more"),
    [
        ("get", "check_license", {}),
        ("post", "deactivate_license", {}),
        ("get", "get_device_variables", {}),
        ("post", "track_device_variables", {"variables": {"a": "1"}}),
    ],
)
def test_who_names_user_after_user_is_not_answered_for_long(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, method: str, call: str, more: dict[str, Any]
) -> None:
    monkeypatch.setattr(probes, "MAX_GUESSES", 3)
    vendor.assign(vendor.issue("revit", max_license_users=1), EMAIL)
    asked = {"product": "revit", "hardware_id": "guess"} | more
    names = [*(f"u{number}@customer.test" for number in range(5)), EMAIL]
    elsewhere = httpx.WSGITransport(wsgi(app), remote_addr="192.0.2.7")
    with httpx.Client(transport=elsewhere, base_url="http://license.test", timeout=60) as http:
        ask = getattr(Application(vendor.api_key, vendor.shared_key, http), method)
        answers = [ask(call, username=name, **asked) for name in names]
    assert [answer.json()["code"] for answer in answers] == ["license_not_found"] * 3 + ["rate_limit_exceeded"] * 3
    assert all("Retry-After" in answer.headers for answer in answers[3:])
