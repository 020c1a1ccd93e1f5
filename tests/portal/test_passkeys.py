"""Passkeys on the account page and at the log-in; what the browser's script does, the tests do."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.passkeys import MAX_PASSKEYS
from chalicelib.runtime import runtime, using
from chalicelib.usecases.company_policy import require_second_factor
from tests.portal.browser import Browser, Page
from tests.support import ADMIN, Vendor
from tests.usecases.authenticator import Authenticator, KeyHolder, with_passkey
from tests.usecases.people import MANAGER, PASSWORD, account, issued

ACCOUNT, ADD, CODE = "/portal/account", "/portal/account/passkeys/add", "/portal/log-in/code"
RECOVERY_CODE = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}")

pytestmark = pytest.mark.usefixtures("set_clock")


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor)


@pytest.fixture
def owner(vendor: Vendor, license: License) -> KeyHolder:
    """The manager, with a passkey."""
    return with_passkey(vendor, MANAGER)


def add(browser: Browser, authenticator: Authenticator, name: str = "Phone", page: Page | None = None) -> Page:
    shown = page or browser.get(ADD)
    return browser.send(shown, passkey=authenticator.make(shown.asked), name=name, password=PASSWORD)


def entered(vendor: Vendor, owner: KeyHolder) -> Browser:
    """A browser that the passkey has logged in."""
    browser = Browser()
    page = browser.log_in(vendor.code, MANAGER, PASSWORD)
    assert browser.send(page, passkey=owner.authenticator.sign(page.asked)).path == "/portal"
    return browser


def test_the_first_is_added_and_the_recovery_codes_are_shown(vendor: Vendor, manager: Browser) -> None:
    assert "You have none." in manager.get(ACCOUNT).words
    page = add(manager, Authenticator())
    assert page.path == ACCOUNT
    assert "Two-factor log-in is on. All other sessions have ended." in page.words
    assert len(RECOVERY_CODE.findall(page.words)) == 10
    assert "Phone" in page.words
    assert "not used yet" in page.words
    assert "It is on: a log-in takes your password and a passkey." in page.words


def test_another_one_shows_no_codes_and_both_stand_there(
    vendor: Vendor, owner: KeyHolder, set_clock: Callable[[Instant], None]
) -> None:
    browser = entered(vendor, owner)
    set_clock(vendor.now + 60_000)
    page = add(browser, Authenticator(), "Key ring")
    assert "The passkey was added." in page.words
    assert not RECOVERY_CODE.findall(page.words)
    assert re.search(r"Laptop added .* · last used: 1 min ago .* Key ring added .* · not used yet", page.words)


def test_what_was_made_stays_in_the_form_that_comes_back_for_the_password(vendor: Vendor, manager: Browser) -> None:
    shown = manager.get(ADD)
    made = Authenticator().make(shown.asked)
    again = manager.send(shown, passkey=made, name="Phone", password="another")
    assert "This is not your current password." in again.words
    fields = again.form(ADD).fields
    assert (fields["passkey"], fields["name"]) == (made, "Phone")
    assert manager.send(again, password=PASSWORD).path == ACCOUNT
    assert account(vendor, MANAGER).has_second_factor


def test_what_was_made_wrongly_is_asked_for_again(vendor: Vendor, manager: Browser) -> None:
    again = add(manager, Authenticator(origin="https://evil.test"))
    assert again.status == 400
    assert "The passkey was not accepted. Try again." in again.words
    assert again.form(ADD).fields["passkey"] == ""
    assert add(manager, Authenticator(), page=again).path == ACCOUNT


def test_a_form_sent_twice_adds_one(vendor: Vendor, manager: Browser) -> None:
    shown = manager.get(ADD)
    made = {"passkey": Authenticator().make(shown.asked), "name": "Phone", "password": PASSWORD}
    fields = shown.form(ADD).fields | made
    first, second = manager.post(ADD, fields), manager.post(ADD, fields)
    assert RECOVERY_CODE.findall(first.words) == RECOVERY_CODE.findall(second.words) != []
    assert len(account(vendor, MANAGER).passkeys) == 1


def test_of_so_many_none_more_is_offered(
    vendor: Vendor, owner: KeyHolder, set_clock: Callable[[Instant], None]
) -> None:
    browser = entered(vendor, owner)
    for number in range(1, MAX_PASSKEYS):
        assert ADD in browser.get(ACCOUNT).links
        set_clock(vendor.now + number)
        add(browser, Authenticator(), f"Key {number}")
    assert len(account(vendor, MANAGER).passkeys) == MAX_PASSKEYS
    assert ADD not in browser.get(ACCOUNT).links


def test_the_passkey_is_asked_behind_the_password_and_nothing_of_the_account_is_shown(
    vendor: Vendor, owner: KeyHolder
) -> None:
    browser = Browser()
    page = browser.log_in(vendor.code, MANAGER, PASSWORD)
    assert (page.path, MANAGER in page.answer.text) == (CODE, False)
    wrong = replace(owner.authenticator, origin="https://evil.test")
    again = browser.send(page, passkey=wrong.sign(page.asked))
    assert (again.status, again.path) == (400, CODE)
    assert "The passkey was not accepted. Try again." in again.words
    assert browser.send(again, passkey=owner.authenticator.sign(again.asked)).path == "/portal"


def test_without_a_passkey_a_recovery_code_opens(vendor: Vendor, owner: KeyHolder) -> None:
    browser = Browser()
    page = browser.log_in(vendor.code, MANAGER, PASSWORD)
    assert browser.send(page, code=owner.recovery_codes[0]).path == "/portal"


def test_one_is_removed_by_another_and_the_last_one_says_what_that_means(
    vendor: Vendor, owner: KeyHolder, set_clock: Callable[[Instant], None]
) -> None:
    browser = entered(vendor, owner)
    set_clock(vendor.now + 1)
    page = add(browser, Authenticator())
    laptop, phone = [link for link in page.links if link.endswith("/remove")]
    set_clock(vendor.now + 2)
    page = browser.get(phone)
    assert "two-factor log-in is off then" not in page.words
    assert browser.send(page, code="").status == 400
    page = browser.send(page, passkey=owner.authenticator.sign(page.asked))
    assert "The passkey was removed." in page.words
    assert browser.get(phone).status == 404
    page = browser.get(laptop)
    assert "two-factor log-in is off then" in page.words
    browser.send(page, code=owner.recovery_codes[0])
    assert not account(vendor, MANAGER).has_second_factor


def test_a_passkey_turns_it_off(vendor: Vendor, owner: KeyHolder, set_clock: Callable[[Instant], None]) -> None:
    browser = entered(vendor, owner)
    set_clock(vendor.now + 1)
    page = browser.get("/portal/account/second-factor/off")
    assert browser.send(page, passkey=owner.authenticator.sign(page.asked)).path == ACCOUNT
    assert not account(vendor, MANAGER).has_second_factor


def test_an_app_is_set_up_beside_passkeys(vendor: Vendor, owner: KeyHolder) -> None:
    browser = entered(vendor, owner)
    assert browser.get("/portal/account/second-factor").status == 200


def test_a_manager_of_whom_a_second_factor_is_asked_may_add_a_passkey(vendor: Vendor, manager: Browser) -> None:
    require_second_factor(vendor.code, "managers", ADMIN, now=vendor.now)
    assert manager.get("/portal").path == "/portal/account/second-factor"
    assert len(RECOVERY_CODE.findall(add(manager, Authenticator()).words)) == 10
    assert manager.get("/portal").path == "/portal"


def test_where_no_browser_has_any_none_is_offered(vendor: Vendor, manager: Browser) -> None:
    settings = runtime().settings.model_copy(update={"portal_url": ""})
    with using(replace(runtime(), settings=settings)):
        page = manager.get(ACCOUNT)
        assert ADD not in page.links
        assert "Passkeys" not in page.words
        assert manager.get(ADD).status == 404
