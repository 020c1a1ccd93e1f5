"""The file: SQLite in WAL mode. Whatever is acknowledged is on the disk.

* Reads never wait for writes: each has a connection to itself, and sees what was committed when it began.
* Writes of a process are decided in order by one thread at a time, those that have come meanwhile in one transaction
  of SQLite: one `fsync` for all of them. Between processes a lock on a file beside the data says whose turn it is; the
  system wakes the thread whose turn comes, and lets go of the lock when a process ends, however that is.
* That lock is also held while SQLite moves its log into the data, for it does so in a commit: SQLite before 3.51.3 can
  lose data where one process moves the log and another one begins it anew.
"""

import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from infra.embedded.errors import EngineError, Refused, not_done, outcome_unknown
from infra.embedded.private_file import make_private
from infra.embedded.process_lock import ProcessLock
from infra.embedded.write_queue import Job, WriteQueue

T = TypeVar("T")
SqlValue = str | bytes | int | None
Row = tuple[Any, ...]  # what it has, its SELECT says
Statement = tuple[str, Sequence[SqlValue]]
Read = Callable[[str, Sequence[SqlValue]], list[Row]]
"""All rows of a SELECT."""
Decision = Callable[[Read], tuple[T, list[Statement]]]
"""Reads what is there; answers what the caller gets, and the statements that are to be done. Raises `Refused`."""

LAYOUT = 1
"""Of the tables in the file; `user_version` says it."""
WAIT_SECONDS = 4.0
"""So long a write waits for another process's."""
WAL_BYTES = 64 * 2**20
"""A log that has grown beyond is made short again: readers may keep it from being begun anew for a while."""

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS tables (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, definition TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS items (
    table_id INTEGER NOT NULL REFERENCES tables (id), pk TEXT NOT NULL, part TEXT NOT NULL, expires INTEGER,
    item TEXT NOT NULL, PRIMARY KEY (table_id, pk, part)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS expiring ON items (table_id, expires) WHERE expires IS NOT NULL;
PRAGMA user_version = {LAYOUT};
COMMIT;
"""
SETTINGS = f"""
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA journal_size_limit = {WAL_BYTES};
"""
log = logging.getLogger("seatkeeper")


class Database:
    """One file, for all threads of this process. Raises `EngineError` where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path, self._pid = path, os.getpid()
        self._log = self._beside("-wal")
        self._idle: deque[sqlite3.Connection] = deque()
        self._writer: sqlite3.Connection | None = None
        self._writes = WriteQueue(self._commit, WAIT_SECONDS)
        self._committing = Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_private(path)  # SQLite gives its other files the mode of this one
            self._lock = ProcessLock(self._beside(".lock"))
            self._create()
        except (OSError, sqlite3.Error, Refused) as error:
            raise EngineError(f"The data cannot be kept in {path}: {_reason(error)}.") from error

    def read(self, sql: str, parameters: Sequence[SqlValue]) -> list[Row]:
        """All rows, as they stood at one instant. Raises `Refused`."""
        return self.take(sql, parameters, list)

    def take(self, sql: str, parameters: Sequence[SqlValue], take: Callable[[Iterable[Row]], T]) -> T:
        """What `take` takes of the rows, which are as they stood at one instant. Raises `Refused`."""
        self._refuse_child()
        connection = None
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._open()
            rows = connection.execute(sql, parameters)
            taken = take(rows)
            rows.close()
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            raise _refusal(error) from error
        self._idle.append(connection)
        return taken

    def write(self, decide: Decision[T]) -> T:
        """Decide, and write what is decided; returns when it is on the disk. Raises `Refused`."""
        self._refuse_child()
        answer: T = self._writes.do(decide)
        return answer

    def close(self) -> None:
        """Close the file, once what is being committed is. It is not used any more.

        It stays open, until this process ends, where that takes too long: what is not committed yet needs the lock.
        """
        if not self._committing.acquire(timeout=WAIT_SECONDS):
            return
        for connection in (self._writer, *self._idle):
            if connection is not None:
                connection.close()
        self._writer = None
        self._idle.clear()
        self._lock.close()
        self._committing.release()

    def _commit(self, take: Callable[[], Sequence[Job]], *, at_once: bool) -> None:
        """Decide the jobs that wait when it is this process's turn, in order, and write what is decided all at once.

        Raises `Refused` where nothing is written, and `BlockingIOError` where `at_once` and it is another one's turn.
        """
        with self._committing, self._locked(at_once=at_once), self._transaction() as writer:
            for job in take():
                _decide(job, writer)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is committed behind the block, or nothing of it is written. Raises `Refused`."""
        writer, self._writer = self._writer, None  # until it has proved well
        try:
            if writer is None:
                writer = self._open()
            writer.execute("BEGIN IMMEDIATE")
            yield writer
            writer.execute("COMMIT")
        except BaseException as error:
            if writer is not None:
                with suppress(sqlite3.Error):
                    writer.close()
            if isinstance(error, sqlite3.Error):
                raise _refusal(error) from error
            raise
        self._writer = writer
        with suppress(OSError, sqlite3.Error):  # it is committed: the next one tries again
            if self._log.stat().st_size > WAL_BYTES:
                writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _locked(self, *, at_once: bool = False) -> Iterator[None]:
        """What no other process does meanwhile. Raises `Refused`, and `BlockingIOError` as `ProcessLock.held` does."""
        try:
            with self._lock.held(at_once=at_once):
                yield
        except BlockingIOError:
            raise
        except OSError as error:
            log.warning("the embedded engine: the lock of its file cannot be had: %r", error)
            raise not_done("the lock of the file cannot be had") from None

    def _create(self) -> None:
        with closing(self._open()) as connection:
            ((layout,),) = connection.execute("PRAGMA user_version")
            if layout > LAYOUT:
                raise EngineError(f"The data in {self._path} was written by a newer version of the engine.")
            ((journal,),) = connection.execute("PRAGMA journal_mode")
            if layout < LAYOUT or journal != b"wal":  # as in a copy that other programs have made
                with self._locked():
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.executescript(_SCHEMA)

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _open(self) -> sqlite3.Connection:
        opened_by = _opened_by.setdefault(self._path.resolve(), os.getpid())
        if opened_by != os.getpid():
            raise RuntimeError("the embedded engine was opened before this process was forked")
        connection = sqlite3.connect(self._path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        connection.text_factory = bytes  # what is read is JSON
        connection.executescript(SETTINGS)
        return connection

    def _refuse_child(self) -> None:
        """SQLite's locks are a process's: in a child of it, what it has opened would harm the data."""
        if self._pid != os.getpid():
            raise RuntimeError("the embedded engine was opened before this process was forked")


_DAMAGED = "the file is damaged, or no database at all; restore it from the backup"
_SAID_PLAINLY = {
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_IOERR_SHMSIZE": "the disk is full",  # it has no room for the index of the log, without which nobody reads
}
_opened_by: dict[Path, int] = {}
"""Files that were opened, by which process: a child must not open them either, while it holds its parent's copies."""


def _reason(error: OSError | sqlite3.Error | Refused) -> str:
    if isinstance(error, OSError):
        return str(error.strerror)
    if isinstance(error, Refused):
        return error.message
    return _SAID_PLAINLY.get(getattr(error, "sqlite_errorname", ""), str(error))


def _decide(job: Job, writer: sqlite3.Connection) -> None:
    try:
        answer, statements = job.work(lambda sql, parameters: writer.execute(sql, parameters).fetchall())
    except sqlite3.Error:
        raise
    except Exception as error:  # of this one, which has written nothing yet: the others go on
        job.error = error
        return
    for sql, parameters in statements:
        writer.execute(sql, parameters)
    job.answer = answer


_NOT_DONE = ("SQLITE_BUSY", "SQLITE_FULL", "SQLITE_LOCKED", "SQLITE_READONLY", "SQLITE_CANTOPEN")


def _refusal(error: sqlite3.Error) -> Refused:
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    log.error("the embedded engine: %s (%s)", error, name)
    return (not_done if name.startswith(_NOT_DONE) else outcome_unknown)(f"{error} ({name})")
