"""How many clicks it takes: all are counted, keys are not. The table of docs/portal.md is this one."""

from collections.abc import Callable
from pathlib import Path

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.usecases.initial_password import initial_password
from tests.e2e.site import USER, Site
from tests.e2e.steps import at_rest, choose, clicks, clipboard, confirmed, count_clicks, follow, form, row, send
from tests.usecases.people import account

ANN, BEN, HOST = "ann.lee@customer.test", "ben.hartmann@customer.test", "DON-PC"
LIST = f"{ANN}\n{BEN}"
DASHBOARD = "the dashboard"
USERS, DEVICES = "the license's users", "its devices"
CLICKS = {
    "log in, and see the dashboard": ("the log-in", "1"),
    "open the details of a license": (DASHBOARD, "2"),
    "assign somebody, and copy the initial password": (USERS, "4, then 3"),
    "assign a list that is pasted": (USERS, "3"),
    "assign the people of a file (*Batch license assign*)": (USERS, "4"),
    "put somebody in the place of another, and copy the initial password": (USERS, "5, then 4"),
    "remove a user": (USERS, "3"),
    "take that back": (USERS, "1"),
    "reset a device": (DEVICES, "3"),
    "reset a user: all devices on the license": (USERS, "3"),
    "change an email": (USERS, "3"),
    "set a limit": (USERS, "3"),
    "show an initial password": (USERS, "1"),
    "copy it": (USERS, "1"),
    "set a new initial password, and copy it": (USERS, "4"),
}
"""What is done, from which page on, and by how many clicks; the second time it is known how people get in."""


def test_the_table_of_the_docs_is_this_one() -> None:
    rows = "".join(f"| {what} | {begin} | {count} |\n" for what, (begin, count) in CLICKS.items())
    table = f"| | from | clicks |\n|---|---|---|\n{rows}"
    assert table in Path("docs/portal.md").read_text(), table


@pytest.fixture
def users(page: playwright.Page, site: Site) -> playwright.Page:
    """The list of users, where nothing was clicked yet; one has an active device."""
    site.vendor.activate(USER, "pc", site.initial_password, report={"hostname": HOST})
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


def typed(page: playwright.Page, who: str, action: str, label: str, text: str, button: str = "Confirm") -> None:
    """Choose from the actions of a user, and fill in the one field, which has the focus."""
    choose(page, who, action)
    expect(form(page).get_by_label(label).first).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    send(page, button)


def paste(page: playwright.Page) -> None:
    follow(page, "Assign license user")
    expect(form(page).get_by_label("Email")).to_be_focused()
    page.keyboard.insert_text(LIST)
    send(page)
    assigned(page)


def batch(page: playwright.Page) -> None:
    """The click in the window of the system is not counted: a double click on the file's name."""
    follow(page, "Batch license assign")
    with page.expect_file_chooser() as chooser:
        form(page).get_by_label("CSV file").click()
    chooser.value.set_files({"name": "people.csv", "mimeType": "text/csv", "buffer": LIST.encode()})
    send(page, "Preview")
    assigned(page)


def assigned(page: playwright.Page) -> None:
    """From the preview to the result."""
    page.get_by_role("button", name="Assign").click()
    expect(page.locator(".count")).to_have_text("2 people were assigned.")


def remove(page: playwright.Page) -> None:
    choose(page, USER, "Remove user")
    send(page, f"Remove {USER}")
    confirmed(page, f"{USER} was removed.")


def reset(page: playwright.Page) -> None:
    choose(page, USER, "Reset total activations")
    send(page, "Reset 1 device")
    confirmed(page, f"The devices of {USER} on this license are deactivated.")


def change_email(page: playwright.Page) -> None:
    typed(page, USER, "Change email", "New email", ANN)
    confirmed(page, ANN)


def set_limit(page: playwright.Page) -> None:
    typed(page, USER, "Set max activations", "Max activations", "3")
    confirmed(page, f"{USER} may now activate 3 devices.")


def show_password(page: playwright.Page) -> None:
    row(page, USER).get_by_role("link", name="Show").click()
    expect(row(page, USER).locator("output")).to_be_visible()


def copy_password(page: playwright.Page) -> None:
    row(page, USER).get_by_role("link", name="Copy").click()
    assert clipboard(page)


def renew_password(page: playwright.Page) -> None:
    choose(page, USER, "Set password")
    send(page)
    page.locator(".flash").get_by_role("link", name="Copy the initial password").click()
    assert clipboard(page)


OF_ONE: dict[str, Callable[[playwright.Page], None]] = {
    "assign a list that is pasted": paste,
    "assign the people of a file (*Batch license assign*)": batch,
    "remove a user": remove,
    "reset a user: all devices on the license": reset,
    "change an email": change_email,
    "set a limit": set_limit,
    "show an initial password": show_password,
    "copy it": copy_password,
    "set a new initial password, and copy it": renew_password,
}


@pytest.mark.parametrize("what", OF_ONE)
def test_from_the_list_of_users_to_what_is_done(users: playwright.Page, what: str) -> None:
    OF_ONE[what](users)
    assert (USERS, str(clicks(users))) == CLICKS[what]


def test_from_the_list_of_users_to_the_initial_password_on_the_clipboard(users: playwright.Page, site: Site) -> None:
    counts = []
    for email in (ANN, BEN):
        before = clicks(users)
        follow(users, "Assign license user")
        fill_in(users, email, "Confirm")
        assert clipboard(users) == initial_password(account(site.vendor, email))
        counts.append(clicks(users) - before)
    first, then = counts
    assert (USERS, f"{first}, then {then}") == CLICKS["assign somebody, and copy the initial password"]


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
    first, then = counts
    what = "put somebody in the place of another, and copy the initial password"
    assert (USERS, f"{first}, then {then}") == CLICKS[what]


def test_who_was_removed_comes_back_by_one_click(users: playwright.Page, site: Site) -> None:
    site.vendor.deactivate(USER, "pc")
    users.reload()
    remove(users)
    before = clicks(users)
    users.get_by_role("button", name="Undo").click()
    confirmed(users, f"{USER}")
    expect(row(users, USER)).to_be_visible()
    assert (USERS, str(clicks(users) - before)) == CLICKS["take that back"]


def test_from_its_devices_to_one_that_is_reset(users: playwright.Page, site: Site) -> None:
    users.goto(site.at(site.license, "/devices"))
    choose(users, HOST, "Reset")
    send(users, f"Reset {HOST}")
    confirmed(users, f"{HOST} was reset.")
    assert (DEVICES, str(clicks(users))) == CLICKS["reset a device"]


def test_from_the_log_in_to_the_dashboard_and_to_the_details_of_a_license(page: playwright.Page, site: Site) -> None:
    count_clicks(page)
    site.log_in(page)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    before = clicks(page)
    assert ("the log-in", str(before)) == CLICKS["log in, and see the dashboard"]
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Licenses").click()
    page.wait_for_url("**/portal/licenses")
    row(page, "Revit").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Usage rules")).to_be_visible()
    assert (DASHBOARD, str(clicks(page) - before)) == CLICKS["open the details of a license"]
