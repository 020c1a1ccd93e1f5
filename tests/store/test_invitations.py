"""An invitation stands in the account's item: each write that opens the account requires that it is as it was read."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.invitation import with_invitation, without_invitation
from chalicelib.domain.license import Seat
from chalicelib.domain.mail import Mail
from chalicelib.domain.users import User
from chalicelib.store import accounts, licenses, seats
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.passwords import with_no_password, with_own_password
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import account

ADA, SECRET = "ada@customer.test", "0123456789abcdef" * 2
LICENSE_ID = 891540000000021
MAIL = Mail(ADA, "You may use it", "…", company="A")


def event() -> Event:
    return Event.new("user_invited", ADMIN, NOW, user=ADA)


def invite(user: User, secret: str = SECRET, now: int = NOW) -> User:
    invited = with_invitation(user, secret, now)
    accounts.invite(user, invited, LICENSE_ID, event(), MAIL)
    return invited


@pytest.fixture
def ada(vendor: Vendor) -> User:
    """Invited."""
    return invite(vendor.assign(vendor.issue("revit", max_license_users=1), ADA)[0])


def test_an_invitation_is_stored_with_its_event_and_the_mail(vendor: Vendor, ada: User) -> None:
    assert account(vendor, ADA) == ada
    assert [event.type for event in licenses.events(vendor.code, LICENSE_ID)] == ["user_invited"]


def test_of_two_invitations_at_once_one_is_told_to_look_again(vendor: Vendor, ada: User) -> None:
    newest = invite(ada, "f" * 32)
    with pytest.raises(ConditionFailed):
        invite(ada, "e" * 32)
    assert account(vendor, ADA) == newest


def move(old: User, new: User) -> None:
    """Give the account another email, with its seats."""
    accounts.change_email(old, new, accounts.held_license_ids(old.company, old.id), event(), [], None)


OTHERWISE: list[Callable[[User], Any]] = [
    lambda user: accounts.change_password(user, with_own_password(user, "another password"), event()),
    lambda user: accounts.close_account(user, replace(with_no_password(user), closed_at=NOW), event()),
    lambda user: move(user, replace(user, email="eve@customer.test")),
]


@pytest.mark.parametrize("change", OTHERWISE)
def test_nobody_is_invited_to_an_account_that_is_another_by_now(
    vendor: Vendor, ada: User, change: Callable[[User], Any]
) -> None:
    change(ada)
    with pytest.raises(ConditionFailed):
        invite(ada, "f" * 32)


@pytest.mark.parametrize("change", OTHERWISE[:2])
def test_no_password_is_chosen_by_a_link_that_is_void_by_now(
    vendor: Vendor, ada: User, change: Callable[[User], Any]
) -> None:
    change(ada)
    before = accounts.read_user(vendor.code, ada.id)
    with pytest.raises(ConditionFailed):
        accounts.change_password(ada, with_own_password(ada, "by the link", email_verified=True), event())
    assert accounts.read_user(vendor.code, ada.id) == before


def test_no_password_is_chosen_by_a_link_that_was_replaced(vendor: Vendor, ada: User) -> None:
    newest = invite(ada, "f" * 32)
    with pytest.raises(ConditionFailed):
        accounts.change_password(ada, with_own_password(ada, "by the link", email_verified=True), event())
    assert account(vendor, ADA) == newest


def test_a_closed_account_has_no_invitation(vendor: Vendor, ada: User) -> None:
    accounts.close_account(ada, replace(with_no_password(ada), closed_at=NOW), event())
    closed = accounts.read_user(vendor.code, ada.id)
    assert closed is not None
    assert without_invitation(closed) == closed


def test_a_seat_invites_nobody_who_has_chosen_a_password_meanwhile(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    ada, _ = vendor.assign(vendor.issue("revit", max_license_users=1), ADA)
    invited = with_invitation(ada, SECRET, NOW)
    seat = Seat(ada.id, ADA, 0, 1, license.epoch, NOW, 1)
    accounts.change_password(ada, with_own_password(ada, "another password"), event())
    with pytest.raises(ConditionFailed):
        seats.assign(license, seat, ada, invited, event(), MAIL)
    seats.assign(license, seat, ada, ada, event(), MAIL)


def test_an_email_moves_with_the_invitation_of_the_new_one(vendor: Vendor, ada: User) -> None:
    moved = with_invitation(replace(ada, email="eve@customer.test"), "f" * 32, NOW)
    with pytest.raises(ConditionFailed):
        move(replace(ada, invitation_hash="older"), moved)
    move(ada, moved)
    assert account(vendor, "eve@customer.test") == moved
