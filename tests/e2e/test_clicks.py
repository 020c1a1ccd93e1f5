"""How many clicks it takes: all are counted, keys are not. And each flow once more as otherwise as can be: in German,
on a phone, in dark, by the keyboard alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import playwright.sync_api as playwright
import pytest

from chalicelib.languages import Reader, writing_for
from infra import serve
from tests.e2e.browser import Scheme, watched
from tests.e2e.flows import FLOWS, begin
from tests.e2e.site import Site
from tests.e2e.steps import clicks, count_clicks, keyboard_alone
from tests.e2e.test_widths import OUTSIDE


def test_the_table_of_the_docs_is_this_one() -> None:
    rows = "".join(f"| {what} | {flow.begin} | {flow.first} | {flow.clicks} |\n" for what, flow in FLOWS.items())
    table = f"| | from | first edition | clicks |\n|---|---|---|---|\n{rows}"
    assert table in Path("docs/portal.md").read_text(), table


@pytest.mark.parametrize("what", FLOWS)
def test_from_a_page_to_what_is_done(page: playwright.Page, site: Site, what: str) -> None:
    flow, counts = FLOWS[what], []
    count_clicks(page)
    begin(page, site, flow)
    for act in (flow.act, flow.again):
        if act:
            before = clicks(page)
            act(page, site)
            counts.append(str(clicks(page) - before))
    assert ", then ".join(counts) == flow.clicks


class Way(NamedTuple):
    """How somebody uses the portal."""

    language: str
    width: int
    scheme: Scheme
    keyboard: bool


CONTRARY = Way("de", 390, "dark", True)
"""In nothing like the test above."""
OTHERS = {
    "reset a device": Way("de", 390, "dark", False),
    "set a limit": Way("de", 1280, "light", True),
    "change an email": Way("en", 390, "light", True),
    "pause the license": Way("en", 1280, "dark", False),
}
"""With the two of each flow, each of a way goes with each of another one in some flow."""
WAYS = [(what, CONTRARY) for what in FLOWS] + list(OTHERS.items())


def test_each_pair_of_a_way_is_in_some_flow() -> None:
    ways = [Way("en", 1280, "light", False), *(way for _, way in WAYS)]
    for one in range(len(Way._fields)):
        for other in range(one):
            assert len({(way[one], way[other]) for way in ways}) == 4, (Way._fields[one], Way._fields[other])


@pytest.fixture
def otherwise(browser: playwright.Browser, server: serve.Server, way: Way) -> Iterator[playwright.Page]:
    """A page that is used in this way, and a test that writes in its language."""
    options = {"locale": way.language, "color_scheme": way.scheme, "viewport": {"width": way.width, "height": 800}}
    with watched(browser, server.base_url, **options) as (page, faults), writing_for(Reader(way.language)):
        yield page
    assert faults == []


@pytest.mark.parametrize(("what", "way"), WAYS, ids=[f"{what}: {', '.join(map(str, way))}" for what, way in WAYS])
def test_it_is_done_in_another_way(otherwise: playwright.Page, site: Site, what: str, way: Way) -> None:
    flow, page = FLOWS[what], otherwise
    count_clicks(page)
    if way.keyboard:
        with keyboard_alone():
            begin(page, site, flow)
            flow.act(page, site)
        assert clicks(page) == 0
    else:
        begin(page, site, flow)
        flow.act(page, site)
    assert page.locator("html").get_attribute("lang") == way.language
    assert page.evaluate(OUTSIDE) == []
