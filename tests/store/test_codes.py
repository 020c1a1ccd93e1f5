"""A code is redeemed by one write, whose conditions alone see to it that it is the newest, and used once."""

from dataclasses import replace

import pytest

from chalicelib.domain.history import Event
from chalicelib.domain.mail import Mail
from chalicelib.domain.one_time_code import OneTimeCode, asked_once_more
from chalicelib.domain.origin import Origin
from chalicelib.domain.people import User
from chalicelib.store import accounts, codes, dynamo
from chalicelib.store.dynamo import Stale
from chalicelib.store.tables import UserItem
from tests.support import ADMIN, NOW, Vendor

ADA, BROWSER = "ada@customer.test", "a browser"


@pytest.fixture
def ada(vendor: Vendor) -> User:
    return vendor.assign(vendor.issue("revit", max_license_users=1), ADA)[0]


def store(vendor: Vendor, code_hash: str) -> OneTimeCode:
    """Put a code in the place of what is there."""
    codes.put_code(vendor.code, ADA, BROWSER, code_hash, NOW)
    return codes.read_code(vendor.code, ADA, BROWSER)


def redeem(code: OneTimeCode, old: User, password_hash: str) -> User:
    new = replace(old, password_hash=password_hash)
    mail = Mail(ADA, "Your password was changed", "…", company=old.company)
    codes.redeem(code, BROWSER, old, new, Event.new("password_changed", ADMIN, NOW, user=ADA), mail)
    return new


def test_a_code_is_used_up_in_the_write_that_changes_the_password(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    redeem(code, ada, "new")
    changed = accounts.read_user(vendor.code, ada.id)
    assert changed is not None
    assert changed.password_hash == "new"
    assert codes.read_code(vendor.code, ADA, BROWSER) == replace(code, used=True)


def test_a_used_code_changes_no_password_whoever_has_changed_it_since(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    new = redeem(code, ada, "new")
    with pytest.raises(Stale):
        redeem(code, new, "another")


def test_a_code_that_was_replaced_changes_no_password(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    newest = store(vendor, "two")
    with pytest.raises(Stale):
        redeem(code, ada, "new")
    assert codes.read_code(vendor.code, ADA, BROWSER) == newest
    assert accounts.read_user(vendor.code, ada.id) == ada


def test_a_code_changes_no_password_that_is_another_by_now(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    with pytest.raises(Stale):
        redeem(code, replace(ada, password_hash="older"), "new")
    assert codes.read_code(vendor.code, ADA, BROWSER) == code


def test_a_code_changes_no_password_of_an_account_that_has_another_email_by_now(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    user = UserItem(vendor.code, f"user#{ada.id}")
    dynamo.update(user, [UserItem.email.set("ada@elsewhere.test")])
    with pytest.raises(Stale):
        redeem(code, ada, "new")
    dynamo.update(user, [UserItem.email.set(ADA)])


def test_of_two_who_ask_at_once_one_is_told_to_look_again(vendor: Vendor) -> None:
    seen, _ = codes.read_asked(vendor.code, ADA, "", NOW)
    first, late = (asked_once_more(seen, Origin(address), NOW) for address in ("198.51.100.1", "198.51.100.2"))
    assert first is not None
    assert late is not None
    codes.note_asked(vendor.code, ADA, seen, first)
    with pytest.raises(Stale):
        codes.note_asked(vendor.code, ADA, seen, late)


def test_a_code_is_none_of_another_browser(vendor: Vendor) -> None:
    store(vendor, "one")
    assert codes.read_code(vendor.code, ADA, "another browser") == OneTimeCode()
    with pytest.raises(Stale):
        codes.count_try(vendor.code, ADA, "another browser", NOW)
