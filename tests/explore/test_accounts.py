"""What is known of an account beforehand comes out of its walks; and the search that judges them is no sieve."""

from dataclasses import replace
from typing import get_args

import pytest

from tests.explore.account_deeds import ACCOUNT_DEEDS
from tests.explore.pairs import triples, walk_named
from tests.explore.refined import Answered, explained
from tests.model.account import COUNTED, OK, STEPS, Account, Attempts, Call, Code, Verb
from tests.proof.history import DIED

WRONG = Call("log in", password="wrong")
ACCOUNT = Account("own", sessions=frozenset({("open", 0)}), code=Code("asked"))


@pytest.mark.parametrize(
    ("name", "good", "refusals"),
    [
        ("log-in-wrong+log-in-wrong@account/failed", "invalid_credentials", {"account_locked", "service_busy"}),
        ("log-in-wrong+log-in-wrong@account/crowded", "invalid_credentials", {"service_busy"}),
        ("log-in+log-in@account/crowded", OK, {OK, "service_busy"}),
        ("redeem+redeem-otherwise@account/asked", OK, {"invalid_code"}),
        ("guess-code+redeem@account/tried", "invalid_code", {OK, "invalid_code"}),
        ("guess-user+guess-user@account/guessed", "device_not_found", {"rate_limit_exceeded"}),
        ("accept+accept-otherwise@account/invited", OK, {"invalid_invitation"}),
        ("invite+invite@account/invited", OK, {"rate_limit_exceeded"}),
        ("change+set@account/own", OK, {OK, "invalid_credentials"}),
        ("set-once+set-reused@account/own", OK, {"idempotency_key_reused"}),
    ],
)
def test_of_two_who_want_the_last_one_gets_it(name: str, good: str, refusals: set[str]) -> None:
    answers = {tuple(sorted(two)) for two in walk_named(name).answers}
    assert answers == {tuple(sorted((good, other))) for other in refusals}


@pytest.mark.slow
def test_nobody_is_refused_for_failures_that_were_forgiven_before_they_were_counted() -> None:
    """What holds an attempt back is read of one instant, where it does."""
    name = "log-in+log-in-wrong+set@account/failed"
    assert name in map(str, triples())
    assert not walk_named(name).found


def test_every_call_of_the_model_is_walked() -> None:
    assert {deed.call.verb for deed in ACCOUNT_DEEDS.values()} == set(get_args(Verb)) == STEPS.keys()
    assert {step for steps in STEPS.values() for step in steps} >= COUNTED


def left(*history: Answered, before: Account = ACCOUNT) -> list[Account]:
    return list(explained(history, before))


def test_whoever_was_answered_before_has_come_before() -> None:
    ended, checked = Call("log out", session="open"), Call("check", session="open")
    assert left(Answered(ended, 0, 1, OK), Answered(checked, 0.5, 2, OK))
    assert not left(Answered(ended, 0, 1, OK), Answered(checked, 1.5, 2, OK))


def test_two_at_once_are_counted_both_before_either_is_looked_at() -> None:
    failed = replace(ACCOUNT, attempts=frozenset({("browser", Attempts(8, 8))}))
    both = [Answered(WRONG, 0, 1, "invalid_credentials")] * 2
    assert {account.of_origin("browser") for account in left(*both, before=failed)} == {Attempts(10, 10, waits=True)}
    third = Answered(WRONG, 0, 1, "invalid_credentials")
    assert not left(*both, third, before=failed)


def test_who_has_died_may_have_done_some_of_it_and_does_nothing_afterwards() -> None:
    ask = Answered(Call("ask", code="new"), 0, 1, DIED)
    assert {(account.asked, account.code, account.mails) for account in left(ask)} == {
        (0, Code("asked"), ()),
        (1, Code("asked"), ()),
        (1, Code("new"), ()),
        (1, Code("new"), (("code", 1),)),
    }
    later = Answered(Call("redeem", code="asked", new="by code"), 2, 3, OK)
    assert {account.code for account in left(ask, later)} == {Code("asked", 1, used=True)}


def test_where_an_answer_was_lost_a_try_may_count_twice() -> None:
    guess = Answered(Call("redeem", code="wrong"), 0, 1, "invalid_code")
    assert {account.code for account in left(guess)} == {Code("asked", 1)}
    assert {account.code for account in left(replace(guess, lost=True))} == {Code("asked", 1), Code("asked", 2)}
