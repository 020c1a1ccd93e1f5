"""How many clicks it takes: all are counted, keys are not. And each flow once more as otherwise as can be: in German,
on a phone, in dark, by the keyboard alone.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

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


class Way(NamedTuple):
    """How somebody uses the portal."""

    language: str
    width: int
    scheme: Scheme
    keyboard: bool


USUAL = Way("en", 1280, "light", False)
CONTRARY = Way("de", 390, "dark", True)
"""In nothing like that."""
OTHERS = {
    "reset a device": Way("de", 390, "dark", False),
    "set a limit": Way("de", 1280, "light", True),
    "change an email": Way("en", 390, "light", True),
    "pause the license": Way("en", 1280, "dark", False),
}
"""With the two of each flow, each of a way goes with each of another one in some flow."""
WAYS = [(what, CONTRARY) for what in FLOWS] + list(OTHERS.items())


def test_each_pair_of_a_way_is_in_some_flow() -> None:
    ways = [USUAL, *(way for _, way in WAYS)]
    for one in range(len(Way._fields)):
        for other in range(one):
            assert len({(way[one], way[other]) for way in ways}) == 4, (Way._fields[one], Way._fields[other])


Pages = Callable[[Way], playwright.Page]
Opened = Callable[[Way], tuple[playwright.Page, list[str]]]


@pytest.fixture(scope="module")
def opened(browser: playwright.Browser, server: serve.Server) -> Iterator[Opened]:
    """The page that is used in a way, and what goes wrong in it: one for all flows, for each browser takes its time."""
    with ExitStack() as stack:

        @cache
        def open_for(way: Way) -> tuple[playwright.Page, list[str]]:
            window: Any = {"viewport": {"width": way.width, "height": 800}}
            look: Any = {"locale": way.language, "color_scheme": way.scheme}
            if way == USUAL:
                look["reduced_motion"] = "no-preference"
            page, faults = stack.enter_context(watched(browser, server.base_url, **window, **look))
            count_clicks(page)
            return page, faults

        yield open_for


@pytest.fixture
def pages(opened: Opened) -> Iterator[Pages]:
    """The page that is used in a way, as a browser that knows nobody; the test writes in its language."""
    with ExitStack() as stack:

        def page_of(way: Way) -> playwright.Page:
            page, faults = opened(way)
            page.context.clear_cookies()
            stack.enter_context(writing_for(Reader(way.language)))
            stack.callback(faults.clear)
            stack.callback(lambda: faults == [] or pytest.fail("\n".join(faults)))
            return page

        yield page_of


@pytest.mark.parametrize("what", FLOWS)
def test_from_a_page_to_what_is_done(pages: Pages, site: Site, what: str) -> None:
    flow, page, counts = FLOWS[what], pages(USUAL), []
    begin(page, site, flow)
    for act in (flow.act, flow.again):
        if act:
            before = clicks(page)
            act(page, site)
            counts.append(str(clicks(page) - before))
    assert ", then ".join(counts) == flow.clicks


@pytest.mark.parametrize(("what", "way"), WAYS, ids=[f"{what}: {', '.join(map(str, way))}" for what, way in WAYS])
def test_it_is_done_in_another_way(pages: Pages, site: Site, what: str, way: Way) -> None:
    flow, page = FLOWS[what], pages(way)
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
