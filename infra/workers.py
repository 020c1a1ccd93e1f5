"""Processes that do the same work: started by one that does nothing else, which starts another where one has ended."""

import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Never

from infra.child import die_with
from infra.signals import held_back, let_in

SHORTEST_LIFE_SECONDS = 1.0
"""One that ends sooner is not followed at once: it would be started without end."""
_POLL_SECONDS = 0.01

_log = logging.getLogger("seatkeeper")
Work = Callable[[int, Callable[[], None]], None]
"""What a worker does, until SIGTERM: it is given its number, and what to call once it works."""


class Workers:
    """So many forks of this process, which must have no threads. They end with it, however that ends (Linux)."""

    def __init__(self, number: int, work: Work) -> None:
        self._number, self._work = number, work
        self._of_pid: dict[int, tuple[int, float]] = {}
        """Number of a worker, and when it was started."""

    def start(self) -> None:
        """Return once all work. Raises `SystemExit` where one does not: it has said why."""
        for number in range(self._number):
            reading, writing = os.pipe()
            pid = self._fork(number, writing)
            os.close(writing)
            with os.fdopen(reading, "rb") as said:
                works = said.read(1)
            if not works:
                del self._of_pid[pid]
                raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    def watch(self) -> None:
        """Put another in the place of each that ends, for ever."""
        while True:
            pid, status = os.wait()
            if pid not in self._of_pid:
                continue
            number, started = self._of_pid.pop(pid)
            _log.error("worker %d has ended (%s): another takes its place", number, _how(status))
            time.sleep(max(0.0, started + SHORTEST_LIFE_SECONDS - time.monotonic()))
            self._fork(number, None)

    def stop(self, seconds: float) -> None:
        """End all: in good order within so many seconds, or else at once."""
        for pid in self._of_pid:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self._of_pid and time.monotonic() < deadline:
            for pid in list(self._of_pid):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    del self._of_pid[pid]
            time.sleep(_POLL_SECONDS)
        for pid in self._of_pid:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def _fork(self, number: int, writing: int | None) -> int:
        ask_to_die = die_with(os.getpid(), signal.SIGKILL)
        with held_back():  # a signal: here it would go by a worker that is not noted, there on as the parent
            pid = os.fork()
            if not pid:
                self._live(number, writing, ask_to_die)
            self._of_pid[pid] = number, time.monotonic()
        return pid

    def _live(self, number: int, writing: int | None, ask_to_die: Callable[[], None] | None) -> Never:
        """What a child does, to its end."""
        status = 1
        try:
            let_in()
            if ask_to_die:
                ask_to_die()
            self._work(number, lambda: _tell(writing))
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
        except BaseException:  # it must not go on as if it were the parent
            traceback.print_exc()
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:  # they may be closed, or lead nowhere
                os._exit(status)


def _tell(writing: int | None) -> None:
    if writing is not None:
        os.write(writing, b".")
        os.close(writing)


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"exit {code}" if code >= 0 else signal.Signals(-code).name
