"""A log-in to an account with a second factor: no session before the code, each code once, and guesses are bounded."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import NOWHERE, Origin
from chalicelib.domain.second_factor import MAX_WRONG, STEP_MS, WRONG_WINDOW_MS
from chalicelib.domain.session import SessionClaims
from chalicelib.store import histories
from chalicelib.threads import ThreadPool
from chalicelib.usecases import portal_queries
from chalicelib.usecases.change_account import end_other_sessions
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.log_in_code import (
    VALID_MS,
    PendingLogIn,
    from_cookie,
    log_in_by_code,
    pending_log_in,
    to_cookie,
)
from chalicelib.usecases.second_factor import remove_second_factor, turn_off
from chalicelib.usecases.sessions import log_in_to_portal, log_out
from chalicelib.usecases.unlock import unlock
from tests.mailbox import mailed_code, mails, said
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.people import MANAGER, PASSWORD, Protected, account, issued, protected, wrong_code
from tests.usecases.support import before_write, refused

ADDRESS = "203.0.113.7"
BROWSER = Origin(ADDRESS, "browser b1")
OTHER = "turnip-Glow-vessel-19"


@pytest.fixture
def owner(vendor: Vendor) -> Protected:
    issued(vendor)
    return protected(vendor, MANAGER)


def password_entered(
    vendor: Vendor, password: str = PASSWORD, origin: Origin = BROWSER, *, now: Instant = NOW
) -> PendingLogIn:
    """What stands between the password and the code."""
    user, claims = log_in_to_portal(vendor.code, MANAGER, password, origin, now=now)
    assert claims is None
    return pending_log_in(user, origin, now=now)


def enter(pending: PendingLogIn, code: str, now: Instant = NOW) -> SessionClaims:
    return log_in_by_code(pending, code, ADDRESS, now=now)[1]


def answer(act: Callable[[], object]) -> str:
    try:
        act()
    except SeatkeeperError as error:
        return error.code
    return "in"


def kinds(vendor: Vendor) -> list[str]:
    """What stands in the history of the account, oldest first."""
    return [event.type for event in [*histories.company_events(vendor.code)][::-1] if event.user == MANAGER]


def subjects(vendor: Vendor) -> list[str]:
    return [mail["Subject"] for mail in mails(vendor, MANAGER)]


def test_there_is_no_session_before_the_code_and_nobody_has_signed_in(vendor: Vendor, owner: Protected) -> None:
    pending = password_entered(vendor, origin=Origin(ADDRESS))
    assert "signed_in" not in kinds(vendor)
    assert not [subject for subject in subjects(vendor) if subject.startswith("New log-in")]
    claims = enter(pending, owner.shows(NOW))
    assert portal_queries.authenticate_session(claims, now=NOW).user.id == owner.user.id
    assert kinds(vendor).count("signed_in") == 1
    assert [subject for subject in subjects(vendor) if subject.startswith("New log-in")]


def test_a_code_may_be_typed_as_apps_show_it(vendor: Vendor, owner: Protected) -> None:
    code = owner.shows(NOW)
    assert enter(password_entered(vendor), f" {code[:3]} {code[3:]} ")


def test_a_step_lets_in_once_and_none_before_it(vendor: Vendor, owner: Protected) -> None:
    enter(password_entered(vendor), owner.shows(NOW))
    for at in (NOW, NOW - STEP_MS):
        with refused("invalid_code"):
            enter(password_entered(vendor), owner.shows(at))
    enter(password_entered(vendor), owner.shows(NOW + STEP_MS))


def test_of_many_with_one_code_at_once_one_comes_in(vendor: Vendor, owner: Protected) -> None:
    waiting = [password_entered(vendor) for _ in range(8)]
    with ThreadPool(8) as threads:
        answers = threads.map(lambda one: answer(lambda: enter(one, owner.shows(NOW))), waiting)
    assert sorted(answers) == ["in"] + ["invalid_code"] * 7


@pytest.mark.parametrize("with_app", [True, False])
def test_the_condition_decides_who_has_used_a_code(vendor: Vendor, owner: Protected, with_app: bool) -> None:
    code = owner.shows(NOW) if with_app else owner.recovery_codes[0]
    first, second = password_entered(vendor), password_entered(vendor)
    with before_write(2 if with_app else 1, lambda: enter(second, code)) as came, refused("invalid_code"):
        enter(first, code)
    assert came()


def test_who_lost_the_answer_sends_the_same_again_and_is_in(vendor: Vendor, owner: Protected) -> None:
    pending = password_entered(vendor)
    for code in (owner.shows(NOW), owner.recovery_codes[0]):
        for _ in range(2):
            assert portal_queries.authenticate_session(enter(pending, code), now=NOW)
    assert len(account(vendor, MANAGER).recovery_hashes) == len(owner.recovery_codes) - 1
    assert kinds(vendor).count("recovery_code_used") == 1


def test_a_recovery_code_lets_in_once_and_the_owner_is_mailed(vendor: Vendor, owner: Protected) -> None:
    code = owner.recovery_codes[0]
    enter(password_entered(vendor), code.lower().replace("-", " "))
    with refused("invalid_code"):
        enter(password_entered(vendor), code)
    assert "recovery_code_used" in kinds(vendor)
    (mail,) = [mail for mail in mails(vendor, MANAGER) if mail["Subject"].startswith("A recovery code was used")]
    assert re.search(r"Codes left: +9$", said(mail), re.MULTILINE)


def test_a_code_of_another_account_lets_nobody_in(vendor: Vendor, owner: Protected) -> None:
    issued(vendor, manager="other@customer.test")
    other = protected(vendor, "other@customer.test")
    pending = password_entered(vendor)
    for code in (other.shows(NOW), other.recovery_codes[0]):
        with refused("invalid_code"):
            enter(pending, code)


def test_a_claim_opens_in_the_browser_of_the_password_alone_and_for_minutes(vendor: Vendor, owner: Protected) -> None:
    pending = password_entered(vendor)
    cookie = to_cookie(pending, "secret")
    assert from_cookie(cookie, "secret", NOW) == pending
    assert from_cookie(cookie, "another", NOW) is None
    assert from_cookie(cookie, "secret", NOW + VALID_MS) is None
    spoiled = ("B" if cookie[0] == "A" else "A") + cookie[1:]
    for forged in ("", "x", "é", "\x00", cookie[:-8], spoiled, "=" * 5000):
        assert from_cookie(forged, "secret", NOW) is None


def _new_password(vendor: Vendor) -> None:
    change_password(vendor.code, MANAGER, PASSWORD, OTHER, ADMIN, now=NOW)


def _closed(vendor: Vendor) -> None:
    close_account(vendor.code, MANAGER, ADMIN, now=NOW)


def _sessions_ended(vendor: Vendor) -> None:
    user = account(vendor, MANAGER)
    end_other_sessions(vendor.code, user.id, ADMIN, epoch=user.session_epoch, now=NOW)


@pytest.mark.parametrize("act", [_new_password, _closed, _sessions_ended])
@pytest.mark.parametrize("amid", [False, True])
def test_a_claim_is_worth_nothing_once_the_password_is_another_or_all_is_over(
    vendor: Vendor, owner: Protected, act: Callable[[Vendor], None], amid: bool
) -> None:
    pending = password_entered(vendor)
    if not amid:
        act(vendor)
    with before_write(2 if amid else 99, lambda: act(vendor)), refused("session_expired"):
        enter(pending, owner.shows(NOW))


def test_a_claim_of_another_account_opens_that_one_or_none(vendor: Vendor, owner: Protected) -> None:
    issued(vendor, manager="other@customer.test")
    other = protected(vendor, "other@customer.test")
    pending = replace(password_entered(vendor), user_id=other.user.id)
    with refused("invalid_code"):
        enter(pending, owner.shows(NOW))
    with refused("session_expired"):
        enter(replace(pending, company="T0"), owner.shows(NOW))


def test_a_log_in_under_way_while_it_is_turned_on_opens_nothing(vendor: Vendor) -> None:
    """The password was looked at before, the session is opened behind it."""
    issued(vendor)
    protected(vendor, MANAGER)
    remove_second_factor(vendor.code, MANAGER, ADMIN, now=NOW)
    later = NOW + 10 * STEP_MS
    with before_write(2, lambda: protected(vendor, MANAGER, at=later)) as came:
        _, claims = log_in_to_portal(vendor.code, MANAGER, PASSWORD, BROWSER, now=later)
    assert came()
    assert claims is not None
    with refused("session_expired"):
        portal_queries.authenticate_session(claims, now=later)


def test_who_has_lost_it_and_is_freed_meanwhile_begins_anew(vendor: Vendor, owner: Protected) -> None:
    """A claim that no code uses up would open sessions also after a log-out."""
    pending = password_entered(vendor)
    remove_second_factor(vendor.code, MANAGER, ADMIN, now=NOW)
    with refused("session_expired"):
        enter(pending, "")
    assert log_in_to_portal(vendor.code, MANAGER, PASSWORD, BROWSER, now=NOW)[1] is not None


@pytest.mark.parametrize("with_app", [True, False])
def test_a_code_opens_one_session_and_none_once_that_was_left(vendor: Vendor, owner: Protected, with_app: bool) -> None:
    code = owner.shows(NOW) if with_app else owner.recovery_codes[0]
    pending = password_entered(vendor)
    claims = enter(pending, code)
    assert enter(pending, code) == claims
    log_out(claims)
    with refused("invalid_code"):
        enter(pending, code)
    with refused("session_expired"):
        portal_queries.authenticate_session(claims, now=NOW)


def test_of_many_answers_to_one_log_in_all_lead_to_one_session(vendor: Vendor, owner: Protected) -> None:
    pending = password_entered(vendor)
    with ThreadPool(8) as threads:
        claims = threads.map(lambda _: enter(pending, owner.shows(NOW)), range(8))
    assert len(set(claims)) == 1


def test_guesses_are_bounded_and_the_owner_is_told_and_still_comes_in(vendor: Vendor, owner: Protected) -> None:
    for _ in range(MAX_WRONG):
        with refused("invalid_code"):
            enter(password_entered(vendor), wrong_code(owner.secret, NOW))
    with refused("rate_limit_exceeded"):
        enter(password_entered(vendor), owner.shows(NOW))
    assert "second_factor_locked" in kinds(vendor)
    assert [subject for subject in subjects(vendor) if subject.startswith("Somebody guesses")]
    enter(password_entered(vendor), owner.recovery_codes[0])
    later = NOW + WRONG_WINDOW_MS
    enter(password_entered(vendor, now=later), owner.shows(later), later)


@pytest.mark.parametrize("with_app", [True, False])
def test_wrong_codes_of_one_kind_hold_back_no_others(vendor: Vendor, owner: Protected, with_app: bool) -> None:
    recovery, app = owner.recovery_codes[0], owner.shows(NOW)
    wrong = wrong_code(owner.secret, NOW) if with_app else "no-such-code"
    pending = password_entered(vendor)
    for _ in range(MAX_WRONG):
        with refused("invalid_code"):
            enter(pending, wrong)
    with refused("rate_limit_exceeded"):
        enter(pending, app if with_app else recovery)
    assert [subject for subject in subjects(vendor) if subject.startswith("Somebody guesses")]
    off = partial(turn_off, vendor.code, owner.user.id, actor=ADMIN, epoch=owner.user.session_epoch, now=NOW)
    for _ in range(MAX_WRONG):
        with refused("invalid_code"):
            off(wrong)
    with refused("rate_limit_exceeded"):
        off(app if with_app else recovery)
    assert enter(pending, recovery if with_app else app)


def test_who_has_a_session_uses_up_no_tries_of_a_log_in(vendor: Vendor, owner: Protected) -> None:
    for _ in range(MAX_WRONG):
        with refused("invalid_code"):
            wrong = wrong_code(owner.secret, NOW)
            turn_off(vendor.code, owner.user.id, wrong, ADMIN, epoch=owner.user.session_epoch, now=NOW)
    assert enter(password_entered(vendor), owner.shows(NOW))


def test_with_another_password_the_owner_comes_in_while_somebody_guesses(vendor: Vendor, owner: Protected) -> None:
    pending = password_entered(vendor)
    for _ in range(MAX_WRONG):
        for wrong in (wrong_code(owner.secret, NOW), "no-such-code"):
            with refused("invalid_code"):
                enter(pending, wrong)
    request_code(vendor.code, MANAGER, "b1", BROWSER, now=NOW)
    set_password_by_code(vendor.code, MANAGER, mailed_code(vendor, MANAGER), OTHER, ADMIN, "b1", now=NOW)
    assert enter(password_entered(vendor, OTHER), owner.shows(NOW))


def test_guesses_at_once_are_no_more(vendor: Vendor, owner: Protected) -> None:
    pending = password_entered(vendor)
    with ThreadPool(8) as threads:
        answers = threads.map(
            lambda _: answer(lambda: enter(pending, wrong_code(owner.secret, NOW))), range(3 * MAX_WRONG)
        )
    assert sorted(answers) == ["invalid_code"] * MAX_WRONG + ["rate_limit_exceeded"] * 2 * MAX_WRONG


def test_right_codes_use_no_tries_up(vendor: Vendor, owner: Protected) -> None:
    for step in range(MAX_WRONG + 2):
        now = NOW + step * STEP_MS
        enter(password_entered(vendor, now=now), owner.shows(now), now)


def test_who_does_not_know_the_password_uses_no_tries_up(vendor: Vendor, owner: Protected) -> None:
    for n in range(MAX_WRONG):
        with refused("invalid_credentials"):
            log_in_to_portal(vendor.code, MANAGER, "guessed", Origin(f"192.0.2.{n}"), now=NOW)
    enter(password_entered(vendor), owner.shows(NOW))


def test_a_lock_of_the_password_ends_and_that_of_codes_does_not(vendor: Vendor, owner: Protected) -> None:
    for _ in range(MAX_WRONG):
        with refused("invalid_code"):
            enter(password_entered(vendor), wrong_code(owner.secret, NOW))
    unlock(vendor.code, MANAGER, ADMIN, now=NOW)
    with refused("rate_limit_exceeded"):
        enter(password_entered(vendor), owner.shows(NOW))


def test_a_forgotten_password_takes_it_not_off(vendor: Vendor, owner: Protected) -> None:
    request_code(vendor.code, MANAGER, "b1", BROWSER, now=NOW)
    set_password_by_code(vendor.code, MANAGER, mailed_code(vendor, MANAGER), OTHER, ADMIN, "b1", now=NOW)
    enter(password_entered(vendor, OTHER), owner.shows(NOW))


def test_a_password_that_others_set_takes_it_not_off(vendor: Vendor, owner: Protected) -> None:
    license = issued(vendor)
    vendor.assign(license, MANAGER)
    user, _ = set_password(vendor.code, license.id, MANAGER, None, ADMIN, manager_id=None, now=NOW)
    initial = initial_password(user)
    assert initial
    enter(password_entered(vendor, initial), owner.shows(NOW))


def test_applications_log_in_with_the_password_as_before(vendor: Vendor, owner: Protected) -> None:
    assert log_in(vendor.code, MANAGER, PASSWORD, NOWHERE, now=NOW).id == owner.user.id
