"""Two-factor log-in in a browser: set up, asked for, in a form whose session has ended, and turned off."""

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.domain.second_factor import STEP_MS, app_code
from chalicelib.usecases.company_policy import require_second_factor
from chalicelib.web import clock
from tests.e2e.browser import axe, log_in
from tests.e2e.site import Site
from tests.e2e.steps import confirmed, follow, refused, send
from tests.support import ADMIN
from tests.usecases.people import MANAGER, PASSWORD, Protected, protected


def shown_by_app(secret: str, ahead: int = 0) -> str:
    """What an app shows whose clock is so many steps ahead: one is taken, and its code was not used before."""
    return app_code(secret, clock.now() // STEP_MS + ahead)


def set_up(page: playwright.Page) -> tuple[str, list[str]]:
    """Set up in the open form; answers the secret and the recovery codes."""
    secret = page.locator("#form output").inner_text().replace(" ", "")
    expect(page.locator("#form svg")).to_be_visible()
    send(page, "Turn it on", code="1", your_password=PASSWORD)
    refused(page, "This code is wrong.")
    send(page, "Turn it on", code=shown_by_app(secret), your_password=PASSWORD)
    confirmed(page, "Two-factor log-in is on.")
    return secret, page.locator(".codes output").inner_text().split()


def enter_code(page: playwright.Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in").click()


def test_it_is_set_up_asked_for_and_turned_off(either_page: playwright.Page, site: Site) -> None:
    page = either_page
    site.enter(page, "/portal/account")
    follow(page, "Set it up")
    secret, codes = set_up(page)
    assert len(codes) == 10
    page.get_by_role("button", name="Log out").click()
    log_in(page, site.company, MANAGER, PASSWORD)
    expect(page).to_have_url(f"{site.base_url}/portal/log-in/code?next=")
    enter_code(page, "12")
    expect(page.get_by_role("alert")).to_have_text("This code is wrong, or a recovery code that was used already.")
    enter_code(page, shown_by_app(secret, 1))
    expect(page).to_have_url(f"{site.base_url}/portal")
    page.goto("/portal/account")
    follow(page, "Turn it off")
    send(page, "Turn it off", code=PASSWORD)
    refused(page, "This code is wrong, or a recovery code that was used already.")
    send(page, "Turn it off", code=codes[0])
    confirmed(page, "Two-factor log-in is off.")


@pytest.mark.usefixtures("axe_core")
def test_axe_finds_nothing_on_the_pages_of_who_has_it(page: playwright.Page, site: Site) -> None:
    owner = protected(site.vendor, MANAGER)
    page.goto("/portal/log-in")
    log_in(page, site.company, MANAGER, PASSWORD)
    axe(page)
    enter_code(page, "12")
    expect(page.get_by_role("alert")).to_be_visible()
    axe(page)
    enter_code(page, owner.recovery_codes[0])
    expect(page).to_have_url(f"{site.base_url}/portal")
    for path in ("codes", "off"):
        page.goto(f"/portal/account/second-factor/{path}")
        axe(page)
    page.goto("/portal/account/second-factor/codes")
    send(page, "Make new codes", code=owner.recovery_codes[1])
    confirmed(page, "You have new recovery codes.")
    axe(page)


def test_a_manager_of_whom_it_is_asked_sets_it_up_and_goes_on(either_page: playwright.Page, site: Site) -> None:
    require_second_factor(site.company, "managers", ADMIN, now=clock.now())
    site.log_in(either_page)
    expect(either_page).to_have_url(f"{site.base_url}/portal/account/second-factor")
    expect(either_page.get_by_role("navigation")).to_have_count(0)
    set_up(either_page)
    either_page.get_by_role("link", name="Licenses").click()
    expect(either_page).to_have_url(f"{site.base_url}/portal/licenses")


def test_a_form_whose_session_has_ended_asks_for_the_code_too_and_goes_on(page: playwright.Page, site: Site) -> None:
    owner: Protected = protected(site.vendor, MANAGER)
    site.enter(page, site.at(site.license, "/name"))
    page.get_by_role("textbox", name="Name").fill("Büro Berlin")
    page.context.clear_cookies(name="seatkeeper")
    page.get_by_role("button", name="Save").click()
    again = page.locator("#again")
    again.get_by_label("Password").fill(PASSWORD)
    again.get_by_role("button", name="Log in").click()
    again.locator("[name=code]").fill("12")
    again.get_by_role("button", name="Log in").click()
    expect(again.get_by_role("alert")).to_have_text("This code is wrong, or a recovery code that was used already.")
    again.locator("[name=code]").fill(shown_by_app(owner.secret, 1))
    again.get_by_role("button", name="Log in").click()
    expect(page.locator(".head h1")).to_contain_text("Büro Berlin")
