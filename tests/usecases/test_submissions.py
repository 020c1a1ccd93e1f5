"""A form is carried out once, also by many servers at once, and when answers are lost."""

from typing import Any

import pytest

from chalicelib.domain.errors import AlreadyExists, Unavailable
from chalicelib.domain.session import SessionClaims
from chalicelib.threads import ThreadPool
from chalicelib.usecases.submissions import submit_once
from tests.store.faults import answer_timed_out, wire
from tests.support import NOW, Vendor

DONE = {"to": "/there", "says": "It is done."}


@pytest.fixture
def claims(vendor: Vendor) -> SessionClaims:
    return SessionClaims(vendor.code, 1, vendor.code)


class Act:
    """Counts how often it is done."""

    def __init__(self, error: Exception | None = None) -> None:
        self.times, self.error = 0, error

    def __call__(self) -> dict[str, Any]:
        self.times += 1
        if self.error is not None:
            raise self.error
        return DONE


def test_who_sends_it_again_is_told_the_same(claims: SessionClaims) -> None:
    act = Act()
    assert [submit_once(claims, "n", act, now=NOW) for _ in range(3)] == [DONE] * 3
    assert act.times == 1


def test_of_many_at_once_one_is_carried_out(claims: SessionClaims) -> None:
    act = Act()
    with ThreadPool(8) as threads:
        answers = list(threads.map(lambda _: submit_once(claims, "n", act, now=NOW), range(16)))
    assert act.times == 1
    assert all(answer in (DONE, None) for answer in answers)
    assert submit_once(claims, "n", act, now=NOW) == DONE


def test_another_form_and_another_session_are_others(claims: SessionClaims) -> None:
    act = Act()
    for other in (claims, SessionClaims(claims.company, 1, claims.token + "x")):
        for nonce in ("a", "b"):
            submit_once(other, nonce, act, now=NOW)
    assert act.times == 4


@pytest.mark.parametrize("error", [AlreadyExists("user_already_assigned"), Unavailable("database_busy")])
def test_what_was_not_done_may_be_sent_again(claims: SessionClaims, error: Exception) -> None:
    act = Act(error)
    for _ in range(2):
        with pytest.raises(type(error)):
            submit_once(claims, "n", act, now=NOW)
    assert act.times == 2
    assert submit_once(claims, "n", Act(), now=NOW) == DONE


def test_what_may_have_been_done_is_not_done_again(claims: SessionClaims) -> None:
    with pytest.raises(ZeroDivisionError):
        submit_once(claims, "n", Act(ZeroDivisionError()), now=NOW)
    act = Act()
    assert submit_once(claims, "n", act, now=NOW) is None
    assert act.times == 0


def test_a_claim_whose_answer_was_lost_is_our_own(claims: SessionClaims) -> None:
    act = Act()
    with wire(answer_timed_out, range(1, 2)):
        assert submit_once(claims, "n", act, now=NOW) == DONE
    assert act.times == 1
