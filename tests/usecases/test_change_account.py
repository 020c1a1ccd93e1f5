"""What people change in their own accounts."""

import pytest

from chalicelib.domain.errors import Denied
from chalicelib.domain.session import SessionExpired
from chalicelib.domain.users import MAX_FAILURES
from chalicelib.usecases import portal_queries
from chalicelib.usecases.assign_user import Profile
from chalicelib.usecases.change_account import change_profile, choose_password, end_other_sessions
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.sessions import keep_session
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued, logged_in


@pytest.fixture(autouse=True)
def _somebody(vendor: Vendor) -> None:
    issued(vendor)


def test_names_and_phone_are_changed_and_may_be_empty(vendor: Vendor) -> None:
    user = account(vendor, MANAGER)
    for profile in (Profile("Ada", "King", "+41 44"), Profile("", "Lovelace")):
        changed = change_profile(vendor.code, user.id, profile, ADMIN, now=NOW)
        assert account(vendor, MANAGER) == changed
        assert (changed.first_name, changed.last_name, changed.phone_number) == (
            profile.first_name,
            profile.last_name,
            profile.phone_number,
        )


@pytest.mark.parametrize(
    "profile", [Profile("x" * 101), Profile("", "x" * 101), Profile("", "", "1" * 41), Profile("\ab")]
)
def test_what_is_too_long_or_cannot_be_seen_is_refused(vendor: Vendor, profile: Profile) -> None:
    before = account(vendor, MANAGER)
    with pytest.raises(Denied) as refused:
        change_profile(vendor.code, before.id, profile, ADMIN, now=NOW)
    assert refused.value.code == "validation_error"
    assert account(vendor, MANAGER) == before


def test_other_sessions_end_and_the_one_may_be_kept(vendor: Vendor) -> None:
    here, there = logged_in(vendor, MANAGER), logged_in(vendor, MANAGER)
    keep_session(here, end_other_sessions(vendor.code, here.user_id, ADMIN, now=NOW), now=NOW)
    assert portal_queries.authenticate_session(here, now=NOW)
    with pytest.raises(SessionExpired):
        portal_queries.authenticate_session(there, now=NOW)


def test_who_has_an_initial_password_chooses_without_typing_it_again(vendor: Vendor) -> None:
    user = account(vendor, MANAGER)
    changed = choose_password(vendor.code, user.id, PASSWORD, ADMIN, old_password=None, now=NOW)
    assert account(vendor, MANAGER) == changed
    assert (changed.is_initial_password, initial_password(changed)) == (False, None)
    assert log_in(vendor.code, MANAGER, PASSWORD, now=NOW) == changed


def test_the_initial_password_itself_is_no_choice(vendor: Vendor) -> None:
    user = account(vendor, MANAGER)
    with pytest.raises(Denied) as refused:
        choose_password(vendor.code, user.id, initial_password(user) or "", ADMIN, old_password=None, now=NOW)
    assert refused.value.code == "validation_error"


def test_a_chosen_password_is_changed_by_who_knows_it_alone(vendor: Vendor) -> None:
    user = chosen(vendor, MANAGER)
    for old in (None, "not the one"):
        with pytest.raises(Denied) as refused:
            choose_password(vendor.code, user.id, "another password", ADMIN, old_password=old, now=NOW)
        assert refused.value.code == "invalid_credentials"
    changed = choose_password(vendor.code, user.id, "another password", ADMIN, old_password=PASSWORD, now=NOW)
    assert account(vendor, MANAGER) == changed


def test_guesses_at_the_old_password_are_counted(vendor: Vendor) -> None:
    user, codes = chosen(vendor, MANAGER), set()
    for n in range(MAX_FAILURES):
        with pytest.raises(Denied) as refused:
            choose_password(vendor.code, user.id, "another password", ADMIN, old_password="guess", now=NOW + n)
        codes.add(refused.value.code)
    assert "account_locked" in codes
