"""The components of the portal: in light and dark, with the colors of the system, without motion; and none unused."""

import re
from pathlib import Path
from typing import get_args

import playwright.sync_api as playwright
import pytest

from chalicelib.domain.standing import StandingState
from chalicelib.mail import letter
from chalicelib.portal.render import HERE, STATIC
from tests.e2e.browser import axe
from tests.e2e.styles import COMPONENTS, show_components
from tests.e2e.test_widths import OUTSIDE, WIDTHS

LETTER = Path(letter.__file__).with_suffix(".html")
OF_COLORS = {"background", "border-color", "color"}
CURRENT = ".chips a[aria-current], .tabs a[aria-current]"


@pytest.mark.usefixtures("axe_core")
def test_axe_finds_nothing_in_any_component(page: playwright.Page) -> None:
    show_components(page)
    axe(page)
    page.get_by_role("button", name="Actions").first.click()
    axe(page)


def test_no_component_runs_out_of_its_place(page: playwright.Page) -> None:
    show_components(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(OUTSIDE) == [], width


def test_what_is_chosen_is_seen_where_the_system_takes_all_backgrounds_away(page: playwright.Page) -> None:
    show_components(page)
    outlines = "all => all.map(one => getComputedStyle(one).outlineStyle)"
    assert page.locator(CURRENT).evaluate_all(outlines) == ["none"] * 2
    page.emulate_media(forced_colors="active")
    assert page.locator(CURRENT).evaluate_all(outlines) == ["solid"] * 2


def test_nothing_moves_for_who_wants_no_motion(page: playwright.Page) -> None:
    show_components(page)
    page.emulate_media(reduced_motion="no-preference")
    moves = "all => all.filter(one => parseFloat(getComputedStyle(one).transitionDuration) > 0).length"
    assert page.locator("main *").evaluate_all(moves) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.locator("main *").evaluate_all(moves) == 0


@pytest.mark.parametrize("file", [STATIC / "portal.css", LETTER], ids=lambda file: file.name)
def test_dark_changes_colors_alone(file: Path) -> None:
    """So axe looks at colors alone there."""
    (dark,) = re.findall(r"\(prefers-color-scheme: dark\) \{\n(.*?)\n\}", file.read_text(), re.DOTALL)
    declared = re.findall(r"([\w-]+): ([^;]+);", dark)
    assert len(declared) > 5
    assert [one for one in declared if one[0] not in OF_COLORS and not re.fullmatch("#[0-9a-f]{6}", one[1])] == []


def test_every_class_of_the_stylesheet_is_in_use() -> None:
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "portal.css").read_text(), flags=re.DOTALL)
    classes = set(re.findall(r"\.([a-z][a-z_-]*)", re.sub(r"\{[^{}]*\}", "", css)))
    sources = [*HERE.glob("templates/*.html"), *HERE.glob("*.py"), STATIC / "portal.js"]
    words = set(re.findall(r"[a-z][a-z_-]*", " ".join(path.read_text() for path in sources)))
    states = set(get_args(StandingState))
    assert sorted(classes - words - states) == []
    shown = set(re.findall(r"[a-z][a-z_-]*", COMPONENTS.read_text()))
    assert {"badge", "chips", "gauge", "menu", "list", "bulk", "facts", "empty", "flash", "error", "note"} <= shown
