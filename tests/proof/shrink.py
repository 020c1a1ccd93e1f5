"""A failing history, cut down to the calls that it fails by.

All steps are sound: what they leave is proof by itself. A history that is linearizable stays so when it ends earlier,
when less is known of an answer, and without a call that changed nothing. So a history that still fails when it ends at
some instant, or when some calls might as well never have been answered, fails by the other calls.
"""

from collections.abc import Callable, Sequence

from tests.model.license import License
from tests.proof.history import Op, opened, until
from tests.proof.linear import Undecided, is_linearizable

STEPS = 5_000
"""After which a part of a history is taken for one that does not fail."""
Fails = Callable[[Sequence[Op]], bool]


def contradiction(history: Sequence[Op], license: License) -> list[Op]:
    """The calls by which a history that is not linearizable is proven not to be."""

    def fails(part: Sequence[Op]) -> bool:
        try:
            return not is_linearizable(part, license, steps=STEPS)
        except Undecided:
            return False

    return shrink(history, fails)


def guilty(history: Sequence[Op], license: License) -> list[Op]:
    """Of a history that is not linearizable, the calls without any one of which the others would be."""

    def is_explained(part: Sequence[Op]) -> bool:
        try:
            return is_linearizable(part, license, steps=STEPS)
        except Undecided:
            return False

    answered = (number for number, op in enumerate(history) if not op.is_open)
    return [history[number] for number in answered if is_explained(_without(history, number, 1))]


def _without(history: Sequence[Op], start: int, size: int) -> list[Op]:
    """As if these calls had not been answered; those that changed nothing, as if they had not been made."""
    forgotten = [opened(op) for op in history[start : start + size] if op.may_change]
    return [*history[:start], *forgotten, *history[start + size :]]


def shrink(history: Sequence[Op], fails: Fails) -> list[Op]:
    """The calls of a failing history whose answers contradict each other, by their start."""
    ends = sorted({op.end for op in history if not op.is_open})
    first = _first(ends, lambda instant: fails(until(history, instant)))
    part = until(history, first)
    return _told_by(part if fails(part) else list(history), fails)  # where `fails` gives up, no instant is the first


def _first(instants: list[float], fails_at: Callable[[float], bool]) -> float:
    """The earliest instant at which the history fails: it fails at all later ones, too."""
    low, high = 0, len(instants) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fails_at(instants[middle]) else (middle + 1, high)
    return instants[low]


def _told_by(history: list[Op], fails: Fails) -> list[Op]:
    """Forget the answers of ever smaller parts, the last first, as long as it still fails; it fails by what is left."""
    size = len(history)
    while size := size // 2:
        for start in reversed(range(0, len(history), size)):
            weaker = _without(history, start, size)
            if fails(weaker):
                history = weaker
    return sorted((op for op in history if not op.is_open), key=lambda op: op.start)
