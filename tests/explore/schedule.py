"""One schedule: tasks that take turns at the seam where the store sends a call, each in the order that a list says.

The same list of choices does the same again, to the step. A schedule can go back, and on by other choices.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple

import orjson

from infra.embedded.values import Item
from tests.explore.engine import MemoryEngine, State, Where
from tests.explore.faults import LAG, faults_of, may_lag, meet
from tests.explore.footprints import NOTHING, Footprint
from tests.explore.scripts import Call, Heard, Point, Script

SEVERAL_INSTANTS = ("BatchGetItem", "Query", "Scan")
"""Reads of which DynamoDB promises no more than that each item is as it was at one instant."""
MOST_TURNS = 100_000
"""That are remembered of one world."""


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


Seen = tuple[tuple[Where, Item | None], ...]
"""Items as a call has found them."""


Olds = Mapping[Where, tuple[Item | None, ...]]
"""What was at a place before it was written, the last first, each value once."""


class Open(NamedTuple):
    """What a turn would do."""

    footprint: Footprint
    now: Footprint
    """What it reads and writes as long as nobody writes any of that: what it would leave as it is, it reads."""
    finds: Seen = ()
    """The item that it reads, where it reads but one, or as it was."""
    refused_for: tuple[Where, ...] = ()
    """Items whose conditions do not hold: it writes nothing before each of these was written by somebody."""


@dataclass(frozen=True, slots=True)
class Task:
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
    failed: int = 0
    """Writes whose condition did not hold."""

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

    @property
    def sent(self) -> list[str]:
        """The operations that were answered."""
        return [point.call.operation for point in self.point.path()[:-1] if point.call is not None]


class Step(NamedTuple):
    """One turn: whose, of what it read and wrote, and how it ended."""

    choice: Choice
    call: Call
    number: int
    """Of the task's calls."""
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
    choices: dict[Choice, Open] | None = None
    """Once they were asked for."""


class Turn(NamedTuple):
    """What came of a call."""

    state: State
    mark: int
    point: Point
    failed: bool


class Schedule:
    """Tasks that are under way on one state, and the turns that they had."""

    def __init__(self, engine: MemoryEngine, scripts: Sequence[Script], faults: int = 0) -> None:
        """`faults`: that may happen, at most."""
        self.engine, self._scripts = engine, scripts
        self._written = [frozenset[Where]() for _ in scripts]
        """By each task, as `learn` has noted it."""
        self._parts: dict[Point, tuple[Where, ...]] = {}
        """Of each call, by what was written."""
        self._known: dict[tuple[int, Point, str], Turn] = {}
        """What came of each call on each state so far, by the state's mark."""
        self._effects: dict[tuple[int, Point], tuple[Footprint, tuple[Where, ...]]] = {}
        """What each write would do on each state, and what it is refused for there."""
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
    def marks(self) -> Iterator[int]:
        """Of all that was stored on the way, from the begin to now."""
        return (moment.mark for moment in self._moments)

    @property
    def moment(self) -> Hashable:
        """All that matters for what may come next, and for who judges it: the same where that is the same."""
        moment, old = self._moments[-1], 0
        for where, items in moment.olds.items():
            for item in items:
                old ^= _mark(where, item)
        tasks = [(task.point, _seen_mark(task.seen), task.lags, task.began, task.met) for task in moment.tasks]
        return moment.mark, *tasks, moment.faults, old

    @property
    def is_over(self) -> bool:
        """Whether no task has a call to send."""
        return all(task.pending is None for task in self.tasks)

    def choices(self) -> dict[Choice, Open]:
        """What may happen next."""
        moment = self._moments[-1]
        if moment.choices is None:
            moment.choices = dict(self._choices(moment))
        return moment.choices

    def step(self, choice: Choice) -> None:
        """Let a task send its call, and go on until the next one. Raises `ValueError` where it has none such."""
        own = [choice]
        if choice.thread.part == WHOLE:
            own = [one for one in self.choices() if one.thread.task == choice.thread.task and one.fault == choice.fault]
        if not self.choices().keys() & own:
            raise ValueError(f"There is no such turn here: {choice}")
        for one in own:
            self._step(one)

    def _step(self, choice: Choice) -> None:
        moment, number = self._moments[-1], choice.thread.task
        footprint, _, finds, _ = self.choices()[choice]
        task, state, mark, failed = _begun(moment.tasks, number), moment.state, moment.mark, False
        call, is_lag, seen = _waiting(task), choice.fault.startswith(LAG), task.seen + finds
        met = _with_fault(task.met, LAG if is_lag else choice.fault)
        is_last = len(seen) >= len(self._parts_of(task)) or not finds
        if is_last:
            state, mark, point, failed = self._turn(moment, task, seen, "" if is_lag else choice.fault)
            failures = task.failed + (failed and not choice.fault)
            after = Task(number, point, began=task.began, met=met, failed=failures)
        else:
            after = replace(task, seen=seen, lags=task.lags or is_lag, met=met)
        tasks = (*moment.tasks[:number], after, *moment.tasks[number + 1 :])
        faults = moment.faults - (choice.fault != "" and not task.lags)  # one replica that lags is one fault
        olds = _with_olds(moment, state, footprint) if faults else moment.olds
        if not faults and not any(one.lags for one in tasks):
            olds = {}
        self._moments.append(_Moment(state, mark, tasks, faults, olds))
        self.steps.append(Step(choice, call, task.calls, footprint, is_last, failed))
        self.engine.state = state

    def back_to(self, count: int) -> None:
        """Undo all turns but the first ones."""
        del self.steps[count:], self._moments[count + 1 :]
        self.engine.state = self._moments[-1].state

    def learn(self) -> bool:
        """Note what each task is known to write: others read it at an instant of its own.

        If that is news, all begins anew.
        """
        firsts = [script.first for script in self._scripts]
        written = [first.later.writes | (first.call.footprint.writes if first.call else set()) for first in firsts]
        is_new = written != self._written
        if is_new:
            self._written = written
            self._parts.clear()
            self._moments[0].choices = None
            self.back_to(0)
        return is_new

    def _choices(self, moment: _Moment) -> Iterator[tuple[Choice, Open]]:
        for task in moment.tasks:
            if (call := task.pending) is not None:
                if len(self._parts_of(task)) < 2:
                    now, refused_for = self._for_now(moment, task, call)
                    yield Choice(Thread(task.number)), Open(call.footprint, now, refused_for=refused_for)
                    if moment.faults:
                        for fault, footprint in faults_of(call.operation, call.footprint):
                            yield Choice(Thread(task.number), fault), Open(footprint, footprint)
                if self._parts_of(task):
                    yield from self._reads(moment, task, call)

    def _reads(self, moment: _Moment, task: Task, call: Call) -> Iterator[tuple[Choice, Open]]:
        """Those of the items one by one, and of what they were before."""
        parts, done = self._parts_of(task), {where for where, _ in task.seen}
        for number, where in enumerate(parts):
            if where not in done:
                thread, footprint, now = (
                    Thread(task.number, number),
                    Footprint(frozenset([where])),
                    _item(moment.state, where),
                )
                if len(parts) > 1:
                    yield Choice(thread), Open(footprint, footprint, ((where, now),))
                if (moment.faults or task.lags) and may_lag(call.request, where.table):
                    for old, item in enumerate(_before(moment.olds, where, now)):
                        yield Choice(thread, f"{LAG}{old}"), Open(footprint, footprint, ((where, item),))

    def _parts_of(self, task: Task) -> tuple[Where, ...]:
        """The items that the call reads, each at an instant of its own, and that the time makes another.

        DynamoDB promises one instant to a write and to TransactGetItems. Where nobody writes, all instants are one.
        """
        if task.point not in self._parts:
            call = _waiting(task)
            others = [written for number, written in enumerate(self._written) if number != task.number]
            if self._moments[0].faults:
                others = list(self._written)  # a replica may lag behind one's own writes
            read = {where for written in others for where in written if call.footprint.reads_also(where)}
            self._parts[task.point] = tuple(sorted(read)) if call.operation in SEVERAL_INSTANTS else ()
        return self._parts[task.point]

    def _for_now(self, moment: _Moment, task: Task, call: Call) -> tuple[Footprint, tuple[Where, ...]]:
        """What a call reads and writes as all stands now, and the items for which it would be refused."""
        own, key = call.footprint, (moment.mark, task.point)
        if not own.writes:
            return own, ()
        if key not in self._effects:
            if len(self._effects) >= MOST_TURNS:
                self._effects.clear()
            engine = MemoryEngine(self.engine.tables, dict(moment.state))
            changes, refused_for = engine.effect(call.operation, call.request)
            self._effects[key] = Footprint(own.reads | (own.writes - changes), changes), refused_for
        return self._effects[key]

    def _turn(self, moment: _Moment, task: Task, seen: Seen, fault: str) -> Turn:
        """What comes of the call on what is stored, but for what it has seen."""
        state, mark = moment.state, moment.mark
        for where, item in seen:
            state, mark = _with(state, where, item), mark ^ _mark(where, _item(state, where)) ^ _mark(where, item)
        key = mark, task.point, fault
        if key not in self._known:
            if len(self._known) >= MOST_TURNS:
                self._known.clear()
            self._known[key] = self._first_turn(state, mark, task, fault)
        turn = self._known[key]
        return turn._replace(state=moment.state, mark=moment.mark) if seen else turn

    def _first_turn(self, state: State, mark: int, task: Task, fault: str) -> Turn:
        call, engine = _waiting(task), MemoryEngine(self.engine.tables, dict(state))
        heard: Heard
        try:
            heard = meet(fault, call.operation, call.request, engine)
        except BaseException as error:  # whatever it is, the task gets it
            heard = error
        for where in call.footprint.writes:
            mark ^= _mark(where, _item(state, where)) ^ _mark(where, engine.item(where))
        point = self._scripts[task.number].after(task.point, heard)
        return Turn(engine.state, mark, point, isinstance(heard, BaseException))


def _with_fault(met: tuple[str, ...], fault: str) -> tuple[str, ...]:
    return met if not fault or (fault == LAG and LAG in met) else tuple(sorted((*met, fault)))


def _begun(tasks: Sequence[Task], number: int) -> Task:
    """That task, once it has a turn."""
    if tasks[number].began is not None:
        return tasks[number]
    return replace(tasks[number], began=frozenset(task.number for task in tasks if task.pending is None))


def _waiting(task: Task) -> Call:
    assert task.pending is not None
    return task.pending


def _item(state: State, where: Where) -> Item | None:
    return state.get(where[:2], {}).get(where.part)


def _with(state: State, where: Where, item: Item | None) -> State:
    engine = MemoryEngine({}, dict(state))
    engine.store(where, item)
    return engine.state


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


def _mark(where: Where, item: Item | None) -> int:
    """Of an item there: another one for another item, but for a chance of one in 2¹²⁸."""
    text = orjson.dumps([*where, item], option=orjson.OPT_SORT_KEYS, default=bytes.hex)
    return int.from_bytes(blake2b(text, digest_size=16).digest())


def _seen_mark(seen: Seen) -> int:
    mark = 0
    for where, item in seen:
        mark ^= _mark(where, item)
    return mark


def in_calls(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """The steps by which one call after another was answered; a step of its own where that came to several times."""
    for _, run in groupby(steps, key=lambda step: (step.task, step.number)):
        own = list(run)
        parts = [step.choice.thread.part for step in own]
        is_one = own[-1].is_last and parts == sorted(parts) and not any(step.fault for step in own)
        yield from [own] if is_one else [[step] for step in own]


def described(steps: Sequence[Step]) -> str:
    """What a call reads or writes, in these steps of it, and what came of it."""
    last = steps[-1]
    found = [step.footprint for step in steps if step.footprint != NOTHING] or [last.call.footprint]
    what = ": " + last.fault if last.fault else ": a condition did not hold" if last.failed else ""
    return f"{last.call.operation} {', '.join(map(str, found))}{what}"
