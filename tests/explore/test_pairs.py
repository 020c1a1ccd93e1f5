"""All pairs of deeds, from all starts, in every order that their calls can come in: each is right by the one model."""

import pytest

from tests.explore.pairs import pairs as all_pairs
from tests.explore.pairs import parsed, replay, walk, walk_named
from tests.explore.worlds import KINDS, PREPARE, Kind
from tests.race.clients import OK


@pytest.mark.slow
@pytest.mark.parametrize("start", PREPARE)
@pytest.mark.parametrize("kind", KINDS)
def test_every_order_of_the_calls_of_two_is_right(kind: Kind, start: str) -> None:
    wrong = [
        f"{found.name}: {broken.rule}: {broken.sentence}"
        for setting in all_pairs()
        if (setting.kind, setting.start) == (kind, start)
        for found in walk(setting).found
        for broken in found.violations
    ]
    assert wrong == [], "see python -m tests.explore --help"


def test_who_comes_second_to_the_last_device_is_refused_and_each_of_them_once() -> None:
    refused = "license_activated_max_times"
    assert set(walk_named("activate+activate-rival@key/below").answers) == {(OK, refused), (refused, OK)}


def test_a_walk_is_the_same_again_and_each_of_its_schedules_by_its_name() -> None:
    setting, _ = parsed("deactivate+reset-device@key/limit")
    names = walk(setting).names
    assert len(set(names)) == len(names) > 1
    assert walk(setting).names == names
    for name in names:
        first, again = replay(name)[0], replay(name)[0]
        assert [step.call.request for step in first.steps] == [step.call.request for step in again.steps]
        assert first.engine.state == again.engine.state
        assert not first.enabled


@pytest.mark.parametrize(
    "name", ["fly@key/below", "fly+check@key/below:0x1", "check@key/noon", "check@car/below", "check@key/below:0y1"]
)
def test_a_name_of_nothing_says_what_there_is(name: str) -> None:
    with pytest.raises(ValueError, match="There"):
        parsed(name)
