"""The pages of docs/, and what stands in them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = [README, *sorted({*ROOT.glob("*.md")} - {README}), *sorted(DOCS.glob("*.md"))]


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a language, in order; also those that stand in a list."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
