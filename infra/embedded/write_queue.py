"""What waits for the one writer: threads hand in work, and one of them does it for all that has come meanwhile."""

from collections.abc import Callable, Sequence
from copy import copy
from threading import Lock
from typing import Any

from infra.embedded.errors import not_done, outcome_unknown
from infra.lead import about_to_wait

MOST_AT_ONCE = 100


Work = Callable[..., Any]  # of whoever hands it in: the queue passes it on
Result = Any  # what the work answers


class Job:
    """The work of one thread."""

    __slots__ = ("answer", "error", "is_over", "leads", "turn", "work")

    def __init__(self, work: Work) -> None:
        self.work = work
        self.answer: Result = None
        self.error: Exception | None = None
        self.is_over = False
        self.leads = False
        """Whether its thread is to do the work of all."""
        self.turn = Lock()
        self.turn.acquire()


class WriteQueue:
    """Work in the order in which it has come.

    `act` does several jobs at once, and gives each its `answer` or its `error`; where it raises an error itself, none
    is done, and each has failed with that.
    """

    def __init__(self, act: Callable[[Sequence[Job]], None], wait_seconds: float) -> None:
        self._act, self._wait_seconds = act, wait_seconds
        self._mutex = Lock()
        self.waiting: list[Job] = []
        self._is_led = False

    def do(self, work: Work) -> Result:
        """The answer to the work, once it is done. Raises its error, and `Refused` where its turn does not come."""
        about_to_wait()
        job = Job(work)
        with self._mutex:
            self.waiting.append(job)
            if not self._is_led:
                self._appoint_next()
        try:
            if not job.turn.acquire(timeout=self._wait_seconds):
                self._give_up(job)
            if not job.is_over:
                self._lead()
        except BaseException:
            self._withdraw(job)
            raise
        if job.error is not None:
            raise job.error
        return job.answer

    def _lead(self) -> None:
        """Do what waits, one's own work first, and let the next one lead."""
        with self._mutex:
            jobs, self.waiting = self.waiting[:MOST_AT_ONCE], self.waiting[MOST_AT_ONCE:]
        try:
            self._act(jobs)
        except Exception as error:
            for job in jobs:
                job.error = copy(error)
        except BaseException:
            for job in jobs:
                job.error = outcome_unknown("the write was interrupted")
            raise
        finally:
            with self._mutex:
                self._appoint_next()
            for job in jobs:
                job.is_over = True
                if not job.leads:  # its own thread waits no longer
                    job.turn.release()

    def _appoint_next(self) -> None:
        """Let the first that waits lead; under the mutex."""
        self._is_led = bool(self.waiting)
        if self._is_led:
            self.waiting[0].leads = True
            self.waiting[0].turn.release()

    def _give_up(self, job: Job) -> None:
        """Wait no longer, unless it is appointed this moment. Raises `Refused`."""
        with self._mutex:
            if job.leads:
                return
            if job in self.waiting:
                self.waiting.remove(job)
                raise not_done("the turn of a write has not come")
        raise outcome_unknown("a write takes too long")

    def _withdraw(self, job: Job) -> None:
        """Have no work left behind by a thread that waits no longer: it could be appointed."""
        with self._mutex:
            if job in self.waiting:
                self.waiting.remove(job)
                if job.leads:
                    self._appoint_next()
