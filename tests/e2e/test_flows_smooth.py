"""What JavaScript makes smoother, what the keyboard does alone, and what happens twice or at once."""

import re
from dataclasses import dataclass

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.domain.events import EventType
from chalicelib.domain.license import License
from chalicelib.store import accounts
from tests.e2e.site import USER, Site
from tests.e2e.steps import actions, choose, confirmed, follow, form, refused, row, send
from tests.support import Vendor
from tests.usecases.people import MANAGER, PASSWORD, chosen, issued

NEW, RIVAL = "ann.lee@customer.test", "rival@customer.test"
ALL_ASSIGNED = "All users of this license are assigned. Remove one first, or ask your vendor for more users."
SECOND_MANAGER = "second.manager@customer.test"


def at_users(site: Site, page: playwright.Page, email: str = MANAGER) -> None:
    site.enter(page, site.at(site.license, "/users"), email)


def focus_is_inside(within: playwright.Locator) -> None:
    expect(within.locator(":focus")).to_have_count(1)


def events(site: Site, kind: EventType) -> int:
    return [event.type for event in site.vendor.history(site.license)].count(kind)


# --- a form in a dialog -----------------------------------------------------------------------------------------


def test_a_form_opens_in_a_dialog_that_has_the_focus_and_esc_gives_it_back(page: playwright.Page, site: Site) -> None:
    at_users(site, page)
    opener = page.get_by_role("link", name="Assign license user")
    opener.click()
    dialog = page.get_by_role("dialog", name="Assign license user")
    focus_is_inside(dialog)
    for _ in range(12):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    expect(page).to_have_url(f"{site.base_url}{site.at(site.license, '/users')}")


def test_cancel_closes_the_dialog_of_a_row_and_the_focus_returns_to_its_menu(page: playwright.Page, site: Site) -> None:
    at_users(site, page)
    choose(page, USER, "Remove user")
    dialog = page.get_by_role("dialog", name="Remove user")
    focus_is_inside(dialog)
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(actions(page, USER)).to_be_focused()


def test_an_undo_is_gone_after_ten_seconds_but_not_under_ones_hands(page: playwright.Page, site: Site) -> None:
    page.clock.install()
    at_users(site, page)
    choose(page, USER, "Remove user")
    send(page, f"Remove {USER}")
    undo = page.get_by_role("button", name="Undo")
    undo.focus()
    page.clock.fast_forward(10_500)
    expect(undo).to_be_visible()
    page.keyboard.press("Tab")
    page.clock.fast_forward(10_500)
    expect(undo).to_have_count(0)
    confirmed(page, f"{USER} was removed.")


def test_a_form_that_is_refused_comes_back_in_the_dialog_with_what_was_typed(page: playwright.Page, site: Site) -> None:
    at_users(site, page)
    follow(page, "Assign license user")
    send(page, "Assign", email=USER, first_name="Don")
    refused(page, "This email is already assigned to the license.")
    dialog = page.get_by_role("dialog", name="Assign license user")
    expect(dialog.get_by_label("Email")).to_have_value(USER)
    expect(dialog.get_by_label("First name")).to_have_value("Don")
    expect(dialog.get_by_role("alert")).to_be_focused()
    expect(page).to_have_url(f"{site.base_url}{site.at(site.license, '/users')}")
    expect(page.get_by_role("heading", name="License for: Revit")).to_have_count(1)
    send(page, "Assign", email=NEW)
    confirmed(page, f"{NEW} was assigned.")
    expect(dialog).to_be_hidden()


def test_the_initial_password_is_shown_in_its_row_and_copied(page: playwright.Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    at_users(site, page)
    row(page, USER).get_by_role("link", name="Show").click()
    copy = row(page, USER).get_by_role("button", name="Copy")
    expect(copy).to_be_focused()
    expect(row(page, USER).locator("output")).to_have_text(site.initial_password)
    copy.click()
    expect(page.locator("body > .live")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == site.initial_password


def test_the_initial_password_is_copied_without_being_shown(page: playwright.Page, site: Site) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    at_users(site, page)
    row(page, USER).get_by_role("link", name="Copy").click()
    expect(page.locator("body > .live")).to_have_text("Copied")
    expect(row(page, USER).get_by_role("link", name="Copied")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == site.initial_password
    assert site.initial_password not in page.content()


def test_what_cannot_be_copied_is_selected(page: playwright.Page, site: Site) -> None:
    at_users(site, page)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    follow(page, "Show the initial password")
    row(page, USER).get_by_role("button", name="Copy").click()
    expect(page.locator("body > .live")).to_have_text("It is selected: copy it by hand.")
    assert page.evaluate("getSelection().toString()") == site.initial_password


def test_a_menu_closes_on_esc_and_on_a_click_elsewhere(either_page: playwright.Page, site: Site) -> None:
    page = either_page
    at_users(site, page)
    menu = row(page, USER).locator(".menu")
    actions(page, USER).click()
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(actions(page, USER)).to_be_focused()
    actions(page, USER).click()
    page.get_by_role("heading", level=1).click()
    expect(menu).to_be_hidden()


def test_details_of_a_device_unfold_below_its_row_and_fold_again(page: playwright.Page, site: Site) -> None:
    site.vendor.activate(USER, "pc", site.initial_password, report={"hostname": "DON-PC"})
    site.enter(page, site.at(site.license, "/devices"))
    choose(page, "DON-PC", "Details")
    expect(page.locator(".unfolded")).to_contain_text("MAC address")
    focus_is_inside(page.locator(".unfolded"))
    choose(page, "DON-PC", "Details")
    expect(page.locator(".unfolded")).to_have_count(0)


def test_the_title_and_the_focus_follow_to_the_next_page(page: playwright.Page, site: Site) -> None:
    site.enter(page, "/portal/licenses")
    follow(page, "Revit")
    expect(page).to_have_title("Revit \N{MIDDLE DOT} A vendor")
    expect(page.locator("#main")).to_be_focused()
    page.go_back()
    expect(page).to_have_title("Licenses \N{MIDDLE DOT} A vendor")
    expect(page.get_by_role("heading", level=1)).to_have_text("Licenses")


def test_who_was_logged_out_meanwhile_comes_to_the_log_in_instead_of_a_dialog(
    page: playwright.Page, site: Site
) -> None:
    at_users(site, page)
    page.context.clear_cookies()
    follow(page, "Assign license user")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


# --- twice, and at once -----------------------------------------------------------------------------------------


def test_a_double_click_on_assign_assigns_once(either_page: playwright.Page, site: Site) -> None:
    at_users(site, either_page)
    follow(either_page, "Assign license user")
    form(either_page).get_by_label("Email").fill(NEW)
    form(either_page).get_by_role("button", name="Assign").dblclick(no_wait_after=True)
    expect(either_page.locator(".flash")).to_contain_text(re.compile(f"{NEW} was assigned|This form was sent before"))
    for _ in range(50):  # where the second was answered while the first was being carried out
        if site.vendor.stored(site.license).users_assigned == 2:
            break
        either_page.reload()
    assert site.vendor.stored(site.license).users_assigned == 2
    assert events(site, "user_assigned") == 2


def test_a_form_that_is_sent_again_after_going_back_shows_what_came_of_it(
    either_page: playwright.Page, site: Site
) -> None:
    at_users(site, either_page)
    either_page.goto(site.at(site.license, "/users/assign"))
    send(either_page, "Assign", email=NEW)
    confirmed(either_page, f"{NEW} was assigned.")
    either_page.go_back()
    expect(form(either_page)).to_be_visible()
    send(either_page, "Assign", email=NEW)
    expect(either_page.get_by_text(f"{NEW} was assigned.").or_(either_page.get_by_role("alert"))).to_be_visible()
    assert site.vendor.stored(site.license).users_assigned == 2
    assert events(site, "user_assigned") == 2


def test_reloading_the_page_after_a_form_does_nothing_again(either_page: playwright.Page, site: Site) -> None:
    site.vendor.activate(USER, "pc", site.initial_password)
    at_users(site, either_page)
    choose(either_page, USER, "Reset total activations")
    send(either_page, "Reset 1 device")
    confirmed(either_page, f"The devices of {USER} on this license are deactivated.")
    site.vendor.activate(USER, "pc", site.initial_password)
    either_page.reload()
    expect(row(either_page, USER)).to_be_visible()
    assert site.vendor.stored(site.license).times_activated == 1


@dataclass
class Together:
    """One license of an order that two people manage, each at a browser of his own, looking at its users."""

    vendor: Vendor
    license: License
    pages: tuple[playwright.Page, playwright.Page]

    @property
    def users_assigned(self) -> int:
        return self.vendor.stored(self.license).users_assigned


@pytest.fixture
def together(page: playwright.Page, second_page: playwright.Page, site: Site) -> Together:
    license = issued(site.vendor, order_id="O-1")
    issued(site.vendor, manager=SECOND_MANAGER, order_id="O-1")
    for number in range(3):
        site.vendor.assign(license, f"user{number}@customer.test")
    for each, email in ((page, MANAGER), (second_page, SECOND_MANAGER)):
        chosen(site.vendor, email)
        site.enter(each, site.at(license, "/users"), email)
    return Together(site.vendor, license, (page, second_page))


def test_two_managers_at_once_lose_nothing_of_each_other(together: Together) -> None:
    for page, email in zip(together.pages, (NEW, RIVAL), strict=True):
        follow(page, "Assign license user")
        form(page).get_by_label("Email").fill(email)
    for page, email in zip(together.pages, (NEW, RIVAL), strict=True):
        send(page, "Assign")
        confirmed(page, f"{email} was assigned.")
    page = together.pages[0]
    page.reload()
    users = ["user0@customer.test", "user1@customer.test", "user2@customer.test"]
    expect(page.locator("tbody").get_by_role("rowheader")).to_have_text([NEW, RIVAL, *users])
    expect(page.locator(".count")).to_contain_text("5 / 5")


def test_of_two_managers_who_want_the_last_place_at_once_one_gets_it(together: Together) -> None:
    together.vendor.assign(together.license, USER)
    for page, email in zip(together.pages, (NEW, RIVAL), strict=True):
        follow(page, "Assign license user")
        form(page).get_by_label("Email").fill(email)
    for page in together.pages:
        page.evaluate("document.querySelector('dialog form').requestSubmit()")  # does not wait for the answer
    answers = [page.locator(".flash, #form-error") for page in together.pages]
    for answer in answers:
        expect(answer).to_be_visible()
    texts = [answer.inner_text() for answer in answers]
    assert texts.count(ALL_ASSIGNED) == 1
    assert [text for text in texts if "was assigned" in text]
    assert together.users_assigned == 5


def test_who_was_removed_by_another_manager_is_not_removed_twice(together: Together) -> None:
    for page in together.pages:
        choose(page, "user0@customer.test", "Remove user")
        expect(form(page)).to_be_visible()
    first, second = together.pages
    send(first, "Remove user0@customer.test")
    confirmed(first, "user0@customer.test was removed.")
    send(second, "Remove user0@customer.test")
    refused(second, "This user no longer has a seat on the license.")
    expect(form(second).get_by_role("alert")).to_be_focused()
    assert together.users_assigned == 2


# --- the keyboard alone -----------------------------------------------------------------------------------------


def tab_to(page: playwright.Page, name: str) -> None:
    """Go on with the Tab key until what has this name has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()").startswith(name):
            return
    pytest.fail(f"{name} cannot be reached by the keyboard")


def test_a_user_is_assigned_with_the_keyboard_alone(either_page: playwright.Page, site: Site) -> None:
    page = either_page
    page.goto("/portal/log-in")
    expect(page.get_by_label("Company code")).to_be_focused()
    for text in (site.company, MANAGER, PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.base_url}/portal")
    for link, heading in (("Licenses", "Licenses"), ("Revit", "Revit"), ("License users", "License for: Revit")):
        tab_to(page, link)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    tab_to(page, "Assign license user")
    page.keyboard.press("Enter")
    email = form(page).get_by_label("Email")
    expect(email).to_be_visible()
    for _ in range(20):
        if email.evaluate("field => field === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.type(NEW)
    page.keyboard.press("Tab")  # Enter parts one person from the next
    page.keyboard.press("Enter")
    confirmed(page, f"{NEW} was assigned.")
    assert accounts.user_of_email(site.company, NEW) is not None


def test_a_page_has_the_focus_as_soon_as_it_stands(page: playwright.Page, site: Site) -> None:
    site.enter(page, site.at(site.license))
    page.evaluate("htmx.config.defaultSettleDelay = 60_000")
    page.get_by_role("link", name="License users").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("License for: Revit")
    expect(page.locator("#main")).to_be_focused()
    page.get_by_role("link", name="Assign license user").click()
    form(page).get_by_label("Email").fill(USER)
    form(page).get_by_role("button").first.click()
    expect(form(page).get_by_role("alert")).to_be_focused()


def test_a_field_that_is_to_be_filled_in_first_has_the_focus_at_once_and_takes_it_from_no_other(
    page: playwright.Page,
) -> None:
    page.goto("/portal/forgotten")
    page.evaluate("htmx.config.defaultSettleDelay = 60_000")
    page.get_by_role("link", name="Back to log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    expect(page.get_by_label("Company code")).to_be_focused()
    expect(page.locator("[autofocus]")).to_have_count(0)  # which the library looks for when all has settled


def test_the_first_tab_leads_past_the_navigation(page: playwright.Page, site: Site) -> None:
    site.enter(page, "/portal/licenses")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_a_slash_leads_to_the_search_but_in_a_field_and_where_it_was_turned_off(
    page: playwright.Page, site: Site
) -> None:
    at_users(site, page)
    box, field = page.locator(".find input"), page.locator(".filter input[name=search]")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    field.focus()
    page.keyboard.press("/")
    expect(field).to_have_value("/")
    page.goto("/portal/account")
    page.get_by_label("The key / goes to the search, in this browser").uncheck()
    at_users(site, page)
    page.keyboard.press("/")
    expect(box).not_to_be_focused()
