"""Four processes that act at once: as client applications, as administrators, or as the clock."""

import os
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Barrier, Event, Semaphore
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from chalicelib.threads import ThreadPool

P = ParamSpec("P")
T = TypeVar("T")

PROCESSES = 4
PATIENCE_SECONDS = 60.0
"""After which a crew that waits for something gives up: only a bug lets it come to that."""


class Crew:
    """The processes. What they are told to do must be importable functions of values that can be pickled."""

    def __init__(self, environment: dict[str, str]) -> None:
        context = get_context("spawn")
        self._answered, self._ended = context.Semaphore(0), context.Event()
        shared = (environment, context.Barrier(PROCESSES), self._answered, self._ended)
        self._processes = ProcessPoolExecutor(PROCESSES, context, _authenticate, shared)

    def do(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Have one process do it."""
        return self._processes.submit(function, *args, **kwargs).result(PATIENCE_SECONDS)

    def at_once(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Do all the tasks at once, each in a thread, spread over the processes; answers what they answered."""
        return self.begin(tasks)()

    def begin(self, tasks: Sequence[Callable[[], T]]) -> Callable[[], list[T]]:
        """Begin all the tasks at once; answers how to wait for them."""
        self._ended.clear()
        futures = [self._processes.submit(_all_at_once, tasks[i::PROCESSES]) for i in range(PROCESSES)]
        return lambda: _together(futures)

    def wait_for(self, answers: int) -> None:
        """Return when clients have been answered so many times from now on."""
        while self._answered.acquire(block=False):
            pass
        for _ in range(answers):
            assert self._answered.acquire(timeout=PATIENCE_SECONDS), "the clients are answered no more"

    def end(self) -> None:
        """Tell the tasks that go on until they are told to end."""
        self._ended.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._processes.shutdown()


def note_answer() -> None:
    """Called by a task: a client was answered."""
    _shared["answered"].release()


def has_ended(within: float = 0.0) -> bool:
    """Called by a task: whether it is to end now, or is told so within some seconds."""
    ended: bool = _shared["ended"].wait(within) if within else _shared["ended"].is_set()
    return ended


def a_seed() -> int:
    """A seed for dice, printed so that a failure can be thrown again."""
    seed = random.SystemRandom().getrandbits(32)
    print(f"seed {seed}")
    return seed


_shared: dict[str, Any] = {}
_process = ExitStack()


def _authenticate(environment: dict[str, str], all_here: Barrier, answered: Semaphore, ended: Event) -> None:
    os.environ.clear()
    os.environ.update(environment)
    _process.enter_context(using(bootstrap(environment)))
    _shared.update(all_here=all_here, answered=answered, ended=ended)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _all_at_once(tasks: Sequence[Callable[[], T]]) -> list[T]:
    def act(task: Callable[[], T]) -> T:
        gate.wait(PATIENCE_SECONDS)
        return task()

    gate = threading.Barrier(len(tasks), lambda: _shared["all_here"].wait(PATIENCE_SECONDS))
    with ThreadPool(len(tasks)) as threads:
        return list(threads.map(act, tasks))


def _together(futures: list[Future[list[T]]]) -> list[T]:
    parts = [future.result(PATIENCE_SECONDS) for future in futures]
    return [parts[i % PROCESSES][i // PROCESSES] for i in range(sum(map(len, parts)))]
