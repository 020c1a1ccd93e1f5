"""One error shape on every path. Goes through the route table, so that a new route cannot be forgotten."""

import logging
from typing import Any

import httpx
import pytest

from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound, Unavailable
from chalicelib.licenseapi.adapter import LicenseApi
from chalicelib.licenseapi.routes import endpoint
from chalicelib.usecases.create import create_api_key, revoke_api_key, set_api_key_enabled
from chalicelib.web import authentication, clock
from chalicelib.web.error_responses import wire_code
from chalicelib.web.errors import ERRORS
from chalicelib.web.request_limits import MAX_BODY_BYTES
from tests.licenseapi.objects import refused
from tests.support import ADMIN, STAGE_URL, Application, Vendor

ROUTES = sorted((one.method, f"/api/v4{one.route}") for one in endpoint.declared if not one.public)
WRITING = {f"/api/v4{one.route}" for one in endpoint.declared if one.writes}
POSTS = [path for method, path in ROUTES if method == "POST"]
FIELDS = {
    "product": "viewer",
    "hardware_id": "hw-1",
    "license_key": "AAAAA",
    "username": "don.joe@qbitec.com",
    "password": "not a password",
    "new_password": "another password",
    "customer": "office@studio.example",
    "feature": "export",
    "variables": {"a": "1"},
}
"""Enough for every call."""


def send(http: httpx.Client, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """A call with all fields."""
    if method == "GET":
        query: dict[str, Any] = {name: value for name, value in FIELDS.items() if isinstance(value, str)}
        return http.request(method, path, params=query, headers=headers)
    return http.request(method, path, json=FIELDS, headers=headers)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_asks_who_calls(application: Application, vendor: Vendor, method: str, path: str) -> None:
    headers, http = application.headers(), application.http
    assert refused(send(http, method, path, {})) == "missing_headers"
    assert refused(send(http, method, path, headers | {"Authorization": "Basic eDp5"})) != "internal_error"
    stranger = Application(f"{vendor.code}-{'0' * 32}", vendor.shared_key, http)
    assert refused(send(http, method, path, stranger.headers())) == "invalid_api_key"
    forger = Application(vendor.api_key, "not the shared key", http)
    assert refused(send(http, method, path, forger.headers())) == "signature_mismatch"
    old = application.headers(clock.now() - 16 * 60_000)
    assert refused(send(http, method, path, old)) == "date_header_diff"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_holds_a_key_to_its_bounds(http: httpx.Client, vendor: Vendor, method: str, path: str) -> None:
    now = clock.now()
    revoked, secret = create_api_key(vendor.code, frozenset(), False, ADMIN, now=now)
    revoke_api_key(vendor.code, revoked.api_key, ADMIN, now=now)
    assert refused(send(http, method, path, Application(revoked.api_key, secret, http).headers())) == "api_key_revoked"
    paused, secret = create_api_key(vendor.code, frozenset(), False, ADMIN, now=now)
    set_api_key_enabled(vendor.code, paused.api_key, False, ADMIN, now=now)
    headers = Application(paused.api_key, secret, http).headers()
    assert refused(send(http, method, path, headers)) == "api_key_disabled"
    set_api_key_enabled(vendor.code, paused.api_key, True, ADMIN, now=now)
    assert "api_key_disabled" not in send(http, method, path, headers).text
    reader, secret = create_api_key(vendor.code, frozenset({"revit"}), True, ADMIN, now=now)
    answer = send(http, method, path, Application(reader.api_key, secret, http).headers())
    if path in WRITING:
        assert refused(answer) == "api_key_read_only"
    elif path == "/api/v4/products":
        assert [row["short_code"] for row in answer.json()] == ["revit"]
    else:
        assert refused(answer) == "api_key_product_not_allowed"


@pytest.mark.parametrize("path", POSTS)
def test_every_body_that_cannot_be_read_is_refused(application: Application, path: str) -> None:
    def post(content: bytes, kind: str = "application/json") -> str:
        headers = application.headers() | {"Content-Type": kind}
        return refused(application.http.post(path, content=content, headers=headers))

    assert post(b"") == "missing_content"
    assert post(b"a=b", "application/x-www-form-urlencoded") == "unsupported_media_type"
    assert post(b'"' + b"x" * MAX_BODY_BYTES + b'"') == "payload_too_large"
    assert post(b"[]") == "validation_error"
    assert post(b"{}") in ("missing_parameters", "missing_hardware_id")
    for broken in (b"{", b"\xff", b'{"a":NaN}', b'{"a":"\\ud800"}', b"[" * 10_000):
        assert post(broken) == "invalid_json", broken[:20]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_wrong_method_is_reported(http: httpx.Client, method: str, path: str) -> None:
    result = (404, "not_found") if STAGE_URL else (405, "method_not_allowed")  # API Gateway knows no difference
    for wrong in {"GET", "POST", "PUT", "DELETE", "PATCH"} - {method}:
        answer = http.request(wrong, path)
        assert (answer.status_code, refused(answer)) == result


@pytest.mark.parametrize(
    "path", ["/x", "/api", "/api/v4/nothing", "/api/v4/activate_license/x", "/%00", "/api/v4/%2e%2e", "/äö"]
)
def test_an_unknown_path_is_reported(http: httpx.Client, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = http.request(method, path)
        assert (answer.status_code, refused(answer)) == (404, "not_found")


@pytest.mark.in_process("a bug is put into the code")
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_bug_is_told_in_the_shape_and_nothing_secret_is_logged(
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
) -> None:
    def bug(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(authentication.Caller, "guard_scope", bug)
    headers = application.headers()
    with caplog.at_level(logging.DEBUG, logger="seatkeeper"):
        answer = send(application.http, method, path, headers)
    assert (answer.status_code, refused(answer)) == (500, "internal_error")
    assert "a bug" not in answer.text
    assert "a bug" in caplog.text
    secrets = [headers["Authorization"], application.shared_key, FIELDS["password"], FIELDS["new_password"], "hw-1"]
    assert [secret for secret in secrets if str(secret) in caplog.text] == []


@pytest.mark.in_process("the store is made to fail")
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_busy_database_is_told_with_a_time_to_come_back(
    application: Application, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise Unavailable("database_busy")

    monkeypatch.setattr(LicenseApi, "authenticate", busy)
    answer = send(application.http, method, path, application.headers())
    assert (answer.status_code, refused(answer)) == (503, "service_busy")
    assert int(answer.headers["Retry-After"]) >= 1


def test_whatever_is_raised_is_answered_with_a_code_of_the_contract() -> None:
    assert [code for code, (status, sentence) in ERRORS.items() if status < 400 or not sentence.endswith(".")] == []
    content = {kind: wire_code(kind("email_malformed")) for kind in (Invalid, NotFound, AlreadyExists, Unavailable)}
    assert list(content.values()) == ["validation_error", "not_found", "already_exists", "service_busy"]
    assert wire_code(NotFound("license_not_found")) == "license_not_found"


def test_all_wrong_fields_are_told_and_the_message_stays_short(application: Application) -> None:
    answer = application.post("activate_license", license_key=1, hardware_id=["pc"], product="viewer")
    assert refused(answer) == "validation_error"
    words = answer.json()["message"]
    assert {"license_key: ", "hardware_id: "} <= {f"{word} " for word in words.split() if ":" in word}
    many = application.post("track_device_variables", variables={f"v{n}": [] for n in range(500)})
    assert len(many.text) < 2000
