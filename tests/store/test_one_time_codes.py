"""A code is redeemed by one write, whose conditions alone see to it that it is the newest, and used once."""

from dataclasses import replace

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.mail import Mail
from chalicelib.domain.one_time_code import OneTimeCode, with_request
from chalicelib.domain.origin import Origin
from chalicelib.domain.users import User
from chalicelib.store import accounts, one_time_codes, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.keys import user_sort_key
from tests.support import ADMIN, NOW, Vendor

ADA, BROWSER = "ada@customer.test", "a browser"


@pytest.fixture
def ada(vendor: Vendor) -> User:
    return vendor.assign(vendor.issue("revit", max_license_users=1), ADA)[0]


def store(vendor: Vendor, code_hash: str) -> OneTimeCode:
    """Put a code in the place of what is there."""
    one_time_codes.put_code(vendor.code, ADA, BROWSER, code_hash, NOW)
    return one_time_codes.read_code(vendor.code, ADA, BROWSER, NOW)


def redeem(code: OneTimeCode, old: User, password_hash: str) -> User:
    new = replace(old, password_hash=password_hash)
    mail = Mail(ADA, "Your password was changed", "…", company=old.company)
    one_time_codes.redeem(code, BROWSER, old, new, Event.new("password_changed", ADMIN, NOW, user=ADA), mail)
    return new


def test_a_code_is_used_up_in_the_write_that_changes_the_password(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    redeem(code, ada, "new")
    changed = accounts.read_user(vendor.code, ada.id)
    assert changed is not None
    assert changed.password_hash == "new"
    assert one_time_codes.read_code(vendor.code, ADA, BROWSER, NOW) == replace(code, used=True)


def test_a_used_code_changes_no_password_whoever_has_changed_it_since(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    new = redeem(code, ada, "new")
    with pytest.raises(ConditionFailed):
        redeem(code, new, "another")


def test_a_code_that_was_replaced_changes_no_password(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    newest = store(vendor, "two")
    with pytest.raises(ConditionFailed):
        redeem(code, ada, "new")
    assert one_time_codes.read_code(vendor.code, ADA, BROWSER, NOW) == newest
    assert accounts.read_user(vendor.code, ada.id) == ada


def test_a_code_changes_no_password_that_is_another_by_now(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    with pytest.raises(ConditionFailed):
        redeem(code, replace(ada, password_hash="older"), "new")
    assert one_time_codes.read_code(vendor.code, ADA, BROWSER, NOW) == code


def test_a_code_changes_no_password_of_an_account_that_has_another_email_by_now(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    user = UserItem(vendor.code, user_sort_key(ada.id))
    writes.update(user, [UserItem.email.set("ada@elsewhere.test")])
    with pytest.raises(ConditionFailed):
        redeem(code, ada, "new")
    writes.update(user, [UserItem.email.set(ADA)])


def test_of_two_who_ask_at_once_one_is_told_to_look_again(vendor: Vendor) -> None:
    seen, _ = one_time_codes.read_code_requests(vendor.code, ADA, "", NOW)
    first, late = (with_request(seen, Origin(address), NOW) for address in ("198.51.100.1", "198.51.100.2"))
    assert first is not None
    assert late is not None
    one_time_codes.record_code_request(vendor.code, ADA, seen, first)
    with pytest.raises(ConditionFailed):
        one_time_codes.record_code_request(vendor.code, ADA, seen, late)


def test_a_code_is_none_of_another_browser(vendor: Vendor) -> None:
    store(vendor, "one")
    assert one_time_codes.read_code(vendor.code, ADA, "another browser", NOW) == OneTimeCode()
    with pytest.raises(ConditionFailed):
        one_time_codes.count_try(vendor.code, ADA, "another browser", NOW)


def test_a_code_that_is_stored_again_forgives_no_try(vendor: Vendor) -> None:
    store(vendor, "one")
    one_time_codes.count_try(vendor.code, ADA, BROWSER, NOW)
    assert store(vendor, "one").tries == 1
    assert store(vendor, "two").tries == 0
