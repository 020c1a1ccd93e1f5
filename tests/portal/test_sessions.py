"""The account page lists where one is logged in, and ends one of these sessions."""

import re

import pytest

from tests.portal.browser import Browser, Page
from tests.support import Vendor
from tests.usecases.people import MANAGER, PASSWORD, chosen, issued

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:132.0) Gecko/20100101 Firefox/132.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Safari/604.1"
OTHER = "other@customer.test"


@pytest.fixture(autouse=True)
def licenses(vendor: Vendor) -> None:
    issued(vendor)
    issued(vendor, manager=OTHER)
    for email in (MANAGER, OTHER):
        chosen(vendor, email)


def entered(vendor: Vendor, agent: str, email: str = MANAGER) -> Browser:
    """A browser that calls itself so, in which somebody has logged in."""
    browser = Browser(**{"User-Agent": agent})
    assert browser.log_in(vendor.code, email, PASSWORD).path != "/portal/log-in"
    return browser


def listed(page: Page) -> list[str]:
    return re.findall(r"<strong>([^<]+)</strong>", page.answer.text.partition('id="sessions"')[2])


def ends(browser: Browser) -> list[str]:
    return [link for link in browser.get("/portal/account").links if link.endswith("/end")]


def test_the_browsers_of_an_account_are_listed_and_one_is_ended(vendor: Vendor) -> None:
    here, phone = entered(vendor, FIREFOX), entered(vendor, IPHONE)
    entered(vendor, "curl/8", OTHER)
    page = here.get("/portal/account")
    assert listed(page) == ["Firefox (Windows)", "Safari (iPhone)"]
    assert re.search(
        r"Firefox \(Windows\) this one .*logged in \d+ \w+ \d+, \d\d:\d\d · last used: just now", page.words
    )
    (end,) = ends(here)
    assert "You are logged out there: Safari (iPhone)." in here.get(end).words
    form = here.get(end).form(end)
    for _ in range(2):
        page = here.post(form.action, form.fields)
        assert (page.path, "The session has ended." in page.words) == ("/portal/account", True)
    assert listed(page) == ["Firefox (Windows)"]
    assert phone.get("/portal/licenses").path == "/portal/log-in"


def test_other_sessions_are_ended_only_where_there_are_any(vendor: Vendor) -> None:
    here = entered(vendor, FIREFOX)
    assert "/portal/account/sessions" not in here.get("/portal/account").links
    entered(vendor, IPHONE)
    assert "/portal/account/sessions" in here.get("/portal/account").links


def test_a_browser_that_says_nothing_we_know_is_listed_in_our_words(vendor: Vendor) -> None:
    assert listed(entered(vendor, "<b>curl</b>/8").get("/portal/account")) == ["Unknown browser"]


def test_nobody_ends_the_session_of_another_account_nor_the_own_one_so(vendor: Vendor) -> None:
    entered(vendor, FIREFOX, OTHER)
    (theirs,) = ends(entered(vendor, IPHONE, OTHER))
    here = entered(vendor, FIREFOX)
    form = here.get("/portal/account/mails").form("/portal/account/mails")
    for path in (theirs, "/portal/account/sessions/x/end"):
        assert here.get(path).status == 404
        assert here.post(path, form.fields).status == 404
    phone = entered(vendor, IPHONE)
    (own,) = ends(phone)
    assert here.get(own).status == 404


def test_who_logs_out_or_ends_all_others_is_listed_no_more(vendor: Vendor) -> None:
    here, phone, third = (entered(vendor, agent) for agent in (FIREFOX, IPHONE, FIREFOX))
    phone.send("/portal/account", "/portal/log-out")
    assert listed(here.get("/portal/account")) == ["Firefox (Windows)"] * 2
    assert listed(here.send("/portal/account/sessions")) == ["Firefox (Windows)"]
    assert third.get("/portal/account").path == "/portal/log-in"
