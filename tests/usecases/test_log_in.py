"""Log in: nothing is told apart, guesses are bounded, and a success forgives."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import argon2
import pytest

from chalicelib.domain.people import LOCK_MS, LOST_MS, MAX_FAILURES, Attempts
from chalicelib.domain.refusal import Refused
from chalicelib.store import attempts
from chalicelib.store.dynamo import Stale
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.passwords import verify_password
from tests.support import NOW, Vendor
from tests.usecases.support import calls_counted, refused

ADA = "ada@customer.test"
LOCK_SECONDS = LOCK_MS // 1000


@pytest.fixture
def password(vendor: Vendor) -> str:
    """Ada's."""
    _, password = vendor.assign(vendor.issue("revit", max_license_users=1), ADA)
    assert password is not None
    return password


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that passwords are held against."""
    verify_password(None, "the hash of nobody is made once")
    seen: list[str] = []
    lock, real = Lock(), argon2.PasswordHasher.verify

    def verify(self: argon2.PasswordHasher, hash: str, password: str) -> bool:
        with lock:
            seen.append(hash)
        return real(self, hash, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verify)
    return seen


def guess(vendor: Vendor, email: str, password: str, *, now: int = NOW) -> tuple[str, int | None]:
    """The answer to a guess: its code, and the seconds to wait."""
    try:
        log_in(vendor.code, email, password, now=now)
    except Refused as refused:
        return refused.code, refused.retry_after
    return "logged in", None


def test_the_right_password_is_let_in_whatever_the_case_of_the_email(vendor: Vendor, password: str) -> None:
    assert log_in(vendor.code, f" {ADA.upper()}", password, now=NOW).email == ADA


@pytest.mark.parametrize("change", [str.lower, str.swapcase, lambda p: p + " ", lambda p: p[:-1], lambda p: p * 2])
def test_any_other_password_is_not(vendor: Vendor, password: str, change: object) -> None:
    assert callable(change)
    assert guess(vendor, ADA, change(password)) == ("invalid_credentials", None)


def test_an_unknown_email_and_a_wrong_or_absent_password_are_answered_alike_for_the_same_work(
    vendor: Vendor, password: str, hashed: list[str]
) -> None:
    answers, work = [], []
    for email, wrong in ((ADA, "wrong"), (ADA, ""), ("nobody@customer.test", "wrong")):
        hashed.clear()
        with calls_counted() as sent:
            answers.append(guess(vendor, email, wrong))
        parameters = [hash.rpartition("$")[0].rpartition("$")[0] for hash in hashed]
        work.append((sent, parameters))
    assert answers == [("invalid_credentials", None)] * 3
    assert work[0] == work[1] == work[2]
    assert len(work[0][1]) == 1


def test_what_is_no_email_is_no_account(vendor: Vendor) -> None:
    for text in ("", "ada", "ada\u200b@customer.test", "a@b@customer.test", "ada\ud800@customer.test"):
        assert guess(vendor, text, "wrong") == ("invalid_credentials", None)


@pytest.mark.parametrize("email", [ADA, "nobody@customer.test"])
def test_failures_are_slowed_then_locked_whether_the_account_exists_or_not(
    vendor: Vendor, password: str, email: str
) -> None:
    now, failures, waits = NOW, 0, {}
    while failures not in waits or failures < MAX_FAILURES:
        code, wait = guess(vendor, email, "wrong", now=now)
        if code == "account_locked":
            assert wait is not None
            waits[failures] = wait
            now += 1000 * wait
        else:
            assert code == "invalid_credentials"
            failures += 1
    assert waits == {3: 1, 4: 2, 5: 4, 6: 8, 7: 16, 8: 32, 9: 64, MAX_FAILURES: LOCK_SECONDS}


def test_while_locked_the_right_password_is_refused_and_afterwards_let_in(vendor: Vendor, password: str) -> None:
    now = fail(vendor, MAX_FAILURES)
    assert guess(vendor, ADA, password, now=now) == ("account_locked", LOCK_SECONDS)
    assert guess(vendor, ADA, password, now=now + LOCK_MS - 1) == ("account_locked", 1)
    assert guess(vendor, ADA, password, now=now + LOCK_MS) == ("logged in", None)


def test_a_refusal_while_locked_hashes_nothing_and_prolongs_nothing(
    vendor: Vendor, password: str, hashed: list[str]
) -> None:
    now = fail(vendor, MAX_FAILURES)
    hashed.clear()
    for minute in range(14):
        guess(vendor, ADA, "wrong", now=now + minute * 60_000)
    assert hashed == []
    assert guess(vendor, ADA, password, now=now + LOCK_MS) == ("logged in", None)


def test_a_success_forgives_all_failures(vendor: Vendor, password: str) -> None:
    now = fail(vendor, 5)
    assert guess(vendor, ADA, password, now=now + 9_000) == ("logged in", None)
    for _ in range(2):
        assert guess(vendor, ADA, "wrong", now=now + 9_000) == ("invalid_credentials", None)
    assert guess(vendor, ADA, password, now=now + 9_000) == ("logged in", None)


@pytest.mark.parametrize("failures", [MAX_FAILURES - 1, MAX_FAILURES])
def test_failures_are_forgotten_after_a_while(vendor: Vendor, password: str, failures: int) -> None:
    now = fail(vendor, failures)
    assert guess(vendor, ADA, "wrong", now=now + LOCK_MS) == ("invalid_credentials", None)
    assert guess(vendor, ADA, password, now=now + LOCK_MS) == ("logged in", None)


def test_one_account_locks_no_other_one(vendor: Vendor, password: str) -> None:
    fail(vendor, MAX_FAILURES, email="bob@customer.test")
    assert guess(vendor, ADA, password) == ("logged in", None)


@pytest.mark.usefixtures("costly_passwords")
def test_guesses_at_once_are_bounded_like_guesses_in_a_row(vendor: Vendor, password: str, hashed: list[str]) -> None:
    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(lambda n: guess(vendor, ADA, f"guess {n}"), range(30)))
    assert len(hashed) <= MAX_FAILURES
    assert {code for code, _ in answers} == {"invalid_credentials", "account_locked"}
    code, wait = guess(vendor, ADA, password)
    assert code == "account_locked"
    assert wait
    assert guess(vendor, ADA, password, now=NOW + LOCK_MS) == ("logged in", None)


@pytest.mark.usefixtures("costly_passwords")
def test_right_passwords_at_once_are_all_let_in(vendor: Vendor, password: str) -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: guess(vendor, ADA, password), range(20)))
    assert answers == [("logged in", None)] * 20


def test_a_locked_account_activates_nothing_new(vendor: Vendor, password: str) -> None:
    now = fail(vendor, MAX_FAILURES)
    with refused("account_locked"):
        vendor.activate(ADA, "pc", password, now=now)


def fail(vendor: Vendor, times: int, *, email: str = ADA) -> int:
    """Fail so often in a row, each as early as possible; answers the instant of the last."""
    now, failures = NOW, 0
    while True:
        code, wait = guess(vendor, email, "wrong", now=now)
        now += 1000 * (wait or 0)
        failures += code == "invalid_credentials"
        if failures == times:
            return now


def lost_attempts(vendor: Vendor) -> Attempts:
    """Two wrong passwords, then eight right ones that were under way when the server was killed."""
    for _ in range(2):
        with refused("invalid_credentials"):
            log_in(vendor.code, ADA, "wrong", now=NOW)
    seen = attempts.read_attempts(vendor.code, ADA)
    for _ in range(MAX_FAILURES - 2):
        seen = attempts.start_attempt(vendor.code, ADA, seen, NOW)
    return seen


def test_attempts_that_died_with_their_servers_keep_nobody_out_for_long(vendor: Vendor, password: str) -> None:
    seen = lost_attempts(vendor)
    with pytest.raises(Stale):
        attempts.start_attempt(vendor.code, ADA, seen, NOW + LOST_MS - 1)
    assert log_in(vendor.code, ADA, password, now=NOW + LOST_MS).email == ADA


def test_failures_stay_counted_when_attempts_were_lost(vendor: Vendor, password: str) -> None:
    seen = lost_attempts(vendor)
    recounted = attempts.start_attempt(vendor.code, ADA, seen, NOW + LOST_MS)
    assert (recounted.started, recounted.failures) == (3, 2)
    with pytest.raises(Stale):  # of two that recount, one does
        attempts.start_attempt(vendor.code, ADA, seen, NOW + LOST_MS)
