"""What is under way is seen, what fails is said and costs nothing that was typed, and an ended session is opened anew
in place.
"""

from collections.abc import Iterator

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.portal.request import SESSION_COOKIE
from chalicelib.usecases.sessions import from_cookie, log_out
from tests.e2e.site import OTHER_MANAGER, USER, Site
from tests.e2e.steps import choose, confirmed, fact, form, send
from tests.usecases.people import MANAGER, PASSWORD, account

OFFLINE = "The server cannot be reached. What you typed is still here: try again."


@pytest.fixture
def page(browser: playwright.Browser, site: Site) -> Iterator[playwright.Page]:
    """One whose console is not looked at: what fails here is written there."""
    context = browser.new_context(base_url=site.base_url)
    try:
        yield context.new_page()
    finally:
        context.close()


def assigning(page: playwright.Page, site: Site) -> playwright.Locator:
    """The form in which somebody is typed who is to be assigned."""
    site.enter(page, site.at(site.license, "/users"))
    page.get_by_role("link", name="Assign license user").click()
    form(page).get_by_label("Email").first.fill("new@customer.test")
    return form(page).get_by_label("Email").first


def session_ends(page: playwright.Page) -> None:
    """The session of the browser is over, and nobody has told it."""
    kept = {one.get("name"): one.get("value", "") for one in page.context.cookies()}
    claims = from_cookie(kept[SESSION_COOKIE])
    assert claims is not None
    log_out(claims)


def test_a_server_that_cannot_be_reached_costs_nothing_that_was_typed(page: playwright.Page, site: Site) -> None:
    typed = assigning(page, site)
    page.context.set_offline(True)
    send(page, "Assign")
    bar = page.locator("#trouble")
    expect(bar).to_be_visible()
    expect(bar).to_have_text(OFFLINE)
    expect(typed).to_have_value("new@customer.test")
    page.context.set_offline(False)
    send(page, "Assign")
    confirmed(page, "new@customer.test was assigned.")
    expect(bar).to_be_hidden()


def test_a_form_that_cannot_be_opened_leaves_the_page_as_it_is(page: playwright.Page, site: Site) -> None:
    site.enter(page, site.at(site.license, "/users"))
    page.context.set_offline(True)
    page.get_by_role("link", name="Assign license user").click()
    expect(page.locator("#trouble")).to_have_text(OFFLINE)
    expect(page.get_by_role("heading", level=1)).to_contain_text("License for: Revit")


def test_a_server_that_is_busy_says_so_and_keeps_the_form(page: playwright.Page, site: Site) -> None:
    typed = assigning(page, site)
    busy = '<p id="form-error">The database is busy.</p>'
    page.route("**/assign", lambda route: route.fulfill(status=503, content_type="text/html", body=busy), times=1)
    send(page, "Assign")
    expect(page.locator("#trouble")).to_have_text("The database is busy.")
    expect(typed).to_have_value("new@customer.test")
    send(page, "Assign")
    confirmed(page, "new@customer.test was assigned.")


def test_what_lasts_longer_than_a_moment_is_seen(page: playwright.Page, site: Site) -> None:
    site.enter(page, "/portal/licenses")
    routes: list[playwright.Route] = []

    def hold(route: playwright.Route) -> None:
        routes.append(route)

    page.route(f"**{site.at(site.license)}", hold)
    page.get_by_role("link", name="Revit").click()
    expect(page.locator("html.busy")).to_have_count(1)
    routes[0].continue_()
    expect(fact(page, "Product")).to_have_text("Revit")
    expect(page.locator("html.busy")).to_have_count(0)


def test_a_session_that_ends_in_a_form_is_opened_in_place_and_the_form_goes_on(
    page: playwright.Page, site: Site
) -> None:
    assigning(page, site)
    session_ends(page)
    send(page, "Assign")
    again = page.get_by_role("dialog", name="Log in again")
    expect(again.get_by_label("Company code")).to_have_value(site.company)
    expect(again.get_by_label("Email")).to_have_value(MANAGER)
    expect(again).to_contain_text("Your session has ended. Log in, and what you typed is sent.")
    expect(again.get_by_label("Password")).to_be_focused()
    again.get_by_label("Password").fill("wrong")
    again.get_by_role("button", name="Log in").click()
    expect(again.get_by_role("alert")).to_have_text("Company code, email or password is wrong.")
    again.get_by_label("Password").fill(PASSWORD)
    again.get_by_role("button", name="Log in").click()
    confirmed(page, "new@customer.test was assigned.")
    expect(page.get_by_role("rowheader", name="new@customer.test")).to_be_visible()


def log_in_again(page: playwright.Page) -> None:
    """In the dialog that has opened for it."""
    again = page.get_by_role("dialog", name="Log in again")
    again.get_by_label("Password").fill(PASSWORD)
    again.get_by_role("button", name="Log in").click()


def test_a_file_is_kept_where_the_session_ends_and_so_is_the_list_that_was_read_of_it(
    page: playwright.Page, site: Site
) -> None:
    site.enter(page, site.at(site.license, "/users/batch"))
    file: playwright.FilePayload = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"new@customer.test"}
    form(page).get_by_label("CSV file").set_input_files(file)
    session_ends(page)
    send(page, "Preview")
    log_in_again(page)
    expect(page.get_by_role("rowheader", name="new@customer.test")).to_be_visible()
    session_ends(page)
    page.get_by_role("button", name="Assign").click()
    log_in_again(page)
    expect(page.get_by_role("heading", name="Result")).to_be_visible()
    assert site.vendor.stored(site.license).users_assigned == 2


def test_a_file_is_kept_where_the_server_cannot_be_reached(page: playwright.Page, site: Site) -> None:
    site.enter(page, site.at(site.license, "/users/batch"))
    file: playwright.FilePayload = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"new@customer.test"}
    form(page).get_by_label("CSV file").set_input_files(file)
    page.context.set_offline(True)
    send(page, "Preview")
    expect(page.locator("#trouble")).to_have_text(OFFLINE)
    page.context.set_offline(False)
    send(page, "Preview")
    expect(page.get_by_role("rowheader", name="new@customer.test")).to_be_visible()


def test_after_an_action_the_list_is_as_it_was_and_its_row_in_sight(page: playwright.Page, site: Site) -> None:
    for number in range(4):
        site.vendor.assign(site.license, f"zoe-{number}@customer.test")
    site.enter(page, site.at(site.license, "/users?search=customer.test&sort=newest"))
    page.set_viewport_size({"width": 1280, "height": 400})
    choose(page, USER, "Set max activations")
    send(page, "Set max activations", max_activations="2")
    confirmed(page, "2")
    expect(page.locator(".filter input[name=search]")).to_have_value("customer.test")
    expect(page.locator(".filter select[name=sort]")).to_have_value("newest")
    expect(page.get_by_role("rowheader", name=USER)).to_be_in_viewport()


def test_the_crumbs_lead_back_to_the_list_that_one_came_from(page: playwright.Page, site: Site) -> None:
    site.enter(page, "/portal/licenses?sort=oldest&search=revit")
    page.get_by_role("link", name="Revit").click()
    page.get_by_role("navigation", name="Where you are").get_by_role("link", name="Licenses").click()
    expect(page.locator(".filter input[name=search]")).to_have_value("revit")
    expect(page.locator(".filter select[name=sort]")).to_have_value("oldest")


def test_what_somebody_has_typed_is_not_sent_by_another_person_who_logs_in_there(
    page: playwright.Page, site: Site
) -> None:
    other = account(site.vendor, OTHER_MANAGER)
    site.enter(page, "/portal/account")
    page.get_by_role("link", name="Change name and phone").click()
    form(page).get_by_label("First name").fill("Mallory")
    session_ends(page)
    send(page, "Save")
    page.get_by_role("dialog", name="Log in again").get_by_label("Email").fill(other.email)
    log_in_again(page)
    expect(page.locator(".who")).to_have_text(other.email)
    expect(page.get_by_text("Your name and phone number were saved.")).to_have_count(0)
    assert account(site.vendor, other.email).first_name == ""
