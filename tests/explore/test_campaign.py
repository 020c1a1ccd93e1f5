"""A campaign counts what it walks, ends where it has enough or is told to, and is told on the page."""

from collections.abc import Generator

import pytest

from tests.docs.pages import ROOT, section, with_section
from tests.explore.campaign import LONG, PAGE, TITLE, WITH_FAULTS, Campaign, Leg
from tests.explore.pairs import Walked, walk_named

NAMES = ("activate+activate-rival@key/below", "check+check@key/empty", "check+sweep@key/grace")


@pytest.fixture
def campaign() -> Campaign:
    """Of three settings, the first of which has twenty schedules."""
    return Campaign({"two": Leg([*NAMES[:2]]), "others": Leg([*NAMES[2:]])})


def with_enough(campaign: Campaign, moments: int) -> Campaign:
    for leg in campaign.legs.values():
        leg.enough = moments
    return campaign


def walk_all(names: list[str]) -> Generator[Walked, None, None]:
    yield from map(walk_named, names)


def walk_twenty(names: list[str]) -> Generator[Walked, None, None]:
    yield from (walk_named(name, most=20) for name in names)


def test_it_counts_what_it_walks(campaign: Campaign) -> None:
    campaign.go(walk_all, print)
    walks = [walk_named(name) for name in NAMES]
    schedules, moments = sum(one.walk.schedules for one in walks), sum(one.walk.moments for one in walks)
    assert campaign.totals() == (3, 3, 3, schedules, moments, sum(one.walk.steps for one in walks), 0)
    assert f"| **all** | **3** | **3** | **3** | **{schedules}** |" in campaign.table()


def test_each_leg_ends_where_it_has_enough(campaign: Campaign) -> None:
    with_enough(campaign, 2).go(walk_all, print)
    assert [leg.figures()[:3] for leg in campaign.legs.values()] == [(2, 1, 1), (1, 1, 1)]


def test_a_part_of_a_leg_is_drawn_by_the_same_chance_each_time() -> None:
    leg = Leg([str(number) for number in range(100)])
    assert leg.drawn() == leg.drawn() != leg.names
    assert sorted(leg.drawn()) == sorted(leg.names)


def test_a_walk_that_is_not_needed_is_ended(campaign: Campaign) -> None:
    ended: list[str] = []

    def closed(names: list[str]) -> Generator[Walked, None, None]:
        try:
            yield from map(walk_named, names)
        finally:
            ended.append(names[0])

    with_enough(campaign, 2).go(closed, print)
    assert len(ended) == 2


def test_of_a_walk_that_is_too_long_some_turns_are_walked(campaign: Campaign) -> None:
    campaign.go(walk_twenty, print)
    assert campaign.totals()[:3] == (3, 3, 1)
    assert campaign.legs["two"].walked[0].walk.taken == 20


def test_who_stops_it_keeps_what_was_walked(campaign: Campaign) -> None:
    def stopped(names: list[str]) -> Generator[Walked, None, None]:
        yield walk_named(names[0])
        raise KeyboardInterrupt

    lines: list[str] = []
    campaign.go(stopped, lines.append)
    assert campaign.totals()[:4] == (3, 1, 1, 20)
    assert len(lines) == 1


def test_the_page_has_a_row_of_each_leg_of_the_long_run(campaign: Campaign) -> None:
    page = (ROOT / PAGE).read_text()
    assert [name for name in LONG | WITH_FAULTS if f"\n| {name} | " not in section(page, TITLE)] == []
    with_enough(campaign, 1).go(walk_all, print)
    again = with_section(page, TITLE, campaign.section())
    assert section(again, TITLE) == campaign.section()
    assert with_section(again, TITLE, section(page, TITLE)) == page
