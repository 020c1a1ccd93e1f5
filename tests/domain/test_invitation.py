"""Invitations: 128 bits in a link, good for a week, of one account and one address."""

from dataclasses import replace

import pytest

from chalicelib.domain.invitation import (
    AGAIN_MS,
    VALID_MS,
    Invitation,
    invitation_state,
    may_invite_at,
    new_secret,
    read_invitation,
    waits_for,
    with_invitation,
    without_invitation,
)
from chalicelib.domain.users import User
from tests.domain.samples import NOW

SECRET = "0123456789abcdef" * 2
ADA = User("QBITEC", 123, "ada@customer.test", "a hash", is_initial_password=True, created_at=NOW)


def test_a_secret_is_128_bits_and_no_other_one() -> None:
    secrets = {new_secret() for _ in range(200)}
    assert len(secrets) == 200
    assert all(len(bytes.fromhex(secret)) == 16 for secret in secrets)


def test_a_link_is_read_as_it_was_written() -> None:
    invitation = Invitation("A-VENDOR", 123, SECRET)
    assert read_invitation(invitation.text) == invitation


@pytest.mark.parametrize(
    "text",
    ["", "x", f"QBITEC.123.{SECRET[1:]}", f"QBITEC.123.{SECRET}0", f"qbitec.123.{SECRET}", f"QBITEC.{SECRET}",
     f"QBITEC.-1.{SECRET}", f"QBITEC.\u0661.{SECRET}", f"QBITEC.123.{SECRET.upper()}", f"QBITEC.123.{SECRET}\n",
     f"Q#A.123.{SECRET}", "QBITEC.123.\ud800"],
)  # fmt: skip
def test_what_is_no_link_of_ours_is_none(text: str) -> None:
    assert read_invitation(text) is None


def test_what_is_stored_tells_nobody_the_secret_and_belongs_to_one_account_and_address() -> None:
    invited = with_invitation(ADA, SECRET, NOW)
    assert SECRET not in repr(invited)
    assert Invitation("QBITEC", 123, SECRET).is_of(invited)
    others = [Invitation("OTHER", 123, SECRET), Invitation("QBITEC", 124, SECRET), Invitation("QBITEC", 123, "0" * 32)]
    assert not any(other.is_of(invited) for other in others)
    assert not Invitation("QBITEC", 123, SECRET).is_of(replace(invited, email="eve@customer.test"))
    assert not Invitation("QBITEC", 123, "").is_of(ADA)


def test_an_invitation_is_open_for_a_week() -> None:
    invited = with_invitation(ADA, SECRET, NOW)
    assert invitation_state(ADA, NOW) == "none"
    assert invitation_state(invited, NOW + VALID_MS - 1) == "open"
    assert invitation_state(invited, NOW + VALID_MS) == "over"


def test_who_has_chosen_a_password_is_not_invited() -> None:
    chosen = replace(ADA, is_initial_password=False)
    assert with_invitation(chosen, SECRET, NOW) == chosen
    assert invitation_state(replace(chosen, invitation_hash="h", invited_at=NOW), NOW) == "none"


def test_a_newer_invitation_takes_the_place_of_the_older_one() -> None:
    first = with_invitation(ADA, SECRET, NOW)
    second = with_invitation(first, "f" * 32, NOW + 1)
    assert not Invitation("QBITEC", 123, SECRET).is_of(second)
    assert without_invitation(second) == ADA


def test_an_account_waits_for_the_newest_invitation_at_its_address_until_a_password_is_chosen() -> None:
    invited = with_invitation(ADA, SECRET, NOW)
    assert waits_for(invited, ADA.email, NOW)
    assert not waits_for(invited, ADA.email, NOW - 1)
    assert not waits_for(invited, "old@customer.test", NOW)
    assert not waits_for(replace(invited, is_initial_password=False), ADA.email, NOW)


def test_of_another_invitation_nobody_knows_that_it_was_refused() -> None:
    refused = replace(with_invitation(ADA, SECRET, NOW), invitation_refused_at=NOW + 1)
    assert with_invitation(refused, "f" * 32, NOW + 2).invitation_refused_at is None
    assert without_invitation(refused) == ADA


def test_an_invitation_is_sent_again_after_a_quarter_of_an_hour() -> None:
    assert may_invite_at(ADA) == 0
    assert may_invite_at(with_invitation(ADA, SECRET, NOW)) == NOW + AGAIN_MS
