"""Bad weather: what the network and the database do to the calls of one process, by dice, and how often they did.

The notes go to a file, a word a line, each written at once: a process that is killed has told of all that it met.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from tests.store.faults import ANSWER_LOST, NOT_COMMITTED, WRITES, Send, wire

READS = frozenset({"BatchGetItem", "TransactGetItems", "Query", "GetItem"})
RATE = 0.04
"""The share of calls to the database that meet something."""
DELAY_SECONDS = 0.08


class Notes:
    """What happened in this process, told to all."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def note(self, word: str) -> None:
        """Tell it."""
        os.write(self._file, f"{word}\n".encode())


def counted(path: Path) -> Counter[str]:
    """How often each word was told by all processes."""
    return Counter(path.read_text().split("\n")[:-1]) if path.exists() else Counter()


class Weather:
    """A fault for `tests.store.faults.wire`: lets most calls pass, and does something to the others."""

    def __init__(self, seed: int, rate: float, notes: Notes) -> None:
        self._dice, self._rate, self._notes = random.Random(seed), rate, notes

    def __call__(self, request: AWSPreparedRequest, send: Send) -> AWSResponse:
        if self._dice.random() >= self._rate:
            return self._passed(send(request))
        fault = self._dice.choice([*NOT_COMMITTED, *ANSWER_LOST, *ANSWER_LOST, _delayed])
        self._notes.note(f"fault {fault.__name__.strip('_').replace('_', ' ')}")
        return fault(request, send)

    def _passed(self, response: AWSResponse) -> AWSResponse:
        if response.status_code == 400 and b"ConditionalCheckFailed" in response.content:
            self._notes.note("condition failed")
        return response


@contextmanager
def bad_weather(seed: int, rate: float, path: Path) -> Iterator[None]:
    """Let the calls of this process to the database meet it, as long as the context lasts."""
    from chalicelib.store import dynamo

    notes, wait = Notes(path), dynamo._wait

    def noted_wait(attempt: int) -> None:
        notes.note("retry")
        wait(attempt)

    module: Any = dynamo
    module._wait = noted_wait
    try:
        with wire(Weather(seed, rate, notes), operations=WRITES | READS):
            yield
    finally:
        module._wait = wait


def _delayed(request: AWSPreparedRequest, send: Send) -> AWSResponse:
    time.sleep(DELAY_SECONDS)
    return send(request)
