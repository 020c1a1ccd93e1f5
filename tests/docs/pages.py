"""The pages of docs/, and what stands in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted({*ROOT.glob("*.md")} - {README}), *sorted(DOCS.rglob("*.md"))]


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a language, in order; also those that stand in a list."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)


def section(page: str, title: str) -> str:
    """What stands under a heading, until the next one. Raises `ValueError` where there is none."""
    return page[slice(*_section(page, title))].strip()


def with_section(page: str, title: str, text: str) -> str:
    """The page, with this under a heading. Raises `ValueError` where there is none."""
    start, end = _section(page, title)
    return f"{page[:start]}{text}\n{page[end:]}"


def _section(page: str, title: str) -> tuple[int, int]:
    heading = f"\n## {title}\n\n"
    start = page.index(heading) + len(heading)
    end = page.find("\n## ", start)
    return start, len(page) if end < 0 else end
