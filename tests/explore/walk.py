"""All schedules, depth first; where one comes to a moment at which another has been, all that follows was walked.

Two moments are the same where the same is stored, each task has been answered the same, and the same tasks were over
when each began: what comes next can only be the same. The schedules that share a moment are walked on from it once, and
counted all.

And of what may come next only what somebody can tell is tried: a turn that meets nothing that the others will yet do
comes first. That is a stubborn set (Valmari, "Stubborn sets for reduced state space generation", 1989). A write that
would be refused writes nothing before somebody has changed what it is refused for. What others will do is known from
where they were seen to go; where one writes more than was known, which others may read at several instants, the walk
begins anew. So a task ends as early as it can, and the others begin after it: that is the most that a caller can have
seen. That no end is missed is held against the walk of all orders (tests/explore/test_walk.py).
"""

from collections.abc import Collection, Generator, Hashable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import permutations

from tests.explore.footprints import Footprint
from tests.explore.schedule import WHOLE, Choice, Schedule, Task, Thread
from tests.explore.scripts import Open


@dataclass(slots=True)
class _Node:
    """A moment on the way: what may come next there, and what of it was tried."""

    key: Hashable
    tasks: tuple[Task, ...]
    pending: Mapping[Choice, Open]
    wanted: frozenset[Thread]
    """That are to be tried here, with each fault that they may meet."""
    known: list[Footprint]
    """What each task will yet do, as it was known when these were found."""
    left: list[Choice]
    """What is still to be tried."""
    schedules: int = 0
    """From here to an end."""
    longest: int = 0
    """Of these, in calls from here."""

    def count(self, schedules: int, longest: int) -> None:
        """Count those that go on by one turn."""
        self.schedules += schedules
        self.longest = max(self.longest, longest)

    def next(self, last: int) -> Choice | None:
        """What is tried next: first without a fault, and of the task that had the last turn, if it may."""
        if not self.left and self.known != (known := _later(self.tasks)):
            more, self.known = _needed(self.pending, self.tasks) - self.wanted, known
            self.wanted |= more
            self.left = [choice for choice in self.pending if choice.thread in more]
        if len(self.left) < 2:
            return self.left.pop() if self.left else None
        choice = min(self.left, key=lambda choice: (choice.fault, choice.thread.task != last, choice.thread))
        self.left.remove(choice)
        return choice


@dataclass(slots=True)
class Walk:
    """A walk: how far it came."""

    most: int | None = None
    """Turns after which it ends, those of a walk that began anew among them."""
    taken: int = 0
    """Of these."""
    is_whole: bool = True
    """Whether it came to its end."""
    schedules: int = 0
    """That differ, of those that were walked."""
    longest: int = 0
    """Of these, in calls of all tasks together."""
    moments: int = 0
    """That they came through."""
    steps: int = 0
    """Turns that were taken from one to another."""


def schedules(schedule: Schedule, walk: Walk, *, reduced: bool = True) -> Iterator[Schedule]:
    """A schedule at each end, one after another in the one that is given, at its begin.

    `reduced`: each end once. Otherwise each schedule.
    """
    ends = set[Hashable]()
    if reduced:
        _go_in_turn(schedule)
    while not (yield from _walked(schedule, walk, ends, reduced)):
        schedule.back_to(0)


def _go_in_turn(schedule: Schedule) -> None:
    """Let one task after another come to its end, in each order: most of what they write is known by that."""
    for order in permutations(range(len(schedule.tasks))):
        for number in order:
            while schedule.tasks[number].pending is not None:
                schedule.step(Choice(Thread(number, WHOLE)))
        schedule.back_to(0)
    schedule.learn()


def _walked(schedule: Schedule, walk: Walk, ends: set[Hashable], reduced: bool) -> Generator[Schedule, None, bool]:
    """The ends that are new; whether nothing is left to walk.

    What the others will do at a moment is known once all that follows was walked: what a turn does not meet they do
    behind it as well as ahead. So no moment has to be looked at again.
    """
    known = dict[Hashable, tuple[int, int]]()
    walk.schedules = walk.moments = walk.steps = walk.longest = 0
    path = [_node(schedule, schedule.moment, reduced)]
    while path and walk.is_whole:
        node = path[-1]
        schedule.back_to(len(path) - 1)
        if (choice := node.next(schedule.steps[-1].task if schedule.steps else -1)) is None:
            known[node.key] = node.schedules, node.longest
            path.pop()
            if path:
                path[-1].count(node.schedules, node.longest + schedule.steps[-1].is_last)
            continue
        schedule.step(choice)
        walk.steps += 1
        walk.taken += 1
        walk.is_whole = walk.taken != walk.most
        key = schedule.moment
        if reduced and key in known:
            schedules, longest = known[key]
            node.count(schedules, longest + schedule.steps[-1].is_last)
        elif schedule.is_over:
            known[key] = 1, 0
            node.count(1, 1)
            walk.schedules += 1
            walk.longest = max(walk.longest, sum(task.calls for task in schedule.tasks))
            walk.moments += 1
            if not reduced or key not in ends:
                ends.add(key)
                yield schedule
            if walk.is_whole and schedule.learn():
                return False
        else:
            walk.moments += 1
            path.append(_node(schedule, key, reduced))
    if walk.is_whole:
        walk.schedules, walk.longest = node.schedules, node.longest
    return True


def _node(schedule: Schedule, key: Hashable, reduced: bool) -> _Node:
    pending, tasks = schedule.choices(), schedule.tasks
    wanted = _needed(pending, tasks) if reduced else frozenset([choice.thread for choice in pending])
    left = [choice for choice in pending if choice.thread in wanted]
    return _Node(key, tasks, pending, wanted, _later(tasks), left)


def _later(tasks: tuple[Task, ...]) -> list[Footprint]:
    return [task.point.later for task in tasks]


def _needed(pending: Mapping[Choice, Open], tasks: tuple[Task, ...]) -> frozenset[Thread]:
    """The fewest threads of which one has to be tried first: whatever the others do before it meets none of them."""
    threads = dict[Thread, Open]()
    for choice, open in pending.items():
        threads.setdefault(choice.thread, open)
    best = frozenset(threads)
    for first in sorted(threads) if len(best) > 1 else ():
        if len(best) == 1:
            break
        best = _with_all_it_meets(first, threads, tasks, best)
    return best


def _with_all_it_meets(
    first: Thread, threads: Mapping[Thread, Open], tasks: tuple[Task, ...], best: frozenset[Thread]
) -> frozenset[Thread]:
    """A thread, those whose turn it meets, those whose turn these meet, and so on; or the best, if that is as few."""
    found, left = {first}, [first]
    while left:
        if len(found) >= len(best):
            return best
        thread = left.pop()
        if tasks[thread.task].began is None:
            return best  # all are needed: whether others are over before it begins, callers can tell
        now = threads[thread].now
        met = _meeting(now, found, threads, tasks, {thread.task})
        for other, open in threads.items():
            if open.refused_for and other.task != thread.task and other not in met and open.footprint.meets(now):
                # It would meet it once nothing refuses it any more: whoever may see to that is tried as well.
                freed = (Footprint(frozenset([where])) for where in open.refused_for)
                met |= min((_meeting(one, found, threads, tasks, {thread.task, other.task}) for one in freed), key=len)
        left += met - found
        found |= met
    return frozenset(found) if len(found) < len(best) else best


def _meeting(
    footprint: Footprint,
    found: Set[Thread],
    threads: Mapping[Thread, Open],
    tasks: tuple[Task, ...],
    but: Collection[int],
) -> set[Thread]:
    """The threads that meet a footprint, of all tasks but those; of one that meets it later alone, one of its own."""
    met = set[Thread]()
    for task in tasks:
        if task.number not in but and task.point.call is not None:
            own = [thread for thread in threads if thread.task == task.number]
            at_once = [thread for thread in own if threads[thread].now.meets(footprint)]
            if not at_once and found.isdisjoint(own) and task.point.later.meets(footprint):
                at_once = [min(own)]  # it comes to that by all of these
            met.update(at_once)
    return met
