"""Whose turn it is among the processes that use one file. The system lets go of it when a process ends, however."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra import file_lock
from infra.embedded.private_file import open_private

_FIRST_PAUSE, _LONGEST_PAUSE = 0.0001, 0.001  # seconds; a write takes about as long


class ProcessLock:
    """A lock of one thread in each process, which is to hold it for milliseconds.

    Who waits for it is next (`….next`): a process that has just let go of it, and has more to do, comes after.
    """

    def __init__(self, path: Path) -> None:
        self._now = open_private(path)
        self._next = open_private(path.with_name(f"{path.name}.next"))
        _open.update((self._now, self._next))

    @contextmanager
    def held(self, wait_seconds: float) -> Iterator[None]:
        """Hold it inside. Raises `TimeoutError` where it cannot be had in so many seconds."""
        deadline = time.monotonic() + wait_seconds
        _acquire(self._next, deadline)
        try:
            _acquire(self._now, deadline)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._now, fcntl.LOCK_UN)

    def close(self) -> None:
        """It is not used any more."""
        for file in (self._now, self._next):
            os.close(file)
            _open.discard(file)


def _acquire(file: int, deadline: float) -> None:
    pause = _FIRST_PAUSE
    while not file_lock.take(file):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


_open: set[int] = set()


def _close_in_child() -> None:
    """A child has its parent's locks as well: they must not live on in it when the parent is killed."""
    for file in _open:
        os.close(file)
    _open.clear()


os.register_at_fork(after_in_child=_close_in_child)
