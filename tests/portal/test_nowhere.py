"""Addresses that people type: the server's own leads to the portal, and a wrong one is a page that leads back."""

import httpx
import pytest

from chalicelib.domain.license import License
from tests.portal.browser import Browser, Page
from tests.support import Vendor
from tests.usecases.people import issued

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PROGRAMS: tuple[dict[str, str], ...] = ({}, {"Accept": "*/*"}, {"Accept": "application/json"})


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor)


def ask(path: str, headers: dict[str, str], method: str = "GET") -> httpx.Response:
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
    answer = ask(path, headers)
    page = Page(answer)
    assert (page.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "/portal" in page.links
    assert any("portal." in loaded and loaded.endswith(".css") for loaded in page.loads)
    assert "There is nothing at this address." in page.words


def test_a_form_that_is_sent_to_a_wrong_address_is_answered_by_the_same_page() -> None:
    assert "There is nothing at this address." in Page(ask("/portal/nothing/at/all", BROWSER, "POST")).words


def test_an_address_that_only_takes_forms_is_a_page_in_a_browser(manager: Browser) -> None:
    for path in ("/portal/log-out", "/portal/licenses/1/users/batch/start"):
        answer = manager.http.get(path, headers=BROWSER)
        assert (answer.status_code, Page(answer).links[-1]) == (404, "/portal")
        assert ask(path, {}).json()["code"] == "method_not_allowed"


def test_other_wrong_addresses_are_pages_in_a_browser_and_errors_for_applications() -> None:
    for path in ("/nothing", "/index.html", "/static"):
        assert "/portal" in Page(ask(path, BROWSER)).links
        assert [ask(path, headers).json()["code"] for headers in PROGRAMS] == ["not_found"] * 3
    for path in ("/api/v4/nothing", "/api/nothing"):
        assert ask(path, BROWSER).json()["code"] == "not_found"


def test_the_servers_own_address_leads_a_browser_to_the_portal_and_tells_an_application_what_answers() -> None:
    for headers in (BROWSER, {"Accept": "application/xml, Text/HTML;q=0.9"}):
        led = ask("/", headers)
        assert (led.status_code, led.headers["Location"], led.headers["Cache-Control"]) == (303, "/portal", "no-store")
    assert Browser(**BROWSER).get("/").path == "/portal/log-in"
    for headers in PROGRAMS:
        assert ask("/", headers).json()["name"] == "Seatkeeper"
