"""Attempts that are counted, slowed and locked; passwords."""

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.users import (
    FREE_FAILURES,
    LOCK_MS,
    MAX_FAILURES,
    Attempts,
    guard_attempt,
    guard_new_password,
    wait_after,
)
from tests.domain.samples import NOW

# --- attempts -------------------------------------------------------------------------------------------------


def attempts(failures: int, waits: int, until: int = NOW + LOCK_MS) -> Attempts:
    return Attempts(started=failures, failures=failures, not_before=NOW + waits, until=until)


def refused_for(seen: Attempts, now: int) -> int | None:
    """Seconds for which an attempt is refused; None where it is let through."""
    try:
        guard_attempt(seen, now)
    except SeatkeeperError as refused:
        assert refused.code == "account_locked"
        return refused.retry_after
    return None


def test_an_account_that_nobody_tried_is_open() -> None:
    assert refused_for(Attempts(), NOW) is None


def test_an_attempt_waits_until_the_very_millisecond_and_is_told_whole_seconds() -> None:
    slowed = attempts(4, waits=2000)
    assert refused_for(slowed, NOW) == 2
    assert refused_for(slowed, NOW + 1) == 2
    assert refused_for(slowed, NOW + 1000) == 1
    assert refused_for(slowed, NOW + 1999) == 1
    assert refused_for(slowed, NOW + 2000) is None


def test_a_wait_ends_with_what_is_remembered() -> None:
    assert refused_for(attempts(4, waits=9000, until=NOW + 3000), NOW + 2999) is not None
    assert refused_for(attempts(4, waits=9000, until=NOW + 3000), NOW + 3000) is None


def test_so_many_failures_lock_even_where_guesses_at_once_left_no_wait() -> None:
    guessed_at_once = attempts(MAX_FAILURES, waits=0)
    assert refused_for(guessed_at_once, NOW) == LOCK_MS // 1000
    assert refused_for(guessed_at_once, NOW + LOCK_MS - 1) == 1
    assert refused_for(guessed_at_once, NOW + LOCK_MS) is None
    assert refused_for(attempts(MAX_FAILURES - 1, waits=0), NOW) is None


def test_waits_double_from_one_second_and_end_in_a_lock() -> None:
    waits = [wait_after(failures) // 1000 for failures in range(1, MAX_FAILURES + 1)]
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 64, 900]
    assert wait_after(FREE_FAILURES - 1) == 0
    assert wait_after(10_000) == LOCK_MS


# --- passwords ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["12345678", "x" * 128, "pass word", "пароль-пароль", "🔑" * 8])
def test_a_password_of_8_to_128_characters_can_be_chosen(password: str) -> None:
    guard_new_password(password)


@pytest.mark.parametrize(
    "password", ["", " " * 8, "\u3000" * 9, "\u200b" * 8, "  1234567 ", "1234567", "x" * 129, "x" * 1_000_000, "🔑" * 7]
)
def test_a_shorter_or_longer_password_is_refused(password: str) -> None:
    with pytest.raises(SeatkeeperError, match="password_length"):
        guard_new_password(password)
