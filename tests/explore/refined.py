"""Whether what was answered, and what is stored at the end, is what the steps of a model's calls may come to.

A call of the model is some steps, each at one instant. The search takes any step of any call that may be next, and goes
on; who had been answered before another began has come to his end before. A call that has died may have done the first
of its steps, or all; one that has lost an answer may have counted something twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.account import COUNTED, STEPS, Account, Call, Seen
from tests.proof.history import DIED


@dataclass(frozen=True, slots=True)
class Answered:
    """A call, from when to when it was under way, and what was answered."""

    call: Call
    start: float
    end: float
    answer: str
    lost: bool = False
    """Whether the database's answer to a write was lost to it."""


class _Under(NamedTuple):
    """How far a call has come."""

    at: int = 0
    seen: Seen = Seen()
    done: bool = False
    twice: bool = False
    """Whether it has counted once more, for want of an answer."""


def explained(history: Sequence[Answered], before: Account) -> Iterator[Account]:
    """Every account that the calls may have left, with these answers; each once."""
    begun = (before, (_Under(),) * len(history))
    known, left = {begun}, [begun]
    found = set[Account]()
    while left:
        account, under = left.pop()
        is_over = all(one.done or call.answer == DIED for one, call in zip(under, history, strict=True))
        if is_over and account not in found:
            found.add(account)
            yield account
        for number, one in enumerate(under):
            if one.done or not _may_go_on(number, history, under):
                continue
            for after, came in _stepped(account, history[number], one):
                state = after, (*under[:number], came, *under[number + 1 :])
                if state not in known:
                    known.add(state)
                    left.append(state)


def _may_go_on(number: int, history: Sequence[Answered], under: Sequence[_Under]) -> bool:
    """Whether none that was over before has anything left to do, and none has begun that began only afterwards."""
    mine = history[number]
    for one, other in zip(under, history, strict=True):
        if other.end < mine.start and not one.done and other.answer != DIED:
            return False
        if other.start > mine.end and one != _Under():
            return False
    return True


def _stepped(account: Account, asked: Answered, one: _Under) -> Iterator[tuple[Account, _Under]]:
    step = STEPS[asked.call.verb][one.at]
    for after in step(account, asked.call, one.seen):
        if asked.lost and not one.twice and step in COUNTED:
            yield after.account, one._replace(twice=True)
        if after.answer is None:
            yield after.account, one._replace(at=one.at + 1 if after.at is None else after.at, seen=after.seen)
        elif asked.answer in (after.answer, DIED):
            yield after.account, one._replace(seen=after.seen, done=True)
