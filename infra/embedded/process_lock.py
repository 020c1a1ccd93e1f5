"""Whose turn it is among the processes that use one file. The system lets go of it when a process ends, however."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.embedded.private_file import open_private

CLOSED = -1


class ProcessLock:
    """A lock of one thread in each process, which is to hold it for milliseconds.

    Who waits for it is next (`….next`): a process that has just let go of it, and has more to do, comes after.
    """

    def __init__(self, path: Path) -> None:
        self._now = open_private(path)
        self._next = open_private(path.with_name(f"{path.name}.next"))
        _open.update((self._now, self._next))

    @contextmanager
    def held(self, *, at_once: bool = False) -> Iterator[None]:
        """Hold it inside, however long it is to be waited for: the system wakes who waits. Raises `OSError`.

        `at_once`: raises `BlockingIOError` where another process holds it, or waits for it.
        """
        how = fcntl.LOCK_EX | (fcntl.LOCK_NB if at_once else 0)
        fcntl.flock(self._next, how)
        try:
            fcntl.flock(self._now, how)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._now, fcntl.LOCK_UN)

    def close(self) -> None:
        """It is not used any more. A thread that waits for it must not have a number that is another file's by then."""
        files, self._now, self._next = (self._now, self._next), CLOSED, CLOSED
        for file in _open.intersection(files):
            _open.discard(file)  # first: a child that is forked between the two would close whatever has the number
            os.close(file)


_open: set[int] = set()


def _close_in_child() -> None:
    """A child has its parent's locks as well: they must not live on in it when the parent is killed."""
    for file in _open:
        os.close(file)
    _open.clear()


os.register_at_fork(after_in_child=_close_in_child)
