"""Whether what was answered, and what is stored at the end, is what the steps of a model's calls may come to.

A call of the model is some steps, each at one instant. The search takes any step of any call that may be next, and goes
on; who had been answered before another began has come to his end before. A call that was cut short may have done the
first of its steps, or all; one that has lost an answer may have done something that it then decides anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from tests.model import account, second_factor
from tests.proof.history import BUSY, DIED


@dataclass(frozen=True, slots=True)
class Model:
    """What calls are made of."""

    steps: Mapping[Any, Sequence[Callable[..., Iterator[Any]]]]
    """By the verb of a call."""
    counted: Set[Callable[..., Iterator[Any]]]
    """What is done by a write whose answer, where it is lost, is waited for no more: it is decided anew."""
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
    lost: int = 0
    """How many of the database's answers to a write were lost to it."""

    @property
    def is_cut_short(self) -> bool:
        """Whether it may have done the first of its steps, or all: it has died, or was busy and had lost an answer."""
        return self.answer == DIED or (self.answer == BUSY and self.lost > 0)


class _Under(NamedTuple):
    """How far a call has come."""

    seen: Any
    at: int = 0
    done: bool = False
    again: int = 0
    """How often it has done a step once more, for want of an answer."""


def explained(history: Sequence[Answered], before: Any, model: Model = ACCOUNT) -> Iterator[Any]:
    """Every state of a model's account that the calls may have left, with these answers; each once."""
    begun = (before, (_Under(model.seen),) * len(history))
    known, left = {begun}, [begun]
    found = set[Any]()
    while left:
        stands, under = left.pop()
        is_over = all(one.done or call.is_cut_short for one, call in zip(under, history, strict=True))
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
        if other.end < mine.start and not one.done and not other.is_cut_short:
            return False
        if other.start > mine.end and one != _Under(model.seen):
            return False
    return True


def _stepped(stands: Any, asked: Answered, one: _Under, model: Model) -> Iterator[tuple[Any, _Under]]:
    step = model.steps[asked.call.verb][one.at]
    for after in step(stands, asked.call, one.seen):
        if one.again < asked.lost and step in model.counted:
            yield after.account, one._replace(again=one.again + 1)
        if after.answer is None:
            yield after.account, one._replace(at=one.at + 1 if after.at is None else after.at, seen=after.seen)
        elif asked.answer == after.answer or asked.is_cut_short:
            yield after.account, one._replace(seen=after.seen, done=True)
