"""A log that says each thing once a minute: a full disk is news, and not a traceback for each call that meets it."""

import logging
import time
from collections.abc import Callable
from threading import Lock

SECONDS = 60


class OncePerMinute(logging.Filter):
    """Leaves out of a handler what was said from the same place, of the same kind of error, less than a minute ago.

    The next that is let through says how many were left out.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock, self._lock = clock, Lock()
        self._said: dict[tuple[object, ...], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to let it through."""
        error = record.exc_info[0] if record.exc_info else None
        kind = (record.name, record.pathname, record.lineno, error)
        with self._lock:
            until, left_out = self._said.get(kind, (0.0, 0))
            if self._clock() < until:
                self._said[kind] = until, left_out + 1
                return False
            self._said[kind] = self._clock() + SECONDS, 0
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like this were left out)", ()
        return True
