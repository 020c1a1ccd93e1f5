"""What whoever listens to all was told of the changes of a round, and what it has to have been told.

The promise is of webhooks: each event of a change that was made arrives at least once, under one id, and none of what
has not happened; and the numbers of a license's events have no gap.
"""

import json
import random
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from chalicelib.domain.events import Event
from chalicelib.domain.license import License
from chalicelib.domain.public_events import types_of
from chalicelib.webhooks.payloads import webhook_id
from tests.proof.rules import Violation
from tests.webhooks.receivers import OK, Arrived, Receiver

LOST, MADE_UP = "each change is told", "nothing is told that has not happened"
ANEW, NUMBERS = "what comes again is the same", "the numbers are without a gap"
FAILS, IS_SLOW, SLOW_SECONDS = 0.1, 0.02, 0.3
"""The share of calls that the receiver refuses, and of those that it answers late."""
REFUSED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Due:
    """An event of a license's history, as it is to be told by one type."""

    license: int
    event: str
    """Its key."""
    id: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A webhook that was taken."""

    license: int
    id: str
    sequence: int
    body: str


def due_of(license: License, events: Iterable[Event]) -> Iterator[Due]:
    """What is to be told of a license with these events."""
    history = f"{license.company}#{license.id}"
    for event in events:
        for type in types_of(event):
            yield Due(license.id, event.key, webhook_id(history, event, type))


def wrongly_heard(due: Iterable[Due], heard: Iterable[Heard]) -> Iterator[Violation]:
    """Every rule that was broken."""
    all_due = {one.id: one for one in due}
    bodies, numbers = defaultdict[str, set[str]](set), defaultdict[int, dict[int, set[str]]](lambda: defaultdict(set))
    for one in heard:
        bodies[one.id].add(one.body)
        if one.id in all_due:
            numbers[one.license][one.sequence].add(all_due[one.id].event)
    yield from (Violation(LOST, str(one)) for id, one in all_due.items() if id not in bodies)
    yield from (Violation(MADE_UP, str(sorted(some))) for id, some in bodies.items() if id not in all_due)
    yield from (Violation(ANEW, str(sorted(some))) for some in bodies.values() if len(some) > 1)
    counted = Counter(license for license, _ in {(one.license, one.event) for one in all_due.values()})
    for license, events in numbers.items():
        if sorted(events) != list(range(1, counted[license] + 1)) or any(len(own) > 1 for own in events.values()):
            yield Violation(NUMBERS, f"license {license}, {counted[license]} events: {dict(events)}")


@dataclass
class Listener:
    """Takes the webhooks of all companies, each at a path of its own; now and then it refuses one, or is slow."""

    dice: random.Random
    is_calm: bool = False
    refused: int = 0
    taken: dict[str, list[Heard]] = field(default_factory=lambda: defaultdict(list))
    """By path."""
    lock: Lock = field(default_factory=Lock)
    port: int = 0

    @contextmanager
    def calm(self) -> Iterator[None]:
        """Inside all is taken, and at once."""
        self.is_calm = True
        try:
            yield
        finally:
            self.is_calm = False

    def heard(self, company: str) -> tuple[Heard, ...]:
        """What was taken for a company."""
        with self.lock:
            return tuple(self.taken[f"/{company}"])

    def counts(self) -> Counter[str]:
        """What came of all webhooks until now."""
        with self.lock:
            return Counter(taken=sum(map(len, self.taken.values())), refused=self.refused)

    def behave(self, _: Receiver, connection: socket.socket, arrived: Arrived) -> None:
        """Take a webhook, or refuse it."""
        with self.lock:
            chance = 1.0 if self.is_calm else self.dice.random()
            if chance < FAILS:
                self.refused += 1
            elif (license := (body := json.loads(arrived.body))["data"].get("id")) is not None:
                heard = Heard(license, body["id"], body["sequence"], arrived.body.decode())
                self.taken[arrived.line.split()[1]].append(heard)
        if FAILS <= chance < FAILS + IS_SLOW:
            time.sleep(SLOW_SECONDS)
        connection.sendall(REFUSED if chance < FAILS else OK)


@contextmanager
def listening(seed: int) -> Iterator[Listener]:
    """A listener, as long as the context lasts."""
    listener = Listener(random.Random(seed))
    receiver = Receiver(listener.behave)
    listener.port = receiver.port
    try:
        yield listener
    finally:
        receiver.close()
