"""One schedule: tasks that take turns at the seam where the store sends a call, each in the order that a list says.

The same list of choices does the same again, to the step. A schedule can go back, and on by other choices.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from typing import Any, NamedTuple

from infra.embedded.values import Item
from tests.explore.engine import NO_ITEMS, MemoryEngine, State, Where, mark_of
from tests.explore.faults import LAG, faults_of, may_lag, meet
from tests.explore.footprints import NOTHING, Footprint
from tests.explore.scripts import Call, Found, Heard, Kept, Open, Point, Script, Turn

SEVERAL_INSTANTS = ("BatchGetItem", "Query", "Scan")
"""Reads of which DynamoDB promises no more than that each item is as it was at one instant."""
WHOLE = -1
"""In the place of a part: all that is left of the call, in order."""


class Thread(NamedTuple):
    """Whose turn it is."""

    task: int
    part: int = 0
    """Of a call that reads several items that others write: which of them."""


class Choice(NamedTuple):
    """A turn."""

    thread: Thread
    fault: str = ""
    """Which fault the call meets, by its name in `faults`; `` where it meets none."""


Seen = tuple[Found, ...]
"""What a call has found so far."""


Olds = Mapping[Where, tuple[Item | None, ...]]
"""What was at a place before it was written, the last first, each value once."""


class Task(NamedTuple):
    """One of those that are under way, at one moment."""

    number: int
    point: Point
    seen: Seen = ()
    """What the call that waits has found so far."""
    lags: bool = False
    """Whether some of that was of before."""
    began: frozenset[int] | None = None
    """The tasks that were over when it had its first turn; None before that."""
    met: tuple[str, ...] = ()
    """The faults that it has met, by their names, in their order; of reads that lag one."""

    @property
    def pending(self) -> Call | None:
        """The call that waits for its turn; None once it is over."""
        return self.point.call

    @property
    def calls(self) -> int:
        """That were answered."""
        return self.point.calls

    @property
    def outcome(self) -> Any:
        """Once it is over."""
        return self.point.outcome


class Step(NamedTuple):
    """One turn: whose, of what it read and wrote, and how it ended."""

    choice: Choice
    call: Call
    footprint: Footprint
    is_last: bool
    """Whether the call has been answered with it."""
    failed: bool
    """Whether it was answered by an error: mostly that a condition did not hold."""

    @property
    def task(self) -> int:
        """Whose turn it was."""
        return self.choice.thread.task

    @property
    def fault(self) -> str:
        """What it met."""
        return self.choice.fault


@dataclass(slots=True)
class _Moment:
    """All that matters for what may come next."""

    state: State
    mark: int
    tasks: tuple[Task, ...]
    faults: int
    """That may still happen."""
    olds: Olds = field(default_factory=dict)
    """As long as a replica may lag."""
    of_tasks: dict[int, dict[Choice, Open]] = field(default_factory=dict)
    """By task, what may come next of it, as far as that is known."""
    choices: dict[Choice, Open] | None = None
    """Of all of them, once they were asked for."""


class Schedule:
    """Tasks that are under way on one state, and the turns that they had."""

    def __init__(self, engine: MemoryEngine, scripts: Sequence[Script], faults: int = 0) -> None:
        """`faults`: that may happen, at most."""
        self.engine, self._scripts = engine, scripts
        self._written = [frozenset[Where]() for _ in scripts]
        """By each task, as `learn` has noted it."""
        self._parts: dict[tuple[int, Point], tuple[Where, ...]] = {}
        """Of each task's calls, by what was written."""
        self.steps: list[Step] = []
        tasks = tuple(Task(number, script.first) for number, script in enumerate(scripts))
        self._moments = [_Moment(engine.state, 0, tasks, faults)]

    @property
    def tasks(self) -> tuple[Task, ...]:
        """As they are now."""
        return self._moments[-1].tasks

    @property
    def mark(self) -> int:
        """Of what is stored: the same where that is the same."""
        return self._moments[-1].mark

    @property
    def moment(self) -> Hashable:
        """All that matters for what may come next, and for who judges it: the same where that is the same."""
        moment, old = self._moments[-1], 0
        for where, items in moment.olds.items():
            for item in items:
                old ^= mark_of(where, item)
        tasks = [(task.point, _mark_of_all(task.seen), task.lags, task.began, task.met) for task in moment.tasks]
        return moment.mark, *tasks, moment.faults, old

    @property
    def is_over(self) -> bool:
        """Whether no task has a call to send."""
        return all(task.point.call is None for task in self.tasks)

    def choices(self) -> dict[Choice, Open]:
        """What may happen next."""
        moment = self._moments[-1]
        if moment.choices is None:
            moment.choices = {}
            for task in moment.tasks:
                if (own := moment.of_tasks.get(task.number)) is None:
                    own = moment.of_tasks[task.number] = dict(self._choices(moment, task))
                moment.choices.update(own)
        return moment.choices

    def step(self, choice: Choice) -> None:
        """Let a task send its call, and go on until the next one. Raises `ValueError` where it has none such."""
        own, choices = [choice], self.choices()
        if choice.thread.part == WHOLE:
            own = [one for one in choices if one.thread.task == choice.thread.task and one.fault == choice.fault]
        if not own or own[0] not in choices:
            raise ValueError(f"There is no such turn here: {choice}")
        for one in own:
            self._step(one)

    def _step(self, choice: Choice) -> None:
        moment, number = self._moments[-1], choice.thread.task
        footprint, _, finds, _, found = self.choices()[choice]
        task, state, mark, failed = _begun(moment.tasks, number), moment.state, moment.mark, False
        changed: tuple[Found, ...] = ()
        call, is_lag, seen = _waiting(task), choice.fault.startswith(LAG), task.seen + finds
        met = _with_fault(task.met, LAG if is_lag else choice.fault)
        is_last = not finds or len(seen) >= len(self._parts_of(task, call))
        if is_last:
            turn = _turn(self._engine(state), mark, task.point, seen, "" if is_lag else choice.fault, found)
            failed, changed = turn.failed, turn.changes
            state, mark = _changed(state, mark, turn)
            point = self._scripts[number].after(task.point, turn.heard, in_vain=failed and not choice.fault)
            after = Task(number, point, began=task.began, met=met)
        else:
            after = task._replace(seen=seen, lags=task.lags or is_lag, met=met)
        tasks = (*moment.tasks[:number], after, *moment.tasks[number + 1 :])
        left_alone = {} if moment.faults or moment.olds else _left_alone(moment, number, changed)
        faults = moment.faults - (choice.fault != "" and not task.lags)  # one replica that lags is one fault
        olds = _with_olds(moment, state, footprint) if faults else moment.olds
        if not faults and not any(one.lags for one in tasks):
            olds = {}
        self._moments.append(_Moment(state, mark, tasks, faults, olds, left_alone))
        self.steps.append(Step(choice, call, footprint, is_last, failed))
        self.engine.state = state

    def back_to(self, count: int) -> None:
        """Undo all turns but the first ones."""
        del self.steps[count:], self._moments[count + 1 :]
        self.engine.state = self._moments[-1].state

    def costs(self) -> list[tuple[list[str], int] | None]:
        """Of each task, as `Script.costs`."""
        return [script.costs() for script in self._scripts]

    def learn(self) -> bool:
        """Note what each task is known to write: others read it at an instant of its own.

        Where a call that had its turn should have had several, all begins anew.
        """
        firsts = [script.first for script in self._scripts]
        written = [first.later.writes | (first.call.footprint.writes if first.call else set()) for first in firsts]
        if written == self._written:
            return False
        before, self._written, self._parts = self._parts, written, {}
        is_other = any(self._split(point) != parts for point, parts in before.items())
        if is_other:
            self._moments[0].choices = None
            self._moments[0].of_tasks.clear()
            self.back_to(0)
        return is_other

    def _choices(self, moment: _Moment, task: Task) -> Iterator[tuple[Choice, Open]]:
        if (call := task.point.call) is not None:
            parts = self._parts_of(task, call)
            if len(parts) < 2:
                yield _undisturbed(task.number), self._for_now(moment, task, call)
                if moment.faults:
                    for fault, footprint in faults_of(call.operation, call.footprint):
                        yield Choice(Thread(task.number), fault), Open(footprint, footprint)
            if parts:
                yield from self._reads(moment, task, call, parts)

    def _reads(self, moment: _Moment, task: Task, call: Call, parts: Sequence[Where]) -> Iterator[tuple[Choice, Open]]:
        """Those of the items one by one, and of what they were before."""
        done, engine = {one.where for one in task.seen}, self._engine(moment.state)
        for number, where in enumerate(parts):
            if where not in done:
                thread, footprint = Thread(task.number, number), Footprint(frozenset([where]))
                now = engine.item(where)
                if len(parts) > 1:
                    found = Found(where, now, _mark(moment.state, where) or mark_of(where, None))
                    yield Choice(thread), Open(footprint, footprint, (found,))
                if (moment.faults or task.lags) and may_lag(call.request, where.table):
                    for old, item in enumerate(_before(moment.olds, where, now)):
                        found = Found(where, item, mark_of(where, item))
                        yield Choice(thread, f"{LAG}{old}"), Open(footprint, footprint, (found,))

    def _parts_of(self, task: Task, call: Call) -> tuple[Where, ...]:
        """The items that the call reads, each at an instant of its own, and that the time makes another.

        DynamoDB promises one instant to a write and to TransactGetItems. Where nobody writes, all instants are one.
        """
        if call.operation not in SEVERAL_INSTANTS:
            return ()
        key = task.number, task.point
        if (parts := self._parts.get(key)) is None:
            parts = self._parts[key] = self._split(key)
        return parts

    def _split(self, key: tuple[int, Point]) -> tuple[Where, ...]:
        number, point = key
        assert point.call is not None
        may_lag = self._moments[0].faults > 0  # a replica may lag behind one's own writes
        others = [written for other, written in enumerate(self._written) if may_lag or other != number]
        read = point.call.footprint.among(others[0].union(*others[1:]) if others else frozenset())
        return tuple(sorted(read)) if may_lag or len(read) > 1 else ()

    def _for_now(self, moment: _Moment, task: Task, call: Call) -> Open:
        """What a call would do as all stands now."""
        own, opens = call.footprint, task.point.known.opens
        found = mark_of_found(moment.state, own) if own.writes else None
        if (open := opens.get(found)) is None:
            now, refused_for = own, tuple[Where, ...]()
            if own.writes:
                changes, refused_for = self._engine(moment.state).effect(call.operation, call.request)
                now = Footprint(own.reads | (own.writes - changes), changes)
            open = opens[found] = Open(own, now, refused_for=refused_for, found=found)
        return open

    def _engine(self, state: State) -> MemoryEngine:
        return MemoryEngine(self.engine.tables, state)


def alone(script: Script, engine: MemoryEngine, mark: int) -> tuple[Any, int]:
    """What comes of a task to which nobody comes in between, and the mark of what is then stored: it was that one."""
    point = script.first
    while point.call is not None:
        turn = _turn(engine, mark, point)
        engine.state, mark = _changed(engine.state, mark, turn)
        point = script.after(point, turn.heard, in_vain=turn.failed)
    script.end()
    return point.outcome, mark


def _turn(
    engine: MemoryEngine, mark: int, point: Point, seen: Seen = (), fault: str = "", found: int | None = None
) -> Turn:
    """What comes of a call on what is stored, which has that mark, but for what it has seen; it is not done there.

    `found`: the mark of what it finds, where that is known.
    """
    call, known, state = point.call, point.known, engine.state
    assert call is not None
    if found is None:
        found = mark if call.footprint.tables else mark_of_found(state, call.footprint)
    for one in seen:
        found ^= one.mark ^ _mark(state, one.where)
    if (turn := known.turns.get((found, fault))) is None:
        there = MemoryEngine(engine.tables, dict(state))
        for one in seen:
            there.store(one.where, one.item)
        before = {where: there.item(where) for where in call.footprint.writes}
        heard: Heard
        try:
            heard = meet(fault, call.operation, call.request, there)
        except BaseException as error:  # whatever it is, the task gets it
            heard = error
        kept, after = Kept(heard), {where: there.item(where) for where in before}
        changes = tuple(
            Found(*one, _mark(there.state, one[0])) for one in after.items() if one[1] is not before[one[0]]
        )
        kept = known.answers.setdefault(kept.key, kept)
        turn = known.turns[found, fault] = Turn(kept, changes, isinstance(heard, BaseException))
    return turn


@cache
def _undisturbed(number: int) -> Choice:
    """The turn of a task whose call reads nothing that others write at several instants, and meets no fault."""
    return Choice(Thread(number))


def mark_of_found(state: State, own: Footprint) -> int:
    """A mark of all that a call reads or writes there, but for whole tables: what comes of it is told by that alone."""
    found = 0
    for where in (own.reads | own.writes) if own.reads and own.writes else own.reads or own.writes:
        if (partition := state.get(where[:2])) is not None:
            found ^= partition.marks.get(where.part, 0)
    for part in own.ranges:
        if (partition := state.get((part.table, part.pk))) is not None:
            for sort_key, one in partition.marks.items():
                if part.first <= sort_key <= part.last:
                    found ^= one
    return found


def _mark(state: State, where: Where) -> int:
    """Of what is stored there; 0 where that is nothing."""
    partition = state.get(where[:2])
    return 0 if partition is None else partition.marks.get(where.part, 0)


def _changed(state: State, mark: int, turn: Turn) -> tuple[State, int]:
    """What is stored after a turn, and its mark."""
    if not turn.changes:
        return state, mark
    state = dict(state)
    for where, item, new in turn.changes:
        mark ^= _mark(state, where) ^ new
        state[where[:2]] = state.get(where[:2], NO_ITEMS).having(where.part, item, new)
    return state, mark


def _left_alone(moment: _Moment, number: int, changed: Sequence[Found]) -> dict[int, dict[Choice, Open]]:
    """What may come next of the other tasks, where that task has changed nothing of what they read or write."""
    left_alone = {other: own for other, own in moment.of_tasks.items() if other != number}
    for other in [*left_alone] if changed else ():
        call = moment.tasks[other].point.call
        own = NOTHING if call is None else call.footprint
        if any(one.where in own.writes or own.reads_also(one.where) for one in changed):
            del left_alone[other]
    return left_alone


def _with_fault(met: tuple[str, ...], fault: str) -> tuple[str, ...]:
    return met if not fault or (fault == LAG and LAG in met) else tuple(sorted((*met, fault)))


def _begun(tasks: Sequence[Task], number: int) -> Task:
    """That task, once it has a turn."""
    if tasks[number].began is not None:
        return tasks[number]
    return tasks[number]._replace(began=frozenset(task.number for task in tasks if task.pending is None))


def _waiting(task: Task) -> Call:
    call = task.point.call
    assert call is not None
    return call


def _item(state: State, where: Where) -> Item | None:
    partition = state.get(where[:2])
    return None if partition is None else partition.get(where.part)


def _with_olds(moment: _Moment, state: State, footprint: Footprint) -> Olds:
    """What was at each place before it was written, now that this is stored."""
    olds = dict(moment.olds)
    for where in footprint.writes:
        if (old := _item(moment.state, where)) != _item(state, where):
            olds[where] = (old, *(one for one in olds.get(where, ()) if one != old))
    return olds


def _before(olds: Olds, where: Where, now: Item | None) -> Iterator[Item | None]:
    """What was there once and is no more, the last first, each value once."""
    return (item for item in olds.get(where, ()) if item != now)


def _mark_of_all(seen: Seen) -> int:
    mark = 0
    for one in seen:
        mark ^= one.mark
    return mark


def in_calls(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """The steps by which one call after another was answered; a step of its own where that came to several times."""
    run = list[Step]()
    for step, next in zip_longest(steps, steps[1:]):
        run.append(step)
        if step.is_last or next is None or next.task != step.task:
            parts = [one.choice.thread.part for one in run]
            is_one = step.is_last and parts == sorted(parts) and not any(one.fault for one in run)
            yield from [run] if is_one else [[one] for one in run]
            run = []


def described(steps: Sequence[Step]) -> str:
    """What a call reads or writes, in these steps of it, and what came of it."""
    last = steps[-1]
    found = [step.footprint for step in steps if step.footprint != NOTHING] or [last.call.footprint]
    what = ": " + last.fault if last.fault else ": a condition did not hold" if last.failed else ""
    return f"{last.call.operation} {', '.join(map(str, found))}{what}"
