"""How long it takes to import licenses that were sold elsewhere, to import them again, and to compare them."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.domain.events import Actor
from chalicelib.domain.import_files import FileRow, read_rows
from chalicelib.runtime import using
from chalicelib.usecases.import_rows import RowResult, import_rows, plan_rows
from chalicelib.web import clock
from infra import output
from infra.bench.servers import environment
from infra.bench.vendor import BY_KEY, COMPANY, prepare
from infra.markdown import markdown_table
from infra.progress import Progress
from infra.scratch import scratch_folder
from infra.version import add_version

LICENSES, OF_A_CUSTOMER = 100_000, 10
_NAMES = "license__license_key,product__short_code,license__max_activations,license__validity_period,license__note"


def file_of(licenses: int) -> str:
    """A CSV file: each license with a key of its own, an end, a note, a customer and an order."""
    lines = [f"{_NAMES},customer__email,order__store_id"]
    for number in range(licenses):
        customer = number // OF_A_CUSTOMER
        terms = f"old/{number:08d},{BY_KEY},5,2035-12-31,sold as {number}"
        lines.append(f"{terms},buyer-{customer}@customer.example,order-{customer}")
    return "\n".join(lines)


def measure(licenses: int) -> list[list[str]]:
    """A row for each command: what came of the rows, seconds, and rows a second. Uses the runtime's database."""
    text, actor = file_of(licenses), Actor("bench")

    def plan(rows: Iterable[FileRow]) -> Iterator[RowResult]:
        return plan_rows(COMPANY, rows, "csv", now=clock.now())

    def apply(rows: Iterable[FileRow]) -> Iterator[RowResult]:
        return import_rows(COMPANY, rows, "csv", actor, now=clock.now())

    steps = (("plan", plan), ("apply", apply), ("apply again", apply), ("verify", plan))
    return [_measured(name, step, text, licenses) for name, step in steps]


def _measured(
    name: str, step: Callable[[Iterable[FileRow]], Iterator[RowResult]], text: str, licenses: int
) -> list[str]:
    began, progress, verdicts = time.monotonic(), Progress(f"rows, {name}", licenses), Counter[str]()
    for number, result in enumerate(step(read_rows(text)), start=1):
        verdicts["refused" if result.outcome is None else result.outcome.verdict] += 1
        progress.show(number)
    seconds = time.monotonic() - began
    came = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.items())
    return [name, came, f"{seconds:,.0f} s", f"{licenses / seconds:,.0f}"]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; answers the exit code."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.bench.imported",
        description="Import licenses into an empty company on the embedded engine, in one process.",
        epilog="example: .venv/bin/python -m infra.bench.imported --licenses 10000",
    )
    parser.add_argument("--licenses", type=int, default=LICENSES, metavar="N", help=f"how many ({LICENSES})")
    add_version(parser)
    licenses = parser.parse_args(arguments).licenses
    with scratch_folder("seatkeeper-import-") as folder, using(bootstrap(environment(Path(folder) / "home"))):
        prepare()
        rows = measure(licenses)
    head = ["`import …`", "rows", "took", "rows/s"]
    output.write(markdown_table([head, ["---"] * len(head), *rows]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
