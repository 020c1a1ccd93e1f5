"""Read, decide, write: the shape of every use case that an atomic write decides."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.domain.errors import Denied, Unavailable
from chalicelib.store.database import ConditionFailed

S = TypeVar("S")
D = TypeVar("D")

MAX_ATTEMPTS = 25
"""How often a lost race is decided anew. Each round is lost to a write that succeeded, so rivals make progress."""


def decide_and_write(
    read: Callable[[bool], S],
    decide: Callable[[S], D],
    write: Callable[[S, D], None],
    apply_conflict: Callable[[S, ConditionFailed], S | None] = lambda _state, _stale: None,
    changes: Callable[[D], bool] = lambda _decision: True,
) -> tuple[S, D]:
    """Decide on what `read(consistent)` tells and write it; answers the state that was decided on, and the decision.

    A grant may rest on a read that lags, for the write's conditions confirm it. A refusal is confirmed: by the items
    that were in the write's way, where the engine and `apply_conflict` tell the state from them, else by a consistent
    read. So is a decision that all is as it should be (`changes` is false of it): a place may have been reset since.
    Raises `Denied` as `decide` does, `Unavailable` after `MAX_ATTEMPTS` lost races.
    """
    state: S | None = None
    confirmed = False
    for _ in range(MAX_ATTEMPTS):
        try:
            if state is None:
                state = read(confirmed)
            decision = decide(state)
        except Denied:
            if confirmed:
                raise
            state, confirmed = None, True
            continue
        if not confirmed and not changes(decision):
            state, confirmed = None, True
            continue
        try:
            write(state, decision)
        except ConditionFailed as conflict:
            state, confirmed = apply_conflict(state, conflict), True
            continue
        return state, decision
    raise Unavailable("too many rivals")
