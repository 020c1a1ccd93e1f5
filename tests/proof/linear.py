"""Whether a history is linearizable: whether each call can have taken effect at one instant between its start and its
end, so that every answer is the right one.

The search is Wing and Gong's with Lowe's memory: take any call that started before the first of the others ended, let
it take effect, and go on; come back where nothing fits. A set of calls that has led to a state once before leads
nowhere new. A call that was not answered may be taken at any time between its start and its end, or never.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import Any

from tests.proof.history import Op
from tests.proof.model import License, call
from tests.race.clients import OK

STEPS = 500_000
"""After which the search gives up. A history of the product's takes a few times as many as it has calls."""


class Undecided(Exception):
    """The history is too tangled to be decided."""


@dataclass(slots=True)
class _Entry:
    """The start or the end of a call, in a list of those that have not taken effect yet."""

    number: int
    op: Op
    at: float
    end: "_Entry | None"
    """Of a start: its end, if the call was answered; of an end: None."""
    is_start: bool
    before: "_Entry | None" = None
    after: "_Entry | None" = None

    @staticmethod
    def none() -> "_Entry":
        """What stands before the first."""
        return _Entry(-1, Op("sweep", -inf, -inf, OK), -inf, None, False)


@dataclass(slots=True)
class _Step:
    """A call that was let take effect, the license after it, and what may come next."""

    taken: _Entry
    latest: float
    """Start of the latest call so far: what has ended before can take effect no more."""
    choices: Iterator[tuple[_Entry, License]]


def is_linearizable(history: Sequence[Op], license: License, *, steps: int = STEPS) -> bool:
    """Decide for one license, as it was before the first call. Raises `Undecided`."""
    head, left = _entries(history), sum(not op.is_open for op in history)
    if left == 0:
        return True
    seen: set[tuple[int, License]] = set()
    done, path = 0, [_Step(_Entry.none(), -inf, _next(head, license, -inf))]
    for _ in range(steps):
        last = path[-1]
        entry, after = next(last.choices, (None, license))
        if entry is None:
            path.pop()
            if not path:
                return False
            _put_back(last.taken)
            done ^= 1 << last.taken.number
            left += not last.taken.op.is_open
            continue
        if (mark := (done | 1 << entry.number, after)) in seen:
            continue
        seen.add(mark)
        done, left = mark[0], left - (not entry.op.is_open)
        if left == 0:
            return True
        _take_out(entry)
        latest = max(last.latest, entry.op.start)
        path.append(_Step(entry, latest, _next(head, after, latest)))
    raise Undecided(f"{len(history)} calls were not decided in {steps} steps")


def _next(head: _Entry, license: License, latest: float) -> Iterator[tuple[_Entry, License]]:
    """The calls that may take effect next, with the license after each: those that started before any other ended.

    One that never changes anything, a refusal for one, and is answered right may as well come now as later: then there
    is no choice, unless a lost call could not come after it any more. Else first those that were answered, the most
    urgent before the others: who was not answered may not have been heard. Of lost calls that are alike, one that
    starts and ends no later than another is as good.
    """
    answered: list[tuple[_Entry, License]] = []
    lost: dict[tuple[Any, ...], list[tuple[_Entry, License]]] = defaultdict(list)
    until = inf  # all of the lost calls can take effect
    entry = head.after
    while entry is not None and entry.is_start:
        op = entry.op
        answer, after = call(license, op)
        if op.is_open:
            if op.end >= latest:
                until = min(until, op.end)
                alike = lost[op.verb, op.device, op.user, op.limit, op.ahead]
                if after != license and all(op.end < other.op.end for other, _ in alike):
                    alike.append((entry, after))
        elif answer == op.answer:
            if not op.may_change and op.start <= until:
                return iter([(entry, after)])
            answered.append((entry, after))
        entry = entry.after
    return iter([*sorted(answered, key=lambda choice: choice[0].op.end), *chain.from_iterable(lost.values())])


def _entries(history: Sequence[Op]) -> _Entry:
    """All starts and ends in order, as a list with a head of no meaning; at one instant, starts come first."""
    entries: list[_Entry] = []
    for number, op in enumerate(history):
        end = None if op.is_open else _Entry(number, op, op.end, None, False)
        entries.append(_Entry(number, op, op.start, end, True))
        if end is not None:
            entries.append(end)
    entries.sort(key=lambda entry: (entry.at, not entry.is_start))
    head = _Entry.none()
    for before, after in zip([head, *entries], entries, strict=False):
        before.after, after.before = after, before
    return head


def _take_out(entry: _Entry) -> None:
    for one in (entry, entry.end):
        if one is not None:
            assert one.before is not None
            one.before.after = one.after
            if one.after is not None:
                one.after.before = one.before


def _put_back(entry: _Entry) -> None:
    for one in (entry.end, entry):
        if one is not None:
            assert one.before is not None
            one.before.after = one
            if one.after is not None:
                one.after.before = one
