"""What is killed amid a storm, as by a power failure, has lost nothing that was acknowledged when it is back."""

import time
from collections.abc import Callable
from functools import partial
from itertools import chain
from math import inf

import pytest

from tests.proof.actors import noted
from tests.proof.rules import certain, seen_in
from tests.race import storms
from tests.race.clients import OK, as_text
from tests.race.crew import a_seed
from tests.race.site import CLIENTS, SERVERS, Site

PLACES = 5
CALLS = 400
"""That are answered before the kill, and again after everything is back."""


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
