"""One schedule: tasks that take turns at the seam where the store sends a call, each in the order that a list says.

A task is a greenlet: it runs in this one thread until it sends a call, and then waits until it is its turn. So nothing
is left to chance: the order of calls, the clock, all that is drawn at random and each wait come from the schedule, and
the same list of choices does the same again, to the step.
"""

import os
import random
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import Context, copy_context
from dataclasses import dataclass, field, replace
from typing import Any, Self
from unittest.mock import patch

from greenlet import GreenletExit, getcurrent, greenlet

from chalicelib.runtime import Caches, runtime, using
from chalicelib.store import database
from chalicelib.turns import Turns
from chalicelib.usecases import batch_assign, log_in, passwords, send_mails, sweep
from tests.explore.engine import Answer, MemoryEngine, Request, State, Where
from tests.explore.faults import LAG, faults_of, lags_of, meet
from tests.explore.footprints import NOTHING, Footprint, Range

CALLS = 400
"""After which a task that does not end is taken for one that never will: a sweep has some hundred."""


@dataclass(slots=True)
class Call:
    """A call that waits for its turn."""

    operation: str
    request: Request
    footprint: Footprint

    def __str__(self) -> str:
        written = sorted(self.footprint.writes)
        places: list[Where] | list[Range] = written or sorted(self.footprint.reads) or list(self.footprint.ranges)
        named = (f"{place.pk} {place.part if isinstance(place, Where) else place.first + '*'}" for place in places)
        return f"{self.operation} {', '.join(named)}"


Choice = tuple[int, str]
"""Whose turn it is, and which fault the call meets; `` where it meets none."""


@dataclass(slots=True)
class Step:
    """One turn: whose, of what it read and wrote, and how it ended."""

    task: int
    call: Call
    fault: str = ""
    """What it met, by its name in `faults`."""
    footprint: Footprint = NOTHING
    failed: bool = False
    """Whether it was answered by an error: mostly that a condition did not hold."""

    @property
    def choice(self) -> "Choice":
        """By which it is done again."""
        return self.task, self.fault


class Endless(Exception):
    """A task sends calls without end."""


@dataclass(slots=True)
class Task:
    """Something that is done while others are: in a process of its own, with dice of its own."""

    number: int
    do: Callable[[], object]
    """Answers what came of it; raises nothing."""
    dice: random.Random
    pending: Call | None = None
    """The call that waits for its turn; None once it is over."""
    outcome: Any = None  # of `do`
    calls: int = 0
    lagged: bool = False
    """Whether a replica that lags has answered it."""
    failed: int = 0
    """Of these, writes whose condition did not hold."""
    context: Context = field(default_factory=copy_context)
    """Of its process: what its caches remember is not the others'."""
    run: Any = None  # greenlet

    def begin(self) -> None:
        """Run until the first call."""
        self.run = greenlet(self._work)
        self.run.gr_context = self.context
        self.run.task = self
        self._went_on(self.run.switch())

    def go_on(self, answer: Answer | BaseException) -> None:
        """Run until the next call, with what was answered to this one."""
        self.calls += 1
        if self.calls > CALLS:
            raise Endless(self.number)
        given = self.run.throw(answer) if isinstance(answer, BaseException) else self.run.switch(answer)
        self._went_on(given)

    def kill(self) -> None:
        """End it where it is."""
        if self.run is not None and not self.run.dead:
            self.run.throw(GreenletExit)
        self.pending = None

    def _work(self) -> None:
        with using(replace(runtime(), caches=Caches(), turns=Turns())):
            self.outcome = self.do()

    def _went_on(self, call: Call | None) -> None:
        self.pending = None if self.run.dead else call


class Schedule:
    """Tasks that are under way on one state, and the turns that they had."""

    def __init__(self, engine: MemoryEngine, deeds: Sequence[Callable[[], object]], faults: int = 0) -> None:
        """`faults`: that may happen, at most."""
        self.engine, self._faults = engine, faults
        self._before: list[State] = []
        """What was stored before each write."""
        self.tasks = [Task(number, do, random.Random(number)) for number, do in enumerate(deeds)]
        self.steps: list[Step] = []
        _outside.seed(0)  # whoever judges it draws the same again, too
        for task in self.tasks:
            task.begin()

    @property
    def is_over(self) -> bool:
        """Whether no task has a call to send."""
        return all(task.pending is None for task in self.tasks)

    def choices(self) -> dict[Choice, Footprint]:
        """What may happen next, and what each reads and writes."""
        found: dict[Choice, Footprint] = {}
        for task in self.tasks:
            if (call := task.pending) is not None:
                found[task.number, ""] = call.footprint
                if self._faults:
                    for name, footprint in faults_of(call.operation, call.footprint):
                        found[task.number, name] = footprint
                    for number, _ in enumerate(lags_of(call.request, self.engine, self._before)):
                        found[task.number, f"{LAG}{number}"] = call.footprint
        return found

    def step(self, choice: Choice) -> None:
        """Let a task send its call, and go on until the next one. Raises `ValueError` where it has none such."""
        number, fault = choice
        task = self.tasks[number]
        if task.pending is None or (fault and choice not in self.choices()):
            raise ValueError(f"There is no such turn here: {choice}")
        footprint = self.choices()[choice] if fault else task.pending.footprint
        step = Step(number, task.pending, fault, footprint)
        self.steps.append(step)
        answer = self._answer(step)
        if fault:
            self._faults -= 1
            task.lagged |= fault.startswith(LAG)
        step.failed = isinstance(answer, Exception)
        task.failed += step.failed and not fault
        task.go_on(answer)

    def _answer(self, step: Step) -> Answer | BaseException:
        call = step.call
        if step.fault.startswith(LAG):
            lags = lags_of(call.request, self.engine, self._before)
            return next(lag for number, lag in enumerate(lags) if step.fault == f"{LAG}{number}")
        if step.footprint.writes and self._faults:
            self._before.append(dict(self.engine.state))
        try:
            if step.fault:
                return meet(step.fault, call.operation, call.request, self.engine)
            return self.engine(call.operation, call.request)
        except BaseException as error:  # whatever it is, the task gets it
            return error

    def end(self) -> None:
        """Let go of all that are not over."""
        for task in self.tasks:
            task.kill()


@contextmanager
def controlled(engine: MemoryEngine) -> Iterator[None]:
    """Let what is done inside ask this engine, and take turns, draw and wait as the schedule says.

    Outside of a task a call is answered at once.
    """
    connection = database.connection()
    before = connection.send

    def send(operation: str, request: Request) -> Answer:
        here = getcurrent()
        if here.parent is None:
            return engine(operation, request)
        answer: Answer = here.parent.switch(Call(operation, request, Footprint.of(operation, request)))
        return answer

    with ExitStack() as stack:
        stack.enter_context(using(replace(runtime(), caches=Caches(), turns=Turns())))
        stack.callback(setattr, connection, "send", before)
        connection.send = send
        _outside.seed(0)
        for target, name, wrong in CHANCE + SMALL:
            stack.enter_context(patch.object(target, name, wrong))
        yield


# --- chance, and time -----------------------------------------------------------------------------------------------

_outside = random.Random()


def _dice() -> random.Random:
    task: Task | None = getattr(getcurrent(), "task", None)
    return _outside if task is None else task.dice


class _Time:
    """Stands still, and waits for nobody: who waits has no turn, and that is all that others can tell."""

    @staticmethod
    def monotonic() -> float:
        return 0.0

    @staticmethod
    def sleep(_seconds: float) -> None:
        return


class _InTurn:
    """The threads of one use case, as one after another."""

    def __init__(self, _count: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    @staticmethod
    def map(do: Callable[..., Any], *of: Iterable[Any]) -> Iterable[Any]:
        return list(map(do, *of))


def _token_bytes(count: int = 32) -> bytes:
    return _dice().randbytes(count)


def _token_hex(count: int = 32) -> str:
    return _token_bytes(count).hex()


def _token_urlsafe(count: int = 32) -> str:
    return f"{_dice().getrandbits(8 * count):0{2 * count}x}"


CHANCE: tuple[tuple[Any, str, Any], ...] = (
    (os, "urandom", _token_bytes),
    (secrets, "token_bytes", _token_bytes),
    (secrets, "token_hex", _token_hex),
    (secrets, "token_urlsafe", _token_urlsafe),
    (secrets, "randbits", lambda bits: _dice().getrandbits(bits)),
    (secrets, "randbelow", lambda most: _dice().randrange(most)),
    (secrets, "choice", lambda among: _dice().choice(among)),
    (passwords, "token_urlsafe", _token_urlsafe),
    (database, "time", _Time),
    (log_in, "time", _Time),
    (sweep, "ThreadPool", _InTurn),
    (send_mails, "ThreadPool", _InTurn),
    (batch_assign, "ThreadPool", _InTurn),
)
"""Where something is drawn or waited for, and what is there instead (tests/explore/test_scheduler.py)."""
SMALL: tuple[tuple[Any, str, Any], ...] = ((batch_assign, "ROWS_PER_TRANSACTION", 1),)
"""Sizes that are met by more than a world holds, and what they are instead."""
