"""All pairs of deeds, from all starts, in every order that their calls can come in: each is right by the one model."""

import re
from collections import Counter

import pytest

from tests.docs.pages import ROOT
from tests.explore.costs import PAGE as COSTS
from tests.explore.costs import alone, costs_told, in_words, worst
from tests.explore.pairs import pairs as all_pairs
from tests.explore.pairs import parsed, replay, swept, triples, walk, walk_named
from tests.explore.report import PAGE, cell, cells_told
from tests.explore.scenes import SCENES
from tests.race.clients import OK

_PAIRS = Counter((setting.kind, setting.start) for setting in all_pairs())


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "start"), [place for place, _ in _PAIRS.most_common()])  # much is not begun last
def test_every_order_of_the_calls_of_two_is_right(kind: str, start: str) -> None:
    all_walked = [walk(setting) for setting in all_pairs() if (setting.kind, setting.start) == (kind, start)]
    wrong = [f"{one.name}: {broken}" for walked in all_walked for one in walked.found for broken in one.violations]
    assert wrong == [], "see .venv/bin/python -m tests.explore --help"
    counted = {walked.setting.partition("@")[0]: cell(walked) for walked in all_walked}
    assert counted == cells_told((ROOT / PAGE).read_text(), kind, start), "write the page anew, as it says"
    known = costs_told((ROOT / COSTS).read_text())
    dearer = [
        (case, cost)
        for case, cost in worst(all_walked).items()
        if cost.calls > known[case].calls or cost.rounds > known[case].rounds
    ]
    assert dearer == [], "a conflict costs more than docs/data-model.md says"


def test_the_page_says_of_each_kind_of_world_what_is_walked() -> None:
    rooms = re.findall(r"^\* \*\*(.+?)\*\*: .+ From: ", (ROOT / "docs/explore.md").read_text(), re.MULTILINE)
    assert rooms == [scene.title for scene in SCENES.values()]


def test_each_use_case_costs_alone_what_the_page_says() -> None:
    known = costs_told((ROOT / COSTS).read_text())
    counted = {case: in_words(cost) for case, cost in alone().items()}
    assert {case: one.alone for case, one in known.items()} == counted


def test_of_three_rivals_one_gets_the_last_device() -> None:
    name = "activate+activate-rival+activate-own-rival@key/below"
    assert name in map(str, triples())
    walked = walk_named(name)
    assert not walked.found
    assert {answers.count(OK) for answers in walked.answers} == {1}


@pytest.mark.parametrize("name", ["activate+renew+sweep@key/grace", "reset-device+expire+sweep@key/expired"])
def test_a_sweep_in_between_announces_once(name: str) -> None:
    assert name in map(str, swept())
    walked = walk_named(name)
    assert walked.found == []
    assert walked.walk.schedules > 1


def test_who_comes_second_to_the_last_device_is_refused_and_each_of_them_once() -> None:
    refused = "license_activated_max_times"
    assert set(walk_named("activate+activate-rival@key/below").answers) == {(OK, refused), (refused, OK)}


@pytest.mark.parametrize(
    "name",
    [
        "deactivate+reset-device@key/limit",
        "check+deactivate@key/below~1",
        "recover+recover-rival@factor/protected",  # whoever has tried in vain goes on as one who has not
    ],
)
def test_a_walk_is_the_same_again_and_each_of_its_schedules_by_its_name(name: str) -> None:
    setting, _ = parsed(name)
    names, same_again = list[str](), list[str]()
    walk(setting, names=names)
    assert len(set(names)) == len(names) > 1
    walk(setting, names=same_again)
    assert same_again == names
    for one in names[:40]:
        first, again = replay(one)[0], replay(one)[0]
        assert [step.call.request for step in first.steps] == [step.call.request for step in again.steps]
        assert first.engine.state == again.engine.state
        assert None not in [task.outcome for task in first.tasks]


@pytest.mark.parametrize(
    "name", ["fly@key/below", "fly+check@key/below:0x1", "check@key/noon", "check@car/below", "check@key/below:0y1"]
)
def test_a_name_of_nothing_says_what_there_is(name: str) -> None:
    with pytest.raises(ValueError, match="There"):
        parsed(name)
