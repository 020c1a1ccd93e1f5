"""All pages: links lead somewhere, commands exist, settings are told."""

import re
from collections import Counter
from pathlib import Path

import pytest

from chalicelib.settings import Settings
from tests.docs.pages import PAGES, ROOT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"`((?:chalicelib|infra|tests|domain|store|usecases)/[\w./]*)`", page.read_text())
    assert [name for name in named if not any((root / name).exists() for root in (ROOT, ROOT / "chalicelib"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^|[A-Z]+=\S+ )make ([a-z-]+)(?:`|\s+#|$)", page.read_text(), re.MULTILINE))
    assert named - targets == set()


def test_every_setting_is_documented() -> None:
    text = "".join(page.read_text() for page in PAGES)
    assert [name for name in Settings.model_fields if f"SEATKEEPER_{name.upper()}" not in text] == []


def test_every_page_can_be_found_from_the_readme() -> None:
    """Those of the objects of the Management API from its first page: tests/docs/test_management_api.py."""
    readme = (ROOT / "README.md").read_text()
    others = [page for page in PAGES[1:] if page.parent.name != "management"]
    assert [page.name for page in others if page.name not in readme] == []


def test_each_line_of_the_changelog_stands_once() -> None:
    """Merges keep both of two lines that were written on."""
    begun = Counter(line[:80] for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line)
    assert [line for line, lines in begun.items() if lines > 1] == []
