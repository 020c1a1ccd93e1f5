"""Bad weather: what the network and the database do to the calls of one process, and how often they did.

Most of it is a matter of dice. Storms come by a schedule that all processes know, so that who judges knows them too.
The notes go to a file, a word a line, each written at once: a process that is killed has noted all that it met.
"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

from tests.store.faults import ANSWER_LOST, NOT_COMMITTED, WRITES, Fault, wire
from tests.store.seam import Answer, Request, Send

READS = frozenset({"BatchGetItem", "TransactGetItems", "Query", "GetItem"})
DELAY_SECONDS = 0.08
STORM_EVERY_SECONDS, STORM_SECONDS = 40.0, 4.0
"""A storm outlasts all that is tried again, so that some calls end with `service_busy`."""
LAG_SECONDS = 0.5
"""By which a read that need not be consistent may lag behind."""
LAG_RATE = 0.3
"""The share of such reads that do, where the same was read so shortly before."""
FAULT = "fault "
"""How the note of a fault begins."""
LAG = "read of a replica that lags"
STORM = "storm"


class Died(BaseException):
    """The process was killed here, for all that its callers can tell: it does nothing more, and answers nothing."""


class Notes:
    """What happened in this process, told to all."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def note(self, word: str) -> None:
        """Tell it."""
        os.write(self._file, f"{word}\n".encode())

    def close(self) -> None:
        """Tell no more."""
        os.close(self._file)


def counted(path: Path) -> Counter[str]:
    """How often each word was told by all processes."""
    return Counter(path.read_text().split("\n")[:-1]) if path.exists() else Counter()


def noted(fault: Fault) -> str:
    """What is told of a fault."""
    return FAULT + fault.__name__.replace("_", " ")


def storm_of(seed: int, number: int) -> tuple[float, float]:
    """From when to when the storm of that number is, by the machine's monotonic clock."""
    quiet = random.Random(f"{seed} {number}").uniform(0, STORM_EVERY_SECONDS - STORM_SECONDS)
    start = number * STORM_EVERY_SECONDS + quiet
    return start, start + STORM_SECONDS


def storms(seed: int, first: float, last: float) -> Iterator[tuple[float, float]]:
    """The storms that have an instant in common with a time."""
    for number in range(int(first // STORM_EVERY_SECONDS), int(last // STORM_EVERY_SECONDS) + 1):
        start, end = storm_of(seed, number)
        if start <= last and end >= first:
            yield start, end


class Weather:
    """A fault for `tests.store.faults.wire`: lets most calls pass, and does something to the others."""

    def __init__(self, seed: int, rate: float, storms_of: int, notes: Notes, *, is_mortal: bool) -> None:
        self._dice, self._seed, self._rate = random.Random(seed), seed, rate
        self._storms_of, self._notes = storms_of, notes
        self._faults = [*NOT_COMMITTED, *ANSWER_LOST, *ANSWER_LOST, delayed, answered_late, *DEATHS * is_mortal]
        self._read: dict[str, tuple[float, str]] = {}
        """What was read last, and from when it is, by what was asked."""

    def __call__(self, request: Request, send: Send) -> Answer:
        if _calm:
            return send(request)
        fault = self._storm()
        if fault is None and self._dice.random() < self._rate:
            fault = self._dice.choice(self._faults)
        if fault is None:
            return self._passed(request, send)
        self._notes.note(noted(fault))
        return fault(request, send)

    def _storm(self) -> Fault | None:
        """What happens to all calls of this process now; half of the storms pass it by."""
        now = time.monotonic()
        for start, _ in storms(self._storms_of, now, now):
            dice = random.Random(f"{self._seed} {start}")
            if dice.randrange(2):
                self._notes.note(STORM)
                return dice.choice([*NOT_COMMITTED, *ANSWER_LOST])
        return None

    def _passed(self, request: Request, send: Send) -> Answer:
        if (lagging := self._lagging(request)) is not None:
            return lagging
        at = time.monotonic()
        try:
            answer = send(request)
        except ClientError as error:
            if "ConditionalCheckFailed" in str(error.response):
                self._notes.note("condition failed")
            raise
        if _may_lag(request):
            self._read[_asked(request)] = at, json.dumps(answer)
        return answer

    def _lagging(self, request: Request) -> Answer | None:
        if not _may_lag(request):
            return None
        at, content = self._read.get(_asked(request), (0.0, ""))
        if time.monotonic() - at > LAG_SECONDS or self._dice.random() >= LAG_RATE:
            return None
        self._notes.note(LAG)
        answer: Answer = json.loads(content)
        return answer


@contextmanager
def bad_weather(seed: int, rate: float, storms_of: int, path: Path, *, is_mortal: bool) -> Iterator[None]:
    """Let the calls of this process to the database meet it, as long as the context lasts.

    `is_mortal`: whether its callers may die at a call.
    """
    from chalicelib.store import database

    notes, wait = Notes(path), database.back_off

    def noted_wait(attempt: int) -> None:
        notes.note("retry")
        wait(attempt)

    weather = Weather(seed, rate, storms_of, notes, is_mortal=is_mortal)
    with patch.object(database, "back_off", noted_wait), wire(weather, operations=WRITES | READS):
        yield
    notes.close()


_calm = 0


@contextmanager
def calm() -> Iterator[None]:
    """Let nothing happen in this process: what it does is no part of the history."""
    global _calm  # noqa: PLW0603 - of the process, as the weather is
    _calm += 1
    try:
        yield
    finally:
        _calm -= 1


def delayed(request: Request, send: Send) -> Answer:
    """It takes longer until the database hears of it."""
    time.sleep(DELAY_SECONDS)
    return send(request)


def answered_late(request: Request, send: Send) -> Answer:
    """It takes longer until the database is heard."""
    response = send(request)
    time.sleep(DELAY_SECONDS)
    return response


def died_before(_request: Request, _send: Send) -> Answer:
    """Killed with the call on its lips."""
    raise Died


def died_after(request: Request, send: Send) -> Answer:
    """Killed before it heard the answer."""
    with suppress(ClientError):
        send(request)
    raise Died


DEATHS = (died_before, died_after)


def _may_lag(request: Request) -> bool:
    asked: dict[str, Any] = request.body.get("RequestItems", {})
    return bool(asked) and not any(isinstance(table, list) or table.get("ConsistentRead") for table in asked.values())


def _asked(request: Request) -> str:
    return json.dumps(request.body, sort_keys=True)
