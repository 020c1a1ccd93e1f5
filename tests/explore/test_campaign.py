"""A campaign counts what it walks, ends where it has enough or is told to, and is told on the page."""

from collections.abc import Iterator

import pytest

from tests.docs.pages import ROOT, section, with_section
from tests.explore.campaign import LONG, PAGE, TITLE, Campaign, Leg
from tests.explore.pairs import Walked, walk_counted, walk_named

NAMES = ("activate+activate-rival@key/below", "check+check@key/empty", "check+sweep@key/empty")


@pytest.fixture
def campaign() -> Campaign:
    """Of three settings, the first of which has twenty schedules."""
    return Campaign({"two": Leg([*NAMES[:2]]), "others": Leg([*NAMES[2:]])})


def walk_all(names: list[str]) -> Iterator[Walked]:
    return map(walk_counted, names)


def test_it_counts_what_it_walks(campaign: Campaign) -> None:
    campaign.go(walk_all, print)
    walks = [walk_named(name) for name in NAMES]
    schedules, moments = sum(one.walk.schedules for one in walks), sum(one.walk.moments for one in walks)
    assert campaign.totals() == (3, 3, 3, schedules, moments, sum(one.walk.steps for one in walks), 0)
    assert f"| **all** | **3** | **3** | **3** | **{schedules}** |" in campaign.table()


def test_it_ends_where_it_has_enough(campaign: Campaign) -> None:
    campaign.go(walk_all, print, enough=2)
    assert campaign.totals()[:4] == (3, 1, 1, 20)


def test_of_a_walk_that_is_too_long_some_moments_are_walked(campaign: Campaign) -> None:
    campaign.go(lambda names: (walk_counted(name, most=20) for name in names), print)
    assert campaign.totals()[:3] == (3, 3, 1)
    assert 20 <= campaign.legs["two"].walked[0].walk.moments < 40


def test_who_stops_it_keeps_what_was_walked(campaign: Campaign) -> None:
    def stopped(names: list[str]) -> Iterator[Walked]:
        yield walk_counted(names[0])
        raise KeyboardInterrupt

    lines: list[str] = []
    campaign.go(stopped, lines.append)
    assert campaign.totals()[:4] == (3, 1, 1, 20)
    assert len(lines) == 1


def test_the_page_has_a_row_of_each_leg_of_the_long_run(campaign: Campaign) -> None:
    page = (ROOT / PAGE).read_text()
    assert [name for name in LONG if f"\n| {name} | " not in section(page, TITLE)] == []
    campaign.go(walk_all, print, enough=1)
    again = with_section(page, TITLE, campaign.section())
    assert section(again, TITLE) == campaign.section()
    assert with_section(again, TITLE, section(page, TITLE)) == page
