"""Whether a history is linearizable: whether each call can have taken effect at one instant between its start and its
end, so that every answer is the right one.

The search is Wing and Gong's with Lowe's memory: take any answered call that started before the first of the others
ended, let it take effect, and go on; come back where nothing fits. A call that was not answered may take effect at any
time between its start and its end, or never: before each of the others as few of them do as will do. What has led to a
state once before leads nowhere new; nor does what has used more of the lost calls for it.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from tests.model.license import License, call
from tests.proof.history import Op
from tests.race.clients import OK

STEPS = 2_000_000
"""After which the search gives up. Most histories take about as many as they have calls; where it shows late what a
lost call did, it may be a thousand times as many."""

_Numbered = tuple[int, Op]


class Undecided(Exception):
    """The history is too tangled to be decided."""


@dataclass(frozen=True, slots=True)
class _State:
    """How far the search has come: the license after some calls, and which those were, a bit each by their start."""

    license: License
    done: int = 0
    """The answered calls that have taken effect."""
    used: int = 0
    """The lost ones."""
    latest: float = -inf
    """Start of the latest call so far: what has ended before can take effect no more."""


def is_linearizable(history: Sequence[Op], license: License, *, steps: int = STEPS) -> bool:
    """Decide for one license, as it was before the first call. Raises `Undecided`."""
    search = _Search(history, steps)
    path = [iter([_State(license)])]
    while path:
        state = next(path[-1], None)
        if state is None:
            path.pop()
        elif search.is_over(state):
            return True
        else:
            path.append(search.next(state))
    return False


class _Search:
    def __init__(self, history: Sequence[Op], steps: int) -> None:
        ordered = sorted(history, key=lambda op: op.start)
        self._answered = [op for op in ordered if not op.is_open]
        self._lost = [op for op in ordered if op.is_open]
        self._steps, self._left = steps, steps
        self._been: dict[tuple[License, int], list[int]] = defaultdict(list)
        """The lost calls that were used, each time it came to a license by some answered calls."""

    def is_over(self, state: _State) -> bool:
        """Whether all that was answered has taken effect."""
        return state.done == (1 << len(self._answered)) - 1

    def next(self, state: _State) -> Iterator[_State]:
        """What one more answered call leads to: at once, then after one of the lost calls, then after two, and so on.

        An answered call that never changes anything, a refusal for one, and is right may as well come now as later:
        then there is no choice, unless a lost call could not come after it any more. Else the most urgent comes first.
        """
        started, first_end = self._started(state.done)
        states = deque([state])
        while states:
            state = states.popleft()
            lost = self._usable(state, first_end)
            until = min((op.end for _, op in lost), default=inf)  # all of the lost calls can take effect
            right = list(_right(state, started))
            idle = (one for one in right if _never_changes(one[0]) and one[1].license is state.license)
            settled = [after for op, after in idle if op.start <= until][:1]
            yield from filter(self._is_new, settled or (after for _, after in right))
            if not settled:
                states.extend(filter(self._is_new, _used(state, lost)))

    def _started(self, done: int) -> tuple[list[_Numbered], float]:
        """The answered calls that started before any other of them ended, by their ends; and the first of these."""
        started, first_end = [], inf
        for number in range((~done & done + 1).bit_length() - 1, len(self._answered)):
            op = self._answered[number]
            if op.start > first_end:
                break
            if not done >> number & 1:
                started.append((number, op))
                first_end = min(first_end, op.end)
        return sorted(started, key=lambda call: call[1].end), first_end

    def _usable(self, state: _State, first_end: float) -> list[_Numbered]:
        """The lost calls that may take effect now. Of those alike, one that starts and ends no later is as good."""
        usable, ends = [], dict[tuple[Any, ...], float]()
        for number, op in enumerate(self._lost):
            if op.start > first_end:
                break
            alike = op.verb, op.device, op.user, op.other, op.limit, op.seen, op.sent, op.ahead
            is_left = op.end >= state.latest and not state.used >> number & 1
            if is_left and (alike not in ends or op.end < ends[alike]):
                ends[alike] = op.end
                usable.append((number, op))
        return usable

    def _is_new(self, state: _State) -> bool:
        """Whether it has not come to this before, with no other lost calls than these. Raises `Undecided`."""
        if self._left == 0:
            raise Undecided(f"{len(self._answered) + len(self._lost)} calls were not decided in {self._steps} steps")
        self._left -= 1
        been = self._been[state.license, state.done]
        if any(fewer & state.used == fewer for fewer in been):
            return False
        been.append(state.used)
        return True


def _never_changes(op: Op) -> bool:
    """Whether a call that was answered so changes nothing, whenever it comes. What is granted again may do so anew."""
    return op.verb == "check" or op.answer != OK


def _right(state: _State, started: list[_Numbered]) -> Iterator[tuple[Op, _State]]:
    """The calls that are answered right now, with what each leads to."""
    for number, op in started:
        answer, license = call(state.license, op)
        if answer == op.answer and op.revision in (None, license.revision):
            yield op, _State(license, state.done | 1 << number, state.used, max(state.latest, op.start))


def _used(state: _State, lost: list[_Numbered]) -> Iterator[_State]:
    """What each of the lost calls leads to that changes anything."""
    for number, op in lost:
        _, license = call(state.license, op)
        if license != state.license:
            yield _State(license, state.done, state.used | 1 << number, max(state.latest, op.start))
