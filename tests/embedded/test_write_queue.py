"""Threads that wait for a write are answered in order, several at once, and never wait for one that is gone."""

import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock, get_ident, main_thread
from typing import Any
from unittest.mock import Mock

import pytest

from infra.embedded import write_queue
from infra.embedded.errors import Refused
from infra.embedded.write_queue import Job, WriteQueue


class Writer:
    """What does the jobs; each round waits until it is let go, and has taken its jobs before or takes them then.

    `is_beside_others`: it is always another process's turn, which has to be waited for.
    """

    def __init__(self, *errors: BaseException | None, takes_late: bool = False, is_beside_others: bool = False) -> None:
        self.queue, self.takes_late, self._is_beside_others = WriteQueue(self._act, 30), takes_late, is_beside_others
        self.rounds: list[list[Any]] = []
        self.threads: list[int] = []
        self._errors = list(errors)
        self.has_begun, self.may_end = Event(), Event()

    def _act(self, take: Callable[[], Sequence[Job]], *, at_once: bool) -> None:
        if at_once and self._is_beside_others:
            raise BlockingIOError
        self.threads.append(get_ident())
        jobs = [] if self.takes_late else take()
        self.has_begun.set()
        assert self.may_end.wait(30)
        if self._errors and (error := self._errors.pop(0)) is not None:
            raise error
        jobs = jobs or take()
        self.rounds.append([job.work(None) for job in jobs])
        for job in jobs:
            job.answer = job.work(None)


def number(n: int) -> Callable[..., int]:
    return lambda _: n


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def waiting_behind(writer: Writer, pool: ThreadPoolExecutor, count: int) -> list[Future[Any]]:
    """A first job whose round has begun, and others that have come after it, in order."""
    futures = [pool.submit(writer.queue.do, number(0))]
    assert writer.has_begun.wait(30)
    for n in range(1, count):
        futures.append(pool.submit(writer.queue.do, number(n)))
        while len(writer.queue.waiting) < n + writer.takes_late:
            pass
    return futures


both = pytest.mark.parametrize("is_beside_others", [False, True], ids=["alone", "beside others"])


@both
@pytest.mark.parametrize(("takes_late", "rounds"), [(False, [[0], [*range(1, 8)]]), (True, [[*range(8)]])])
def test_what_has_come_before_a_round_takes_its_jobs_is_done_at_once_in_its_order(
    pool: ThreadPoolExecutor, takes_late: bool, rounds: list[list[int]], is_beside_others: bool
) -> None:
    writer = Writer(takes_late=takes_late, is_beside_others=is_beside_others)
    futures = waiting_behind(writer, pool, 8)
    writer.may_end.set()
    assert [future.result(30) for future in futures] == list(range(8))
    assert writer.rounds == rounds


def test_the_first_of_those_that_wait_does_it_for_all_and_no_thread_is_woken_for_it(pool: ThreadPoolExecutor) -> None:
    writer, threads = Writer(), list[int]()

    def asking(n: int) -> int:
        threads.append(get_ident())
        return int(writer.queue.do(number(n)))

    first = pool.submit(asking, 0)
    assert writer.has_begun.wait(30)
    second = pool.submit(asking, 1)
    while not writer.queue.waiting:
        pass
    third = pool.submit(asking, 2)
    while len(writer.queue.waiting) < 2:
        pass
    writer.may_end.set()
    assert [asked.result(30) for asked in (first, second, third)] == [0, 1, 2]
    assert (writer.threads, writer.rounds) == (threads[:2], [[0], [1, 2]])


@both
def test_an_error_of_a_round_is_that_of_each_in_it_and_of_no_other(
    pool: ThreadPoolExecutor, is_beside_others: bool
) -> None:
    writer = Writer(None, Refused("ThrottlingException", "full"), is_beside_others=is_beside_others)
    futures = waiting_behind(writer, pool, 4)
    writer.may_end.set()
    errors = [future.exception(30) for future in futures]
    assert [getattr(error, "code", None) for error in errors] == [None, *["ThrottlingException"] * 3]
    assert len({id(error) for error in errors}) == 4, "one for each thread"
    assert writer.queue.do(number(9)) == 9


@both
def test_where_a_round_fails_before_it_has_taken_its_jobs_all_that_wait_have_failed(
    pool: ThreadPoolExecutor, is_beside_others: bool
) -> None:
    refused = Refused("ThrottlingException", "full")
    writer = Writer(refused, takes_late=True, is_beside_others=is_beside_others)
    futures = waiting_behind(writer, pool, 4)
    writer.may_end.set()
    assert [getattr(future.exception(30), "code", None) for future in futures] == ["ThrottlingException"] * 4
    assert writer.rounds == []
    assert writer.queue.do(number(9)) == 9


class Patience:
    """A lock for which nobody waits any longer once its time is up, however fast or slow the machine is."""

    def __init__(self, is_up: Event) -> None:
        self._lock, self._is_up = Lock(), is_up
        self._lock.acquire()

    def acquire(self, timeout: float) -> bool:
        assert timeout == 30
        while not self._lock.acquire(timeout=0.01):
            if self._is_up.is_set():
                return False
        return True

    def release(self) -> None:
        self._lock.release()


def test_who_has_waited_too_long_beside_another_process_is_told_and_nothing_of_it_is_done_where_it_has_not_begun(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_is_up = Event()

    class TimedJob(Job):
        def __init__(self, work: Any) -> None:
            super().__init__(work)
            self.over: Any = Patience(time_is_up)

    monkeypatch.setattr(write_queue, "Job", TimedJob)
    writer = Writer(is_beside_others=True)
    futures = waiting_behind(writer, pool, 2)
    time_is_up.set()
    errors = [future.exception(30) for future in futures]
    time_is_up.clear()
    assert [(getattr(e, "code", None), getattr(e, "status", None)) for e in errors] == [
        ("InternalServerError", 500),
        ("ThrottlingException", 400),
    ]
    writer.may_end.set()
    while not writer.rounds:  # what has begun is done, late
        pass
    assert writer.queue.do(number(2)) == 2
    assert writer.rounds == [[0], [2]]


def test_who_has_waited_too_long_when_its_turn_comes_leaves_it_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    class LateJob(Job):
        def __init__(self, work: Any) -> None:
            super().__init__(work)
            self.over: Any = Mock(spec=Lock(), **{"acquire.return_value": False})

    writer = Writer()
    writer.may_end.set()
    with monkeypatch.context() as late:
        late.setattr(write_queue, "Job", LateJob)
        with pytest.raises(Refused, match="turn"):
            writer.queue.do(number(0))
    assert writer.queue.do(number(1)) == 1
    assert writer.rounds == [[1]]


@both
def test_work_that_comes_while_other_work_ends_is_done(pool: ThreadPoolExecutor, is_beside_others: bool) -> None:
    writer = Writer(is_beside_others=is_beside_others)
    writer.may_end.set()
    assert list(pool.map(lambda n: writer.queue.do(number(n)), range(500))) == list(range(500))


class InterruptError(Exception):
    """Stands for what a signal raises."""


def test_a_thread_that_is_interrupted_while_it_waits_leaves_nothing_behind(pool: ThreadPoolExecutor) -> None:
    is_interrupted = Event()

    def raise_once(*_: object) -> None:
        if not is_interrupted.is_set():
            is_interrupted.set()
            raise InterruptError

    def interrupt_who_waits() -> None:
        while not writer.queue.waiting:
            pass
        while not is_interrupted.wait(0.01):  # a signal right before it waits would not wake it
            signal.pthread_kill(main_thread().ident or 0, signal.SIGALRM)

    writer = Writer()
    first = pool.submit(writer.queue.do, number(0))
    assert writer.has_begun.wait(30)
    before = signal.signal(signal.SIGALRM, raise_once)
    try:
        interrupting = pool.submit(interrupt_who_waits)
        with pytest.raises(InterruptError):
            writer.queue.do(number(1))
        interrupting.result(30)
    finally:
        signal.signal(signal.SIGALRM, before)
    writer.may_end.set()
    assert first.result(30) == 0
    assert writer.queue.do(number(2)) == 2
    assert writer.rounds == [[0], [2]]


def test_of_what_a_thread_does_that_is_interrupted_nobody_knows_whether_it_is_done(pool: ThreadPoolExecutor) -> None:
    writer = Writer(None, KeyboardInterrupt())
    first, second, third = waiting_behind(writer, pool, 3)
    writer.may_end.set()
    assert first.result(30) == 0
    assert isinstance(second.exception(30), KeyboardInterrupt)
    assert getattr(third.exception(30), "code", None) == "InternalServerError"
    assert writer.queue.do(number(9)) == 9


def test_what_a_thread_that_is_interrupted_has_not_begun_is_done_by_the_next(pool: ThreadPoolExecutor) -> None:
    writer = Writer(KeyboardInterrupt(), takes_late=True)
    first, second, third = waiting_behind(writer, pool, 3)
    writer.may_end.set()
    assert isinstance(first.exception(30), KeyboardInterrupt)
    assert [second.result(30), third.result(30)] == [1, 2]
    assert writer.rounds == [[1, 2]]


def test_a_thread_that_cannot_be_started_costs_one_write_and_no_further_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the system has no room for more."""
    writer = Writer(is_beside_others=True)
    writer.may_end.set()
    with monkeypatch.context() as full:
        full.setattr(write_queue, "Thread", Mock(side_effect=RuntimeError("can't start new thread")))
        with pytest.raises(RuntimeError, match="can't start"):
            writer.queue.do(number(0))
    monkeypatch.setattr(writer.queue, "_wait_seconds", 5)
    assert writer.queue.do(number(1)) == 1
    assert writer.rounds == [[1]]
