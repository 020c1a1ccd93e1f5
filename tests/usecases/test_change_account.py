"""What people change in their own accounts."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import MAX_FAILURES
from chalicelib.store import accounts, histories
from chalicelib.usecases import portal_queries
from chalicelib.usecases.assign_user import Profile
from chalicelib.usecases.change_account import change_profile, choose_language, choose_password, end_other_sessions
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.sessions import keep_session, open_session
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued, logged_in
from tests.usecases.support import refused


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
    with pytest.raises(SeatkeeperError) as refused:
        change_profile(vendor.code, before.id, profile, ADMIN, now=NOW)
    assert isinstance(refused.value, Invalid)
    assert account(vendor, MANAGER) == before


def lasts(claims: SessionClaims) -> bool:
    with suppress(SeatkeeperError):
        return bool(portal_queries.authenticate_session(claims, allow_initial_password=True, now=NOW))
    return False


def end_others(claims: SessionClaims) -> None:
    """As the portal does it."""
    user = portal_queries.authenticate_session(claims, now=NOW).user
    epoch = end_other_sessions(user.company, user.id, ADMIN, epoch=user.session_epoch, now=NOW)
    keep_session(claims, epoch, now=NOW)


def choose(claims: SessionClaims, new: str, old: str | None = PASSWORD) -> None:
    """As the portal does it."""
    user = portal_queries.authenticate_session(claims, allow_initial_password=True, now=NOW).user
    given = (user.company, user.id, new, ADMIN)
    changed = choose_password(*given, old_password=old, epoch=user.session_epoch, now=NOW)
    keep_session(claims, changed.session_epoch, now=NOW)


def test_other_sessions_end_and_the_one_may_be_kept(vendor: Vendor) -> None:
    here, there = logged_in(vendor, MANAGER), logged_in(vendor, MANAGER)
    end_others(here)
    assert (lasts(here), lasts(there)) == (True, False)


@pytest.fixture
def amid(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], Any]], None]:
    """Do something before the first write by a function of `store.accounts`."""

    def before(write: str, happen: Callable[[], Any]) -> None:
        real, waiting = getattr(accounts, write), [happen]

        def late(*given: Any, **named: Any) -> Any:
            while waiting:
                waiting.pop()()
            return real(*given, **named)

        monkeypatch.setattr(accounts, write, late)

    return before


def test_who_changes_the_password_stays_logged_in_whatever_ends_sessions_meanwhile(vendor: Vendor, amid: Any) -> None:
    here, there = logged_in(vendor, MANAGER), logged_in(vendor, MANAGER)
    amid("change_password", lambda: end_others(there))
    choose(here, "another password")
    assert (lasts(here), lasts(there)) == (True, False)


def test_a_session_that_another_one_has_ended_meanwhile_does_not_come_back(vendor: Vendor, amid: Any) -> None:
    here, there = logged_in(vendor, MANAGER), logged_in(vendor, MANAGER)
    amid("end_sessions", lambda: end_others(there))
    with refused("session_expired"):
        end_others(here)
    assert (lasts(here), lasts(there)) == (False, True)


def test_a_session_that_has_ended_is_no_proof_for_who_does_not_type_the_password(vendor: Vendor, amid: Any) -> None:
    user = account(vendor, MANAGER)
    here = open_session(user, now=NOW)
    epoch = user.session_epoch
    amid("change_password", lambda: end_other_sessions(vendor.code, user.id, ADMIN, epoch=epoch, now=NOW))
    with refused("session_expired"):
        choose(here, PASSWORD, old=None)
    assert account(vendor, MANAGER).is_initial_password
    assert not lasts(here)


def test_a_session_moves_into_no_epoch_that_is_over(vendor: Vendor) -> None:
    here = logged_in(vendor, MANAGER)
    end_others(here)
    keep_session(here, 0, now=NOW)
    assert lasts(here)


def test_who_has_an_initial_password_chooses_without_typing_it_again(vendor: Vendor) -> None:
    user = account(vendor, MANAGER)
    changed = choose_password(
        vendor.code, user.id, PASSWORD, ADMIN, old_password=None, epoch=user.session_epoch, now=NOW
    )
    assert account(vendor, MANAGER) == changed
    assert (changed.is_initial_password, initial_password(changed)) == (False, None)
    assert log_in(vendor.code, MANAGER, PASSWORD, now=NOW) == changed


def test_the_initial_password_itself_is_no_choice(vendor: Vendor) -> None:
    user = account(vendor, MANAGER)
    with pytest.raises(SeatkeeperError) as refused:
        choose_password(
            vendor.code,
            user.id,
            initial_password(user) or "",
            ADMIN,
            old_password=None,
            epoch=user.session_epoch,
            now=NOW,
        )
    assert isinstance(refused.value, Invalid)


def test_a_chosen_password_is_changed_by_who_knows_it_alone(vendor: Vendor) -> None:
    user = chosen(vendor, MANAGER)
    for old in (None, "not the one"):
        with pytest.raises(SeatkeeperError) as refused:
            choose_password(
                vendor.code, user.id, "another password", ADMIN, old_password=old, epoch=user.session_epoch, now=NOW
            )
        assert refused.value.code == "invalid_credentials"
    changed = choose_password(
        vendor.code, user.id, "another password", ADMIN, old_password=PASSWORD, epoch=user.session_epoch, now=NOW
    )
    assert account(vendor, MANAGER) == changed


def test_guesses_at_the_old_password_are_counted(vendor: Vendor) -> None:
    user, codes = chosen(vendor, MANAGER), set()
    for n in range(MAX_FAILURES):
        with pytest.raises(SeatkeeperError) as refused:
            choose_password(vendor.code, user.id, "another password", ADMIN, old_password="guess", epoch=0, now=NOW + n)
        codes.add(refused.value.code)
    assert "account_locked" in codes


def test_a_language_and_a_time_zone_are_chosen_and_taken_back_and_stand_in_the_history(vendor: Vendor) -> None:
    user = account(vendor, MANAGER)
    for language, zone in (("de", "Europe/Berlin"), ("de", "Europe/Berlin"), ("", "UTC"), ("", "")):
        changed = choose_language(vendor.code, user.id, language, zone, ADMIN, now=NOW)
        assert account(vendor, MANAGER) == changed
        assert (changed.language, changed.time_zone) == (language, zone)
    events = [event.detail for event in histories.account_events(user) if event.type == "person_changed"]
    assert sorted((event["language"], event["time_zone"]) for event in events) == [
        ("", ""),
        ("", "UTC"),
        ("de", "Europe/Berlin"),
    ]


def test_a_language_that_is_none_of_ours_and_a_time_zone_that_is_none_are_refused(vendor: Vendor) -> None:
    user = account(vendor, MANAGER)
    with pytest.raises(Invalid) as refused:
        choose_language(vendor.code, user.id, "tlh", "Mars/Olympus", ADMIN, now=NOW)
    assert [(error.code, error.field) for error in refused.value.errors] == [
        ("language_unknown", "language"),
        ("time_zone_unknown", "time_zone"),
    ]
    assert account(vendor, MANAGER) == user
