"""Threads that wait for the one writer are answered in order, several at once, and never wait for one that is gone."""

import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from infra.embedded.errors import Refused
from infra.embedded.write_queue import Job, WriteQueue


class Writer:
    """What does the jobs; each round waits until it is let go."""

    def __init__(self, *errors: BaseException | None, wait_seconds: float = 30) -> None:
        self.queue = WriteQueue(self._act, wait_seconds)
        self.rounds: list[list[Any]] = []
        self._errors = list(errors)
        self.has_begun, self.may_end = Event(), Event()

    def _act(self, jobs: Sequence[Job]) -> None:
        self.rounds.append([job.work(None) for job in jobs])
        self.has_begun.set()
        assert self.may_end.wait(30)
        if self._errors and (error := self._errors.pop(0)) is not None:
            raise error
        for job in jobs:
            job.answer = job.work(None)


def number(n: int) -> Callable[..., int]:
    return lambda _: n


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def waiting_behind(writer: Writer, pool: ThreadPoolExecutor, count: int) -> list[Future[Any]]:
    """A first job that is being done, and others that have come after it, in order."""
    futures = [pool.submit(writer.queue.do, number(0))]
    assert writer.has_begun.wait(30)
    for n in range(1, count):
        futures.append(pool.submit(writer.queue.do, number(n)))
        while len(writer.queue.waiting) < n:
            pass
    return futures


def test_what_has_come_meanwhile_is_done_at_once_in_its_order(pool: ThreadPoolExecutor) -> None:
    writer = Writer()
    futures = waiting_behind(writer, pool, 8)
    writer.may_end.set()
    assert [future.result(30) for future in futures] == list(range(8))
    assert writer.rounds == [[0], list(range(1, 8))]


def test_an_error_of_a_round_is_that_of_each_in_it_and_of_no_other(pool: ThreadPoolExecutor) -> None:
    writer = Writer(None, Refused("ThrottlingException", "full"))
    futures = waiting_behind(writer, pool, 4)
    writer.may_end.set()
    errors = [future.exception(30) for future in futures]
    assert [getattr(error, "code", None) for error in errors] == [None, *["ThrottlingException"] * 3]
    assert len({id(error) for error in errors}) == 4, "one for each thread"
    assert writer.queue.do(number(9)) == 9


def test_where_the_thread_that_writes_is_interrupted_the_others_do_not_know_what_became(
    pool: ThreadPoolExecutor,
) -> None:
    writer = Writer(None, KeyboardInterrupt())
    futures = waiting_behind(writer, pool, 3)
    writer.may_end.set()
    assert isinstance(futures[1].exception(30), KeyboardInterrupt)
    error = futures[2].exception(30)
    assert isinstance(error, Refused)
    assert error.status == 500
    assert writer.queue.do(number(9)) == 9


def test_who_has_waited_too_long_is_told_and_nothing_of_it_is_done(pool: ThreadPoolExecutor) -> None:
    writer = Writer(wait_seconds=0.05)
    first = pool.submit(writer.queue.do, number(0))
    assert writer.has_begun.wait(30)
    with pytest.raises(Refused) as refused:
        writer.queue.do(number(1))
    assert (refused.value.code, refused.value.status) == ("ThrottlingException", 400)
    writer.may_end.set()
    assert first.result(30) == 0
    assert writer.queue.do(number(2)) == 2
    assert [0] in writer.rounds
    assert [1] not in writer.rounds


class InterruptError(Exception):
    """Stands for what a signal raises."""


def test_a_thread_that_is_interrupted_while_it_waits_leaves_nothing_behind(pool: ThreadPoolExecutor) -> None:
    def interrupt(*_: object) -> None:
        raise InterruptError

    writer = Writer()
    first = pool.submit(writer.queue.do, number(0))
    assert writer.has_begun.wait(30)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(InterruptError):
            writer.queue.do(number(1))
    finally:
        signal.signal(signal.SIGALRM, before)
    writer.may_end.set()
    assert first.result(30) == 0
    assert writer.queue.do(number(2)) == 2
    assert writer.rounds == [[0], [2]]
