"""Addresses that people type: the server's own leads to the portal, and a wrong one is a page that leads back."""

import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app import app
from chalicelib.domain.license import License
from chalicelib.portal.render import HEADERS
from chalicelib.portal.request import MAX_TEXT
from chalicelib.portal.routes import FORM_TYPES
from infra.wsgi import wsgi
from tests.portal.browser import Browser, Page
from tests.support import Vendor
from tests.usecases.people import issued

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PROGRAMS: tuple[dict[str, str], ...] = ({}, {"Accept": "*/*"}, {"Accept": "application/json"})


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor)


def request(path: str, headers: dict[str, str], method: str = "GET") -> httpx.Response:
    return Browser().http.request(method, path, headers=headers)


@pytest.mark.parametrize(
    "path",
    [
        *("/portal/nothing", "/portal/licenses/1/nothing", "/portal/licenses/1/users/2", "/portal/a/b/c/d/e/f"),
        *("/portal/nothing/", "/portal/%ff", "/portal/account/nothing?x=1"),
    ],
)
@pytest.mark.parametrize("headers", [BROWSER, *PROGRAMS])
def test_a_wrong_address_of_the_portal_is_a_page_that_leads_back(path: str, headers: dict[str, str]) -> None:
    answer = request(path, headers)
    page = Page(answer)
    assert (page.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "/portal" in page.links
    assert any("portal." in loaded and loaded.endswith(".css") for loaded in page.loads)
    assert f"There is nothing at this address. For support: request {answer.headers['X-Request-Id']}" in page.words


FACES = {
    "/api/v1": ["detail", "code", "errors", "request_id"],
    "/api/v4": ["status", "code", "message"],
    "/api": ["status", "code", "message"],
}
"""The members of an error of each API, and of what is neither."""


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("rest", ["", "/", "//", "/nothing", "/nothing/", "/a/b/c", "/%ff"])
@pytest.mark.parametrize("headers", [BROWSER, *PROGRAMS])
def test_a_wrong_address_of_an_api_is_an_error_of_that_api_for_whoever_asks(
    face: str, rest: str, headers: dict[str, str]
) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        answer = request(face + rest, headers, method)
        if answer.status_code != 200:  # what answers, where there is something
            assert (answer.status_code, list(answer.json())) in ((404, FACES[face]), (405, FACES[face])), method
    assert list(request("/api/v1x", {}).json()) == FACES["/api"]


def test_a_form_that_is_sent_to_a_wrong_address_is_answered_by_the_same_page() -> None:
    assert "There is nothing at this address." in Page(request("/portal/nothing/at/all", BROWSER, "POST")).words


def test_an_address_that_only_takes_forms_is_a_page_in_a_browser(manager: Browser) -> None:
    for path in ("/portal/log-out", "/portal/licenses/1/users/batch/start"):
        answer = manager.http.get(path, headers=BROWSER)
        assert (answer.status_code, Page(answer).links[-1]) == (404, "/portal")
        assert request(path, {}).json()["code"] == "method_not_allowed"


def test_other_wrong_addresses_are_pages_in_a_browser_and_errors_for_applications() -> None:
    for path in ("/nothing", "/index.html", "/static"):
        assert "/portal" in Page(request(path, BROWSER)).links
        assert [request(path, headers).json()["code"] for headers in PROGRAMS] == ["not_found"] * 3
    for path in ("/api/v4/nothing", "/api/nothing"):
        assert request(path, BROWSER).json()["code"] == "not_found"


def test_the_servers_own_address_leads_a_browser_to_the_portal_and_tells_an_application_what_answers() -> None:
    for headers in (BROWSER, {"Accept": "application/xml, Text/HTML;q=0.9"}):
        led = request("/", headers)
        assert (led.status_code, led.headers["Location"], led.headers["Cache-Control"]) == (303, "/portal", "no-store")
    assert Browser(**BROWSER).get("/").path == "/portal/log-in"
    for headers in PROGRAMS:
        assert request("/", headers).json()["name"] == "Seatkeeper"


def over_wsgi(environ: dict[str, Any]) -> httpx.Response:
    """The answer to a request with an address of bytes that are no text, which no client library would send."""
    given = {"REQUEST_METHOD": "GET", "QUERY_STRING": "", "REMOTE_ADDR": "192.0.2.7", "wsgi.input": io.BytesIO()}
    answers: list[Any] = []
    start: Any = lambda *head: answers.extend(head)  # noqa: E731 - short and local
    body = b"".join(wsgi(app, behind_proxy=True)(given | environ, start))
    request = httpx.Request("GET", "http://portal.test/portal")
    return httpx.Response(int(answers[0][:3]), headers=answers[1], content=body, request=request)


LONG = "x" * (MAX_TEXT + 1)
UNREADABLE: dict[str, tuple[int, str, Callable[[], httpx.Response]]] = {
    "bytes in an address": (404, "nothing at this", lambda: over_wsgi({"PATH_INFO": "/portal/\xff"})),
    "bytes in a license's": (404, "nothing at this", lambda: over_wsgi({"PATH_INFO": "/portal/licenses/\xff/reset"})),
    "bytes in a query": (400, "query is not valid UTF-8", lambda: request("/portal/licenses?page=%ff", {})),
    "bytes in the portal's": (400, "query is not valid UTF-8", lambda: request("/portal?page=%ff", {})),
    "bytes in a query elsewhere": (400, "query is not valid UTF-8", lambda: request("/?page=%ff", BROWSER)),
    "a long search": (400, "more than 1000 characters", lambda: request(f"/portal/licenses?search={LONG}", {})),
    "a long field": (400, "more than 1000 characters", lambda: send({"email": LONG})),
    "a long form": (413, "too large", lambda: send({"people": LONG * 300})),
    "bytes in a form": (400, "form cannot be read", lambda: send(b"email=%ff")),
    "a packed form that is none": (400, "not what its Content-Encoding", lambda: send(b"x", content_encoding="gzip")),
    "another coding": (415, "must be gzip", lambda: send(b"x", content_encoding="br")),
    "no form": (415, "A form must be sent as", lambda: send(b"{}", content_type="application/json")),
    "a text": (415, "A form must be sent as", lambda: send(b"email=x", content_type="text/plain")),
    "a form to a page": (404, "nothing at this", lambda: request("/portal/licenses", BROWSER, "POST")),
}


def send(form: dict[str, str] | bytes, **headers: str) -> httpx.Response:
    """A form that is sent to the log-in."""
    given = {"Content-Type": FORM_TYPES[0]} | {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"content": form} if isinstance(form, bytes) else {"data": form}
    return Browser().http.request("POST", "/portal/log-in", headers=given, **body)


@pytest.mark.parametrize(("status", "words", "answered"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_the_portal_cannot_read_is_answered_by_a_page_that_says_why(
    status: int, words: str, answered: Callable[[], httpx.Response]
) -> None:
    answer = answered()
    page = Page(answer)
    assert (page.status, words in page.words, "/portal" in page.links) == (status, True, True), page.words
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_a_page_of_what_cannot_be_read_is_over_https_like_any_other() -> None:
    secure = {"PATH_INFO": "/portal/licenses", "QUERY_STRING": "page=%ff", "HTTP_X_FORWARDED_PROTO": "https"}
    for environ in (secure, secure | {"PATH_INFO": "/portal/\xff", "QUERY_STRING": ""}):
        assert "Strict-Transport-Security" in over_wsgi(environ).headers


def test_what_an_application_sends_that_cannot_be_read_is_an_error_all_the_same() -> None:
    for path in ("/api/v4/check_license?hostname=%ff", "/nothing?x=%ff"):
        assert request(path, {"Accept": "application/json"}).json()["code"] == "validation_error"
    assert request("/api/v4/check_license?hostname=%ff", BROWSER).json()["code"] == "validation_error"
