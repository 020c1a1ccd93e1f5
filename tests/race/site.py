"""A whole site to race against: the durable engine, two servers on it with two workers each, and a crew of four
processes."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from chalicelib.domain.license import License
from chalicelib.store.database import create_tables
from chalicelib.web import clock
from infra import local, serve
from tests import dynamodb_local
from tests.race import storms
from tests.race.clients import Call, Client
from tests.race.crew import PATIENCE_SECONDS, Crew
from tests.support import AWS_NOWHERE, Vendor

CLIENTS = 64
SERVERS = 2
WORKERS = 2
"""Of each server."""
_DATA = "data"
StartServer = Callable[[dict[str, str], int], serve.Server]
"""Starts a server in an environment, on a port; 0 means any free one."""


@dataclass
class Site:
    """One machine with a vendor on it; `running` starts one."""

    home: Path
    servers: list[serve.Server]
    crew: Crew
    vendor: Vendor
    start_server: StartServer

    @property
    def environment(self) -> dict[str, str]:
        """Of every process on this site."""
        return _environment(self.home)

    def kill(self, servers: Iterable[int]) -> None:
        """End the servers of these numbers at once, in whatever they are about."""
        for number in servers:
            self.servers[number].kill()

    def kill_worker(self, server: int, worker: int) -> None:
        """End one worker of a server at once; returns when another has taken its place."""
        first, *workers = self.servers[server].pids
        victim = workers[worker]
        os.kill(victim, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(now := {*self.servers[server].pids} - {victim}) <= WORKERS:
            assert time.monotonic() < deadline, "no other worker has taken its place"
            time.sleep(0.02)
        assert {first, *workers} - {victim} < now

    def restart(self) -> None:
        """Start what was killed, where it was."""
        for i, server in enumerate(self.servers):
            if server.process.poll() is not None:
                self.servers[i] = self.start_server(self.environment, server.port)

    def issue(self, product: str = "viewer", **terms: Any) -> License:
        """A license of five activations, unless told otherwise."""
        return self.crew.do(Vendor.issue, self.vendor, product, **terms)

    def stored(self, license: License) -> License:
        """The license as it stands in the database."""
        return self.crew.do(Vendor.stored, self.vendor, license)

    def events(self, license: License, type: str) -> list[Any]:
        """The events of one type in a license's history."""
        return [event for event in self.crew.do(Vendor.history, self.vendor, license) if event.type == type]

    def differences(self) -> list[str]:
        """What the audit finds wrong on any license."""
        return self.crew.do(Vendor.differences, self.vendor)

    def assign(self, license: License, email: str, max_activations: int) -> str:
        """Give a new user a seat; answers the initial password."""
        _, password = self.crew.do(Vendor.assign, self.vendor, license, email, max_activations)
        assert password is not None
        return password

    def client(self, number: int, license: License, device: int | None = None, **more: Any) -> Client:
        """Client `number`, on a device of its own unless one is given, with the license's key."""
        lookup = {"product": license.product} | ({"license_key": license.license_key} if license.license_key else {})
        ports = tuple(server.port for server in self.servers)
        name = f"device-{number if device is None else device}"
        given: dict[str, Any] = {"lookup": lookup, "hardware_id": name, "turn": number} | more
        return Client(self.vendor.api_key, self.vendor.shared_key, ports, **given)

    def rush(self, clients: list[Client]) -> list[Call]:
        """All of them activate at once."""
        return self.storm([partial(storms.activate, client) for client in clients])

    def mix(self, clients: list[Client], seed: int, steps: int) -> list[Call]:
        """All of them activate, check, deactivate and repeat, at random, for so many calls each."""
        return self.storm([partial(storms.mix, client, seed + i, steps) for i, client in enumerate(clients)])

    def storm(self, tasks: Sequence[Callable[[], list[Call]]]) -> list[Call]:
        """Do all the tasks at once; answers the notes of all clients."""
        return list(chain.from_iterable(self.crew.at_once(tasks)))


def _environment(home: Path) -> dict[str, str]:
    """Of processes on a site; on DynamoDB Local, beside others, by tables of its own."""
    return dynamodb_local.over(local.environment(home) | AWS_NOWHERE, f"race-{home.name}")


def _start(environment: dict[str, str], port: int) -> serve.Server:
    return serve.start(environment, port, workers=WORKERS)


@contextmanager
def running(home: Path, start_server: StartServer = _start) -> Iterator[Site]:
    """A site with its data in `home`, as long as the context lasts."""
    environment = _environment(home)
    with Crew(environment) as crew:
        crew.do(create_tables)
        site = Site(home, [], crew, crew.do(Vendor, now=clock.now()), start_server)
        try:
            for _ in range(SERVERS):
                site.servers.append(site.start_server(environment, 0))
            yield site
        finally:
            for child in site.servers:
                child.stop()
