"""What commands write into pages, each part between marks of its own."""

import argparse
import os
import platform
import re
import sqlite3
import time
from functools import partial
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


def add_report(parser: argparse.ArgumentParser, part: str) -> None:
    """Add `--report PAGE`: a `Path`. One without a place for the part is refused before minutes are spent."""
    parser.add_argument(
        "--report",
        type=partial(_page_with, part),
        metavar="PAGE",
        help="write what is found into docs/performance.md, or a page with its marks",
    )


def write_into(page: Path, part: str, text: str) -> None:
    """Put a text in the place of the last one between the marks of a part. Raises `BenchError`."""
    before, after = _around(page, part)
    page.write_text(f"{before}\n{text.strip()}\n{after}")


def _around(page: Path, part: str) -> tuple[str, str]:
    """What stands before and behind a part, with its marks. Raises `BenchError`."""
    begin, end = f"<!-- {part}: written by a command -->", f"<!-- end of {part} -->"
    try:
        found = re.split(f"(?<={re.escape(begin)})\n.*?(?={re.escape(end)})", page.read_text(), flags=re.DOTALL)
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{page} cannot be read.") from error
    if len(found) != 2:
        raise BenchError(f"{page} has no place for {part}: between {begin} and {end}.")
    return found[0], found[1]


def _page_with(part: str, name: str) -> Path:
    try:
        _around(Path(name), part)
    except BenchError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return Path(name)
