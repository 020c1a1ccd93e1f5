"""A call that comes again is answered as before, and changes nothing more.

    made = perform_once(key, lambda: set_enabled(…), lambda license: {"enabled": license.enabled}, now=now)

The answer is stored in the transaction of the change, on condition that the key is free: no crash and no lost answer
can part the two, and of two calls at once one makes the change and both are answered alike. So the answer must be known
before the write: a use case that can be called so hands `decide_and_write` its `result`, of which the answer is made.
One that hands it none, because to repeat it does no harm, is answered alike as well, but for a crash in between.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.domain.errors import Denied, Rejected, Unavailable
from chalicelib.domain.instants import Instant
from chalicelib.store import idempotency
from chalicelib.store.database import ConditionFailed
from chalicelib.store.idempotency import Answer, AnsweredBefore, IdempotencyKey, StoredAnswer

__all__ = [
    "Answer",
    "IdempotencyKey",
    "Performed",
    "find_performed",
    "in_steps",
    "perform_once",
    "stored_with_result",
]

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Performed:
    """A call that was made, now or before. `answer` is None where an older version has made it and not said more."""

    answer: Answer | None
    replayed: bool


@dataclass(slots=True)
class _Call:
    key: IdempotencyKey
    answer: Callable[[Any], Answer]  # given what `change` returns
    now: Instant
    stored: Answer | None = None
    """What was stored with the change."""


_under_way: ContextVar[_Call | None] = ContextVar("idempotent_call", default=None)


def perform_once(
    key: IdempotencyKey, change: Callable[[], R], answer: Callable[[R], Answer], *, now: Instant
) -> Performed:
    """Make a change and the answer of its result, unless that was done under this key within a day.

    What is refused, or not done for lack of time, leaves nothing: the same call may come again. Raises `Denied`:
    `idempotency_key_reused` where the key came with another content; and what `change` does.
    """
    if (before := find_performed(key, now=now)) is not None:
        return before
    call = _Call(key, answer, now)
    outer = _under_way.set(call)
    try:
        result = change()
    except AnsweredBefore as rival:
        return _replayed(rival.stored)
    except Rejected:  # perhaps for what a rival with this key has just changed
        if (before := find_performed(key, now=now)) is not None:
            return before
        raise
    finally:
        _under_way.reset(outer)
    return Performed(call.stored, False) if call.stored is not None else _store(key, answer(result), now)


def find_performed(key: IdempotencyKey, *, now: Instant) -> Performed | None:
    """What was answered under a key; None where nothing was. Raises `Denied`: `idempotency_key_reused`."""
    stored = idempotency.read_answer(key, now)
    return None if stored is None else _replayed(stored)


@contextmanager
def stored_with_result(result: Callable[[], object] | None) -> Iterator[None]:
    """Let the change that is made inside store the answer to its call, where one is under way.

    `result()`: what the answer is made of, as if the use case had returned it; None: nothing is stored.
    Raises `AnsweredBefore`, which `perform_once` knows how to answer.
    """
    call = _under_way.get()
    if result is None or call is None or call.stored is not None:
        yield
        return
    answer = call.answer(result())
    with idempotency.stored_with_change(call.key, answer, call.now) as stored:
        yield
    if stored.is_put:
        call.stored = answer


@contextmanager
def in_steps() -> Iterator[None]:
    """Let the changes that are made inside be steps of a call: its answer, which is of all, is stored behind the last.

    Cut short, the same call goes on with what is left, for each step may be repeated.
    """
    outer = _under_way.set(None)
    try:
        yield
    finally:
        _under_way.reset(outer)


def _store(key: IdempotencyKey, answer: Answer, now: Instant) -> Performed:
    try:
        idempotency.store_answer(key, answer, now)
    except ConditionFailed:  # by a rival, or by ourselves where an answer of the database was lost
        before = find_performed(key, now=now)
        return Performed(answer, False) if before is None or before.answer == answer else before
    except Unavailable:  # the answer is right; a repeat is decided anew
        pass
    return Performed(answer, False)


def _replayed(stored: StoredAnswer) -> Performed:
    if not stored.same_content:
        raise Denied("idempotency_key_reused")
    return Performed(stored.answer, True)
