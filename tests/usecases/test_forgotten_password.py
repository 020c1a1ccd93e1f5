"""A forgotten password: only who reads the account's mail sets a new one, and nobody learns who has an account."""

import re
from collections.abc import Callable
from hmac import compare_digest
from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.one_time_code import MAIL_WINDOW_MS, MAX_MAILS, MAX_TRIES, VALID_MS
from chalicelib.domain.users import MAX_FAILURES
from chalicelib.store import accounts, database, one_time_codes, reads
from chalicelib.store.items.events import AccountEventItem
from chalicelib.store.keys import event_sort_key
from chalicelib.threads import ThreadPool
from chalicelib.usecases.forgotten_password import request_code, set_password_by_code
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.passwords import with_own_password
from tests.mailbox import code_mails, mailed_code, said
from tests.store.faults import wire
from tests.support import ADMIN, DAY, NOW, ChangeRuntime, Vendor
from tests.usecases.people import account
from tests.usecases.support import calls_counted, refused

ADA, NOBODY, NEW = "ada@customer.test", "nobody@customer.test", "a new password"


@pytest.fixture
def initial(vendor: Vendor) -> str:
    """Ada's initial password: she has an account."""
    _, password = vendor.assign(vendor.issue("revit", max_license_users=1), ADA)
    assert password is not None
    return password


def asked(vendor: Vendor, email: str = ADA, now: int = NOW) -> str:
    """The code that was mailed."""
    request_code(vendor.code, email, now=now)
    return mailed_code(vendor, email)


def enter(vendor: Vendor, code: str, *, email: str = ADA, now: int = NOW, password: str = NEW) -> str:
    """What came of a code: the refusal, or that it was taken."""
    try:
        set_password_by_code(vendor.code, email, code, password, ADMIN, now=now)
    except SeatkeeperError as refused:
        return refused.code
    return "taken"


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


# --- the mail ----------------------------------------------------------------------------------------------------


def test_the_mail_says_for_which_company_how_long_and_what_to_do_when_one_did_not_ask(
    vendor: Vendor, initial: str
) -> None:
    code = asked(vendor)
    (mail,) = code_mails(vendor, ADA)
    text = said(mail)
    assert mail["Subject"] == "Your code for A vendor"
    assert code not in mail["Subject"], "it would stand on a locked screen"
    for answer in (
        code,
        "A vendor",
        vendor.code,
        ADA,
        "valid for 15 minutes",
        "do not know who asked",
        "stays as it is",
    ):
        assert answer in " ".join(text.split())
    assert max(len(line) for line in text.splitlines()) <= 78


def test_a_newer_code_replaces_the_older_one(vendor: Vendor, initial: str) -> None:
    first = asked(vendor)
    second = asked(vendor, now=NOW + 1)
    assert first != second
    assert enter(vendor, first) == "invalid_code"
    assert enter(vendor, second) == "taken"


def test_the_stored_code_tells_nobody_the_code_and_belongs_to_one_account(vendor: Vendor, initial: str) -> None:
    code = asked(vendor)
    item = reads.get(one_time_codes.code_item(vendor.code, ADA, ""), now=NOW)
    assert item is not None
    assert code not in str(item.attribute_values)
    hashes = {
        one_time_codes.hash_code(company, email, code) for company in (vendor.code, "OTHER") for email in (ADA, NOBODY)
    }
    assert len(hashes) == 4
    assert item.code_hash == one_time_codes.hash_code(vendor.code, ADA, code)


def test_in_any_hour_three_mails_are_sent_and_the_newest_code_stays_good(vendor: Vendor, initial: str) -> None:
    for minute in range(5):
        request_code(vendor.code, ADA, now=NOW + minute * 60_000)
    assert len(code_mails(vendor, ADA)) == MAX_MAILS
    assert enter(vendor, mailed_code(vendor, ADA), now=NOW + 5 * 60_000) == "taken"
    request_code(vendor.code, ADA, now=NOW + MAIL_WINDOW_MS - 1)
    assert len(code_mails(vendor, ADA)) == MAX_MAILS
    request_code(vendor.code, ADA, now=NOW + MAIL_WINDOW_MS)
    assert len(code_mails(vendor, ADA)) == MAX_MAILS + 1
    request_code(vendor.code, ADA, now=NOW + DAY)  # what was noted has expired, and TTL has not deleted it yet
    assert len(code_mails(vendor, ADA)) == MAX_MAILS + 2


def test_requests_at_once_send_no_more_mails_and_leave_one_code_that_is_right(vendor: Vendor, initial: str) -> None:
    with ThreadPool(8) as threads:
        list(threads.map(lambda _: request_code(vendor.code, ADA, now=NOW), range(16)))
    sent = code_mails(vendor, ADA)
    assert len(sent) == MAX_MAILS
    stored = one_time_codes.read_code(vendor.code, ADA, "", NOW).code_hash
    content = [said(mail).split("Code:")[1].split()[0] for mail in sent]
    assert [one_time_codes.hash_code(vendor.code, ADA, code) == stored for code in content].count(True) == 1


# --- nothing tells who has an account ----------------------------------------------------------------------------


def work_of(act: Callable[[], Any]) -> list[Any]:
    """The calls to the database, and of each write what depends neither on the account's name nor on attributes'."""
    with calls_counted() as sent, wire() as written:
        act()
    updates = [re.sub(r"#\w+", "#", body.get("UpdateExpression", "")) for body in written.bodies]
    return [sent, [sorted(body) for body in written.bodies], updates]


def test_a_request_does_the_same_work_and_answers_the_same_whether_there_is_an_account_or_not(
    vendor: Vendor, initial: str
) -> None:
    for _ in range(MAX_MAILS + 1):  # also when no further mail is sent
        ada = work_of(lambda: request_code(vendor.code, ADA, now=NOW))
        nobody = work_of(lambda: request_code(vendor.code, NOBODY, now=NOW))
        stranger = work_of(lambda: request_code("NOWHERE-" + vendor.code, ADA, now=NOW))
        assert ada == nobody == stranger
    assert code_mails(vendor, NOBODY) == []
    noted = [one_time_codes.read_code_requests(vendor.code, email, "", NOW)[0].mailed for email in (ADA, NOBODY)]
    assert noted[0] == noted[1]


@pytest.mark.parametrize("email", [ADA, NOBODY])
def test_a_request_is_answered_without_a_word_to_the_mail_server(
    vendor: Vendor,
    initial: str,
    email: str,
    monkeypatch: pytest.MonkeyPatch,
    change_runtime: ChangeRuntime,
) -> None:
    """However many ask, and however slow the mail is: nobody waits, and nobody is sent away for others."""
    change_runtime(mailer=None)  # it is sent by somebody else
    monkeypatch.setattr("time.sleep", lambda _seconds: pytest.fail("nobody waits"))
    with ThreadPool(8) as threads:
        assert list(threads.map(lambda n: request_code(vendor.code, f"{n}{email}", now=NOW), range(32))) == [None] * 32


@pytest.mark.parametrize("email", [ADA, NOBODY])
def test_a_wrong_code_does_the_same_work_whether_there_is_an_account_or_not(
    vendor: Vendor, initial: str, email: str
) -> None:
    asked(vendor)
    request_code(vendor.code, NOBODY, now=NOW)
    wrong = other_than(mailed_code(vendor, ADA))
    with calls_counted() as sent:
        assert enter(vendor, wrong, email=email) == "invalid_code"
    assert sent == ["UpdateItem"]


@pytest.mark.parametrize("company", ["", "no company", "A#B", "NOWHERE"])
@pytest.mark.parametrize("email", [ADA, "", "no email", "ada\ud800@customer.test"])
def test_what_can_be_no_account_is_answered_like_an_unknown_one(company: str, email: str) -> None:
    request_code(company, email, now=NOW)
    with refused("invalid_code"):
        set_password_by_code(company, email, "12345678", NEW, ADMIN, now=NOW)


# --- the code ----------------------------------------------------------------------------------------------------


def test_the_right_code_sets_the_password_and_the_initial_one_is_gone(vendor: Vendor, initial: str) -> None:
    before, code = account(vendor, ADA), asked(vendor)
    user = set_password_by_code(f" {vendor.code.lower()}", ADA.upper(), f"{code[:4]} {code[4:]} ", NEW, ADMIN, now=NOW)
    assert user == account(vendor, ADA) == log_in(vendor.code, ADA, NEW, now=NOW)
    assert (user.is_initial_password, user.sealed_initial_password) == (False, None)
    assert user.session_epoch == before.session_epoch + 1, "all sessions are over"
    with refused("invalid_credentials"):
        log_in(vendor.code, ADA, initial, now=NOW)


def test_the_new_password_stands_in_the_history_with_how_it_was_set(vendor: Vendor, initial: str) -> None:
    enter(vendor, asked(vendor))
    events = [item.to_domain() for item in reads.query(AccountEventItem, vendor.code, event_sort_key())]
    (changed,) = [event for event in events if event.type == "password_changed"]
    assert (changed.user, changed.detail, changed.actor, changed.at) == (ADA, {"by": "code"}, ADMIN, NOW)


def test_a_wrong_code_changes_nothing(vendor: Vendor, initial: str) -> None:
    before, code = account(vendor, ADA), asked(vendor)
    for wrong in (other_than(code), "", code[:-1], code + "0", code[::-1] + "x", "\u0661" * 8, "\ud800"):
        assert enter(vendor, wrong, now=NOW) == "invalid_code"
    assert account(vendor, ADA) == before


@pytest.mark.parametrize("wrong", range(MAX_TRIES + 2))
def test_a_code_is_void_after_five_tries(vendor: Vendor, initial: str, wrong: int) -> None:
    code = asked(vendor)
    for _ in range(wrong):
        assert enter(vendor, other_than(code)) == "invalid_code"
    assert enter(vendor, code) == ("taken" if wrong < MAX_TRIES else "invalid_code")


@pytest.mark.usefixtures("costly_passwords")
def test_tries_at_once_are_bounded_like_tries_in_a_row(
    vendor: Vendor, initial: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, looked_at = asked(vendor), list[str]()

    def look_at(one: str, other: str) -> bool:
        looked_at.append(other)
        return compare_digest(one, other)

    monkeypatch.setattr("chalicelib.usecases.forgotten_password.compare_digest", look_at)
    guesses = [f"{(int(code) + n) % 10**8:08d}" for n in range(1, 25)]
    with ThreadPool(12) as threads:
        answers = set(threads.map(lambda guess: enter(vendor, guess), guesses))
    assert (answers, len(looked_at)) == ({"invalid_code"}, MAX_TRIES)
    assert enter(vendor, code) == "invalid_code"


def test_a_code_ends_after_a_quarter_of_an_hour(vendor: Vendor, initial: str) -> None:
    code = asked(vendor)
    assert enter(vendor, code, now=NOW + VALID_MS) == "invalid_code"
    assert enter(vendor, code, now=NOW + VALID_MS - 1) == "taken"


def test_a_used_code_sets_no_other_password(vendor: Vendor, initial: str) -> None:
    code = asked(vendor)
    assert [enter(vendor, code), enter(vendor, code, password="another password")] == ["taken", "invalid_code"]
    assert log_in(vendor.code, ADA, NEW, now=NOW)


def test_the_same_call_once_more_is_answered_the_same_and_changes_nothing(vendor: Vendor, initial: str) -> None:
    code = asked(vendor)
    first = set_password_by_code(vendor.code, ADA, code, NEW, ADMIN, now=NOW)
    with wire() as sent:
        assert set_password_by_code(vendor.code, ADA, code, NEW, ADMIN, now=NOW) == first
    assert not any("TransactItems" in body for body in sent.bodies)
    assert account(vendor, ADA) == first


@pytest.mark.usefixtures("costly_passwords")
def test_of_two_who_use_one_code_at_once_one_sets_the_password(vendor: Vendor, initial: str) -> None:
    code = asked(vendor)
    with ThreadPool(2) as threads:
        answers = list(threads.map(lambda new: enter(vendor, code, password=new), ["the first one", "the second one"]))
    assert sorted(answers) == ["invalid_code", "taken"]
    chosen = ["the first one", "the second one"][answers.index("taken")]
    assert log_in(vendor.code, ADA, chosen, now=NOW)


def test_a_password_that_was_changed_meanwhile_does_not_stop_the_code(
    vendor: Vendor, initial: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, real, changes = asked(vendor), one_time_codes.redeem, iter([accounts.change_password])

    def redeem(stored: Any, browser: str, old: Any, new: Any, event: Any, mail: Any) -> None:
        for change in changes:
            change(old, with_own_password(old, "in between"), event)
            raise database.ConditionFailed
        real(stored, browser, old, new, event, mail)

    monkeypatch.setattr(one_time_codes, "redeem", redeem)
    assert enter(vendor, code) == "taken"
    assert log_in(vendor.code, ADA, NEW, now=NOW)


@pytest.mark.parametrize("password", ["", "7 chars", "x" * 129])
def test_a_password_that_cannot_be_chosen_costs_no_try(vendor: Vendor, initial: str, password: str) -> None:
    code = asked(vendor)
    for _ in range(MAX_TRIES):
        assert enter(vendor, code, password=password) == "password_length"
    assert enter(vendor, code) == "taken"


def test_who_has_locked_the_account_by_guessing_is_let_in_after_the_code(vendor: Vendor, initial: str) -> None:
    now, failures = NOW, 0
    while failures < MAX_FAILURES:
        try:
            log_in(vendor.code, ADA, "wrong", now=now)
        except SeatkeeperError as no:
            failures += no.code == "invalid_credentials"
            now += 1000 * (no.retry_after or 0)
    with refused("account_locked"):
        log_in(vendor.code, ADA, initial, now=now)
    assert enter(vendor, asked(vendor, now=now), now=now) == "taken"
    assert log_in(vendor.code, ADA, NEW, now=now)
