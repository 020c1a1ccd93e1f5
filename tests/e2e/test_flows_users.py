"""License users in a browser: a manager assigns them, and does all that there is to do with one."""

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from chalicelib.domain.license import Seat
from chalicelib.store import accounts, seats
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.initial_password import initial_password
from tests.e2e.site import OTHER_MANAGER, USER, Site
from tests.e2e.steps import choose, confirmed, follow, form, refused, row, send
from tests.support import ADMIN, HOUR, Application
from tests.usecases.people import PASSWORD, account, chosen, issued

NEW = "ann.lee@customer.test"
COUNT = "Available number of users: {} / 5"
ALL_ASSIGNED = "All users of this license are assigned. Remove one first, or ask your vendor for more users."


def at_users(site: Site, page: playwright.Page) -> None:
    """The manager looks at the license's users."""
    site.enter(page, site.at(site.license, "/users"))


def seat(site: Site, email: str = USER) -> Seat | None:
    return seats.read_seat(site.company, site.license.id, account(site.vendor, email).id)


def emails(page: playwright.Page) -> playwright.Locator:
    return page.locator("tbody").get_by_role("rowheader")


def test_a_new_user_activates_with_the_initial_password_that_the_manager_copied(
    either_page: playwright.Page, site: Site, application: Application
) -> None:
    at_users(site, either_page)
    expect(either_page.get_by_role("heading", level=1)).to_have_text("License for: Revit")
    expect(either_page.locator(".count")).to_contain_text(COUNT.format(1))
    follow(either_page, "Assign license user")
    form(either_page).get_by_label("Show an initial password").check()
    send(
        either_page,
        "Assign",
        email=NEW,
        first_name="Ann",
        last_name="Lee",
        phone_number="+41 44 123",
        max_activations="2",
    )
    confirmed(either_page, f"{NEW} was assigned. Copy the initial password now, or show it later in the list.")
    expect(either_page.locator(".count")).to_contain_text(COUNT.format(2))
    expect(row(either_page, NEW)).to_contain_text("Ann")
    either_page.locator(".flash").get_by_role("link", name="Show").click()
    password = form(either_page).locator("output").inner_text()

    answer = application.post(
        "activate_license", product="revit", hardware_id="pc", username=NEW, password=password, hostname="ANN-PC"
    )
    assert answer.status_code == 200, answer.text
    either_page.goto(site.at(site.license, "/devices"))
    expect(row(either_page, "ANN-PC")).to_contain_text(NEW)
    expect(row(either_page, "ANN-PC")).to_contain_text("Active")


def test_the_sixth_user_of_five_is_refused(either_page: playwright.Page, site: Site) -> None:
    for number in range(4):
        site.vendor.assign(site.license, f"user{number}@customer.test")
    at_users(site, either_page)
    expect(either_page.locator(".count")).to_contain_text(COUNT.format(5))
    follow(either_page, "Assign license user")
    send(either_page, "Assign", email=NEW, first_name="Ann")
    refused(either_page, ALL_ASSIGNED)
    expect(form(either_page).get_by_label("Email")).to_have_value(NEW)
    expect(form(either_page).get_by_label("First name")).to_have_value("Ann")
    assert site.vendor.stored(site.license).users_assigned == 5
    assert accounts.user_of_email(site.company, NEW) is None


@pytest.mark.parametrize(
    ("email", "limit", "why"),
    [
        (USER, "1", "This email is already assigned to the license."),
        ("ann@customer", "1", "This is not an email address."),
        ("no email", "1", "This is not an email address."),
        (NEW, "6", "Give at most 5: the license allows no more."),
    ],
)
def test_who_cannot_be_assigned_is_refused_with_the_reason(
    email: str, limit: str, why: str, either_page: playwright.Page, site: Site
) -> None:
    at_users(site, either_page)
    follow(either_page, "Assign license user")
    send(either_page, "Assign", email=email, max_activations=limit)
    refused(either_page, why)
    expect(form(either_page).get_by_label("Email")).to_have_value(email)
    assert site.vendor.stored(site.license).users_assigned == 1


def test_who_has_an_account_gets_the_seat_and_keeps_the_password(either_page: playwright.Page, site: Site) -> None:
    elsewhere = issued(site.vendor)
    site.vendor.assign(elsewhere, NEW)
    before = chosen(site.vendor, NEW).password_hash
    at_users(site, either_page)
    follow(either_page, "Assign license user")
    expect(form(either_page)).to_contain_text("If somebody has no password yet")
    send(either_page, "Assign", email=NEW)
    confirmed(either_page, f"{NEW} was assigned. This person has chosen their own password.")
    expect(row(either_page, NEW)).to_contain_text("chosen")
    assert account(site.vendor, NEW).password_hash == before


def test_the_initial_password_is_masked_shown_on_request_and_gone_once_the_user_has_chosen(
    either_page: playwright.Page, site: Site
) -> None:
    at_users(site, either_page)
    expect(row(either_page, USER)).to_contain_text("*****")
    assert site.initial_password not in either_page.content()
    row(either_page, USER).get_by_role("link", name="Show").click()
    expect(either_page.locator("output")).to_have_text(site.initial_password)
    chosen(site.vendor, USER)
    at_users(site, either_page)
    expect(row(either_page, USER)).to_contain_text("chosen")
    expect(row(either_page, USER).get_by_role("link", name="Show")).to_have_count(0)


def test_a_user_gets_another_email_and_logs_in_with_it(either_page: playwright.Page, site: Site) -> None:
    at_users(site, either_page)
    choose(either_page, USER, "Change email")
    send(either_page, "Change email", new_email=OTHER_MANAGER)
    refused(either_page, "Another account of this company has this email.")
    send(either_page, "Change email", new_email=NEW)
    confirmed(either_page, f"{USER} is now {NEW}, on all licenses. The password stays.")
    expect(emails(either_page)).to_have_text([NEW])
    assert initial_password(account(site.vendor, NEW)) == site.initial_password
    assert accounts.user_of_email(site.company, USER) is None


def test_a_password_that_the_manager_sets_is_good_for_one_log_in(
    either_page: playwright.Page, second_page: playwright.Page, site: Site
) -> None:
    chosen(site.vendor, USER)
    at_users(site, either_page)
    choose(either_page, USER, "Set password")
    form(either_page).get_by_label("Use this one:").check()
    send(either_page, "Set password", password="short")
    refused(either_page, "Choose from 8 to 128 characters.")
    expect(form(either_page).get_by_label("Use this one:")).to_be_checked()
    send(either_page, "Set password", password="a word to pass on")
    confirmed(either_page, f"{USER} has a new initial password")
    site.log_in(second_page, USER, "a word to pass on")
    expect(second_page).to_have_url(f"{site.base_url}/portal/password")


def test_a_password_can_be_generated_and_ends_the_sessions_of_the_user(
    either_page: playwright.Page, second_page: playwright.Page, site: Site
) -> None:
    site.enter(second_page, email=USER)
    expect(second_page).to_have_url(f"{site.base_url}/portal/seats")
    at_users(site, either_page)
    choose(either_page, USER, "Set password")
    send(either_page, "Set password")
    confirmed(either_page, f"{USER} has a new initial password")
    either_page.locator(".flash").get_by_role("link", name="Show").click()
    password = form(either_page).locator("output").inner_text()
    assert password == initial_password(account(site.vendor, USER)) != PASSWORD
    second_page.reload()
    expect(second_page).to_have_url(
        f"{site.base_url}/portal/log-in?next=/portal/seats&company={site.company}&ended=yes"
    )


def test_the_limit_of_a_user_is_set_and_refused_beyond_the_license(either_page: playwright.Page, site: Site) -> None:
    at_users(site, either_page)
    choose(either_page, USER, "Set max activations")
    send(either_page, "Set max activations", max_activations="6")
    refused(either_page, "Give at most 5: the license allows no more.")
    expect(form(either_page).get_by_label("Max activations")).to_have_value("6")
    send(either_page, "Set max activations", max_activations="3")
    confirmed(either_page, f"{USER} may now activate 3 devices.")
    found = seat(site)
    assert found is not None
    assert found.max_activations == 3


def test_total_activations_are_reset_and_the_devices_deactivated(either_page: playwright.Page, site: Site) -> None:
    site.vendor.activate(USER, "pc", site.initial_password)
    at_users(site, either_page)
    choose(either_page, USER, "Reset total activations")
    expect(form(either_page)).to_contain_text(f"1 active device of {USER} on this license is deactivated.")
    send(either_page, "Reset 1 device")
    confirmed(either_page, f"The devices of {USER} on this license are deactivated.")
    assert site.vendor.stored(site.license).times_activated == 0


def test_a_user_who_is_removed_makes_room_and_the_devices_are_off(either_page: playwright.Page, site: Site) -> None:
    site.vendor.activate(USER, "pc", site.initial_password)
    at_users(site, either_page)
    choose(either_page, USER, "Remove user")
    send(either_page, f"Remove {USER}")
    confirmed(either_page, f"{USER} was removed. There is room for another user.")
    expect(either_page.locator(".count")).to_contain_text(COUNT.format(0))
    expect(either_page.get_by_role("heading", name="No users yet")).to_be_visible()
    license = site.vendor.stored(site.license)
    assert (license.users_assigned, license.times_activated) == (0, 0)
    assert seat(site) is None


def test_a_user_is_replaced_and_comes_back_by_an_undo(either_page: playwright.Page, site: Site) -> None:
    at_users(site, either_page)
    choose(either_page, USER, "Replace")
    send(either_page, f"Replace {USER}", email=NEW, first_name="Ann")
    confirmed(either_page, f"{USER} was replaced by {NEW}. An invitation is on its way")
    expect(emails(either_page)).to_have_text([NEW])
    either_page.get_by_role("button", name="Undo").click()
    confirmed(either_page, f"{USER} has the seat again")
    expect(emails(either_page)).to_have_text([USER])
    expect(either_page.get_by_role("button", name="Undo")).to_have_count(0)


def test_cancel_changes_nothing_and_leads_back(either_page: playwright.Page, site: Site) -> None:
    at_users(site, either_page)
    choose(either_page, USER, "Remove user")
    form(either_page).get_by_role("link", name="Cancel").click()
    expect(form(either_page)).to_be_hidden()
    expect(emails(either_page)).to_have_text([USER])
    assert seat(site) is not None


def test_users_are_filtered_by_what_they_do_and_found_by_their_names(either_page: playwright.Page, site: Site) -> None:
    profile = Profile("Lea", "Schäfer")
    assign_user(
        site.company, site.license.id, NEW, 1, ADMIN, profile=profile, invite=True, now=site.vendor.now - 2 * HOUR
    )
    site.vendor.activate(USER, "pc", site.initial_password)
    at_users(site, either_page)
    chips = either_page.get_by_role("navigation", name="Filter")
    expect(chips.get_by_role("link")).to_have_text(["All", "Invited 1", "Using 1", "Idle 90 d 0"])
    expect(row(either_page, NEW)).to_contain_text("invited 2 h ago")
    chips.get_by_role("link", name="Using").click()
    expect(emails(either_page)).to_have_text([USER])
    expect(chips.get_by_role("link", name="Using")).to_have_attribute("aria-current", "true")
    chips.get_by_role("link", name="Idle").click()
    expect(either_page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    chips.get_by_role("link", name="All").click()
    expect(chips.get_by_role("link", name="All")).to_have_attribute("aria-current", "true")
    search = either_page.get_by_role("form", name="Search and sort")
    search.get_by_role("searchbox").fill("schaefer")
    search.get_by_role("button", name="Search").click()
    expect(emails(either_page)).to_have_text([NEW])


def test_what_is_done_with_the_selected_users_is_said_of_each(either_page: playwright.Page, site: Site) -> None:
    for number in range(2):
        site.vendor.assign(site.license, f"user{number}@customer.test")
    at_users(site, either_page)
    bar = either_page.get_by_role("form", name="Selected users")
    expect(bar).to_be_hidden()
    for who in (USER, "user0@customer.test"):
        either_page.get_by_role("checkbox", name=f"Select {who}").check()
    expect(bar).to_be_visible()
    bar.get_by_role("button", name="Set max activations").click()
    expect(form(either_page).get_by_role("listitem")).to_have_text([USER, "user0@customer.test"])
    send(either_page, "Set max activations", max_activations="6")
    refused(either_page, "Give at most 5: the license allows no more.")
    send(either_page, "Set max activations", max_activations="3")
    confirmed(either_page, "The limit of 2 users is set.")
    found = [seat(site, email) for email in (USER, "user0@customer.test", "user1@customer.test")]
    assert [one.max_activations for one in found if one is not None] == [3, 3, 1]


def test_all_users_of_a_page_are_selected_at_once(page: playwright.Page, site: Site) -> None:
    site.vendor.assign(site.license, NEW)
    at_users(site, page)
    page.get_by_role("checkbox", name="Select all").check()
    bar = page.get_by_role("form", name="Selected users")
    expect(bar.get_by_role("button")).to_have_text(["Set max activations", "Replace…", "Remove"])  # no device is active
    bar.get_by_role("button", name="Remove").click()
    send(page, "Remove users (2)")
    confirmed(page, "2 users were removed.")
    assert site.vendor.stored(site.license).users_assigned == 0


def test_those_who_are_selected_are_replaced_and_those_who_are_removed_come_back(
    either_page: playwright.Page, site: Site
) -> None:
    site.vendor.assign(site.license, "ben@customer.test")
    at_users(site, either_page)
    bar = either_page.get_by_role("form", name="Selected users")
    for who in (USER, "ben@customer.test"):
        either_page.get_by_role("checkbox", name=f"Select {who}").check()
    bar.get_by_role("button", name="Replace").click()
    form(either_page).get_by_label("In the place of ben@customer.test").fill("cy@customer.test")
    form(either_page).get_by_label(f"In the place of {USER}").fill(NEW)
    send(either_page, "Replace users (2)")
    confirmed(either_page, "2 users were replaced.")
    expect(emails(either_page)).to_have_text([NEW, "cy@customer.test"])
    for who in (NEW, "cy@customer.test"):
        either_page.get_by_role("checkbox", name=f"Select {who}").check()
    bar.get_by_role("button", name="Remove").click()
    send(either_page, "Remove users (2)")
    confirmed(either_page, "2 users were removed.")
    either_page.get_by_role("button", name="Undo").click()
    confirmed(either_page, "2 users have their seats again, as before.")
    expect(emails(either_page)).to_have_text([NEW, "cy@customer.test"])
