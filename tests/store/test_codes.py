"""A code is redeemed by one write, whose conditions alone see to it that it is the newest, and used once."""

from dataclasses import replace

import pytest

from chalicelib.domain.history import Event
from chalicelib.domain.one_time_code import OneTimeCode, replaced
from chalicelib.domain.people import User
from chalicelib.store import accounts, codes, dynamo
from chalicelib.store.dynamo import Stale
from chalicelib.store.tables import UserItem
from tests.support import ADMIN, NOW, Vendor

ADA = "ada@customer.test"


@pytest.fixture
def ada(vendor: Vendor) -> User:
    return vendor.assign(vendor.issue("revit", max_license_users=1), ADA)[0]


def store(vendor: Vendor, code_hash: str) -> OneTimeCode:
    """Put a code in the place of what is there."""
    old = codes.read_code(vendor.code, ADA)
    new = replaced(old, code_hash, NOW)
    assert new is not None
    codes.replace_code(vendor.code, ADA, old, new)
    return new


def redeem(code: OneTimeCode, old: User, password_hash: str) -> User:
    new = replace(old, password_hash=password_hash)
    codes.redeem(code, old, new, Event.new("password_changed", ADMIN, NOW, user=ADA))
    return new


def test_a_code_is_used_up_in_the_write_that_changes_the_password(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    redeem(code, ada, "new")
    changed = accounts.read_user(vendor.code, ada.id)
    assert changed is not None
    assert changed.password_hash == "new"
    assert codes.read_code(vendor.code, ADA) == replace(code, used=True)


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
    assert codes.read_code(vendor.code, ADA) == newest
    assert accounts.read_user(vendor.code, ada.id) == ada


def test_a_code_changes_no_password_that_is_another_by_now(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    with pytest.raises(Stale):
        redeem(code, replace(ada, password_hash="older"), "new")
    assert codes.read_code(vendor.code, ADA) == code


def test_a_code_changes_no_password_of_an_account_that_has_another_email_by_now(vendor: Vendor, ada: User) -> None:
    code = store(vendor, "one")
    dynamo.update(UserItem(vendor.code, f"user#{ada.id}"), [UserItem.email.set("ada@elsewhere.test")])
    with pytest.raises(Stale):
        redeem(code, ada, "new")


def test_a_code_takes_the_place_only_of_the_one_that_was_seen(vendor: Vendor) -> None:
    seen = codes.read_code(vendor.code, ADA)
    store(vendor, "one")
    late = replaced(seen, "late", NOW)
    assert late is not None
    with pytest.raises(Stale):
        codes.replace_code(vendor.code, ADA, seen, late)
