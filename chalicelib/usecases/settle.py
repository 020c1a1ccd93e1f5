"""Read, decide, write: the shape of every use case that an atomic write decides."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.domain.refusal import Refused
from chalicelib.store.dynamo import Busy, Stale

S = TypeVar("S")
D = TypeVar("D")

ROUNDS = 25
"""How often a lost race is decided anew. Each round is lost to a write that succeeded, so rivals make progress."""


def settle(
    read: Callable[[bool], S],
    decide: Callable[[S], D],
    write: Callable[[S, D], None],
    newer: Callable[[S, Stale], S | None] = lambda _state, _stale: None,
    changes: Callable[[D], bool] = lambda _decision: True,
) -> tuple[S, D]:
    """Decide on what `read(consistent)` tells and write it; answers the state that was decided on, and the decision.

    A grant may rest on a read that lags, for the write's conditions confirm it. A refusal is confirmed: by the items
    that were in the write's way, where the engine and `newer` tell the state from them, else by a consistent read. So
    is a decision that all is as it should be (`changes` is false of it): a place may have been reset since.
    Raises `Refused` as `decide` does, `Busy` after `ROUNDS` lost races.
    """
    state: S | None = None
    confirmed = False
    for _ in range(ROUNDS):
        try:
            if state is None:
                state = read(confirmed)
            decision = decide(state)
        except Refused:
            if confirmed:
                raise
            state, confirmed = None, True
            continue
        if not confirmed and not changes(decision):
            state, confirmed = None, True
            continue
        try:
            write(state, decision)
        except Stale as stale:
            state, confirmed = newer(state, stale), True
            continue
        return state, decision
    raise Busy("too many rivals")
