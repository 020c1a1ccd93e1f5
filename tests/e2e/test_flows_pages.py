"""Every page of the route table, in a browser: axe-core finds nothing wrong with it, it fits into any window, and it is
light on the wire.
"""

from collections.abc import Callable
from dataclasses import dataclass

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.domain.events import Actor
from chalicelib.domain.session import SessionClaims
from chalicelib.portal.request import SESSION_COOKIE
from chalicelib.portal.routes import TABLE
from chalicelib.store import accounts
from chalicelib.store.sessions import session_key
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.session_list import note_session
from chalicelib.usecases.sessions import open_session, to_cookie
from chalicelib.web import clock
from infra.serve import Server
from tests.e2e import showcase
from tests.e2e.browser import axe
from tests.e2e.site import USER, Site, let_in
from tests.e2e.steps import actions, choose, confirmed, follow, refused, row, send
from tests.e2e.test_widths import OUTSIDE
from tests.e2e.weight import first_visit_bytes, next_visit_bytes
from tests.usecases.people import issued

MOST_BYTES, MOST_BYTES_WARM = 60_000, 10_000
"""Of a first visit, and of one with what the browser has kept, compressed as they are served."""
WIDTHS = (390, 768, 1024, 1280, 1440, 1920)
"""Of a window, in CSS pixels."""
NO_PAGES = {
    "batch.result",
    "exports.licenses",
    "exports.people",
    "exports.of_license",
    "assets.logo",
    "assets.theme",
    "assets.static",
}
NO_PAGES |= {"nowhere.nowhere"}
NO_PAGES |= {"log_in.code", "second_factor.codes", "second_factor.off", "passkeys.remove"}
"""Screens that answer no page of their own: they lead on, or are what a page loads. Or none to who has no second
factor: tests/e2e/test_flows_second_factor.py, test_flows_passkeys.py.
"""
PAGES = [path for path, screen, methods in TABLE if "GET" in methods and screen not in NO_PAGES]
FOR_EVERYBODY = [path for path, screen, _ in TABLE if screen.startswith(("log_in.", "invitation."))]
DON = "don.joe@studio-nord.example"


@dataclass(frozen=True, slots=True)
class Full:
    """A company with something on every page."""

    names: dict[str, object]
    """What stands for the parts of a path."""
    link: str
    """Of an invitation."""
    manager: SessionClaims
    user: SessionClaims

    def address(self, path: str) -> str:
        """Where a page is."""
        return path.format(**self.names) + (f"?link={self.link}" if path == "/portal/invitation" else "")

    def who(self, path: str) -> SessionClaims | None:
        """Whose session a page is looked at with: a license user's, for the pages of the own devices."""
        if path in FOR_EVERYBODY:
            return None
        return self.user if path.startswith("/portal/seats") else self.manager


@pytest.fixture(scope="module")
def full() -> Full:
    now = clock.now()
    made = showcase.make(now)
    by = Actor(f"user:{showcase.MANAGER}")
    batch_id = start_batch(showcase.COMPANY, made.license.id, "last@studio-nord.example", True, by, now=now)
    elsewhere = session(showcase.MANAGER)
    note_session(elsewhere, "Firefox (Windows)", "192.0.2.1", now=now)
    names = {"license_id": made.license.id, "user_id": made.user_id, "device": made.device, "batch_id": batch_id}
    names["session"] = session_key(elsewhere.token)
    return Full(names, made.link, session(showcase.MANAGER), session(DON))


def session(email: str) -> SessionClaims:
    user = accounts.read_user(showcase.COMPANY, accounts.user_of_email(showcase.COMPANY, email) or 0)
    assert user is not None
    return open_session(user, now=clock.now())


@pytest.fixture
def still_page(page: playwright.Page) -> playwright.Page:
    """A page that stands still: without our script, which goes on with a batch by itself."""
    page.route("**/static/portal.*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    return page


@pytest.mark.usefixtures("axe_core")
@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("language", ["en", "de"])
def test_axe_finds_nothing_on_any_page(
    language: str, part: int, still_page: playwright.Page, server: Server, full: Full
) -> None:
    still_page.set_extra_http_headers({"Accept-Language": language})
    for path in PAGES[part::3]:
        enter(still_page, path, language, server, full)
        axe(still_page)


@pytest.mark.parametrize("language", ["en", "de"])
def test_nothing_runs_out_of_its_card_or_the_window_on_any_page(
    language: str, plain_page: playwright.Page, server: Server, full: Full
) -> None:
    """As it comes from the server; tests/e2e/test_widths.py opens menus, too, on lists with much longer names."""
    plain_page.set_extra_http_headers({"Accept-Language": language})
    found: dict[str, list[str]] = {}
    for path in (*PAGES, "/portal/search?search=don"):
        enter(plain_page, path, language, server, full)
        for width in WIDTHS:
            plain_page.set_viewport_size({"width": width, "height": 900})
            found[f"{path} at {width}"] = plain_page.evaluate(OUTSIDE)
    assert {where: outside for where, outside in found.items() if outside} == {}


def enter(page: playwright.Page, path: str, language: str, server: Server, full: Full) -> None:
    """Open a page as who may see it."""
    page.context.clear_cookies()
    claims = full.who(path)
    if claims is not None:
        let_in(page, server.base_url, claims)
    address = full.address(path)
    answer = page.goto(address)
    assert answer is not None
    assert (answer.status, answer.url) == (200, f"{server.base_url}{address}")
    expect(page.locator("html")).to_have_attribute("lang", language)


def test_a_first_visit_of_any_page_is_light(server: Server, full: Full) -> None:
    heavy = {path: size for path in PAGES if (size := weight(server, path, full, first_visit_bytes)) > MOST_BYTES}
    assert heavy == {}


def test_one_more_visit_of_any_page_is_lighter(server: Server, full: Full) -> None:
    heavy = {path: size for path in PAGES if (size := weight(server, path, full, next_visit_bytes)) > MOST_BYTES_WARM}
    assert heavy == {}


def weight(server: Server, path: str, full: Full, visit: Callable[[str, str, dict[str, str]], int]) -> int:
    claims = full.who(path)
    cookies = {} if claims is None else {SESSION_COOKIE: to_cookie(claims)}
    return visit(server.base_url, full.address(path), cookies)


def test_a_list_is_light_with_all_rows_that_a_page_has(site: Site) -> None:
    license = issued(site.vendor, max_activations=100, max_license_users=100)
    for number in range(25):
        issued(site.vendor, "viewer", order_id=f"ORDER-{number}")
        email = f"user{number}@customer.test"
        _, password = site.vendor.assign(license, email)
        report = {"hostname": f"HOST-{number}", "os_ver": "Windows 11 Pro 24H2"}
        site.vendor.activate(email, f"0cc175b9-{number}", password, license_id=license.id, report=report)
    cookies = {SESSION_COOKIE: site.session()}
    for path in ("", *(f"/{license.id}{rest}" for rest in ("", "/users", "/devices", "/history"))):
        assert first_visit_bytes(site.base_url, f"/portal/licenses{path}", cookies) <= MOST_BYTES
        assert next_visit_bytes(site.base_url, f"/portal/licenses{path}", cookies) <= MOST_BYTES_WARM


@pytest.mark.usefixtures("axe_core")
def test_axe_finds_nothing_in_a_menu_a_dialog_and_what_they_lead_to(page: playwright.Page, site: Site) -> None:
    site.vendor.activate(USER, "pc", site.initial_password, report={"hostname": "DON-PC"})
    site.enter(page, site.at(site.license, "/users"))
    actions(page, USER).click()
    axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="What does “Initial password” mean?").click()
    expect(page.get_by_text("The first password, made by us.")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    row(page, USER).get_by_role("link", name="Show").click()
    expect(row(page, USER).locator("output")).to_be_visible()
    follow(page, "Assign license user")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page)
    send(page, "Assign", email=USER)
    refused(page, "This email is already assigned to the license.")
    axe(page)
    send(page, "Assign", email="ann@customer.test")
    confirmed(page, "ann@customer.test was assigned.")
    axe(page)
    page.goto(site.at(site.license, "/devices"))
    choose(page, "DON-PC", "Details")
    expect(page.locator(".unfolded")).to_be_visible()
    axe(page)


@pytest.mark.usefixtures("axe_core")
def test_axe_finds_nothing_in_a_preview_a_result_an_error_and_an_empty_list(page: playwright.Page, site: Site) -> None:
    site.enter(page, site.at(site.license, "/users/batch"))
    axe(page)
    page.goto(site.at(site.license, "/users/assign"))
    send(page, "Assign", email=f"ann@customer.test\n{USER}")
    expect(page.get_by_role("heading", name="Preview", exact=True)).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Result")
    axe(page)
    empty = ("/portal/licenses?search=nothing", site.at(site.license, "/devices"))
    for path in ("/portal/licenses/1", "/portal/invitation", *empty):
        page.goto(path)
        axe(page)
