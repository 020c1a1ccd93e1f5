"""Passkeys in a browser, with an authenticator that Chromium itself plays: added, asked for, removed.

Browsers let no page at an address of numbers have passkeys: the server of these tests is `localhost`.
"""

import os
from collections.abc import Iterator
from typing import Any

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.usecases.company_policy import require_second_factor
from chalicelib.web import clock
from infra import serve
from tests.e2e.browser import axe, log_in, watched
from tests.e2e.site import Site
from tests.e2e.steps import confirmed, follow, refused, send
from tests.support import ADMIN
from tests.usecases.people import MANAGER, PASSWORD

HINT = "This browser cannot make passkeys"


@pytest.fixture(scope="module")
def local_url() -> Iterator[str]:
    """A server that knows its address by name."""
    with serve.listen(0) as listening:
        base_url = f"http://localhost:{listening.getsockname()[1]}"
        environment = dict(os.environ) | {"SEATKEEPER_PORTAL_URL": base_url}
        with serve.start(environment, listening=listening):
            yield base_url


@pytest.fixture
def site(local_url: str) -> Site:
    return Site(local_url)


@pytest.fixture
def page(browser: playwright.Browser, local_url: str) -> Iterator[playwright.Page]:
    with watched(browser, local_url) as (page, faults):
        yield page
    assert faults == []


@pytest.fixture
def plain_page(browser: playwright.Browser, local_url: str) -> Iterator[playwright.Page]:
    with watched(browser, local_url, java_script_enabled=False) as (page, faults):
        yield page
    assert faults == []


class Held:
    """A security key in the computer, and the finger of its owner."""

    def __init__(self, page: playwright.Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "usb",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
        }
        self._id = self._send("WebAuthn.addVirtualAuthenticator", options=options)["authenticatorId"]

    def lose(self) -> None:
        """Let it know none of its passkeys any more."""
        self._send("WebAuthn.clearCredentials", authenticatorId=self._id)

    def take_out(self) -> None:
        self._send("WebAuthn.removeVirtualAuthenticator", authenticatorId=self._id)

    def _send(self, method: str, **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._session.send(method, given)
        return answer


def add(page: playwright.Page, name: str) -> None:
    """Add a passkey in the open form."""
    send(page, "Make the passkey", name=name, your_password=PASSWORD)


def again(page: playwright.Page, site: Site) -> None:
    """Log out, and enter the password."""
    page.get_by_role("button", name="Log out").click()
    log_in(page, site.company, MANAGER, PASSWORD)
    expect(page.get_by_role("heading", name="Two-factor log-in")).to_be_visible()


def test_it_is_added_asked_for_and_removed(page: playwright.Page, site: Site) -> None:
    Held(page)
    site.enter(page, "/portal/account")
    follow(page, "Add a passkey")
    add(page, "Security key")
    confirmed(page, "Two-factor log-in is on.")
    assert len(page.locator(".codes output").inner_text().split()) == 10
    again(page, site)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{site.base_url}/portal")
    page.goto("/portal/account")
    expect(page.locator(".sessions").first).to_contain_text("last used")
    follow(page, "Remove the passkey Security key")
    expect(page.locator("#form")).to_contain_text("two-factor log-in is off then")
    page.locator("#form").get_by_role("button", name="Use a passkey").click()
    confirmed(page, "The passkey was removed.")
    expect(page.locator("main")).to_contain_text("It is off.")


def test_a_wrong_password_comes_back_without_another_passkey(page: playwright.Page, site: Site) -> None:
    held = Held(page)
    site.enter(page, "/portal/account/passkeys/add")
    send(page, "Make the passkey", name="Security key", your_password="another")
    refused(page, "This is not your current password.")
    held.take_out()
    send(page, "Make the passkey", your_password=PASSWORD)
    confirmed(page, "Two-factor log-in is on.")


def test_who_has_it_not_at_hand_is_told_and_enters_a_recovery_code(page: playwright.Page, site: Site) -> None:
    held = Held(page)
    site.enter(page, "/portal/account/passkeys/add")
    add(page, "Security key")
    confirmed(page, "Two-factor log-in is on.")
    codes = page.locator(".codes output").inner_text().split()
    held.lose()
    again(page, site)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("#trouble")).to_have_text("No passkey was used. Try again, or choose another way.")
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{site.base_url}/portal")


def test_a_manager_of_whom_a_second_factor_is_asked_takes_a_passkey(page: playwright.Page, site: Site) -> None:
    Held(page)
    require_second_factor(site.company, "managers", ADMIN, now=clock.now())
    site.log_in(page)
    follow(page, "add a passkey")
    add(page, "Security key")
    confirmed(page, "Two-factor log-in is on.")
    page.get_by_role("link", name="Licenses").click()
    expect(page).to_have_url(f"{site.base_url}/portal/licenses")


def test_a_form_whose_session_has_ended_takes_a_passkey_too_and_goes_on(page: playwright.Page, site: Site) -> None:
    Held(page)
    site.enter(page, "/portal/account/passkeys/add")
    add(page, "Security key")
    confirmed(page, "Two-factor log-in is on.")
    page.goto(site.at(site.license, "/name"))
    page.get_by_role("textbox", name="Name").fill("Büro Berlin")
    page.context.clear_cookies(name="seatkeeper")
    page.get_by_role("button", name="Save").click()
    asked = page.locator("#again")
    asked.get_by_label("Password").fill(PASSWORD)
    asked.get_by_role("button", name="Log in").click()
    asked.get_by_role("button", name="Use a passkey").click()
    expect(page.locator(".head h1")).to_contain_text("Büro Berlin")


def test_without_javascript_no_button_is_shown_and_the_page_says_why(plain_page: playwright.Page, site: Site) -> None:
    site.enter(plain_page, "/portal/account")
    expect(plain_page.get_by_role("link", name="Add a passkey")).to_be_hidden()
    expect(plain_page.get_by_text(HINT)).to_be_visible()
    plain_page.goto("/portal/account/passkeys/add")
    expect(plain_page.get_by_role("button", name="Make the passkey")).to_be_hidden()


@pytest.mark.usefixtures("axe_core")
def test_axe_finds_nothing_on_the_pages_of_who_has_one(page: playwright.Page, site: Site) -> None:
    Held(page)
    site.enter(page, "/portal/account")
    axe(page)
    page.goto("/portal/account/passkeys/add")
    axe(page)
    add(page, "Security key")
    confirmed(page, "Two-factor log-in is on.")
    axe(page)
    page.goto(page.get_by_role("link", name="Remove the passkey").get_attribute("href") or "")
    axe(page)
    again(page, site)
    axe(page)
