"""Whether what was answered, and what is stored at the end, is what the steps of a model's calls may come to.

A call of the model is some steps, each at one instant. The search takes any step of any call that may be next, and goes
on; who had been answered before another began has come to his end before. A call that has died may have done the first
of its steps, or all; one that has lost an answer may have counted something twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.model import account, second_factor
from tests.proof.history import DIED


@dataclass(frozen=True, slots=True)
class Model:
    """What calls are made of."""

    steps: Mapping[Any, Sequence[Callable[..., Iterator[Any]]]]
    """By the verb of a call."""
    counted: Set[Callable[..., Iterator[Any]]]
    """What counts something by itself: where the answer is lost, once more."""
    seen: Any
    """What a call remembers when it begins."""


ACCOUNT = Model(account.STEPS, account.COUNTED, account.Seen())
SECOND_FACTOR = Model(second_factor.STEPS, second_factor.COUNTED, second_factor.Seen())


@dataclass(frozen=True, slots=True)
class Answered:
    """A call, from when to when it was under way, and what was answered."""

    call: Any
    """Of a model."""
    start: float
    end: float
    answer: str
    lost: bool = False
    """Whether the database's answer to a write was lost to it."""


class _Under(NamedTuple):
    """How far a call has come."""

    seen: Any
    at: int = 0
    done: bool = False
    twice: bool = False
    """Whether it has counted once more, for want of an answer."""


def explained(history: Sequence[Answered], before: Any, model: Model = ACCOUNT) -> Iterator[Any]:
    """Every state of a model's account that the calls may have left, with these answers; each once."""
    begun = (before, (_Under(model.seen),) * len(history))
    known, left = {begun}, [begun]
    found = set[Any]()
    while left:
        stands, under = left.pop()
        is_over = all(one.done or call.answer == DIED for one, call in zip(under, history, strict=True))
        if is_over and stands not in found:
            found.add(stands)
            yield stands
        for number, one in enumerate(under):
            if one.done or not _may_go_on(number, history, under, model):
                continue
            for after, came in _stepped(stands, history[number], one, model):
                state = after, (*under[:number], came, *under[number + 1 :])
                if state not in known:
                    known.add(state)
                    left.append(state)


def _may_go_on(number: int, history: Sequence[Answered], under: Sequence[_Under], model: Model) -> bool:
    """Whether none that was over before has anything left to do, and none has begun that began only afterwards."""
    mine = history[number]
    for one, other in zip(under, history, strict=True):
        if other.end < mine.start and not one.done and other.answer != DIED:
            return False
        if other.start > mine.end and one != _Under(model.seen):
            return False
    return True


def _stepped(stands: Any, asked: Answered, one: _Under, model: Model) -> Iterator[tuple[Any, _Under]]:
    step = model.steps[asked.call.verb][one.at]
    for after in step(stands, asked.call, one.seen):
        if asked.lost and not one.twice and step in model.counted:
            yield after.account, one._replace(twice=True)
        if after.answer is None:
            yield after.account, one._replace(at=one.at + 1 if after.at is None else after.at, seen=after.seen)
        elif asked.answer in (after.answer, DIED):
            yield after.account, one._replace(seen=after.seen, done=True)
