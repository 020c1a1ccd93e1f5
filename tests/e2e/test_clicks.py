"""How many clicks it takes: all are counted, keys are not. What docs/portal.md says of it comes from here."""

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.usecases.initial_password import initial_password
from tests.e2e.site import USER, Site
from tests.e2e.steps import at_rest, choose, clicks, clipboard, count_clicks, follow, form, send
from tests.usecases.people import account

ANN, BEN = "ann.lee@customer.test", "ben.hartmann@customer.test"


@pytest.fixture
def users(page: playwright.Page, site: Site) -> playwright.Page:
    """The list of users, where nothing was clicked yet."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    count_clicks(page)
    site.enter(page, site.at(site.license, "/users"))
    return page


def fill_in(page: playwright.Page, email: str, button: str) -> None:
    """Nobody clicks into the field for the email, which has the focus. The way in is chosen where it has to be."""
    expect(form(page).get_by_label("Email")).to_be_focused()
    page.keyboard.type(email)
    if not (show := form(page).get_by_label("Show an initial password")).is_checked():
        show.check()
    send(page, button)
    page.locator(".flash").get_by_role("link", name="Copy the initial password").click()


def test_from_the_list_of_users_to_the_initial_password_on_the_clipboard(users: playwright.Page, site: Site) -> None:
    counts = []
    for email in (ANN, BEN):
        before = clicks(users)
        follow(users, "Assign license user")
        fill_in(users, email, "Confirm")
        assert clipboard(users) == initial_password(account(site.vendor, email))
        counts.append(clicks(users) - before)
    assert counts == [4, 3]  # the second time it is known how people get in


def test_from_the_list_of_users_to_the_password_of_who_comes_in_the_place_of_another(
    users: playwright.Page, site: Site
) -> None:
    counts = []
    for leaves, comes in ((USER, ANN), (ANN, BEN)):
        before = clicks(users)
        choose(users, leaves, "Replace")
        fill_in(users, comes, f"Replace {leaves}")
        assert clipboard(users) == initial_password(account(site.vendor, comes))
        counts.append(clicks(users) - before)
        at_rest(users)
    assert counts == [5, 4]
