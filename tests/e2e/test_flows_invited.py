"""The overview says who was invited and has never logged in, and they are invited again from there."""

import playwright.sync_api as playwright
from playwright.sync_api import expect

from chalicelib.usecases.assign_user import assign_user
from tests.e2e.site import Site
from tests.e2e.steps import confirmed, form, runs_scripts, send
from tests.support import ADMIN, DAY

ANN = "ann.lee@customer.test"


def test_who_has_never_logged_in_is_invited_again_from_the_overview(either_page: playwright.Page, site: Site) -> None:
    assign_user(site.company, site.license.id, ANN, 1, ADMIN, invite=True, now=site.vendor.now - DAY)
    site.enter(either_page)
    if not runs_scripts(either_page):
        either_page.get_by_role("link", name="Who was invited and has never logged in").click()
    said = either_page.locator("#invited")
    if runs_scripts(either_page):  # which comes after the page, and is counted then
        expect(either_page.locator("#needs")).to_have_text("Needs you (1)")
    expect(said).to_contain_text("One person was invited and has never logged in.")
    said.get_by_role("link", name="Send again").click()
    expect(form(either_page).get_by_role("listitem")).to_have_text([ANN])
    send(either_page, "Send again (1)")
    confirmed(either_page, "One invitation is on its way.")
    expect(said.get_by_role("link", name="Send again")).to_have_count(0)
