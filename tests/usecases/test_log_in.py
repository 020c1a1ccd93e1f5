"""Log in: nothing is told apart, guesses are bounded, and a success forgives."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from hashlib import sha256
from threading import BoundedSemaphore, Event, Lock, Semaphore, get_ident
from time import monotonic
from typing import Any

import argon2
import pytest

from chalicelib.domain.errors import SeatkeeperError, Unavailable
from chalicelib.domain.license import hash_hardware_id
from chalicelib.domain.origin import (
    MAX_OF_ACCOUNT,
    MAX_OF_ACCOUNT_IN_ALL,
    MAX_OF_ADDRESS,
    MAX_OF_PASSWORD,
    WINDOW_MS,
    Origin,
)
from chalicelib.domain.users import FREE_FAILURES, LOCK_MS, LOST_MS, MAX_FAILURES, Attempts
from chalicelib.runtime import runtime
from chalicelib.store import login_attempts
from chalicelib.store.database import ConditionFailed
from chalicelib.store.login_attempts import Account
from chalicelib.threads import ThreadPool
from chalicelib.turns import DEVICE_LOOKS, LOG_INS, STRANGERS, Turns
from chalicelib.usecases import log_in as log_in_module
from chalicelib.usecases import passwords
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.change_password import change_password
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.passwords import hash_password, verify_password
from chalicelib.usecases.unlock import unlock
from tests.store.faults import wire
from tests.store.seam import Request, noted
from tests.support import ADMIN, DAY, NOW, ChangeRuntime, Vendor
from tests.usecases.support import calls_counted, refused

ADA = "ada@customer.test"
LOCK_SECONDS = LOCK_MS // 1000


@pytest.fixture
def password(vendor: Vendor) -> str:
    """Ada's."""
    _, password = vendor.assign(vendor.issue("revit", max_license_users=1), ADA)
    assert password is not None
    return password


def test_who_loses_the_email_while_it_logs_in_is_let_in_no_more(vendor: Vendor, password: str) -> None:
    """Whose it is was read with the attempts: between the two reads it may go to somebody else."""
    changes = iter([lambda: change_email(vendor.code, None, ADA, "a@b.test", ADMIN, manager_id=None, now=NOW)])

    def meanwhile(request: Request) -> None:
        if request.operation == "UpdateItem" and (change := next(changes, None)):
            change()

    with noted(meanwhile), refused("invalid_credentials"):
        log_in(vendor.code, ADA, password, now=NOW)
    assert next(changes, None) is None
    assert log_in(vendor.code, "a@b.test", password, now=NOW).email == "a@b.test"


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


@pytest.fixture
def a_crowd(change_runtime: ChangeRuntime) -> None:
    """As many log in at once as on many servers."""
    change_runtime(turns=Turns(log_ins=BoundedSemaphore(64), strangers=BoundedSemaphore(64)))


def guess(vendor: Vendor, email: str, password: str, *, now: int = NOW) -> tuple[str, int | None]:
    """The answer to a guess: its code, and the seconds to wait."""
    try:
        log_in(vendor.code, email, password, now=now)
    except SeatkeeperError as refused:
        return refused.code, refused.retry_after
    return "logged in", None


def test_the_right_password_is_let_in_whatever_the_case_of_the_email(vendor: Vendor, password: str) -> None:
    assert log_in(vendor.code, f" {ADA.upper()}", password, now=NOW).email == ADA


@pytest.mark.parametrize("change", [str.lower, str.swapcase, lambda p: p + "x", lambda p: p[:-1], lambda p: p * 2])
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


@pytest.mark.parametrize("failures", range(1, FREE_FAILURES))
def test_a_failure_that_costs_no_waiting_holds_nobody_back_whose_clock_is_behind(
    vendor: Vendor, password: str, failures: int
) -> None:
    """Nor who has come a moment before, and is counted a moment later."""
    for number in range(failures):
        assert guess(vendor, ADA, "wrong", now=NOW + number) == ("invalid_credentials", None)
    assert guess(vendor, ADA, password, now=NOW - 10) == ("logged in", None)


@pytest.mark.parametrize("later", [LOCK_MS, LOCK_MS + DAY])  # what has expired is there, until TTL deletes it
@pytest.mark.parametrize("failures", [1, MAX_FAILURES - 1, MAX_FAILURES])
def test_failures_are_forgotten_after_a_while(vendor: Vendor, password: str, failures: int, later: int) -> None:
    now = fail(vendor, failures)
    assert guess(vendor, ADA, "wrong", now=now + later) == ("invalid_credentials", None)
    assert guess(vendor, ADA, password, now=now + later) == ("logged in", None)


def test_who_has_logged_in_does_so_again_at_any_later_time(vendor: Vendor, password: str) -> None:
    for later in (0, LOCK_MS - 1, LOCK_MS + 1000, DAY):
        assert guess(vendor, ADA, password, now=NOW + later) == ("logged in", None)


def test_one_account_locks_no_other_one(vendor: Vendor, password: str) -> None:
    fail(vendor, MAX_FAILURES, email="bob@customer.test")
    assert guess(vendor, ADA, password) == ("logged in", None)


@pytest.mark.usefixtures("costly_passwords", "a_crowd")
def test_guesses_at_once_are_bounded_like_guesses_in_a_row(vendor: Vendor, password: str, hashed: list[str]) -> None:
    with ThreadPool(30) as threads:
        answers = list(threads.map(lambda n: guess(vendor, ADA, f"guess {n}"), range(30)))
    assert len(hashed) <= MAX_FAILURES
    assert {code for code, _ in answers} == {"invalid_credentials", "account_locked"}
    code, wait = guess(vendor, ADA, password)
    assert code == "account_locked"
    assert wait
    assert guess(vendor, ADA, password, now=NOW + LOCK_MS) == ("logged in", None)


@pytest.mark.usefixtures("costly_passwords", "a_crowd")
def test_right_passwords_at_once_are_all_let_in(vendor: Vendor, password: str) -> None:
    with ThreadPool(20) as threads:
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
    account = Account(vendor.code, ADA)
    seen = login_attempts.read_attempts(account, "", NOW, consistent=True).own
    for _ in range(MAX_FAILURES - 2):
        seen = login_attempts.start_attempt(account, seen, NOW)
    return seen


def test_attempts_that_died_with_their_servers_keep_nobody_out_for_long(vendor: Vendor, password: str) -> None:
    seen = lost_attempts(vendor)
    with pytest.raises(ConditionFailed):
        login_attempts.start_attempt(Account(vendor.code, ADA), seen, NOW + LOST_MS - 1)
    assert log_in(vendor.code, ADA, password, now=NOW + LOST_MS).email == ADA


def test_failures_stay_counted_when_attempts_were_lost(vendor: Vendor, password: str) -> None:
    seen = lost_attempts(vendor)
    recounted = login_attempts.start_attempt(Account(vendor.code, ADA), seen, NOW + LOST_MS)
    assert (recounted.started, recounted.failures) == (3, 2)
    with pytest.raises(ConditionFailed):  # of two that recount, one does
        login_attempts.start_attempt(Account(vendor.code, ADA), seen, NOW + LOST_MS)


# --- strangers ----------------------------------------------------------------------------------------------------


HERE, ELSEWHERE = Origin("198.51.100.1"), Origin("198.51.100.2")
BROWSER = Origin("198.51.100.1", "browser 1")


def own(vendor: Vendor, origin: Origin) -> Origin:
    return replace(origin, address=f"{origin.address} of {vendor.code}")


def came(vendor: Vendor, email: str, password: str, origin: Origin, *, now: int = NOW, **more: Any) -> str:
    """What comes of a log-in, at an address that no other test uses."""
    try:
        log_in(vendor.code, email, password, own(vendor, origin), now=now, **more)
    except Unavailable:
        raise
    except SeatkeeperError as refused:
        return refused.code
    return "logged in"


def attack(vendor: Vendor, origins: Iterable[Origin], email: str = ADA) -> None:
    """Guess from each origin until it is held back."""
    for number, origin in enumerate(origins):
        for guess in range(MAX_FAILURES):
            if came(vendor, email, f"guess {number} {guess}", origin) != "invalid_credentials":
                break


def everywhere() -> list[Origin]:
    return [Origin(f"203.0.113.{number}") for number in range(MAX_OF_ACCOUNT_IN_ALL)]


def test_who_guesses_locks_himself_out_and_nobody_at_another_address(vendor: Vendor, password: str) -> None:
    attack(vendor, [HERE])
    assert came(vendor, ADA, password, HERE) == "account_locked"
    assert came(vendor, ADA, password, ELSEWHERE) == "logged in"
    assert came(vendor, ADA, password, BROWSER) == "logged in", "though it is at the same address"


@pytest.mark.parametrize("email", [ADA, "nobody@customer.test"])
def test_from_however_many_addresses_an_account_bears_so_many_guesses(
    vendor: Vendor, password: str, hashed: list[str], email: str
) -> None:
    attack(vendor, everywhere(), email)
    assert len(hashed) == MAX_OF_ACCOUNT_IN_ALL
    assert came(vendor, email, password, Origin("192.0.2.1")) == "account_locked"
    assert came(vendor, email, password, Origin("192.0.2.1"), now=NOW + WINDOW_MS) == (
        "logged in" if email == ADA else "invalid_credentials"
    )


def test_few_addresses_keep_nobody_out_who_comes_from_another(vendor: Vendor, password: str) -> None:
    few = everywhere()[: MAX_OF_ACCOUNT // FREE_FAILURES + 1]
    attack(vendor, few)
    attack(vendor, few)
    assert came(vendor, ADA, password, few[0]) == "account_locked"
    assert came(vendor, ADA, password, ELSEWHERE) == "logged in"


def test_a_browser_or_a_device_that_was_there_before_is_let_in_amid_an_attack(vendor: Vendor, password: str) -> None:
    vendor.activate(ADA, "her pc", password)
    attack(vendor, [HERE, *everywhere()])
    assert came(vendor, ADA, password, HERE) == "account_locked"
    assert came(vendor, ADA, password, BROWSER) == "logged in"
    assert came(vendor, ADA, password, HERE, hardware_id="her pc") == "logged in"
    assert vendor.activate(ADA, "her pc", password).device is not None
    with refused("account_locked"):
        vendor.activate(ADA, "another pc", password)


def test_guesses_with_the_name_of_her_device_hold_back_that_device_and_no_browser(
    vendor: Vendor, password: str
) -> None:
    vendor.activate(ADA, "her pc", password)
    attack(vendor, everywhere())
    for guess in range(MAX_FAILURES + 2):
        came(vendor, ADA, f"guess {guess}", HERE, hardware_id="her pc")
    assert came(vendor, ADA, password, HERE, hardware_id="her pc") == "account_locked"
    assert came(vendor, ADA, password, BROWSER) == "logged in"


def test_one_who_is_known_guesses_no_more_than_anybody(vendor: Vendor, password: str, hashed: list[str]) -> None:
    for guess in range(MAX_FAILURES + 2):
        came(vendor, ADA, f"guess {guess}", BROWSER, now=NOW + guess * 200_000)
    assert len(hashed) == MAX_FAILURES
    assert came(vendor, ADA, password, ELSEWHERE, now=NOW + 12 * 200_000) == "logged in"


def test_when_all_are_held_back_an_unknown_account_does_the_same_work(vendor: Vendor, password: str) -> None:
    work = []
    for email in (ADA, "nobody@customer.test"):
        attack(vendor, [HERE], email)
        with calls_counted() as sent:
            assert came(vendor, email, password, HERE, hardware_id="some pc") == "account_locked"
        work.append(sent)
    assert work[0] == work[1]


def test_one_password_is_tried_on_so_many_accounts_from_one_address(
    vendor: Vendor, password: str, hashed: list[str]
) -> None:
    answers = [came(vendor, f"u{n}@customer.test", f"Winter2026! {n}", HERE) for n in range(82)]
    assert answers == ["invalid_credentials"] * MAX_OF_ADDRESS + ["rate_limit_exceeded"] * (82 - MAX_OF_ADDRESS)
    assert len(hashed) == MAX_OF_ADDRESS
    assert came(vendor, ADA, password, HERE) == "rate_limit_exceeded", "so the same is answered for any account"
    assert came(vendor, ADA, password, BROWSER) == "logged in"
    assert came(vendor, ADA, password, ELSEWHERE) == "logged in"


def test_one_password_is_tried_on_so_many_accounts_from_however_many_addresses(vendor: Vendor, password: str) -> None:
    tries = [(f"u{n}@customer.test", Origin(f"203.0.113.{n}")) for n in range(82)]
    forms = ("Winter2026!{}", "{}Winter2026!", "Win{}ter2026!")
    unseen = ["\N{ZERO WIDTH SPACE}" * n for n in range(82)]
    answers = [came(vendor, email, forms[n % 3].format(unseen[n]), origin) for n, (email, origin) in enumerate(tries)]
    assert answers == ["invalid_credentials"] * MAX_OF_PASSWORD + ["rate_limit_exceeded"] * (82 - MAX_OF_PASSWORD)
    assert came(vendor, ADA, password, HERE) == "logged in"


def test_no_password_that_was_tried_is_stored_nor_a_hash_that_could_be_guessed_without_our_key(vendor: Vendor) -> None:
    with wire() as sent:
        came(vendor, ADA, "Winter2026!", HERE)
    answer = str(sent.bodies)
    plain = sha256(b"Winter2026!").hexdigest()
    assert "password" in answer
    assert [text for text in ("Winter2026!", plain, plain[:16]) if text in answer] == []


def test_an_office_logs_in_rightly_from_one_address_at_nine(vendor: Vendor, password: str) -> None:
    with wire() as sent:
        assert [came(vendor, ADA, password, HERE) for _ in range(150)] == ["logged in"] * 150
    assert len(sent.bodies) == 2 * 150, "a right log-in counts nothing but its own attempt"


def test_who_unlocks_an_account_lets_everybody_try_again(vendor: Vendor, password: str) -> None:
    attack(vendor, [HERE, *everywhere()])
    assert [came(vendor, ADA, password, origin) for origin in (HERE, ELSEWHERE)] == ["account_locked"] * 2
    unlock(vendor.code, ADA, ADMIN, now=NOW + 1)
    assert [came(vendor, ADA, password, origin, now=NOW + 1) for origin in (HERE, ELSEWHERE)] == ["logged in"] * 2
    for _ in range(FREE_FAILURES):
        assert came(vendor, ADA, "wrong", HERE, now=NOW + 1) == "invalid_credentials"
    assert came(vendor, ADA, password, HERE, now=NOW + 1) == "account_locked", "what is guessed from then on counts"
    with refused("user_not_found"):
        unlock(vendor.code, "nobody@customer.test", ADMIN, now=NOW)


def test_whoever_sets_a_new_password_ends_the_lock(vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    vendor.assign(license, ADA)
    attack(vendor, [HERE])
    initial = set_password(vendor.code, license.id, ADA, None, ADMIN, now=NOW + 1)[1]
    assert came(vendor, ADA, initial, HERE, now=NOW + 1) == "logged in"
    attack(vendor, [HERE])
    change_password(vendor.code, ADA, initial, "chosen by Ada", ADMIN, now=NOW + 2)
    assert came(vendor, ADA, "chosen by Ada", HERE, now=NOW + 2) == "logged in"


# --- so many at once ----------------------------------------------------------------------------------------------


@contextmanager
def storm(vendor: Vendor, password: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Origin], Any]]:
    """Strangers who have all turns that strangers may have, as long as it lasts; a function that takes one more."""
    begun, go_on, of_strangers, real = Semaphore(0), Event(), set[int](), passwords.verify_password

    def verify(*given: Any) -> bool:
        if get_ident() not in of_strangers:
            return real(*given)
        begun.release()
        return go_on.wait(30)

    def stay(origin: Origin) -> str:
        of_strangers.add(get_ident())
        return came(vendor, ADA, password, origin)

    def take(origin: Origin) -> None:
        busy.append(threads.submit(stay, origin))
        assert begun.acquire(timeout=30)

    busy: list[Future[str]] = []
    with ThreadPool(LOG_INS) as threads, monkeypatch.context() as patch:
        patch.setattr(log_in_module, "verify_password", verify)
        try:
            for number in range(STRANGERS):
                take(Origin(f"198.51.100.{number}"))
            yield take
        finally:
            go_on.set()
            assert [one.result() for one in busy] == ["logged in"] * len(busy)


def test_whoever_needs_no_password_finds_a_thread_however_many_log_in(
    vendor: Vendor, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that do not get a turn are answered at once, and have not used up an attempt."""
    with storm(vendor, password, monkeypatch) as take:
        for _ in range(2 * MAX_FAILURES):
            with pytest.raises(Unavailable):
                log_in(vendor.code, ADA, password, HERE, now=NOW)
        for number in range(LOG_INS - STRANGERS):
            take(replace(BROWSER, known=f"browser {number}"))  # turns are left for who is known
        with pytest.raises(Unavailable):
            log_in(vendor.code, ADA, password, own(vendor, BROWSER), now=NOW)
    assert came(vendor, ADA, password, HERE) == "logged in"


def test_a_device_that_is_active_finds_a_turn_while_strangers_have_all_of_theirs(
    vendor: Vendor, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.activate(ADA, "her pc", password)
    work = []
    with storm(vendor, password, monkeypatch):
        assert vendor.activate(ADA, "her pc", password).device is not None
        assert came(vendor, ADA, password, HERE, hardware_id="her pc") == "logged in"
        for email, hardware_id in ((ADA, "another pc"), ("nobody@customer.test", "her pc")):
            with calls_counted() as sent, wire() as written, pytest.raises(Unavailable):
                came(vendor, email, password, HERE, hardware_id=hardware_id)
            assert [body for body in written.bodies if "UpdateExpression" in str(body)] == []
            work.append(sent)
    assert work[0] == work[1], "nothing reveals who has an account"
    assert len(work[0]) <= 3


def test_guesses_by_the_name_of_a_device_are_no_more_where_strangers_have_all_turns(
    vendor: Vendor, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.activate(ADA, "her pc", password)
    with storm(vendor, password, monkeypatch):
        now, tried, held = NOW, 0, ""
        while tried < 2 * MAX_FAILURES and now < NOW + LOCK_MS - 60_000:
            held = came(vendor, ADA, f"guess {tried}", HERE, hardware_id="her pc", now=now)
            tried, now = tried + (held == "invalid_credentials"), now + 10_000
        assert (tried, held) == (MAX_FAILURES, "account_locked")
        assert came(vendor, ADA, password, BROWSER, now=now) == "logged in"


def test_so_many_devices_are_looked_for_at_once(vendor: Vendor, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vendor.activate(ADA, "her pc", password)
    with storm(vendor, password, monkeypatch), ExitStack() as others:
        for _ in range(DEVICE_LOOKS):
            others.enter_context(runtime().turns.device_looks)
        with calls_counted() as sent, pytest.raises(Unavailable):
            came(vendor, ADA, password, HERE, hardware_id="her pc")
        assert sent == []


def test_no_more_than_two_hash_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, at_once, most = Lock(), 0, 0

    class Hasher:
        def hash(self, _password: str) -> str:
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            Event().wait(0.002)
            with lock:
                at_once -= 1
            return ""

    monkeypatch.setattr("chalicelib.usecases.passwords.hasher", Hasher)
    with ThreadPool(16) as threads:
        list(threads.map(hash_password, ["password"] * 32))
    assert most == 2


def test_a_flood_of_right_log_ins_from_one_address_is_held_off_before_anything_is_read(
    vendor: Vendor, password: str
) -> None:
    while not runtime().turns.log_ins_of_address.take(own(vendor, HERE).address, monotonic()):
        pass
    with calls_counted() as sent:
        assert came(vendor, ADA, password, HERE) == "rate_limit_exceeded"
    assert sent == []
    assert came(vendor, ADA, password, ELSEWHERE) == "logged in"
    assert came(vendor, ADA, password, BROWSER) == "logged in", "though it is at the same address"


def test_a_device_that_is_active_has_a_bucket_of_its_own_at_an_address(vendor: Vendor, password: str) -> None:
    vendor.activate(ADA, "her pc", password)
    while not runtime().turns.log_ins_of_address.take(own(vendor, HERE).address, monotonic()):
        pass
    assert came(vendor, ADA, password, HERE, hardware_id="another pc") == "rate_limit_exceeded"
    assert came(vendor, ADA, password, HERE, hardware_id="her pc") == "logged in"
    while not runtime().turns.log_ins_of_address.take(
        f"{own(vendor, HERE).address} device {hash_hardware_id('her pc')}", monotonic()
    ):
        pass
    assert came(vendor, ADA, password, HERE, hardware_id="her pc") == "rate_limit_exceeded"
