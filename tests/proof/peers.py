"""The race for another server: sixteen clients rush for five places, again and again, and each round is judged.

    .venv/bin/python -m tests.proof.peers tests.proof.seatkeeper:Seatkeeper --rounds 5

A driver is a class without arguments, a context manager whose three calls are what the race needs to know of a server.
The clients are threads of one process: while one waits for the server, the others call.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from math import inf
from pkgutil import resolve_name
from threading import Barrier
from typing import Literal, Protocol, Self

from chalicelib.threads import ThreadPool
from tests.model.license import License
from tests.proof.history import Op
from tests.proof.linear import is_linearizable
from tests.race.clients import LOST, OK

CLIENTS, DEVICES, PLACES, ROUNDS = 16, 12, 5, 20
"""Clients beyond the number of devices share one: the same device calls twice at the same time."""
ERROR_RESPONSES = {"activate": "license_activated_max_times", "check": "device_not_found"}
CALLS = ("__enter__", "__exit__", "issue", "activate", "check")
RIGHT, UNDERSOLD, CONTRADICTORY = "right", "undersold", "contradictory"


class Driver(AbstractContextManager["Driver"], Protocol):
    """A license server, as the race sees it. Its calls are made by many threads at once.

    A call that raises was not answered: it may have taken effect, or not. So raise for all that is neither yes nor no.
    """

    def __enter__(self) -> Self:
        """Start it, or reach it."""
        ...

    def issue(self, places: int) -> str:
        """Issue a license of so many places; answers what names it."""
        ...

    def activate(self, license: str, device: str) -> bool:
        """Activate a device: whether it was granted a place, or refused one because all are taken."""
        ...

    def check(self, license: str, device: str) -> bool:
        """Check a device: whether it holds a place."""
        ...


def race(driver: Driver, rounds: int) -> list[list[Op]]:
    """The history of each round, on a license of its own."""
    with ThreadPool(CLIENTS) as threads:
        return [_round(driver, threads, number) for number in range(rounds)]


def _round(driver: Driver, threads: ThreadPool, number: int) -> list[Op]:
    """All activate at once, and check another device while others are still activating; a last look at each device."""
    license, gate = driver.issue(PLACES), Barrier(CLIENTS)
    devices = [f"round-{number}-device-{device}" for device in range(DEVICES)]

    def client(turn: int) -> list[Op]:
        own, other = devices[turn % DEVICES], devices[(turn + 1) % DEVICES]
        gate.wait()
        return [_noted(driver, "activate", license, own), _noted(driver, "check", license, other)]

    rush = [op for ops in threads.map(client, range(CLIENTS)) for op in ops]
    return rush + [_noted(driver, "check", license, device) for device in devices]


def _noted(driver: Driver, verb: Literal["activate", "check"], license: str, device: str) -> Op:
    call: Callable[[str, str], bool] = getattr(driver, verb)
    start = time.monotonic()
    try:
        answer = OK if call(license, device) else ERROR_RESPONSES[verb]
    except Exception as error:  # of whatever kind it is with this driver
        sys.stderr.write(f"not answered: {verb} {device}: {error!r}\n")  # in one piece: others may write, too
        return Op(verb, start, inf, LOST, device)
    return Op(verb, start, time.monotonic(), answer, device)


def verdict(history: Sequence[Op]) -> str:
    """How the places of a round were sold: `right`, or what is wrong, the gravest alone.

    `oversold by` so many: more devices were answered that they hold a place than there are, and none has given it back.
    `undersold`: a device was refused when too few others had called to have taken all places. `contradictory`: no order
    of the calls explains all answers.
    """
    over = len(_holders(history)) - PLACES
    if over > 0:
        return f"oversold by {over}"
    if any(_refused_while_free(op, history) for op in history):
        return UNDERSOLD
    return RIGHT if is_linearizable(history, License(PLACES)) else CONTRADICTORY


def summary(history: Sequence[Op]) -> str:
    """A round in one line: the verdict, and the numbers that it is about."""
    granted = len(_holders([op for op in history if op.verb == "activate"]))
    held, lost = len(_holders(history[-DEVICES:])), sum(op.is_open for op in history)
    unanswered = f", {lost} calls not answered" if lost else ""
    return f"{verdict(history)}: {granted} of {PLACES} places granted, {held} held afterwards{unanswered}"


def _holders(calls: Sequence[Op]) -> set[str | None]:
    return {op.device for op in calls if op.answer == OK}


def _refused_while_free(refused: Op, history: Sequence[Op]) -> bool:
    """Whether a place was certainly free all through this refusal. One who was not answered may hold a place."""
    asked = (op for op in history if op.verb == "activate" and op.start < refused.end)
    assignments = {op.device for op in asked if op.answer in (OK, LOST)}
    return refused.answer == ERROR_RESPONSES["activate"] and len(assignments) < PLACES


def main() -> int:
    """Race a driver; answers 1 where places were sold wrongly, and prints the calls of the first such round."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m tests.proof.peers",
        description=f"Let {CLIENTS} clients rush for {PLACES} places of a license server, and judge who got one.",
        epilog="example: .venv/bin/python -m tests.proof.peers tests.proof.seatkeeper:Seatkeeper",
    )
    parser.add_argument("driver", type=_driver, metavar="MODULE:CLASS", help="a driver, as `Driver` says")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often ({ROUNDS})")
    given = parser.parse_args()
    with given.driver() as driver:
        rounds = race(driver, given.rounds)
    for line, times in sorted(Counter(map(summary, rounds)).items()):
        print(f"{times} of {given.rounds} rounds {line}")
    wrong = next((history for history in rounds if verdict(history) != RIGHT), [])
    for op in sorted(wrong, key=lambda op: op.start):
        print(op)
    return int(bool(wrong))


def _driver(name: str) -> type[Driver]:
    try:
        kind = resolve_name(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"there is no {name}: {error}") from None
    if not isinstance(kind, type):
        raise argparse.ArgumentTypeError(f"{name} is no class: name one of that module, as MODULE:CLASS")
    if missing := [call for call in CALLS if not callable(getattr(kind, call, None))]:
        raise argparse.ArgumentTypeError(f"{name} is no driver: it has no {', '.join(missing)}")
    return kind


if __name__ == "__main__":
    sys.exit(main())
