"""A second factor is on once an app has proved it, and off with a code alone; each code is good once."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.events import Actor
from chalicelib.domain.second_factor import RECOVERY_CODES, STEP_MS, WRONG_WINDOW_MS, app_code
from chalicelib.domain.users import User
from chalicelib.store import accounts, histories, reads
from chalicelib.store.items.accounts import UserItem
from chalicelib.store.keys import user_sort_key
from chalicelib.usecases import portal_queries
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.company_policy import require_second_factor
from chalicelib.usecases.second_factor import (
    offer_secret,
    remove_second_factor,
    renew_recovery_codes,
    turn_off,
    turn_on,
)
from chalicelib.usecases.sessions import open_session
from tests.mailbox import mails
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import (
    MANAGER,
    PASSWORD,
    account,
    chosen,
    issued,
    logged_in,
    protected,
    wrong_code,
)
from tests.usecases.support import before_write, refused

OWNER = Actor(f"user:{MANAGER}", "203.0.113.7")
WORKER = "worker@customer.test"


@pytest.fixture(autouse=True)
def _somebody(vendor: Vendor) -> None:
    vendor.assign(issued(vendor), WORKER)


def on(vendor: Vendor, user: User, sealed: str, code: str, password: str = PASSWORD) -> tuple[User, tuple[str, ...]]:
    return turn_on(vendor.code, user.id, sealed, code, password, OWNER, epoch=user.session_epoch, now=NOW)


def off(vendor: Vendor, code: str) -> User:
    user = account(vendor, MANAGER)
    return turn_off(vendor.code, user.id, code, OWNER, epoch=user.session_epoch, now=NOW)


def renew(vendor: Vendor, code: str) -> tuple[str, ...]:
    user = account(vendor, MANAGER)
    return renew_recovery_codes(vendor.code, user.id, code, OWNER, epoch=user.session_epoch, now=NOW)[1]


def kinds(vendor: Vendor) -> list[str]:
    """What stands in the history of the account about its second factor, oldest first."""
    found = [event.type for event in [*histories.company_events(vendor.code)][::-1] if event.user == MANAGER]
    return [kind for kind in found if "factor" in kind or "recovery" in kind]


def subjects(vendor: Vendor) -> list[str]:
    return [mail["Subject"] for mail in mails(vendor, MANAGER)]


def test_it_is_on_once_a_code_of_the_app_was_entered_and_ends_all_sessions(vendor: Vendor) -> None:
    user, before = chosen(vendor, MANAGER), logged_in(vendor, MANAGER)
    offer = offer_secret(user)
    changed, codes = on(vendor, user, offer.sealed, app_code(offer.secret, NOW // STEP_MS))
    assert account(vendor, MANAGER) == changed
    assert changed.has_second_factor
    assert len(codes) == RECOVERY_CODES
    with refused("session_expired"):
        portal_queries.authenticate_session(before, now=NOW)
    assert kinds(vendor) == ["second_factor_on"]
    assert any(subject.startswith("Two-factor log-in is on") for subject in subjects(vendor))


def test_neither_the_secret_nor_a_code_can_be_read_in_what_is_stored(vendor: Vendor) -> None:
    owner = protected(vendor, MANAGER)
    item = reads.get(UserItem(vendor.code, user_sort_key(owner.user.id)))
    assert item is not None
    text = str(item.serialize())
    assert owner.secret not in text
    assert not [code for code in owner.recovery_codes if code in text or code.replace("-", "") in text]


def _none(_offered: str) -> str:
    return "000000000"


def _another(offered: str) -> str:
    return wrong_code(offered, NOW)


def _letters(_offered: str) -> str:
    return "ABCDEF"


@pytest.mark.parametrize("typed", [_none, _another, _letters])
def test_a_wrong_code_turns_nothing_on(vendor: Vendor, typed: Callable[[str], str]) -> None:
    user = chosen(vendor, MANAGER)
    offer = offer_secret(user)
    with refused("invalid_code"):
        on(vendor, user, offer.sealed, typed(offer.secret))
    assert account(vendor, MANAGER) == user


def test_a_form_of_another_account_turns_nothing_on(vendor: Vendor) -> None:
    """Else its owner would know the secret."""
    user, offer = chosen(vendor, MANAGER), offer_secret(chosen(vendor, WORKER))
    for sealed in (offer.sealed, "", "no base64", "AAAA"):
        with refused("invalid_code"):
            on(vendor, user, sealed, app_code(offer.secret, NOW // STEP_MS))
    assert account(vendor, MANAGER) == user


def test_an_offer_stays_the_same_in_a_form_that_comes_back(vendor: Vendor) -> None:
    user = chosen(vendor, MANAGER)
    offer = offer_secret(user)
    assert offer_secret(user, offer.sealed) == offer
    assert offer_secret(user).secret != offer.secret
    assert offer_secret(chosen(vendor, WORKER), offer.sealed).secret != offer.secret


def test_the_password_is_asked_for_so_a_computer_left_alone_locks_nobody_out(vendor: Vendor) -> None:
    user = chosen(vendor, MANAGER)
    offer = offer_secret(user)
    with refused("invalid_credentials"):
        on(vendor, user, offer.sealed, app_code(offer.secret, NOW // STEP_MS), "another password")
    assert account(vendor, MANAGER) == user


def test_what_is_on_is_not_turned_on_again_by_another_form(vendor: Vendor) -> None:
    owner = protected(vendor, MANAGER)
    offer = offer_secret(owner.user)
    with refused("already_exists"):
        on(vendor, owner.user, offer.sealed, app_code(offer.secret, NOW // STEP_MS))
    assert account(vendor, MANAGER) == owner.user


def test_a_session_that_was_ended_turns_nothing_on_or_off(vendor: Vendor) -> None:
    owner = protected(vendor, MANAGER)
    ended = replace(owner.user, session_epoch=owner.user.session_epoch - 1)
    for change in (turn_off, renew_recovery_codes):
        with refused("session_expired"):
            change(vendor.code, ended.id, owner.shows(NOW), OWNER, epoch=ended.session_epoch, now=NOW)
    offer = offer_secret(ended)
    with refused("session_expired"):
        on(vendor, ended, offer.sealed, app_code(offer.secret, NOW // STEP_MS))
    assert account(vendor, MANAGER) == owner.user


@pytest.mark.parametrize("with_app", [True, False])
def test_it_is_turned_off_with_a_code_of_the_app_or_for_recovery(vendor: Vendor, with_app: bool) -> None:
    owner = protected(vendor, MANAGER)
    changed = off(vendor, owner.shows(NOW) if with_app else owner.recovery_codes[3])
    assert account(vendor, MANAGER) == changed
    assert (changed.sealed_totp_secret, changed.recovery_hashes) == (None, frozenset())
    assert kinds(vendor)[-1] == "second_factor_off"
    assert any(subject.startswith("Two-factor log-in is off") for subject in subjects(vendor))


@pytest.mark.parametrize("code", [PASSWORD, "", "000000000", "AAAA-AAAA-AAAA"])
def test_without_a_code_it_stays_on_also_for_who_knows_the_password(vendor: Vendor, code: str) -> None:
    owner = protected(vendor, MANAGER)
    for change in (off, renew):
        with refused("invalid_code"):
            change(vendor, code)
    assert account(vendor, MANAGER) == owner.user


def test_a_step_that_was_used_turns_nothing_off(vendor: Vendor) -> None:
    owner = protected(vendor, MANAGER)
    renew(vendor, owner.shows(NOW))
    for at in (NOW, NOW - STEP_MS):
        with refused("invalid_code"):
            off(vendor, owner.shows(at))
    assert account(vendor, MANAGER).has_second_factor


def test_new_recovery_codes_make_those_of_before_void(vendor: Vendor) -> None:
    owner = protected(vendor, MANAGER)
    codes = renew(vendor, owner.recovery_codes[0])
    assert not {*codes} & {*owner.recovery_codes}
    with refused("invalid_code"):
        off(vendor, owner.recovery_codes[1])
    off(vendor, codes[0])
    assert "recovery_codes_made" in kinds(vendor)


def test_of_two_who_turn_it_off_with_one_code_at_once_one_does(vendor: Vendor) -> None:
    owner = protected(vendor, MANAGER)
    with before_write(2, lambda: renew(vendor, owner.shows(NOW))), refused("invalid_code"):
        off(vendor, owner.shows(NOW))
    assert account(vendor, MANAGER).has_second_factor


def test_an_operator_takes_it_off_for_who_has_lost_it_once(vendor: Vendor) -> None:
    protected(vendor, MANAGER)
    for _ in range(2):
        assert not remove_second_factor(vendor.code, MANAGER, ADMIN, now=NOW).has_second_factor
    assert kinds(vendor) == ["second_factor_on", "second_factor_off"]
    with refused("user_not_found"):
        remove_second_factor(vendor.code, "nobody@customer.test", ADMIN, now=NOW)


def test_it_stays_on_while_an_account_is_closed(vendor: Vendor) -> None:
    owner = protected(vendor, MANAGER)
    close_account(vendor.code, MANAGER, ADMIN, now=NOW)
    stored = accounts.read_user(vendor.code, owner.user.id)
    assert stored is not None
    assert stored.has_second_factor
    with refused("session_expired"):
        off(vendor, owner.shows(NOW))


def test_wrong_codes_are_counted_in_a_session_as_well(vendor: Vendor) -> None:
    owner = protected(vendor, MANAGER)
    for _ in range(10):
        with refused("invalid_code"):
            off(vendor, wrong_code(owner.secret, NOW))
    with refused("rate_limit_exceeded"):
        off(vendor, owner.shows(NOW))
    later = NOW + WRONG_WINDOW_MS
    user = account(vendor, MANAGER)
    turn_off(vendor.code, user.id, owner.shows(later), OWNER, epoch=user.session_epoch, now=later)


def test_a_company_asks_it_of_its_managers_in_sessions_that_are_open_too(vendor: Vendor) -> None:
    boss, worker = logged_in(vendor, MANAGER), logged_in(vendor, WORKER)
    for _ in range(2):
        require_second_factor(vendor.code, "managers", ADMIN, now=NOW)
    with refused("second_factor_required"):
        portal_queries.authenticate_session(boss, now=NOW)
    assert portal_queries.authenticate_session(boss, allow_one_factor=True, now=NOW).is_held
    assert not portal_queries.authenticate_session(worker, now=NOW).is_held
    protected(vendor, MANAGER)
    assert not portal_queries.authenticate_session(logged_in(vendor, MANAGER), now=NOW).is_held
    changes = [event.detail for event in histories.company_events(vendor.code) if event.type == "company_changed"]
    assert changes == [{"second_factor": "managers"}]


def test_an_initial_password_is_changed_before_a_second_factor_is_asked_for(vendor: Vendor) -> None:
    issued(vendor, manager="new@customer.test")
    require_second_factor(vendor.code, "managers", ADMIN, now=NOW)
    claims = open_session(account(vendor, "new@customer.test"), now=NOW)
    with refused("password_change_required"):
        portal_queries.authenticate_session(claims, now=NOW)
    assert portal_queries.authenticate_session(claims, allow_initial_password=True, now=NOW).is_held
