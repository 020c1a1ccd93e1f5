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
from tests.explore.engine import Answer, MemoryEngine, Request, Where
from tests.explore.footprints import Footprint, Range

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


@dataclass(slots=True)
class Step:
    """One turn: whose, of what it read and wrote, and how it ended."""

    task: int
    call: Call
    failed: bool = False
    """Whether a condition did not hold."""


class Endless(Exception):
    """A task sends calls without end."""


@dataclass(slots=True)
class Task:
    """Something that is done while others are: in a process of its own, with dice of its own."""

    number: int
    do: Callable[[], str]
    """Answers `ok`, the code of the refusal, or what else came of it; raises nothing."""
    dice: random.Random
    pending: Call | None = None
    """The call that waits for its turn; None once it is over."""
    answer: str = ""
    calls: int = 0
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
            self.answer = self.do()

    def _went_on(self, call: Call | None) -> None:
        self.pending = None if self.run.dead else call


class Schedule:
    """Tasks that are under way on one state, and the turns that they had."""

    def __init__(self, engine: MemoryEngine, deeds: Sequence[Callable[[], str]]) -> None:
        self.engine = engine
        self.tasks = [Task(number, do, random.Random(number)) for number, do in enumerate(deeds)]
        self.steps: list[Step] = []
        for task in self.tasks:
            task.begin()

    @property
    def enabled(self) -> list[int]:
        """The tasks that have a call to send."""
        return [task.number for task in self.tasks if task.pending is not None]

    def step(self, number: int) -> Step:
        """Let a task send its call, and go on until the next one."""
        task = self.tasks[number]
        assert task.pending is not None
        step = Step(number, task.pending)
        self.steps.append(step)
        try:
            answer: Answer | BaseException = self.engine(step.call.operation, step.call.request)
        except Exception as error:  # whatever it is, the task gets it
            answer, step.failed = error, True
            task.failed += 1
        task.go_on(answer)
        return step

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
        for target, name, wrong in CHANCE:
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
