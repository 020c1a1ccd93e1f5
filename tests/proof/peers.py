"""The race for another server: sixteen clients rush for five places, again and again.

    python -m tests.proof.peers tests.proof.seatkeeper:Seatkeeper --rounds 20

A driver is a class without arguments, a context manager whose three calls are what the race needs to know of a server.
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from importlib import import_module
from threading import Barrier
from typing import Protocol, Self

CLIENTS, PLACES, ROUNDS = 16, 5, 20


class Driver(AbstractContextManager["Driver"], Protocol):
    """A license server, as the race sees it. Its calls are made by many threads at once."""

    def __enter__(self) -> Self:
        """Start it, or reach it."""
        ...

    def issue(self, places: int) -> str:
        """Issue a license of so many places; answers what names it."""
        ...

    def activate(self, license: str, device: str) -> bool:
        """Activate a device; answers whether it was granted a place."""
        ...

    def check(self, license: str, device: str) -> bool:
        """Check a device; answers whether it holds a place."""
        ...


def race(driver: Driver, rounds: int) -> list[tuple[int, int]]:
    """How many devices were granted a place in each round, and how many hold one afterwards."""
    found = []
    with ThreadPoolExecutor(CLIENTS) as threads:
        for number in range(rounds):
            license, gate = driver.issue(PLACES), Barrier(CLIENTS)
            devices = [f"round-{number}-device-{client}" for client in range(CLIENTS)]

            def rush(device: str, license: str = license, gate: Barrier = gate) -> bool:
                gate.wait()
                return driver.activate(license, device)

            granted = sum(threads.map(rush, devices))
            found.append((granted, sum(driver.check(license, device) for device in devices)))
    return found


def main() -> int:
    """Race a driver; answers 1 where it gave out another number of places than it had."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.proof.peers",
        description=f"Let {CLIENTS} clients rush for {PLACES} places of a license server, and count who got one.",
        epilog="example: python -m tests.proof.peers tests.proof.seatkeeper:Seatkeeper --rounds 5",
    )
    parser.add_argument("driver", metavar="MODULE:CLASS", help="a driver, as `Driver` says")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often ({ROUNDS})")
    given = parser.parse_args()
    module, _, name = given.driver.partition(":")
    with getattr(import_module(module), name)() as driver:
        found = race(driver, given.rounds)
    for (granted, held), times in sorted(Counter(found).items()):
        print(f"{times} of {given.rounds} rounds: {granted} of {PLACES} places granted, {held} held afterwards")
    return int(any(places != (PLACES, PLACES) for places in found))


if __name__ == "__main__":
    sys.exit(main())
