"""What is known of a second factor, of sessions and of management keys beforehand comes out of their walks."""

from typing import get_args

import pytest

from tests.explore import factors, passkeys
from tests.explore.listed import MAX, never
from tests.explore.pairs import walk_named
from tests.explore.refined import SECOND_FACTOR, Answered, explained
from tests.model.account import OK
from tests.model.second_factor import APP, COUNTED, RECOVERY, STEPS, WRONG, Call, Guarded, Verb


@pytest.mark.parametrize(
    ("name", "good", "others"),
    [
        ("enter+enter-rival@factor/protected", OK, {"invalid_code"}),
        ("enter+enter@factor/protected", OK, {OK}),
        ("recover+recover-rival@factor/protected", OK, {"invalid_code"}),
        ("recover-rival+renew-by-recovery@factor/protected", OK, {"invalid_code"}),
        ("enter-rival+turn-off@factor/protected", OK, {"invalid_code", "session_expired"}),
        ("enter-wrong+enter-wrong@factor/guessed", "invalid_code", {"rate_limit_exceeded"}),
        ("turn-on+turn-on-rival@factor/without", OK, {"session_expired"}),
        ("log-in+turn-on@factor/without", OK, {OK, "ok, a code is asked for"}),
        ("enter+enter@passkey/only", OK, {OK}),
        ("enter+enter-rival@passkey/only", OK, {OK, "invalid_code"}),
        ("enter+remove-key-by-app@passkey/beside", OK, {OK, "invalid_code"}),
        ("add-key+add-key-rival@passkey/none", OK, {"session_expired"}),
        ("call+call@management/spent", OK, {"rate_limit_exceeded"}),
        ("call+revoke@management/keyed", OK, {OK, "management_key_revoked"}),
    ],
)
def test_of_two_one_is_let_in_and_it_is_known_what_the_other_is_told(name: str, good: str, others: set[str]) -> None:
    walked = walk_named(name)
    assert not walked.found
    answers = {tuple(sorted(two)) for two in walked.answers}
    assert answers == {tuple(sorted((good, other))) for other in others}


def test_every_call_of_the_model_is_walked() -> None:
    deeds = factors.DEEDS | passkeys.DEEDS
    assert {deed.call.verb for deed in deeds.values()} == set(get_args(Verb)) == STEPS.keys()
    assert {step for steps in STEPS.values() for step in steps} >= COUNTED


def left(*history: Answered) -> list[Guarded]:
    return list(explained(history, Guarded(), SECOND_FACTOR))


def test_a_code_lets_one_claim_in_and_that_one_again_until_its_session_ends() -> None:
    first, second = Call("enter", RECOVERY, "first"), Call("enter", RECOVERY, "second")
    assert left(Answered(first, 0, 1, OK), Answered(first, 2, 3, OK))
    assert not left(Answered(first, 0, 1, OK), Answered(second, 0, 1, OK))
    assert not left(Answered(Call("turn off", APP), 0, 1, OK), Answered(first, 2, 3, OK))


def test_a_wrong_code_lets_nobody_in() -> None:
    assert not left(Answered(Call("enter", WRONG, "first"), 0, 1, OK))
    assert not left(Answered(Call("log in", name="0"), 0, 1, OK))


@pytest.mark.parametrize("seen", [["in no list"], ["new"] * (MAX + 1)])
def test_no_session_is_in_no_list_and_there_are_only_so_many(seen: list[str]) -> None:
    assert list(never({"open": seen}))
    assert not list(never({"open": ["new"] * MAX}))
