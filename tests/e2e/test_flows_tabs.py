"""Two tabs of one browser: what somebody does in one of them, and sends in the other one afterwards."""

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.languages import Reader, gettext, writing_for
from chalicelib.usecases.delete_license import delete_license
from tests.e2e.flows import HOST, NEW_PASSWORD
from tests.e2e.site import USER, Site
from tests.e2e.steps import choose, choose_for_license, confirmed, follow, form, refused, row, send
from tests.support import ADMIN
from tests.usecases.people import MANAGER, PASSWORD

NEW = "new@customer.test"
GONE = "This user no longer has a seat on the license."


@pytest.fixture
def typed(page: playwright.Page, site: Site) -> playwright.Page:
    """The first tab: somebody is typed who is to be assigned."""
    site.log_in(page)
    page.goto(site.at(site.license, "/users"))
    follow(page, "Assign license user")
    form(page).get_by_label("Email").first.fill(NEW)
    form(page).get_by_label("First name").fill("Nora")
    return page


@pytest.fixture
def other(typed: playwright.Page) -> playwright.Page:
    """The second one, at the account."""
    tab = typed.context.new_page()
    tab.goto("/portal/account")
    return tab


def log_out(tab: playwright.Page) -> None:
    tab.get_by_role("button", name="Log out").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Log in")


def change_password(tab: playwright.Page) -> None:
    follow(tab, "Change password")
    send(tab, "Set the password", current_password=PASSWORD, new_password=NEW_PASSWORD, repeat=NEW_PASSWORD)
    confirmed(tab, "Your new password is set. All other sessions have ended.")


def assigned(page: playwright.Page, site: Site) -> None:
    """Who was typed has a seat, with the name that was typed, and has it once."""
    confirmed(page, f"{NEW} was assigned.")
    expect(row(page, NEW)).to_contain_text("Nora")
    assert site.vendor.stored(site.license).users_assigned == 2


def log_in_again(page: playwright.Page, company: str, password: str) -> None:
    """In the dialog that asks for it, where all but the password is filled in."""
    again = page.get_by_role("dialog", name="Log in again")
    expect(again).to_contain_text("Your session has ended. Log in, and what you typed is sent.")
    expect(again.get_by_label("Company code")).to_have_value(company)
    expect(again.get_by_label("Email")).to_have_value(MANAGER)
    again.get_by_label("Password").fill(password)
    again.get_by_role("button", name="Log in").click()


def test_who_has_logged_out_in_another_tab_logs_in_in_place_and_the_form_goes_on(
    typed: playwright.Page, other: playwright.Page, site: Site
) -> None:
    log_out(other)
    send(typed, "Assign")
    log_in_again(typed, site.company, PASSWORD)
    assigned(typed, site)


def test_who_has_logged_in_again_in_another_tab_is_told_and_sends_what_was_typed_once_more(
    typed: playwright.Page, other: playwright.Page, site: Site
) -> None:
    log_out(other)
    site.log_in(other)
    send(typed, "Assign")
    refused(typed, "This form has expired. Here is a new one with what you typed: please send it again.")
    expect(form(typed).get_by_label("First name")).to_have_value("Nora")
    send(typed, "Assign")
    assigned(typed, site)


def test_a_password_that_was_changed_in_another_tab_costs_a_form_nothing(
    typed: playwright.Page, other: playwright.Page, site: Site
) -> None:
    change_password(other)
    send(typed, "Assign")
    assigned(typed, site)


def test_sessions_that_were_ended_in_another_tab_were_those_of_other_browsers(
    typed: playwright.Page, other: playwright.Page, second_page: playwright.Page, site: Site
) -> None:
    site.log_in(second_page)
    other.reload()
    follow(other, "End other sessions")
    send(other, "End other sessions")
    confirmed(other, "All other sessions have ended.")
    send(typed, "Assign")
    assigned(typed, site)


@pytest.mark.parametrize("by_password", [True, False])
def test_who_has_ended_this_session_in_another_browser_logs_in_in_place_and_the_form_goes_on(
    typed: playwright.Page, second_page: playwright.Page, site: Site, by_password: bool
) -> None:
    site.log_in(second_page)
    second_page.goto("/portal/account")
    if by_password:
        change_password(second_page)
    else:
        follow(second_page, "End other sessions")
        send(second_page, "End other sessions")
        confirmed(second_page, "All other sessions have ended.")
    send(typed, "Assign")
    log_in_again(typed, site.company, NEW_PASSWORD if by_password else PASSWORD)
    assigned(typed, site)


def test_a_form_goes_on_in_the_language_that_was_chosen_in_another_tab_and_the_page_says_which(
    typed: playwright.Page, other: playwright.Page, site: Site
) -> None:
    form(typed).get_by_label("Email").first.fill(USER)
    follow(other, "Choose language and time zone")
    form(other).get_by_label("Language").select_option("Deutsch")
    send(other, "Save")
    expect(other.locator("html")).to_have_attribute("lang", "de")
    send(typed, "Assign")
    with writing_for(Reader("de")):
        refused(typed, gettext("This email is already assigned to the license."))
        assert form(typed).evaluate("form => form.closest('[lang]').lang") == "de"
        send(typed, "Assign", email=NEW)
        confirmed(typed, f"{NEW} wurde zugewiesen.")
        expect(typed.locator("html")).to_have_attribute("lang", "de")
        follow(typed, "Assign license user")
        expect(form(typed).get_by_role("heading")).to_have_text(gettext("Assign license user"))
        expect(typed.locator("body")).to_have_attribute("data-copied", gettext("Copied"))


ABOUT_A_USER = {
    "Set max activations": {"max_activations": "2"},
    "Replace…": {"email": "x@customer.test"},
}
"""What is chosen from the menu of a user, and typed."""


@pytest.mark.parametrize("action", ABOUT_A_USER)
def test_a_form_about_a_user_who_was_removed_in_another_tab_says_so(
    page: playwright.Page, site: Site, action: str
) -> None:
    site.enter(page, site.at(site.license, "/users"))
    choose(page, USER, action)
    expect(form(page)).to_be_visible()
    remove_in_another_tab(page, site)
    for name, text in ABOUT_A_USER[action].items():
        form(page).get_by_label(name.replace("_", " ").capitalize()).first.fill(text)
    form(page).get_by_role("button").first.click()
    refused(page, GONE)
    expect(page.get_by_role("heading", name="License for: Revit")).to_have_count(1)


def remove_in_another_tab(page: playwright.Page, site: Site) -> None:
    tab = page.context.new_page()
    tab.goto(site.at(site.license, "/users"))
    choose(tab, USER, "Remove user")
    send(tab, f"Remove {USER}")
    confirmed(tab, f"{USER} was removed.")
    tab.close()


def test_the_password_of_a_user_who_was_removed_in_another_tab_is_a_page_that_says_so(
    page: playwright.Page, site: Site
) -> None:
    site.enter(page, site.at(site.license, "/users"))
    remove_in_another_tab(page, site)
    row(page, USER).get_by_role("link", name="Copy").click()
    expect(page.get_by_role("alert")).to_have_text(GONE)


def test_users_of_whom_one_was_removed_in_another_tab_are_changed_but_for_that_one(
    page: playwright.Page, site: Site
) -> None:
    site.vendor.assign(site.license, NEW)
    site.enter(page, site.at(site.license, "/users"))
    page.get_by_role("checkbox", name="Select all").check()
    page.get_by_role("form", name="Selected users").get_by_role("button", name="Set max activations").click()
    form(page).get_by_label("Max activations").fill("3")
    remove_in_another_tab(page, site)
    send(page, "Set max activations")
    confirmed(page, "The limit of one of 2 users is set.")
    confirmed(page, "One of them no longer has a seat on the license.")


def test_a_device_that_was_reset_in_another_tab_is_not_reset_twice(page: playwright.Page, site: Site) -> None:
    site.vendor.activate(USER, "pc", site.initial_password, report={"hostname": HOST})
    site.enter(page, site.at(site.license, "/devices"))
    choose(page, HOST, "Reset")
    expect(form(page)).to_be_visible()
    site.vendor.deactivate(USER, "pc")
    send(page, f"Reset {HOST}")
    confirmed(page, f"{HOST} was no longer active. Nothing was changed.")


def test_a_session_that_was_ended_in_another_tab_is_not_in_the_list_any_more(
    page: playwright.Page, second_page: playwright.Page, site: Site
) -> None:
    site.log_in(second_page)
    site.log_in(page)
    page.goto("/portal/account")
    page.locator(".sessions").get_by_role("link", name="End").click()
    expect(form(page)).to_be_visible()
    log_out(second_page)
    send(page, "End session")
    expect(page.get_by_role("alert")).to_be_visible()


def test_a_form_about_a_license_that_is_gone_says_so(page: playwright.Page, site: Site) -> None:
    site.enter(page, site.at(site.license))
    choose_for_license(page, "Pause license")
    expect(form(page)).to_be_visible()
    delete_license(site.company, site.license.id, ADMIN, now=site.vendor.now)
    form(page).get_by_role("button").first.click()
    refused(page, "There is no such license here.")
