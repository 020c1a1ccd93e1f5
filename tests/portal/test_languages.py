"""The portal in the language and the time zone of its reader."""

import re
from dataclasses import replace

import pytest

from chalicelib.domain.days import local
from chalicelib.domain.events import Event
from chalicelib.domain.license import License
from chalicelib.languages import minute
from chalicelib.store import accounts
from chalicelib.usecases.branding import set_branding
from tests.portal.browser import Browser, Page, at, browser_of
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, account, issued


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor)


def language_of(page: Page) -> tuple[str, str, str]:
    """As the page says it, as the answer says it, and what else it depends on."""
    said = re.search('<html lang="(.*?)"', page.answer.text)
    return said[1] if said else "", page.answer.headers["Content-Language"], page.answer.headers["Vary"]


@pytest.mark.parametrize(
    ("header", "code", "words"),
    [("de-DE,de;q=0.9", "de", "Anmelden Firmencode"), ("fr", "en", "Log in Company"), ("", "en", "Log in Company")],
)
def test_who_is_not_logged_in_reads_what_the_browser_asks_for(header: str, code: str, words: str) -> None:
    page = Browser(**{"Accept-Language": header}).get("/portal/log-in")
    assert language_of(page) == (code, code, "Accept-Language")
    assert words.split(maxsplit=1)[0] in page.words


@pytest.mark.parametrize("path", ["/portal/nothing", "/portal/forgotten?company=%ff"])
def test_a_page_that_says_why_not_is_in_that_language_too(path: str) -> None:
    page = Browser(**{"Accept-Language": "de"}).get(path)
    assert (page.status // 100, language_of(page)[0], "Zur Startseite" in page.words) == (4, "de", True)


def test_a_choice_in_the_account_counts_before_the_browser_and_that_before_the_company(
    vendor: Vendor, license: License
) -> None:
    browser = browser_of(vendor, MANAGER)
    set_branding(vendor.code, None, None, ADMIN, language="de", now=NOW)
    assert language_of(browser.get("/portal/account"))[0] == "de", "as the company says: the browser says nothing"
    browser.http.headers["Accept-Language"] = "en"
    assert language_of(browser.get("/portal/account"))[0] == "en"
    page = browser.send("/portal/account/language", language="de")
    assert (language_of(page)[0], "Sprache und Zeitzone wurden gespeichert." in page.words) == ("de", True)
    assert "Deutsch" in browser.get("/portal/account").words
    page = browser.send("/portal/account/language", language="")
    assert (language_of(page)[0], "Your language and time zone were saved." in page.words) == ("en", True)


def test_a_language_that_is_there_no_more_is_english(vendor: Vendor, license: License) -> None:
    browser, user = browser_of(vendor, MANAGER), account(vendor, MANAGER)
    accounts.update_user(user, replace(user, language="tlh"), Event.new("person_changed", ADMIN, NOW))
    assert language_of(browser.get("/portal/account"))[0] == "en"


def test_times_are_those_of_the_reader_else_of_the_company(vendor: Vendor, license: License) -> None:
    browser = browser_of(vendor, MANAGER)

    def assert_shown_in(zone: str) -> None:
        page = browser.get(at(license))
        assert f"All times: {zone}" in page.words
        assert minute(local(license.created_at, zone)) in page.words

    assert_shown_in("UTC")
    set_branding(vendor.code, None, None, ADMIN, zone="Asia/Tokyo", now=NOW)
    assert_shown_in("Asia/Tokyo")
    browser.send("/portal/account/language", time_zone="America/New_York")
    assert_shown_in("America/New_York")
    browser.send("/portal/account/language", time_zone="UTC")
    assert_shown_in("UTC")


def test_what_may_be_seen_by_another_reader_is_in_his_language(vendor: Vendor, license: License) -> None:
    browsers = [Browser(**{"Accept-Language": code}) for code in ("de", "en", "de")]
    assert [language_of(browser.get("/portal/log-in"))[0] for browser in browsers] == ["de", "en", "de"]
