"""What one process may hold of what the server may hold: the limits of docs/serving.md are those of all together."""

import fcntl
import mmap
import os
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from types import TracebackType

from chalicelib.turns import Turns
from infra.lead import about_to_wait

THREADS = 48
"""Calls under way at once in each process, of which 40 may be log-ins that wait for their turn to hash
(`chalicelib.turns`). Python runs one at a time: more threads would wait for each other, not for the database."""
MAX_CONNECTIONS = 800
"""Open at once, idle ones included. Below the 1024 files that a process usually may open."""
MAX_OF_CLIENT = 200
"""Connections of one address; behind a proxy, whose connections they all are, requests under way for one."""

_POLL_SECONDS = 0.005


class Common:
    """What the processes of a server have in common. Made before they are."""

    def __init__(self, processes: int) -> None:
        self.connections = memoryview(mmap.mmap(-1, 8 * processes)).cast("Q")
        """How many each of them has open."""
        with tempfile.TemporaryFile() as file:
            self.turns = os.dup(file.fileno())
        """A file; whoever has a turn holds the lock on a byte of it (`SharedTurns`)."""

    def close(self) -> None:
        """For whoever lives on."""
        os.close(self.turns)


class SharedTurns:
    """So many turns, of all processes that have the file in common: the locks on these bytes of it.

    The kernel takes back what is held by a process that is killed.
    """

    def __init__(self, file: int, of: range) -> None:
        self._file, self._lock = file, Lock()
        self._free, self._held = deque(of), list[int]()
        """Bytes that this process does not hold, though others may; and those that it does."""
        self._here = BoundedSemaphore(len(of))

    def acquire(self, blocking: bool = True) -> bool:
        """Take one; `blocking`: wait for it, or answer False at once where there is none."""
        if blocking:
            about_to_wait()  # for it, and for what is then done: it is worth a turn
        if not self._here.acquire(blocking):
            return False
        while not self._take_one():
            if not blocking:
                self._here.release()
                return False
            # The kernel's own waiting takes threads that hold one and wait for another for a deadlock.
            time.sleep(_POLL_SECONDS)
        return True

    def _take_one(self) -> bool:
        with self._lock:
            found = next(filter(self._is_locked_now, self._free), None)
            if found is not None:
                self._free.remove(found)
                self._held.append(found)
        return found is not None

    def release(self) -> None:
        """Give one back."""
        with self._lock:
            byte = self._held.pop()
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, byte)
            self._free.append(byte)
        self._here.release()

    def _is_locked_now(self, byte: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except (BlockingIOError, PermissionError):  # as systems call what another process holds
            return False
        return True

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


@dataclass(frozen=True)
class Share:
    """The share of process `number` of so many."""

    common: Common
    number: int = 0

    @property
    def processes(self) -> int:
        return len(self.common.connections)

    @property
    def turns(self) -> Turns:
        """New ones."""
        first = 0

        def counted(number: int) -> SharedTurns:
            nonlocal first
            first += number
            return SharedTurns(self.common.turns, range(first - number, first))

        return Turns.share(self.processes, counted)

    @property
    def connections(self) -> int:
        return MAX_CONNECTIONS // self.processes

    @property
    def of_client(self) -> int:
        return max(1, MAX_OF_CLIENT // self.processes)

    def note_connections(self, open_now: int) -> None:
        """Tell the other processes."""
        self.common.connections[self.number] = open_now

    def is_ahead(self, open_now: int) -> bool:
        """Whether another process has fewer connections than this one."""
        return open_now > min(self.common.connections)
