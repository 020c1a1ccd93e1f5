"""The race can fail: on a build that counts and then writes, it finds the oversell."""

import os

import pytest

from tests.model.license import License
from tests.proof.server import Conditions
from tests.race.clients import OK
from tests.race.judge import contradictions
from tests.race.site import CLIENTS, running

PLACES = 5
BROKEN = Conditions(notes=os.devnull, mutant="limit not in the condition")
"""An activation is decided as ever, on the count that was read; the write no longer asks whether that still holds."""
ROUNDS = 20
"""That the broken build has to give itself away. As far as we have seen it does so in the first."""


def test_the_rush_finds_a_build_that_counts_and_then_writes(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("broken"), BROKEN.start) as site:
        for _ in range(ROUNDS):
            license = site.issue(max_activations=PLACES)
            calls = site.rush([site.client(i, license) for i in range(CLIENTS)])
            granted = sum(call.outcome == OK for call in calls)
            if granted > PLACES:
                break
        assert granted > PLACES
        assert contradictions(calls, License(PLACES)).count(f": {OK} ") == PLACES + 1
        assert f"there are {granted} active devices, above max_activations {PLACES}" in site.differences()
