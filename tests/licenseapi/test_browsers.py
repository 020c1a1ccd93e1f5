"""Pages in browsers: any may ask whether it may call, and those that the API key names may read what is granted."""

from typing import Any

import httpx
import pytest

from app import app
from chalicelib.usecases.create import create_api_key
from chalicelib.web import clock
from infra.stage.gateway import gateway
from infra.stage.stages import read_stage
from tests.licenseapi.objects import granted, plain_text, refused
from tests.licenseapi.test_error_shape import ROUTES, send
from tests.support import ADMIN, Application, Vendor

PAGE, OTHER = "https://app.example", "https://evil.example"
ADDRESSES = sorted(path for path in app.routes if path.startswith("/api/v4"))


@pytest.fixture
def page(vendor: Vendor, http: httpx.Client) -> Application:
    """An application whose key is for pages of one origin."""
    key, shared_key = create_api_key(
        vendor.code, frozenset(), False, ADMIN, origins=frozenset({PAGE, "http://localhost:3000"}), now=clock.now()
    )
    return Application(key.api_key, shared_key, http)


def by_browser(application: Application, origin: str) -> dict[str, str]:
    """The headers of a call as a page makes it: it cannot set Date."""
    headers = application.headers() | {"Origin": origin}
    return headers | {"X-Date": headers.pop("Date")}


def readers(answer: httpx.Response) -> str | None:
    """The pages that may read an answer."""
    found: str | None = answer.headers.get("Access-Control-Allow-Origin")
    return found


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_address_answers_a_browser_that_asks(http: httpx.Client, path: str) -> None:
    asked = {"Origin": OTHER, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-date"}
    for slash in ("", "/"):
        answer = http.options(path.rstrip("/") + slash, headers=asked)
        assert (answer.status_code, answer.content, readers(answer)) == (204, b"", "*")
        methods = answer.headers["Access-Control-Allow-Methods"].split(", ")
        assert set(app.routes[path]) - {"OPTIONS"} <= set(methods)
        sent = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
        assert {"authorization", "content-type", "x-date", "digest"} <= set(sent)
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_that_the_key_names_may_read_what_is_granted(page: Application, vendor: Vendor) -> None:
    license = vendor.issue()
    lookup: dict[str, Any] = {"product": "viewer", "license_key": license.license_key, "hardware_id": "hw-1"}
    for origin in (PAGE, "http://localhost:3000"):
        activated = page.http.post("/api/v4/activate_license", json=lookup, headers=by_browser(page, origin))
        checked = page.http.get("/api/v4/check_license", params=lookup, headers=by_browser(page, origin))
        for answer in (activated, checked):
            granted(answer)
            assert (readers(answer), answer.headers["Vary"]) == (origin, "Origin")
            assert "LicenseSignature" in answer.headers["Access-Control-Expose-Headers"]
    plain_text(page.http.post("/api/v4/deactivate_license", json=lookup, headers=by_browser(page, PAGE)))


@pytest.mark.parametrize("origin", [OTHER, "null", f"{PAGE}.evil.example", f"{PAGE}:8443", "http://app.example", "*"])
def test_another_page_is_refused_and_nothing_is_done(page: Application, vendor: Vendor, origin: str) -> None:
    license = vendor.issue()
    lookup = {"product": "viewer", "license_key": license.license_key, "hardware_id": "hw-1"}
    answer = page.http.post("/api/v4/activate_license", json=lookup, headers=by_browser(page, origin))
    assert refused(answer) == "api_key_origin_not_allowed"
    assert vendor.stored(license).times_activated == 0


def test_who_is_no_browser_is_not_asked_for_an_origin(page: Application) -> None:
    answer = page.get("products")
    granted(answer)
    assert readers(answer) is None


def test_a_key_that_names_no_page_goes_on_and_lets_none_read(application: Application) -> None:
    answer = application.http.get("/api/v4/products", headers=application.headers() | {"Origin": OTHER})
    granted(answer)
    assert readers(answer) is None


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_error_may_be_read_by_any_page(page: Application, method: str, path: str) -> None:
    for headers in ({"Origin": OTHER}, by_browser(page, OTHER), by_browser(page, PAGE)):
        answer = send(page.http, method, path, headers)
        assert readers(answer) == ("*" if answer.is_error else PAGE)
    assert readers(page.http.request("PATCH", path)) == "*"
    assert readers(page.http.get(f"{path}/nowhere")) == "*"


def test_what_anybody_may_ask_any_page_may_read(http: httpx.Client) -> None:
    for path in ("/api/v4/", "/api/v4/public_key"):
        answer = http.get(path, headers={"Origin": OTHER})
        assert (answer.status_code, readers(answer)) == (200, "*")


def test_errors_of_the_gateway_may_be_read_too() -> None:
    answers = gateway(read_stage("dev"))["RestAPI"]["Properties"]["GatewayResponses"].values()
    assert {answer["ResponseParameters"]["Headers"]["Access-Control-Allow-Origin"] for answer in answers} == {"'*'"}
