"""What waits for the one writer: threads hand in work, and one thread does all that has come meanwhile at once."""

import logging
from collections.abc import Callable, Sequence
from copy import copy
from threading import Lock, Thread
from typing import Any

from infra.embedded.errors import not_done, outcome_unknown
from infra.lead import about_to_wait

MOST_AT_ONCE = 100
IDLE_SECONDS = 1.0
"""The thread that has had nothing to do for so long ends; the next work begins another one."""
log = logging.getLogger("seatkeeper")

Work = Callable[..., Any]  # of whoever hands it in: the queue passes it on
Result = Any  # what the work answers


class Job:
    """The work of one thread."""

    __slots__ = ("answer", "error", "over", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.answer: Result = None
        self.error: Exception | None = None
        self.over = Lock()
        """Whoever waits for the job acquires it; it is let go of once there is an answer or an error."""
        self.over.acquire()

    def result(self) -> Result:
        """What the work answers, once it is done. Raises its error."""
        if self.error is not None:
            raise self.error
        return self.answer


class WriteQueue:
    """Work in the order in which it has come.

    `act` gets ready, however long that takes, then takes the jobs that wait by then, by the function that it gets, and
    gives each its `answer` or its `error`. Where it raises an error itself, none is done, and each has failed with it.
    """

    def __init__(self, act: Callable[[Callable[[], Sequence[Job]]], None], wait_seconds: float) -> None:
        self._act, self._wait_seconds = act, wait_seconds
        self._mutex = Lock()
        self.waiting: list[Job] = []
        self._has_thread = self._is_idle = False
        self._wake = Lock()
        self._wake.acquire()

    def do(self, work: Work) -> Result:
        """The answer to the work, once it is done. Raises its error, and `Refused` where its turn does not come."""
        about_to_wait()
        job = Job(work)
        try:
            self._hand_in(job)
            is_over = job.over.acquire(timeout=self._wait_seconds)
        except BaseException:
            self._withdraw(job)
            raise
        if not is_over:
            log.warning("the embedded engine: a write has waited for %s s", self._wait_seconds)
            withdrawn = self._withdraw(job)
            raise not_done("its turn has not come") if withdrawn else outcome_unknown("it takes too long")
        return job.result()

    def _hand_in(self, job: Job) -> None:
        with self._mutex:
            self.waiting.append(job)
            if not self._has_thread:
                Thread(target=self._keep_acting, name="writer", daemon=True).start()  # what is committed is kept
                self._has_thread = True
            elif self._is_idle:
                self._is_idle = False
                self._wake.release()

    def _withdraw(self, job: Job) -> bool:
        """Whether it has not been begun, and never will be."""
        with self._mutex:
            if job not in self.waiting:
                return False
            self.waiting.remove(job)
            return True

    def _keep_acting(self) -> None:
        while self._has_work():
            self._act_once()

    def _act_once(self) -> None:
        jobs: list[Job] = []
        try:
            self._act(lambda: self._take(jobs))
        except Exception as error:
            for job in jobs or self._take(jobs):
                job.error = copy(error)
        for job in jobs:
            job.over.release()

    def _take(self, jobs: list[Job]) -> list[Job]:
        with self._mutex:
            jobs += self.waiting[:MOST_AT_ONCE]
            del self.waiting[:MOST_AT_ONCE]
        return jobs

    def _has_work(self) -> bool:
        """Wait for work; false where none has come, and the thread is to end."""
        with self._mutex:
            if self.waiting:
                return True
            self._is_idle = True
        if not self._wake.acquire(timeout=IDLE_SECONDS):
            with self._mutex:
                if self._is_idle:
                    self._has_thread = self._is_idle = False
                    return False
            self._wake.acquire()  # woken this moment
        return True
