"""Passkeys: made for one address, by who knows the password; each challenge is answered once, where it was asked."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import NOWHERE
from chalicelib.domain.passkeys import MAX_PASSKEYS, MAX_STORED, VALID_MS, passkeys_in
from chalicelib.domain.second_factor import MAX_WRONG
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.runtime import runtime, using
from chalicelib.store import histories
from chalicelib.usecases import portal_queries
from chalicelib.usecases.create import find_company
from chalicelib.usecases.log_in_code import PendingLogIn, ask_passkey, log_in_by_code, pending_log_in
from chalicelib.usecases.passkey_answers import PasskeyAnswer, are_offered, ask, ask_for_new, with_new_passkey
from chalicelib.usecases.passkeys import add_passkey, remove_passkey
from chalicelib.usecases.second_factor import remove_second_factor, renew_recovery_codes, turn_off
from chalicelib.usecases.sessions import log_in_to_portal
from chalicelib.webauthn import MAX_ANSWER
from tests.mailbox import mails
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.authenticator import HOLDER, VERIFIED, Authenticator, KeyHolder, asked_for_new, with_passkey
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued, logged_in, protected
from tests.usecases.support import before_write, refused

OWNER = Actor(f"user:{MANAGER}", "203.0.113.7")
WORKER = "worker@customer.test"


@pytest.fixture(autouse=True)
def _somebody(vendor: Vendor) -> None:
    vendor.assign(issued(vendor), WORKER)


@pytest.fixture
def owner(vendor: Vendor) -> KeyHolder:
    return with_passkey(vendor, MANAGER)


def add(
    vendor: Vendor,
    authenticator: Authenticator,
    *,
    asked_of: User | None = None,
    name: str = "Phone",
    password: str = PASSWORD,
    holder: str = HOLDER,
    at: Instant = NOW,
    now: Instant = NOW,
) -> tuple[User, tuple[str, ...]]:
    """Add a passkey that was asked for at an instant, in a session, for somebody."""
    user = chosen(vendor, MANAGER)
    made = authenticator.make(asked_for_new(asked_of or user, at))
    sent = (vendor.code, user.id, name, PasskeyAnswer(made, holder), password, OWNER)
    return add_passkey(*sent, epoch=user.session_epoch, now=now)


def pending(vendor: Vendor, email: str = MANAGER, now: Instant = NOW) -> PendingLogIn:
    """What stands between the password and the passkey."""
    user, claims = log_in_to_portal(vendor.code, email, PASSWORD, now=now)
    assert claims is None
    return pending_log_in(user, NOWHERE, now=now)


def enter(claim: PendingLogIn, authenticator: Authenticator, now: Instant = NOW, asked: str = "") -> SessionClaims:
    """Answer what is asked for this claim, or something else that was asked."""
    answer = PasskeyAnswer(authenticator.sign(asked or ask_passkey(claim, now=now)), claim.id)
    return log_in_by_code(claim, answer, "", now=now)[1]


def kinds(vendor: Vendor) -> list[str]:
    """What stands in the history of the account, oldest first."""
    return [event.type for event in [*histories.company_events(vendor.code)][::-1] if event.user == MANAGER]


def subjects(vendor: Vendor) -> list[str]:
    return [mail["Subject"] for mail in mails(vendor, MANAGER)]


# --- made and taken away -----------------------------------------------------------------------------------------


def test_the_first_is_a_second_factor_with_recovery_codes_and_ends_all_sessions(vendor: Vendor) -> None:
    chosen(vendor, MANAGER)
    before = logged_in(vendor, MANAGER)
    changed, codes = add(vendor, Authenticator())
    assert account(vendor, MANAGER) == changed
    assert (changed.has_second_factor, len(codes), len(changed.recovery_hashes)) == (True, 10, 10)
    (passkey,) = passkeys_in(changed.passkeys)
    assert (passkey.name, passkey.created_at, passkey.used_at) == ("Phone", NOW, None)
    with refused("session_expired"):
        portal_queries.authenticate_session(before, now=NOW)
    assert "second_factor_on" in kinds(vendor)
    assert any(subject.startswith("Two-factor log-in is on") for subject in subjects(vendor))


def test_another_one_leaves_codes_and_sessions_alone(vendor: Vendor, owner: KeyHolder) -> None:
    session = logged_in(vendor, MANAGER)
    changed, codes = add(vendor, Authenticator())
    assert codes == ()
    assert changed.recovery_hashes == owner.user.recovery_hashes
    assert [passkey.name for passkey in passkeys_in(changed.passkeys)] == ["Laptop", "Phone"]
    assert portal_queries.authenticate_session(session, now=NOW).user == changed
    assert "passkey_added" in kinds(vendor)
    assert any(subject.startswith("A passkey was added") for subject in subjects(vendor))


def test_beside_an_app_it_leaves_its_codes_alone(vendor: Vendor) -> None:
    held = protected(vendor, MANAGER)
    changed, codes = add(vendor, Authenticator())
    assert codes == ()
    assert replace(changed, passkeys=frozenset(), passkey_asked_at=0) == held.user


def test_an_account_has_so_many_and_each_once(vendor: Vendor, owner: KeyHolder) -> None:
    for number in range(MAX_PASSKEYS - 1):
        add(vendor, Authenticator(), name=f"Key {number}", at=NOW + number, now=NOW + number)
    with refused("too_many_passkeys"):
        add(vendor, Authenticator(), at=NOW + 60, now=NOW + 60)
    assert len(account(vendor, MANAGER).passkeys) == MAX_PASSKEYS
    asked = json.loads(asked_for_new(account(vendor, MANAGER), NOW))
    assert len(asked["excludeCredentials"]) == MAX_PASSKEYS


def test_one_that_is_there_already_is_no_other_one(vendor: Vendor, owner: KeyHolder) -> None:
    (stored,) = passkeys_in(owner.user.passkeys)
    twin = Authenticator(fixed_id=next(iter(owner.authenticator.keys)))
    with refused("invalid_code"):
        add(vendor, twin)
    assert passkeys_in(account(vendor, MANAGER).passkeys) == [stored]


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\nb"])
def test_it_needs_a_name_that_can_be_shown(vendor: Vendor, name: str) -> None:
    with refused("name_length"):
        add(vendor, Authenticator(), name=name)


def test_the_password_is_asked_for_so_a_computer_left_alone_gives_nobody_a_key(vendor: Vendor) -> None:
    with refused("invalid_credentials"):
        add(vendor, Authenticator(), password="another")
    assert not account(vendor, MANAGER).has_second_factor


BAD: dict[str, Callable[[], Authenticator]] = {
    "made at another address": lambda: Authenticator(origin="https://licenses.vendor.test.evil.test"),
    "made without TLS": lambda: Authenticator(origin="http://licenses.vendor.test"),
    "made for another host": lambda: Authenticator(rp_id="vendor.test"),
    "in a page of others": lambda: Authenticator(cross_origin=True),
    "nobody was there": lambda: Authenticator(flags=VERIFIED),
}


@pytest.mark.parametrize("wrong", BAD)
def test_what_was_made_wrongly_is_not_taken(vendor: Vendor, wrong: str) -> None:
    with refused("invalid_code"):
        add(vendor, BAD[wrong]())
    assert not account(vendor, MANAGER).has_second_factor


def test_an_algorithm_that_was_not_asked_for_and_a_key_too_long_are_not_taken(vendor: Vendor) -> None:
    for held in (Authenticator(algorithm=-9), Authenticator(id_bytes=MAX_STORED)):
        with refused("invalid_code"):
            add(vendor, held)
    assert not account(vendor, MANAGER).has_second_factor


def test_a_challenge_is_of_its_person_its_session_and_its_minutes(vendor: Vendor) -> None:
    chosen(vendor, MANAGER)
    wrong: list[dict[str, Any]] = [
        {"asked_of": chosen(vendor, WORKER)},
        {"asked_of": replace(account(vendor, MANAGER), company=Vendor().code)},
        {"holder": "another session"},
        {"at": NOW - VALID_MS},
        {"at": NOW + 1},
    ]
    for how in wrong:
        with refused("invalid_code"):
            add(vendor, Authenticator(), **how)
    add(vendor, Authenticator(), at=NOW - VALID_MS + 1)


def test_a_passkey_that_was_taken_away_does_not_come_back_by_what_was_sent(vendor: Vendor, owner: KeyHolder) -> None:
    user = account(vendor, MANAGER)
    made = PasskeyAnswer(Authenticator().make(asked_for_new(user, NOW)), HOLDER)
    sent = (vendor.code, user.id, "Phone", made, PASSWORD, OWNER)
    changed, _ = add_passkey(*sent, epoch=user.session_epoch, now=NOW)
    (key,) = [passkey.key for passkey in passkeys_in(changed.passkeys) if passkey.name == "Phone"]
    remove_passkey(vendor.code, user.id, key, owner.recovery_codes[0], OWNER, epoch=user.session_epoch, now=NOW)
    with refused("invalid_code"):
        add_passkey(*sent, epoch=user.session_epoch, now=NOW)


def test_the_last_one_that_is_taken_away_turns_the_second_factor_off(vendor: Vendor, owner: KeyHolder) -> None:
    add(vendor, Authenticator())
    laptop, phone = passkeys_in(account(vendor, MANAGER).passkeys)
    given = (OWNER,)
    epoch = owner.user.session_epoch
    with refused("not_found"):
        remove_passkey(vendor.code, owner.user.id, "0" * 16, owner.recovery_codes[0], *given, epoch=epoch, now=NOW)
    answer = KeyHolder(account(vendor, MANAGER), owner.authenticator, ()).answer("here", NOW + 1)
    left = remove_passkey(vendor.code, owner.user.id, phone.key, answer, *given, epoch=epoch, now=NOW + 1)
    assert [passkey.name for passkey in passkeys_in(left.passkeys)] == [laptop.name]
    assert len(left.recovery_hashes) == 10
    none = remove_passkey(
        vendor.code, owner.user.id, laptop.key, owner.recovery_codes[0], *given, epoch=epoch, now=NOW + 2
    )
    assert (none.has_second_factor, none.recovery_hashes, none.passkeys) == (False, frozenset(), frozenset())
    assert [kind for kind in kinds(vendor) if "passkey" in kind or "factor" in kind] == [
        "second_factor_on",
        "passkey_added",
        "passkey_removed",
        "second_factor_off",
    ]


def test_a_password_alone_takes_none_away(vendor: Vendor, owner: KeyHolder) -> None:
    (passkey,) = passkeys_in(owner.user.passkeys)
    for code in (PASSWORD, "", "123456"):
        with refused("invalid_code"):
            remove_passkey(
                vendor.code, owner.user.id, passkey.key, code, OWNER, epoch=owner.user.session_epoch, now=NOW
            )
    assert account(vendor, MANAGER) == owner.user


def test_an_operator_takes_passkeys_off_too(vendor: Vendor, owner: KeyHolder) -> None:
    assert not remove_second_factor(vendor.code, MANAGER, ADMIN, now=NOW).has_second_factor
    assert account(vendor, MANAGER).passkeys == frozenset()


def test_a_passkey_turns_it_off_and_makes_new_codes(vendor: Vendor, owner: KeyHolder) -> None:
    given = (vendor.code, owner.user.id)
    epoch = owner.user.session_epoch
    changed, codes = renew_recovery_codes(*given, owner.answer("a", NOW), OWNER, epoch=epoch, now=NOW)
    assert len(codes) == 10
    answer = KeyHolder(changed, owner.authenticator, codes).answer("a", NOW + 1)
    assert not turn_off(*given, answer, OWNER, epoch=epoch, now=NOW + 1).has_second_factor


# --- a log-in ----------------------------------------------------------------------------------------------------


def test_a_passkey_lets_in_and_it_is_noted_when(vendor: Vendor, owner: KeyHolder) -> None:
    claims = enter(pending(vendor), owner.authenticator)
    assert portal_queries.authenticate_session(claims, now=NOW).user.id == owner.user.id
    (passkey,) = passkeys_in(account(vendor, MANAGER).passkeys)
    assert (passkey.used_at, passkey.sign_count) == (NOW, 2)
    assert kinds(vendor).count("signed_in") == 1


def test_one_that_counts_nothing_lets_in_again_and_again(vendor: Vendor) -> None:
    held = with_passkey(vendor, MANAGER, Authenticator(counts=False)).authenticator
    for at in (NOW, NOW + 1, NOW + 2):
        enter(pending(vendor, now=at), held, at)


def test_a_count_that_does_not_grow_is_of_a_copy(vendor: Vendor, owner: KeyHolder) -> None:
    enter(pending(vendor), owner.authenticator)
    for copy in (Authenticator(count=1), Authenticator(count=0), Authenticator(counts=False)):
        copy.keys = owner.authenticator.keys
        with refused("invalid_code"):
            enter(pending(vendor, now=NOW + 1), copy, NOW + 1)
    enter(pending(vendor, now=NOW + 1), owner.authenticator, NOW + 1)


@pytest.mark.parametrize("wrong", BAD)
def test_what_was_signed_wrongly_lets_nobody_in_and_is_noted(vendor: Vendor, owner: KeyHolder, wrong: str) -> None:
    held, claim = replace(BAD[wrong](), keys=owner.authenticator.keys, count=5), pending(vendor)
    with refused("invalid_code"):
        enter(claim, held)
    assert "second_factor_failed" in kinds(vendor)
    enter(claim, owner.authenticator)


def test_a_challenge_is_answered_once(vendor: Vendor, owner: KeyHolder) -> None:
    first, second = pending(vendor), pending(vendor)
    asked = ask_passkey(first, now=NOW)
    enter(first, owner.authenticator, asked=asked)
    with refused("invalid_code"):
        enter(first, owner.authenticator, asked=asked)
    with refused("invalid_code"):  # nor one of the same instant, or of before
        enter(second, owner.authenticator)
    enter(second, owner.authenticator, NOW + 1)


def test_who_lost_the_answer_sends_the_same_again_and_is_in(vendor: Vendor, owner: KeyHolder) -> None:
    claim = pending(vendor)
    answer = PasskeyAnswer(owner.authenticator.sign(ask_passkey(claim, now=NOW)), claim.id)
    for _ in range(2):
        log_in_by_code(claim, answer, "", now=NOW)
    with refused("invalid_code"):
        log_in_by_code(pending(vendor), answer, "", now=NOW)


def test_the_condition_decides_who_has_answered(vendor: Vendor, owner: KeyHolder) -> None:
    first, second = pending(vendor), pending(vendor)
    with before_write(1, lambda: enter(second, owner.authenticator)) as came, refused("invalid_code"):
        enter(first, Authenticator(keys=owner.authenticator.keys, count=7))
    assert came()


def test_a_challenge_is_of_its_person_its_log_in_and_its_minutes(vendor: Vendor, owner: KeyHolder) -> None:
    worker = with_passkey(vendor, WORKER)
    claim, theirs = pending(vendor), pending(vendor, WORKER)
    for asked in (
        ask(owner.user, theirs.id, now=NOW),
        ask(replace(owner.user, id=worker.user.id), claim.id, now=NOW),
        ask(replace(owner.user, company="ANOTHER"), claim.id, now=NOW),
        ask(owner.user, claim.id, now=NOW - VALID_MS),
    ):
        with refused("invalid_code"):
            enter(claim, owner.authenticator, asked=asked)
    enter(claim, owner.authenticator)


def test_the_passkey_of_somebody_else_lets_nobody_in(vendor: Vendor, owner: KeyHolder) -> None:
    worker, claim = with_passkey(vendor, WORKER), pending(vendor)
    (theirs,) = worker.authenticator.keys
    signed = worker.authenticator.sign_with(theirs, json.loads(ask_passkey(claim, now=NOW)))
    with refused("invalid_code"):
        log_in_by_code(claim, PasskeyAnswer(signed, claim.id), "", now=NOW)
    (mine,) = owner.authenticator.keys
    forged = Authenticator(keys={mine: worker.authenticator.keys[theirs]}, count=5)
    with refused("invalid_code"):
        enter(claim, forged)


def test_one_that_was_taken_away_lets_nobody_in(vendor: Vendor, owner: KeyHolder) -> None:
    add(vendor, Authenticator())
    laptop, _ = passkeys_in(account(vendor, MANAGER).passkeys)
    claim, at = pending(vendor), NOW + 1
    asked = ask_passkey(claim, now=at)
    given = (vendor.code, owner.user.id, laptop.key, owner.recovery_codes[0], OWNER)
    remove_passkey(*given, epoch=owner.user.session_epoch, now=at)
    with refused("invalid_code"):
        enter(claim, owner.authenticator, at, asked)


def test_the_same_person_of_another_company_has_passkeys_of_his_own(vendor: Vendor, owner: KeyHolder) -> None:
    other = Vendor()
    other.assign(issued(other), WORKER)
    with_passkey(other, MANAGER)
    claim = pending(other)
    with refused("invalid_code"):
        enter(claim, owner.authenticator, asked=ask(owner.user, claim.id, now=NOW))


def test_a_recovery_code_lets_in_who_has_passkeys_alone_and_six_digits_do_not(vendor: Vendor, owner: KeyHolder) -> None:
    with refused("invalid_code"):
        log_in_by_code(pending(vendor), "123456", "", now=NOW)
    log_in_by_code(pending(vendor), owner.recovery_codes[0], "", now=NOW)


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", "null", '{"response": 1}', "9" * 5000, "[" * 9000])
def test_whatever_is_sent_in_the_place_of_an_answer_is_refused(vendor: Vendor, owner: KeyHolder, text: str) -> None:
    claim = pending(vendor)
    with refused("invalid_code"):
        log_in_by_code(claim, PasskeyAnswer(text, claim.id), "", now=NOW)


def test_wrong_answers_are_counted_and_keep_no_code_out(vendor: Vendor, owner: KeyHolder) -> None:
    claim = pending(vendor)
    for _ in range(MAX_WRONG):
        with refused("invalid_code"):
            log_in_by_code(claim, PasskeyAnswer("{}", claim.id), "", now=NOW)
    with refused("rate_limit_exceeded"):
        enter(claim, owner.authenticator)
    assert "second_factor_locked" in kinds(vendor)
    assert any(subject.startswith("Somebody guesses") for subject in subjects(vendor))
    (passkey,) = passkeys_in(owner.user.passkeys)
    answer, epoch = owner.answer("a session", NOW), owner.user.session_epoch
    log_in_by_code(claim, owner.recovery_codes[0], "", now=NOW)
    remove_passkey(vendor.code, owner.user.id, passkey.key, answer, OWNER, epoch=epoch, now=NOW)


def test_a_good_answer_that_is_longer_than_any_is_not_read(vendor: Vendor, owner: KeyHolder) -> None:
    claim = pending(vendor)
    signed = owner.authenticator.sign(ask_passkey(claim, now=NOW))
    with refused("invalid_code"):
        log_in_by_code(claim, PasskeyAnswer(signed + " " * MAX_ANSWER, claim.id), "", now=NOW)


def test_none_is_offered_where_no_browser_has_any(vendor: Vendor, owner: KeyHolder) -> None:
    assert are_offered()
    settings = runtime().settings.model_copy(update={"portal_url": "http://licenses.vendor.test"})
    with using(replace(runtime(), settings=settings)):
        assert not are_offered()
        assert ask(owner.user, HOLDER, now=NOW) == asked_for_new(owner.user, NOW) == ""
        claim = pending(vendor)
        with pytest.raises(SeatkeeperError):
            enter(claim, owner.authenticator, asked=json.dumps(_asked_elsewhere(owner, claim)))


def test_a_passkey_answers_for_the_host_of_the_company_where_it_was_asked_there(vendor: Vendor) -> None:
    user, at_home = chosen(vendor, MANAGER), "licenses.company.test"
    company = find_company(vendor.code)
    asked = ask_for_new(user, company, HOLDER, host=at_home, now=NOW - 1000)
    assert json.loads(asked)["rp"]["id"] == at_home
    made = PasskeyAnswer(Authenticator(origin=f"https://{at_home}").make(asked), HOLDER)
    assert len(with_new_passkey(user, "Laptop", made, NOW).passkeys) == 1
    elsewhere = PasskeyAnswer(Authenticator().make(asked), HOLDER)
    with refused("invalid_code"):
        with_new_passkey(user, "Laptop", elsewhere, NOW)


def _asked_elsewhere(owner: KeyHolder, claim: PendingLogIn) -> dict[str, Any]:
    """As it was asked while there was an address."""
    settings = runtime().settings.model_copy(update={"portal_url": "https://licenses.vendor.test"})
    with using(replace(runtime(), settings=settings)):
        asked: dict[str, Any] = json.loads(ask(owner.user, claim.id, now=NOW))
    return asked
