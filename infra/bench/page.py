"""What commands write into pages, each part between marks of its own."""

import argparse
import os
import platform
import re
import sqlite3
import time
from pathlib import Path

from infra.bench.clients import BenchError
from infra.version import this_version

FIGURES, PROFILE, GROWTH = "figures", "profile", "growth"
"""The parts of docs/performance.md."""
CAPACITY = "capacity"
"""The part of README.md."""


def about() -> str:
    """When, where and of what something is measured."""
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    return f"{time.strftime('%Y-%m-%d')}, {machine}, SQLite {sqlite3.sqlite_version}, {this_version()}"


def markdown_table(rows: list[list[str]]) -> str:
    """The first row is the head, the second says how columns are aligned."""
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def add_report(parser: argparse.ArgumentParser) -> None:
    """Add `--report PAGE`."""
    parser.add_argument(
        "--report",
        type=Path,
        metavar="PAGE",
        help="write what is found into docs/performance.md, or a page with its marks",
    )


def write_into(page: Path, part: str, text: str) -> None:
    """Put a text in the place of the last one between the marks of a part. Raises `BenchError`."""
    begin, end = f"<!-- {part}: written by a command -->", f"<!-- end of {part} -->"
    before = page.read_text()
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    after, found = re.subn(pattern, lambda _: f"{begin}\n{text.strip()}\n{end}", before, flags=re.DOTALL)
    if found != 1:
        raise BenchError(f"{page} has no place for {part}: between {begin} and {end}.")
    page.write_text(after)
