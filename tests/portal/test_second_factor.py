"""Two-factor log-in in a browser, without JavaScript: set up, asked for, turned off."""

import re
from collections.abc import Callable

import pytest

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.second_factor import MAX_WRONG, STEP_MS, app_code
from chalicelib.portal import second_factor
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.company_policy import require_second_factor
from chalicelib.usecases.log_in_code import VALID_MS
from tests.portal.browser import Browser, Page, browser_of
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, PASSWORD, Protected, account, issued, protected, wrong_code

ACCOUNT, SET_UP, CODE = "/portal/account", "/portal/account/second-factor", "/portal/log-in/code"
RECOVERY_CODE = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}")

pytestmark = pytest.mark.usefixtures("set_clock")


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor)


@pytest.fixture
def owner(vendor: Vendor, license: License) -> Protected:
    """The manager, with a second factor, whose code of now is unused."""
    return protected(vendor, MANAGER)


def secret_on(page: Page) -> str:
    """The key that the form shows."""
    found = re.search(r"<output>([A-Z2-7 ]+)</output>", page.answer.text)
    assert found
    return found[1].replace(" ", "")


def set_up(browser: Browser, now: int, page: Page | None = None) -> Page:
    shown = page or browser.get(SET_UP)
    code = app_code(secret_on(shown), now // STEP_MS)
    return browser.send(shown, code=code, password=PASSWORD)


def begin(vendor: Vendor, browser: Browser | None = None) -> tuple[Browser, Page]:
    """A browser in which the password was entered."""
    browser = browser or Browser()
    return browser, browser.log_in(vendor.code, MANAGER, PASSWORD)


def test_it_is_set_up_and_the_recovery_codes_are_shown_for_a_while(
    vendor: Vendor, manager: Browser, set_clock: Callable[[Instant], None]
) -> None:
    page = set_up(manager, vendor.now)
    assert page.path == ACCOUNT
    assert "Two-factor log-in is on. All other sessions have ended." in page.words
    codes = RECOVERY_CODE.findall(page.words)
    assert len(codes) == 10
    assert "10 recovery codes are left." in page.words
    assert not RECOVERY_CODE.findall(manager.get(ACCOUNT).words)
    where = str(page.answer.url)
    assert RECOVERY_CODE.findall(manager.get(where).words) == codes
    set_clock(vendor.now + second_factor.SHOWN_MS)
    assert not RECOVERY_CODE.findall(manager.get(where).words)


def test_the_form_shows_a_drawing_and_its_key_stays_while_it_comes_back(manager: Browser) -> None:
    page = manager.get(SET_UP)
    assert "<svg" in page.answer.text
    assert "style=" not in page.answer.text
    again = manager.send(page, code="12", password=PASSWORD)
    assert (again.status, again.path) == (400, SET_UP)
    assert "This code is wrong." in again.words
    assert secret_on(again) == secret_on(page)
    assert secret_on(manager.get(SET_UP)) != secret_on(page)


def test_a_name_that_is_longer_than_a_drawing_can_hold_is_cut_in_it(vendor: Vendor, manager: Browser) -> None:
    set_branding(vendor.code, None, None, ADMIN, name="株" * 200, now=vendor.now)
    page = manager.get(SET_UP)
    assert (page.status, "<svg" in page.answer.text) == (200, True)


def test_a_wrong_password_is_said_at_its_field(vendor: Vendor, manager: Browser) -> None:
    page = manager.get(SET_UP)
    code = app_code(secret_on(page), vendor.now // STEP_MS)
    refused = manager.send(page, code=code, password="another")
    assert "This is not your current password." in refused.words
    assert not account(vendor, MANAGER).has_second_factor


def test_a_form_sent_twice_turns_it_on_once(vendor: Vendor, manager: Browser) -> None:
    shown = manager.get(SET_UP)
    fields = shown.form(SET_UP).fields | {
        "code": app_code(secret_on(shown), vendor.now // STEP_MS),
        "password": PASSWORD,
    }
    first, second = manager.post(SET_UP, fields), manager.post(SET_UP, fields)
    assert RECOVERY_CODE.findall(first.words) == RECOVERY_CODE.findall(second.words) != []


def test_the_code_is_asked_for_before_anything_opens(vendor: Vendor, owner: Protected) -> None:
    browser, page = begin(vendor)
    assert (page.status, page.path) == (200, CODE)
    assert MANAGER not in page.answer.text
    for path in ("/portal", ACCOUNT, SET_UP, "/portal/licenses"):
        assert browser.get(path).path == "/portal/log-in"
    assert browser.send(CODE, code=owner.shows(vendor.now)).path == "/portal"
    assert browser.get(CODE).path == "/portal/log-in"


def test_a_wrong_code_is_answered_in_place(vendor: Vendor, owner: Protected) -> None:
    browser, page = begin(vendor)
    again = browser.send(page, code="00")
    assert (again.status, again.path) == (400, CODE)
    assert "This code is wrong, or a recovery code that was used already." in again.words
    assert "This code is wrong." in browser.send(page, code=wrong_code(owner.secret, vendor.now)).words
    assert browser.send(again, code=owner.shows(vendor.now)).path == "/portal"
    other, page = begin(vendor)
    assert "This code was used already." in other.send(page, code=owner.shows(vendor.now)).words
    assert other.send(CODE, code=owner.recovery_codes[0].lower()).path == "/portal"


def test_after_many_wrong_codes_the_page_says_so_and_takes_a_recovery_code(vendor: Vendor, owner: Protected) -> None:
    browser, page = begin(vendor)
    for _ in range(MAX_WRONG):
        browser.send(page, code=wrong_code(owner.secret, vendor.now))
    held = browser.send(page, code=owner.shows(vendor.now))
    assert (held.status, held.path) == (429, CODE)
    assert "Too many wrong codes." in held.words
    assert int(held.answer.headers["Retry-After"]) > 3000
    assert browser.send(page, code=owner.recovery_codes[0]).path == "/portal"


def test_one_comes_to_the_page_that_was_asked_for(vendor: Vendor, owner: Protected) -> None:
    browser = Browser()
    page = browser.get("/portal/licenses?search=x&sort=key")
    page = browser.send(page, company=vendor.code, email=MANAGER, password=PASSWORD)
    page = browser.send(page, code=owner.shows(vendor.now))
    assert str(page.answer.url).endswith("/portal/licenses?search=x&sort=key")


def test_a_claim_is_of_its_browser_and_lasts_for_minutes(
    vendor: Vendor, owner: Protected, set_clock: Callable[[Instant], None]
) -> None:
    browser, page = begin(vendor)
    thief = Browser()
    thief.get("/portal/log-in")
    thief.http.cookies.set("seatkeeper-pending", browser.http.cookies["seatkeeper-pending"], domain="portal.test")
    assert thief.get(CODE).path == "/portal/log-in"
    set_clock(vendor.now + VALID_MS)
    assert browser.send(page, code=owner.shows(vendor.now + VALID_MS)).path == "/portal/log-in"


def test_the_session_of_before_ends_with_the_code_and_not_with_the_password(vendor: Vendor, owner: Protected) -> None:
    other = "other@customer.test"
    issued(vendor, manager=other)
    browser, page = begin(vendor, browser_of(vendor, other))
    assert other in browser.get(ACCOUNT).words
    browser.send(page, code=owner.shows(vendor.now))
    assert MANAGER in browser.get(ACCOUNT).words


def test_a_code_that_has_opened_a_session_opens_none_again_once_that_was_ended(
    vendor: Vendor, owner: Protected
) -> None:
    """Whoever got at password and code, and has kept both answers of that log-in."""
    mine, _ = begin(vendor)
    mine.send(CODE, code=owner.recovery_codes[0])
    theirs, page = begin(vendor)
    kept, fields = Browser(), page.form(CODE).fields | {"code": owner.shows(vendor.now)}
    kept.http.cookies.update(theirs.http.cookies)
    assert theirs.post(CODE, fields).path == "/portal"
    (end,) = [link for link in mine.get(ACCOUNT).links if link.endswith("/end")]
    mine.send(end)
    assert theirs.get("/portal").path == "/portal/log-in"
    assert kept.post(CODE, fields).status == 400
    assert mine.get("/portal").path == "/portal"


def test_it_is_turned_off_with_a_code(vendor: Vendor, owner: Protected) -> None:
    browser, page = begin(vendor)
    browser.send(page, code=owner.shows(vendor.now))
    refused = browser.send(SET_UP + "/off", code=owner.shows(vendor.now))
    assert "This code was used already." in refused.words
    assert browser.send(SET_UP + "/off", code="").status == 400
    page = browser.send(SET_UP + "/codes", code=owner.recovery_codes[0])
    codes = RECOVERY_CODE.findall(page.words)
    assert len(codes) == 10
    assert "a recovery code that was used already." in browser.send(SET_UP + "/off", code=owner.recovery_codes[0]).words
    page = browser.send(SET_UP + "/off", code=codes[0])
    assert (page.path, "Two-factor log-in is off." in page.words) == (ACCOUNT, True)
    assert browser.get(SET_UP + "/off").status == 404
    assert Browser().log_in(vendor.code, MANAGER, PASSWORD).path == "/portal"


def test_a_manager_of_whom_it_is_asked_sets_it_up_before_anything_else(vendor: Vendor, manager: Browser) -> None:
    require_second_factor(vendor.code, "managers", ADMIN, now=vendor.now)
    for path in ("/portal", "/portal/licenses", ACCOUNT, ACCOUNT + "/person", "/portal/password", SET_UP + "/off"):
        page = manager.get(path)
        assert (page.status, page.path) == (200, SET_UP)
    assert [link for link in page.links if link.startswith("/portal")] == [ACCOUNT + "/passkeys/add"]
    assert "asks managers to log in with a second factor" in page.words
    assert manager.post(ACCOUNT + "/person", {"first_name": "Eve"}).path == SET_UP
    page = set_up(manager, vendor.now, page)
    assert len(RECOVERY_CODE.findall(page.words)) == 10
    assert manager.get("/portal").path == "/portal"


def test_who_turns_off_what_is_asked_of_managers_is_told_before(vendor: Vendor, owner: Protected) -> None:
    browser, page = begin(vendor)
    browser.send(page, code=owner.shows(vendor.now))
    warning = "asks managers for it: until you set it up again, nothing else of the portal opens."
    assert warning not in browser.get(SET_UP + "/off").words
    require_second_factor(vendor.code, "managers", ADMIN, now=vendor.now)
    assert warning in browser.get(SET_UP + "/off").words
    assert browser.send(SET_UP + "/off", code=owner.recovery_codes[0]).path == SET_UP


def test_that_no_recovery_code_is_left_is_said(vendor: Vendor, owner: Protected) -> None:
    for code in owner.recovery_codes:
        browser, page = begin(vendor)
        browser.send(page, code=code)
    assert "No recovery code is left." in browser.get(ACCOUNT).words


def test_who_manages_nothing_is_not_asked(vendor: Vendor, license: License) -> None:
    vendor.assign(license, "worker@customer.test")
    require_second_factor(vendor.code, "managers", ADMIN, now=vendor.now)
    assert browser_of(vendor, "worker@customer.test").get("/portal/account").path == "/portal/account"
