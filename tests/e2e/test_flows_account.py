"""Log in and out, passwords, the own account, and what a license user sees, in a browser."""

import playwright.sync_api as playwright
import pytest
from playwright.sync_api import expect

from tests.e2e.browser import log_in
from tests.e2e.site import USER, Site
from tests.e2e.steps import choose, confirmed, fact, follow, refused, row, send
from tests.mailbox import mailed_code, mailed_link, mails
from tests.usecases.people import MANAGER, PASSWORD, account, chosen

NEW_PASSWORD = "a long walk by the sea"
WRONG = "Company code, email or password is wrong."


def wrong_log_in(page: playwright.Page, company: str, email: str, password: str) -> str:
    """Answers all that the page says after a log-in that is wrong."""
    page.goto("/portal/log-in")
    log_in(page, company, email, password)
    expect(page.get_by_role("alert")).to_have_text(WRONG)
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    return page.inner_text("main")


def leave(page: playwright.Page) -> None:
    page.get_by_role("button", name="Log out").click()


def lands(page: playwright.Page, site: Site, path: str) -> None:
    expect(page).to_have_url(f"{site.base_url}/portal{path}")


def test_a_wrong_log_in_never_says_which_of_the_three_was_wrong(either_page: playwright.Page, site: Site) -> None:
    said = {
        wrong_log_in(either_page, *three)
        for three in (
            ("NOBODY", MANAGER, PASSWORD),
            (site.company, "nobody@customer.test", PASSWORD),
            (site.company, MANAGER, "not the password"),
        )
    }
    assert len(said) == 1
    log_in(either_page, site.company, MANAGER, PASSWORD)
    lands(either_page, site, "")


def test_a_log_in_leads_to_the_page_that_was_asked_for_and_a_log_out_ends_it(
    either_page: playwright.Page, site: Site
) -> None:
    either_page.goto(site.at(site.license, "/users"))
    log_in(either_page, site.company, MANAGER, PASSWORD)
    lands(either_page, site, f"/licenses/{site.license.id}/users")
    cookies = either_page.context.cookies()
    leave(either_page)
    lands(either_page, site, f"/log-in?company={site.company}")
    either_page.go_back()
    either_page.goto("/portal/licenses")
    lands(either_page, site, "/log-in?next=/portal/licenses")
    either_page.context.add_cookies([{**cookie} for cookie in cookies])  # type: ignore[typeddict-item]
    either_page.goto("/portal/licenses")
    lands(either_page, site, f"/log-in?next=/portal/licenses&company={site.company}&ended=yes")


def test_an_initial_password_leads_nowhere_but_to_choosing_another(either_page: playwright.Page, site: Site) -> None:
    site.log_in(either_page, USER, site.initial_password)
    lands(either_page, site, "/password")
    either_page.goto("/portal/seats")
    lands(either_page, site, "/password")
    send(either_page, "Set the password", new_password=NEW_PASSWORD, repeat_new_password="another one")
    expect(either_page.get_by_role("alert")).to_have_text("The two new passwords differ. Type the same one twice.")
    send(either_page, "Set the password", **twice(site.initial_password))
    expect(either_page.get_by_role("alert")).to_have_text("Choose one that differs from the password that is set.")
    send(either_page, "Set the password", **twice(NEW_PASSWORD))
    confirmed(either_page, "Your new password is set. All other sessions have ended.")
    leave(either_page)
    log_in(either_page, site.company, USER, NEW_PASSWORD)
    lands(either_page, site, "/seats")


def twice(password: str) -> dict[str, str]:
    return {"new_password": password, "repeat_new_password": password}


def test_a_forgotten_password_is_set_by_the_code_in_the_mail(either_page: playwright.Page, site: Site) -> None:
    either_page.goto("/portal/log-in")
    either_page.get_by_role("link", name="Forgotten password?").click()
    expect(either_page.get_by_role("button", name="Send a code")).to_be_visible()
    either_page.get_by_label("Company code").fill(site.company)
    either_page.get_by_label("Email", exact=True).fill(MANAGER)
    either_page.get_by_role("button", name="Send a code").click()
    expect(either_page.get_by_label("Email", exact=True)).to_have_value(MANAGER)
    code = either_page.get_by_label("Code from the email")
    code.fill("00000000")
    either_page.get_by_label("New password").fill(NEW_PASSWORD)
    either_page.get_by_role("button", name="Set the new password").click()
    expect(either_page.get_by_role("alert")).to_be_visible()
    code.fill(mailed_code(site.vendor, MANAGER))
    either_page.get_by_label("New password").fill(NEW_PASSWORD)
    either_page.get_by_role("button", name="Set the new password").click()
    confirmed(either_page, "Your new password is set. Log in with it.")
    log_in(either_page, site.company, MANAGER, NEW_PASSWORD)
    lands(either_page, site, "")


def test_who_is_invited_opens_the_link_in_the_mail_chooses_a_password_and_logs_in(
    either_page: playwright.Page, site: Site
) -> None:
    new = "ann@customer.test"
    site.enter(either_page, site.at(site.license, "/users"))
    follow(either_page, "Assign license user")
    send(either_page, "Assign", email=new)
    confirmed(either_page, f"{new} was assigned. An invitation is on its way; its link is valid for 7 days.")
    expect(row(either_page, new)).to_contain_text("invited")
    leave(either_page)
    either_page.goto(f"/portal/invitation?link={mailed_link(site.vendor, new)}")
    expect(either_page.get_by_role("main")).to_contain_text(new)
    choose_by_link(either_page, "12345678")
    expect(either_page.get_by_role("alert")).to_be_visible()
    choose_by_link(either_page, NEW_PASSWORD)
    confirmed(either_page, "Your new password is set. Log in with it.")
    expect(either_page.get_by_label("Email")).to_have_value(new)
    log_in(either_page, site.company, new, NEW_PASSWORD)
    lands(either_page, site, "/seats")
    either_page.goto(f"/portal/invitation?link={mailed_link(site.vendor, new)}")
    expect(either_page.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    either_page.get_by_role("main").get_by_role("link", name="Log in").click()
    expect(either_page.get_by_role("button", name="Log in")).to_be_visible()


def choose_by_link(page: playwright.Page, password: str) -> None:
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Set the password").click()


def test_an_invitation_is_sent_again_from_the_list(either_page: playwright.Page, site: Site) -> None:
    site.enter(either_page, site.at(site.license, "/users"))
    choose(either_page, USER, "Send invitation")
    send(either_page, "Send invitation")
    confirmed(either_page, f"An invitation is on its way to {USER}.")
    expect(row(either_page, USER)).to_contain_text("invited")
    choose(either_page, USER, "Send invitation again")
    send(either_page, "Send invitation")
    refused(either_page, "This person was invited a moment ago. Send it again after a quarter of an hour.")


def test_nothing_tells_whether_there_is_an_account_for_a_forgotten_password(page: playwright.Page, site: Site) -> None:
    page.goto("/portal/forgotten")
    page.get_by_label("Company code").fill(site.company)
    page.get_by_label("Email").fill("nobody@customer.test")
    page.get_by_role("button", name="Send a code").click()
    expect(page.get_by_role("main")).to_contain_text("If there is such an account, an email with a code is on its way")
    assert mails(site.vendor, "nobody@customer.test") == []


def test_a_person_changes_the_own_name_and_phone(either_page: playwright.Page, site: Site) -> None:
    site.enter(either_page, "/portal/account")
    follow(either_page, "Change name and phone")
    send(either_page, "Save", first_name="Maria", last_name="Berg", phone_number="+47 22")
    confirmed(either_page, "Your name and phone number were saved.")
    expect(fact(either_page, "First name")).to_have_text("Maria")
    user = account(site.vendor, MANAGER)
    assert (user.first_name, user.last_name, user.phone_number) == ("Maria", "Berg", "+47 22")


@pytest.mark.parametrize("way", ["Change password", "End other sessions"])
def test_other_sessions_end_and_this_one_goes_on(
    way: str, either_page: playwright.Page, second_page: playwright.Page, site: Site
) -> None:
    for page in (second_page, either_page):  # by the form: sessions that are listed
        site.log_in(page)
    either_page.goto("/portal/account")
    follow(either_page, way)
    if way == "Change password":
        send(either_page, "Set the password", current_password="not the current one", **twice(NEW_PASSWORD))
        expect(either_page.get_by_role("alert")).to_be_visible()
        send(either_page, "Set the password", current_password=PASSWORD, **twice(NEW_PASSWORD))
        confirmed(either_page, "Your new password is set. All other sessions have ended.")
    else:
        send(either_page, "End other sessions")
        confirmed(either_page, "All other sessions have ended.")
    second_page.reload()
    lands(second_page, site, f"/log-in?next=/portal&company={site.company}&ended=yes")
    expect(second_page.get_by_role("status").first).to_have_text("You are no longer logged in.")
    either_page.goto("/portal/licenses")
    lands(either_page, site, "/licenses")


def test_a_license_user_sees_the_own_devices_and_resets_one(either_page: playwright.Page, site: Site) -> None:
    chosen(site.vendor, USER)
    site.vendor.activate(USER, "pc", PASSWORD, report={"hostname": "DON-PC"})
    _, other = site.vendor.assign(site.license, "ann@customer.test")
    site.vendor.activate("ann@customer.test", "other", other, report={"hostname": "ANN-PC"})
    site.enter(either_page, email=USER)
    lands(either_page, site, "/seats")
    expect(row(either_page, "Revit")).to_contain_text("1 / 1")
    row(either_page, "Revit").click()
    expect(row(either_page, "DON-PC")).to_contain_text("Active")
    expect(row(either_page, "ANN-PC")).to_have_count(0)
    choose(either_page, "DON-PC", "Details")
    expect(fact(either_page, "Hardware id")).to_have_text("pc")
    either_page.goto(f"/portal/seats/{site.license.id}")
    choose(either_page, "DON-PC", "Reset")
    send(either_page, "Reset DON-PC")
    confirmed(either_page, "DON-PC was reset. Its activation is free.")
    assert site.vendor.stored(site.license).times_activated == 1


def test_a_license_user_has_no_way_to_the_pages_of_managers(either_page: playwright.Page, site: Site) -> None:
    site.enter(either_page, email=USER)
    links = either_page.get_by_role("navigation", name="Main").get_by_role("link")
    expect(links).to_have_text(["My devices", "Account"])
    for path in ("", "/users", "/users/assign", "/devices", "/reset"):
        answer = either_page.goto(site.at(site.license, path))
        assert answer is not None
        assert answer.status == 404, path
        expect(either_page.get_by_role("heading", level=1)).to_have_text("Not found")


def test_one_session_is_ended_from_the_list_of_them(
    either_page: playwright.Page, second_page: playwright.Page, site: Site
) -> None:
    for page in (second_page, either_page):
        site.log_in(page)
    either_page.goto("/portal/account")
    rows = either_page.locator(".sessions").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("this one")
    rows.nth(1).get_by_role("link", name="End").click()
    send(either_page, "End session")
    confirmed(either_page, "The session has ended.")
    expect(rows).to_have_count(1)
    second_page.goto("/portal/licenses")
    expect(second_page).to_have_url(
        f"{site.base_url}/portal/log-in?next=/portal/licenses&company={site.company}&ended=yes"
    )
