"""Browsers that have logged in before: known until the account has another password, and nothing tells who has one."""

from typing import Any

import pytest

from chalicelib.domain.users import User
from chalicelib.encryption import decrypt, encrypt
from chalicelib.store import licenses
from chalicelib.usecases.change_account import choose_password, end_other_sessions
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.known_browser import KnownBrowser, from_cookie, origin_of, to_cookie
from tests.mailbox import mailed_code
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import account
from tests.usecases.support import calls_counted

ADA, NEW = "ada@customer.test", "a new password"


@pytest.fixture
def user(vendor: Vendor) -> User:
    """Ada, on a license, with an initial password."""
    return vendor.assign(vendor.issue("revit", max_license_users=1), ADA)[0]


def kept(user: User, browser: KnownBrowser | None = None) -> str:
    """What a browser keeps after a log-in of a user."""
    return to_cookie(browser or KnownBrowser("a-browser"), user, NOW)


def known(cookie: str, vendor: Vendor, email: str = ADA) -> str:
    return origin_of(from_cookie(cookie, NOW), vendor.code, email, "").known


def by_code(vendor: Vendor, user: User) -> None:
    request_code(vendor.code, ADA, now=NOW)
    set_password_by_code(vendor.code, ADA, mailed_code(vendor, ADA), NEW, ADMIN, now=NOW)


def by_manager(vendor: Vendor, user: User) -> None:
    (license_id,) = vendor_licenses(vendor)
    set_password(vendor.code, license_id, ADA, None, ADMIN, now=NOW)


def by_owner(vendor: Vendor, user: User) -> None:
    choose_password(vendor.code, user.id, NEW, ADMIN, old_password=None, epoch=user.session_epoch, now=NOW)


def by_ending_sessions(vendor: Vendor, user: User) -> None:
    end_other_sessions(vendor.code, user.id, ADMIN, epoch=user.session_epoch, now=NOW)


@pytest.mark.parametrize("change", [by_owner, by_code, by_manager, by_ending_sessions])
def test_whatever_ends_the_sessions_ends_that_browsers_are_known(vendor: Vendor, user: User, change: Any) -> None:
    cookie = kept(user)
    assert known(cookie, vendor)
    change(vendor, user)
    assert not known(cookie, vendor)
    again = kept(account(vendor, ADA), from_cookie(cookie, NOW))
    assert known(again, vendor) == "browser a-browser"
    assert not known(cookie, vendor)


def test_who_has_the_email_next_is_another_account(vendor: Vendor, user: User) -> None:
    (license_id,) = vendor_licenses(vendor)
    cookie = kept(user)
    change_email(vendor.code, license_id, ADA, "countess@customer.test", ADMIN, manager_id=None, now=NOW)
    assert not known(cookie, vendor), "there is no such account"
    vendor.assign(vendor.issue("revit", max_license_users=1), ADA)
    assert not known(cookie, vendor)


def test_a_browser_reads_nothing_of_accounts_that_it_does_not_know_and_the_same_of_those_that_are_gone(
    vendor: Vendor, user: User
) -> None:
    cookie, strange = kept(user), encrypt(f"a-browser {NOW}", "known-browser")
    with calls_counted() as sent:
        assert not known(strange, vendor)
        assert not known(cookie, vendor, "nobody@customer.test")
    assert sent == []
    work = []
    for gone in (False, True):
        if gone:
            (license_id,) = vendor_licenses(vendor)
            change_email(vendor.code, license_id, ADA, "countess@customer.test", ADMIN, manager_id=None, now=NOW)
        with calls_counted() as sent:
            assert bool(known(cookie, vendor)) is not gone
        work.append(sent)
    assert work[0] == work[1]


def test_cookies_of_before_there_were_proofs_are_known_to_nobody_and_break_nothing(vendor: Vendor, user: User) -> None:
    name = decrypt(kept(user), "known-browser").split(" ")[2].partition(":")[0]
    old = encrypt(f"a-browser {NOW} {name} 0123456789abcdef", "known-browser")
    assert not known(old, vendor)
    renewed = kept(user, from_cookie(old, NOW))
    assert known(renewed, vendor) == "browser a-browser"


def test_a_browser_is_known_to_eight_accounts_the_latest_ones(vendor: Vendor) -> None:
    license, browser = vendor.issue("revit", max_license_users=9), KnownBrowser("a-browser")
    people = [f"user{n}@customer.test" for n in range(9)]
    for email in people:
        browser = from_cookie(kept(vendor.assign(license, email)[0], browser), NOW)
    cookie = kept(account(vendor, people[8]), browser)
    assert [bool(known(cookie, vendor, email)) for email in people] == [False] + [True] * 8
    assert len(cookie) <= 1000, "no cookie is read that is longer"


def vendor_licenses(vendor: Vendor) -> list[int]:
    return list(licenses.license_ids(vendor.code))
