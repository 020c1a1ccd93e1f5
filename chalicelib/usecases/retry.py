"""The optimistic retry loop: read, decide, write, and decide again where a condition failed.

No `for attempt in attempts()` in the use cases: what belongs between deciding and writing (that nothing is to be done
is confirmed, the answer to a repeat is stored with the change) would be for each of them to remember.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from chalicelib.domain.errors import Rejected, Unavailable
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.idempotency import stored_with_result

S = TypeVar("S")
D = TypeVar("D")

MAX_ATTEMPTS = 25
"""Each failed attempt lost to a write that succeeded, so all rivals together always make progress."""


def decide_and_write(
    read: Callable[[bool], S],
    decide: Callable[[S], D],
    write: Callable[[S, D], None],
    apply_conflict: Callable[[S, ConditionFailed], S | None] = lambda _state, _conflict: None,
    changes: Callable[[D], bool] = lambda _decision: True,
    result: Callable[[S, D], Any] | None = None,  # kept as JSON
    *,
    confirmed: bool = False,
) -> tuple[S, D]:
    """Read the state, decide, write the decision. Returns the state that was decided on, and the decision.

    `read(consistent)`: the first attempt may read a replica, for the write's conditions confirm what it grants. Raises
    `ConditionFailed` where it had to change what it read, which is then read anew.
    `decide(state)`: may raise a `SeatkeeperError`. It is final only if it rests on a consistent read, or on the items
    that were in the write's way.
    `write(state, decision)`: raises `ConditionFailed` where the state is not, or no longer, what it requires.
    `apply_conflict(state, conflict)`: the state with the items that were in the way; None where they do not tell it.
    Asked where the decision changes something: what only notes something required nothing of the rest of the state.
    `changes(decision)`: false where the decision leaves the state as it is. Confirmed like a denial: a device may have
    been reset.
    `confirmed`: whether the first read is to be consistent, where a refusal is as likely as a grant.
    `result(state, decision)`: what the answer is made of where the use case is called by `perform_once`.
    Raises `SeatkeeperError` as `decide` does, and `Unavailable` after `MAX_ATTEMPTS` failed attempts.
    """
    state: S | None = None
    for _ in range(MAX_ATTEMPTS):
        try:
            if state is None:
                state = read(confirmed)
            decision = decide(state)
        except Rejected:
            if confirmed:
                raise
            state, confirmed = None, True
            continue
        except ConditionFailed:
            state, confirmed = None, True
            continue
        if not confirmed and not changes(decision):
            state, confirmed = None, True
            continue
        try:
            with stored_with_result(None if result is None else partial(result, state, decision)):
                write(state, decision)
        except ConditionFailed as conflict:
            state, confirmed = apply_conflict(state, conflict) if changes(decision) else None, True
            continue
        return state, decision
    raise Unavailable("too_many_rivals")
