"""The floor of a call: what remains of it where nothing is decided.

One raw HTTP answer of the same server, as long as ours; the same reads and writes of the same rows, by bare SQLite;
and as many RSA signatures (and hashes of a password) as ours has to make. A call is made once in this process, and
what it asks of the database is noted (`watch`); the floor does that again and again, in a file of its own.

    .venv/bin/python -m infra.bench.floor PLAN         what a measurement starts by itself
"""

import argparse
import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import runtime, using
from infra.embedded.database import SETTINGS
from infra.lead import about_to_wait
from infra.serve import listen, say_where, serve, worker_number
from infra.version import add_version

Key = tuple[int, str, str]
"""Of a row of `items`: number of the table, partition key and sort key."""
Row = tuple[Key, int | None, str | None, bool]
"""Its key, `expires`, the item, None where it is deleted; and whether it is new, as a device or an event is."""

_SELECT = "SELECT item FROM items WHERE table_id = ? AND pk = ? AND part = ?"
_PUT = "INSERT OR REPLACE INTO items (table_id, pk, part, expires, item) VALUES (?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM items WHERE table_id = ? AND pk = ? AND part = ?"
_WAIT_SECONDS = 10


@dataclass
class Plan:
    """What a call comes to: its reads and its transactions, in their order, how long its answer is, and the rest."""

    database: str
    """A file."""
    steps: list[tuple[list[Key], list[Row]]] = field(default_factory=list)
    """Rows that are read, each step by one statement; and those that are written then, if any, by one commit."""
    head: list[tuple[str, str]] = field(default_factory=list)
    body_bytes: int = 0
    signatures: int = 0
    hashes: int = 0


class Floor:
    """Carries out a plan for each request; a WSGI app, for all threads of a process. A fork may not share it."""

    def __init__(self, plan: Plan, signing_key: str) -> None:
        key = load_pem_private_key(signing_key.encode(), None)
        assert isinstance(key, RSAPrivateKey)
        self._plan, self._key, self._body = plan, key, b"x" * plan.body_bytes
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._hash = self._hasher.hash("password")
        self._numbers = count()
        self._of_thread = threading.local()
        self._turn, self._lock = threading.Lock(), os.open(f"{plan.database}.lock", os.O_CREAT | os.O_RDWR, 0o600)

    def __call__(self, _environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        own = f"{os.getpid()}-{next(self._numbers)}"
        for _ in range(self._plan.hashes):
            self._hasher.verify(self._hash, "password")
        for reads, writes in self._plan.steps:
            if writes:
                self._write(reads, writes, own)
            else:
                _read(self._connection, reads)
        for _ in range(self._plan.signatures):
            self._key.sign(self._body + own.encode(), PKCS1v15(), SHA256())
        start_response("200 OK", list(self._plan.head))
        return [self._body]

    @property
    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._of_thread, "connection"):
            self._of_thread.connection = sqlite3.connect(
                self._plan.database, timeout=_WAIT_SECONDS, isolation_level=None
            )
            self._of_thread.connection.executescript(SETTINGS)
        connection: sqlite3.Connection = self._of_thread.connection
        return connection

    def _write(self, reads: list[Key], writes: list[Row], own: str) -> None:
        connection = self._connection
        about_to_wait()  # as ours does before it writes
        with self._turn, _locked(self._lock):
            connection.execute("BEGIN IMMEDIATE")
            _read(connection, reads)
            for (table, pk, part), expires, item, is_new in writes:
                key = (table, pk, f"{part[: -len(own)]}{own}" if is_new else part)
                if item is None:
                    connection.execute(_DELETE, key)
                else:
                    connection.execute(_PUT, (*key, expires, item))
            connection.execute("COMMIT")


@contextmanager
def _locked(file: int) -> Iterator[None]:
    """One writer of all processes, which the kernel wakes: SQLite's own waiting would sleep too long."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _read(connection: sqlite3.Connection, keys: list[Key]) -> None:
    values = [value for key in keys for value in key]
    connection.execute("SELECT " + ", ".join([f"({_SELECT})"] * len(keys)), values).fetchall()


def main() -> None:
    """Serve the floor of a call."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.bench.floor",
        description="Serve the floor of a call, as a measurement has written it down; it starts this by itself.",
        epilog="example: .venv/bin/python -m infra.bench.floor plan.json",
    )
    parser.add_argument("plan", type=Path, metavar="PLAN", help="what the call comes to, in JSON")
    add_version(parser)
    plan = Plan(**json.loads(parser.parse_args().plan.read_bytes()))
    with using(bootstrap(os.environ)):
        signing_key = runtime().secrets.read().signing_key
        serve(listen(0), say_where, workers=worker_number(None), load=lambda _: Floor(plan, signing_key))


if __name__ == "__main__":
    main()
