"""All schedules, depth first: each is run from the start, and where two calls meet, the other order is tried next.

The reduction is that of Abdulla, Aronis, Jonsson and Sagonas by source sets and sleep sets ("Optimal dynamic partial
order reduction", POPL 2014, algorithm 1): of all schedules that differ only in the order of calls that do not meet one
is run to its end. That none is missed is held against the walk of them all (tests/explore/test_walk.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.explore.schedule import Choice, Open, Schedule, Step, Thread

NOBODY = Choice(Thread(-1))


@dataclass(slots=True)
class _Node:
    """A state on the way: what may come next there, and what has been tried."""

    pending: dict[Choice, Open]
    sleep: set[Choice]
    """What was tried before, and would have met nothing since."""
    wanted: set[Thread]
    """That are to be tried here, with each fault that they may meet."""
    chosen: Choice = NOBODY

    @property
    def awake(self) -> set[Choice]:
        """What is still to be tried."""
        return {choice for choice in self.pending if choice.thread in self.wanted} - self.sleep

    def next(self, last: int) -> Choice:
        """What is tried next: first without a fault, and of the task that had the last turn, if it may."""
        return min(self.awake, key=lambda choice: (choice.fault, choice.thread.task != last, choice.thread))


@dataclass(slots=True)
class Walk:
    """A walk: how far it came."""

    schedules: int = 0
    """That were run to their end."""
    cut: int = 0
    """That were left, for all that could follow was tried before."""
    steps: int = 0
    """Calls in all of them."""


def schedules(schedule: Schedule, walk: Walk, *, reduced: bool = True) -> Iterator[Schedule]:
    """Each schedule at its end, one after another in the one that is given, at its begin.

    `reduced`: of those that differ only in the order of calls that do not meet, one.
    """
    path: list[_Node] = []
    while True:
        known = max(0, len(path) - 1)
        schedule.back_to(known)
        is_whole = _run(schedule, path, reduced)
        walk.steps += len(schedule.steps)
        if reduced:
            _want_races(schedule, path, known)
        if is_whole:
            walk.schedules += 1
            yield schedule
        else:
            walk.cut += 1
        while path:
            path[-1].sleep.add(path[-1].chosen)  # all that follows from it was tried
            if path[-1].awake:
                break
            path.pop()
        else:
            return


def _run(schedule: Schedule, path: list[_Node], reduced: bool) -> bool:
    """Go on by the last choice of the path, which is a new one; whether it came to the end."""
    at = max(0, len(path) - 1)
    while not schedule.is_over:
        last = schedule.steps[-1].task if schedule.steps else -1
        if at == len(path):
            path.append(_node(schedule, path, last, reduced))
        if not path[at].awake:
            return False
        path[at].chosen = path[at].next(last)
        schedule.step(path[at].chosen)
        at += 1
    return True


def _node(schedule: Schedule, path: list[_Node], last: int, reduced: bool) -> _Node:
    pending = schedule.choices()
    if not reduced:
        return _Node(pending, set(), {choice.thread for choice in pending})
    sleep = set[Choice]()
    if path:
        before = path[-1]
        chosen = before.chosen.thread
        done = before.pending[before.chosen].footprint
        still = before.sleep & pending.keys()  # there may be no more faults
        sleep = {one for one in still if one.thread != chosen and not before.pending[one].footprint.meets(done)}
    awake = {choice.thread for choice in pending.keys() - sleep}
    return _Node(pending, sleep, {min(awake, key=lambda thread: (thread.task != last, thread))} if awake else set())


def _want_races(schedule: Schedule, path: list[_Node], known: int) -> None:
    """Where two calls of two tasks met, let a task be tried before the earlier one that leads to the other order.

    `known`: so many steps are as they were, and what they met is known.
    """
    steps = schedule.steps
    for late in range(known, len(steps)):
        covered = 1 << late
        for early in reversed(range(late)):
            if steps[late].after >> early & 1 and not covered >> early & 1:  # nothing stands between the two
                covered |= steps[early].after
                if steps[early].task != steps[late].task:
                    first = _first_of_others(steps, early, late)
                    if not first & path[early].wanted:
                        path[early].wanted.add(min(first))


def _first_of_others(steps: list[Step], early: int, late: int) -> set[Thread]:
    """The threads by one of which any schedule begins, from the early call on, that has the late one before it."""
    first, between = set[Thread](), 0
    for at in [*(at for at in range(early + 1, late) if not steps[at].after >> early & 1), late]:
        if not steps[at].after & between:
            first.add(steps[at].choice.thread)
        between |= 1 << at
    return first
