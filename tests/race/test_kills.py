"""What is killed amid a storm, as by a power failure, has lost nothing that was acknowledged when it is back.

On one machine the engine is a part of each process, so it is killed with whoever writes, or sends.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from math import inf
from multiprocessing import get_context
from threading import Semaphore
from typing import Any

import pytest

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from chalicelib.store.deliveries import LEASE_MS
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.endpoints import create_endpoint
from chalicelib.web import clock
from tests.proof.actors import noted
from tests.proof.hearsay import Listener, due_of, wrongly_heard
from tests.proof.rules import certain, seen_in
from tests.race import storms
from tests.race.clients import OK, as_text
from tests.race.crew import PATIENCE_SECONDS, a_seed
from tests.race.site import CLIENTS, SERVERS, Site
from tests.support import ADMIN, DAY, Vendor
from tests.webhooks.receivers import Receiver

PLACES = 5
CALLS = 400
"""That are answered before the kill, and again after everything is back."""
DELIVERIES = 20
"""That are made before the sender is killed, and again by the next one."""


def a_worker(site: Site) -> None:
    site.kill_worker(0, 1)


def a_server(site: Site) -> None:
    site.kill([0])
    site.restart()


def all_servers(site: Site) -> None:
    site.kill(range(SERVERS))
    site.restart()


@pytest.mark.parametrize("kill", [a_worker, a_server, all_servers])
def test_a_kill_amid_a_storm_loses_no_acknowledged_place(site: Site, kill: Callable[[Site], None]) -> None:
    license, seed = site.issue(max_activations=PLACES), a_seed()
    clients = [site.client(number, license) for number in range(CLIENTS)]
    outcome = site.crew.begin([partial(storms.carry_on, client, seed + i) for i, client in enumerate(clients)])
    for _ in range(2):
        site.crew.wait_for(CALLS)
        kill(site)
    back = time.monotonic()
    site.crew.wait_for(CALLS)
    site.crew.end()
    calls = list(chain.from_iterable(outcome()))

    history = [noted(call) for call in calls]
    assert seen_in(history, PLACES) == []
    places = certain(history)
    assert any(place.start > back for place in places), "nobody got a place after the restart"
    assert site.differences() == []
    for device in {place.key[0] for place in places if place.end == inf}:
        client = site.client(0, license, hardware_id=device)
        assert client.check().outcome == OK, as_text(call for call in calls if call.hardware_id == device)
        client.close()


def test_whoever_listens_is_told_of_all_though_sender_and_servers_are_killed(site: Site) -> None:
    seed, arrived = a_seed(), Semaphore(0)
    listener = Listener(random.Random(seed))

    def behave(*of: Any) -> None:
        listener.behave(*of)
        arrived.release()

    environment = site.environment | {"SEATKEEPER_WEBHOOKS": "any"}
    with closing(Receiver(behave)) as receiver, using(bootstrap(environment)):
        vendor = Vendor(now=clock.now())
        url = f"http://127.0.0.1:{receiver.port}/{vendor.code}"
        create_endpoint(vendor.code, url, frozenset({"*"}), ADMIN, now=clock.now())
        own = replace(site, vendor=vendor)
        license = own.issue(max_activations=PLACES)  # by a process that has not asked yet who listens
        clients = [own.client(number, license) for number in range(CLIENTS)]
        outcome = site.crew.begin([partial(storms.carry_on, client, seed + i) for i, client in enumerate(clients)])
        for number, kill in enumerate([a_worker, all_servers, a_server]):
            with sending(environment, number):
                kill(site)
                for _ in range(DELIVERIES):
                    assert arrived.acquire(timeout=PATIENCE_SECONDS), "nothing is delivered any more"
        site.crew.end()
        outcome()
        with listener.calm():
            deliver_events(now=clock.now() + DAY)
        due = list(due_of(own.stored(license), site.crew.do(Vendor.history, vendor, license)))
        assert len(due) > 3 * DELIVERIES
        assert list(wrongly_heard(due, listener.heard(vendor.code))) == []


@contextmanager
def sending(environment: dict[str, str], number: int) -> Iterator[None]:
    """A sender in a process of its own, which is killed in whatever it is about."""
    process = get_context("spawn").Process(target=_send, args=(environment, number), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _send(environment: dict[str, str], number: int) -> None:
    """For ever, as when the leases of those before it are over."""
    with using(bootstrap(environment)):
        while True:
            deliver_events(now=clock.now() + number * LEASE_MS)
