"""What waits for the one writer: threads hand in work, and one of them does all that has come meanwhile at once.

It is the first of those that wait: so it has its answer by itself, and no thread is woken that does nothing else. Only
where it is another process's turn, which may take long, a thread that nobody waits for waits for that.
"""

import logging
from collections.abc import Callable, Sequence
from copy import copy
from threading import Lock, Thread
from typing import Any, Protocol

from infra.embedded.errors import not_done, outcome_unknown
from infra.lead import about_to_wait

MOST_AT_ONCE = 100
log = logging.getLogger("seatkeeper")

Work = Callable[..., Any]  # of whoever hands it in: the queue passes it on
Result = Any  # what the work answers


class Job:
    """The work of one thread."""

    __slots__ = ("answer", "error", "is_first", "over", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.answer: Result = None
        self.error: Exception | None = None
        self.is_first = False
        """Whether its thread is to do all that waits."""
        self.over = Lock()
        """Whoever waits for the job acquires it; it is let go of once it is the first, or has an answer or an error."""
        self.over.acquire()

    def result(self) -> Result:
        """What the work answers, once it is done. Raises its error."""
        if self.error is not None:
            raise self.error
        return self.answer


class Act(Protocol):
    """What does the jobs."""

    def __call__(self, take: Callable[[], Sequence[Job]], *, at_once: bool) -> None:
        """Get ready, take the jobs that wait by then, by `take`, and give each its `answer` or its `error`.

        An error that this raises itself is that of each of them, and none is done. With `at_once` it raises
        `BlockingIOError`, and takes none, where it would have to wait for another process's turn to end.
        """


class WriteQueue:
    """Work in the order in which it has come."""

    def __init__(self, act: Act, wait_seconds: float) -> None:
        self._act, self._wait_seconds = act, wait_seconds
        self._mutex = Lock()
        self.waiting: list[Job] = []
        self._is_acting = False
        """Whether a job is the first, or is being done."""

    def do(self, work: Work) -> Result:
        """The answer to the work, once it is done. Raises its error, and `Refused` where its turn does not come."""
        about_to_wait()
        job = Job(work)
        try:
            self._hand_in(job)
            self._wait(job)
            if job.is_first and not self._act_once(at_once=True):
                self._act_later(job)
                self._wait(job)
        except BaseException:
            self._withdraw(job)
            raise
        return job.result()

    def _hand_in(self, job: Job) -> None:
        with self._mutex:
            self.waiting.append(job)
            if not self._is_acting:
                self._let_act(job)

    def _act_later(self, job: Job) -> None:
        """Have another thread wait for the turn of this process, and do what waits by then."""
        Thread(target=self._act_once, name="writer", daemon=True).start()  # what is committed is kept
        job.is_first = False  # only now: where no thread can be started, it leaves this to the next one

    def _wait(self, job: Job) -> None:
        """Wait until the job is the first, or done. Raises `Refused`."""
        if not job.over.acquire(timeout=self._wait_seconds):
            log.warning("the embedded engine: a write has waited for %s s", self._wait_seconds)
            withdrawn = self._withdraw(job)
            raise not_done("its turn has not come") if withdrawn else outcome_unknown("it takes too long")

    def _withdraw(self, job: Job) -> bool:
        """Whether it has not been begun, and never will be."""
        with self._mutex:
            if job not in self.waiting:
                return False
            self.waiting.remove(job)
            if job.is_first:
                self._pass_on()
            return True

    def _act_once(self, *, at_once: bool = False) -> bool:
        """Do what waits, and let the next one act. False: it is another process's turn, and nothing is done."""
        jobs: list[Job] = []
        try:
            self._act(lambda: self._take(jobs), at_once=at_once)
        except BlockingIOError:
            return False
        except Exception as error:
            _fail(jobs or self._take(jobs), error)
        except BaseException:
            if jobs:
                _fail(jobs, outcome_unknown("it was interrupted"))
                self._end(jobs)
            raise
        self._end(jobs)
        return True

    def _end(self, jobs: Sequence[Job]) -> None:
        with self._mutex:
            self._pass_on()
        for job in jobs:
            job.over.release()

    def _let_act(self, job: Job) -> None:
        self._is_acting = job.is_first = True
        job.over.release()

    def _pass_on(self) -> None:
        if self.waiting:
            self._let_act(self.waiting[0])
        else:
            self._is_acting = False

    def _take(self, jobs: list[Job]) -> list[Job]:
        with self._mutex:
            jobs += self.waiting[:MOST_AT_ONCE]
            del self.waiting[:MOST_AT_ONCE]
        return jobs


def _fail(jobs: Sequence[Job], error: Exception) -> None:
    for job in jobs:
        job.error = copy(error)
