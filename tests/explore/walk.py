"""All schedules, depth first: each is run from the start, and where two calls meet, the other order is tried next.

The reduction is that of Abdulla, Aronis, Jonsson and Sagonas by source sets and sleep sets ("Optimal dynamic partial
order reduction", POPL 2014, algorithm 1): of all schedules that differ only in the order of calls that do not meet one
is run to its end. That none is missed is held against the walk of them all (tests/explore/test_walk.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.explore.footprints import Footprint
from tests.explore.scheduler import Choice, Schedule

Begin = Callable[[], Schedule]
"""Begins all tasks anew, in the state that they start from."""


@dataclass(slots=True)
class _Node:
    """A state on the way: what may come next there, and what has been tried."""

    pending: dict[Choice, Footprint]
    sleep: set[Choice]
    """What was tried before, and would have met nothing since."""
    wanted: set[int]
    """Tasks that are to be tried here, with each fault that they may meet."""
    chosen: Choice = (-1, "")

    @property
    def awake(self) -> set[Choice]:
        """What is still to be tried."""
        return {choice for choice in self.pending if choice[0] in self.wanted} - self.sleep

    def next(self, last: int) -> Choice:
        """What is tried next: first without a fault, and of the task that had the last turn, if it may."""
        return min(self.awake, key=lambda choice: (choice[1], choice[0] != last, choice[0]))


@dataclass(slots=True)
class Walk:
    """A walk: how far it came."""

    schedules: int = 0
    """That were run to their end."""
    cut: int = 0
    """That were left, for all that could follow was tried before."""
    steps: int = 0
    """Calls in all of them."""


def schedules(begin: Begin, walk: Walk, *, reduced: bool = True) -> Iterator[Schedule]:
    """Each schedule at its end. `reduced`: of those that differ only in the order of calls that do not meet, one."""
    path: list[_Node] = []
    while True:
        schedule, known = begin(), max(0, len(path) - 1)
        is_whole = _run(schedule, path, reduced)
        walk.steps += len(schedule.steps)
        if reduced:
            _want_races(schedule, path, known)
        if is_whole:
            walk.schedules += 1
            yield schedule
        else:
            walk.cut += 1
            schedule.end()
        while path:
            path[-1].sleep.add(path[-1].chosen)  # all that follows from it was tried
            if path[-1].awake:
                break
            path.pop()
        else:
            return


def _run(schedule: Schedule, path: list[_Node], reduced: bool) -> bool:
    """Go the path again but for its last choice, which is a new one, and on from there; whether it came to the end."""
    last = -1
    for node in path[:-1]:
        schedule.step(node.chosen)
        last = node.chosen[0]
    at = max(0, len(path) - 1)
    while not schedule.is_over:
        if at == len(path):
            path.append(_node(schedule, path, last, reduced))
        if not path[at].awake:
            return False
        path[at].chosen = path[at].next(last)
        last = path[at].chosen[0]
        schedule.step(path[at].chosen)
        at += 1
    return True


def _node(schedule: Schedule, path: list[_Node], last: int, reduced: bool) -> _Node:
    pending = schedule.choices()
    if not reduced:
        return _Node(pending, set(), {task for task, _ in pending})
    sleep = set[Choice]()
    if path:
        before = path[-1]
        done = before.pending[before.chosen]
        still = before.sleep & pending.keys()  # there may be no more faults
        sleep = {one for one in still if one[0] != before.chosen[0] and not before.pending[one].meets(done)}
    awake = {task for task, _ in pending.keys() - sleep}
    return _Node(pending, sleep, {last if last in awake else min(awake)} if awake else set())


def _want_races(schedule: Schedule, path: list[_Node], known: int) -> None:
    """Where two calls of two tasks met, let a task be tried before the earlier one that leads to the other order.

    `known`: so many steps are as they were, and what they met is known.
    """
    after = causes([(step.task, step.footprint) for step in schedule.steps])
    for late in range(known, len(after)):
        covered = 1 << late
        for early in reversed(range(late)):
            if after[late] >> early & 1 and not covered >> early & 1:  # nothing stands between the two
                covered |= after[early]
                if schedule.steps[early].task != schedule.steps[late].task:
                    first = _first_of_others(schedule, after, early, late)
                    if not first & path[early].wanted:
                        path[early].wanted.add(min(first))


def _first_of_others(schedule: Schedule, after: list[int], early: int, late: int) -> set[int]:
    """The tasks by one of which any schedule begins, from the early call on, that has the late one before it."""
    first, between = set[int](), 0
    for at in [*(at for at in range(early + 1, late) if not after[at] >> early & 1), late]:
        if not after[at] & between:
            first.add(schedule.steps[at].task)
        between |= 1 << at
    return first


def causes(steps: list[tuple[int, Footprint]]) -> list[int]:
    """Of each step the steps that it comes after in any order that does the same, itself among them: a bit each."""
    found: list[int] = []
    for at, (task, footprint) in enumerate(steps):
        before = 1 << at
        for earlier in range(at):
            if steps[earlier][0] == task or footprint.meets(steps[earlier][1]):
                before |= found[earlier]
        found.append(before)
    return found
