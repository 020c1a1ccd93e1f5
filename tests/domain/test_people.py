"""E-mails in the one form in which they are compared; attempts that are counted, slowed and locked; passwords."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.people import (
    FREE_FAILURES,
    LOCK_MS,
    MAX_FAILURES,
    Attempts,
    guard_attempt,
    guard_new_password,
    normalise_email,
    wait_after,
)
from chalicelib.domain.refusal import Refused
from tests.domain.samples import NOW

# --- e-mails --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("ada@example.com", "ada@example.com"),
        (" Ada@Example.COM\n", "ada@example.com"),
        ("a+b.c_d-e'f@sub.example.co", "a+b.c_d-e'f@sub.example.co"),
        ("JÖRG@example.com", "jörg@example.com"),
        ("a#b@example.com", "a#b@example.com"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("e\N{COMBINING ACUTE ACCENT}va@example.com", "éva@example.com"),
        ("\N{KELVIN SIGN}im@example.com", "kim@example.com"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com"),
    ],
)
def test_an_email_has_one_form_in_which_it_is_compared(text: str, email: str) -> None:
    assert normalise_email(text) == email


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example",
        "ada@@example.com",
        "a@b@example.com",
        "ada lovelace@example.com",
        "ada@example..com",
        "ada@.example.com",
        "ada@example.com.",
        "ada@-example.com",
        "ada@example-.com",
        "ada@exämple.com",
        "ada@example.com#x",
        "ada\N{FULLWIDTH COMMERCIAL AT}example.com",
        "a" * 65 + "@example.com",
        "ada@" + "e" * 250 + ".com",
        "ada\x00@example.com",
        "ada\x7f@example.com",
        "ada\x85@example.com",
        "ada\N{NO-BREAK SPACE}@example.com",
        "ada\N{ZERO WIDTH SPACE}@example.com",
        "ada\N{ZERO WIDTH JOINER}@example.com",
        "\N{RIGHT-TO-LEFT OVERRIDE}ada@example.com",
        "ada\N{SOFT HYPHEN}@example.com",
        "ada\N{LINE SEPARATOR}@example.com",
        "ada\ud800@example.com",
    ],
    ids=ascii,
)
def test_what_is_no_email_or_looks_like_another_one_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=r"^email: this is not an e-mail address\.$"):
        normalise_email(text)


@given(st.text() | st.builds("{}@{}.com".format, st.text(min_size=1), st.from_regex(r"[A-Za-z0-9]+", fullmatch=True)))
def test_any_text_is_an_email_that_can_be_stored_and_stays_as_it_is_or_refused(text: str) -> None:
    try:
        email = normalise_email(text)
    except Refused as refused:
        assert refused.code == "validation_error"
    else:
        assert normalise_email(email) == email
        assert email.encode()
        assert email.count("@") == 1


def test_a_long_hostile_email_is_judged_at_once() -> None:
    for text in ("a" * 1_000_000, "a@" + "a-" * 500_000, "a@" + "a." * 500_000):
        with pytest.raises(Refused):
            normalise_email(text)


# --- attempts -------------------------------------------------------------------------------------------------


def attempts(failures: int, waits: int, until: int = NOW + LOCK_MS) -> Attempts:
    return Attempts(started=failures, failures=failures, not_before=NOW + waits, until=until)


def refused_for(seen: Attempts, now: int) -> int | None:
    """Seconds for which an attempt is refused; None where it is let through."""
    try:
        guard_attempt(seen, now)
    except Refused as refused:
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


@pytest.mark.parametrize("password", ["", "1234567", "x" * 129, "x" * 1_000_000, "🔑" * 7])
def test_a_shorter_or_longer_password_is_refused(password: str) -> None:
    with pytest.raises(Refused, match=r"^new_password: choose from 8 to 128 characters\.$"):
        guard_new_password(password)
