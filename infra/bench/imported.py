"""How long it takes to import licenses that were sold elsewhere, to list them page by page, and to export them."""

import argparse
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL

from chalicelib.bootstrap import bootstrap
from chalicelib.domain.events import Actor
from chalicelib.domain.import_files import FileRow, read_rows
from chalicelib.domain.mail import DAY_MS
from chalicelib.domain.types import Json
from chalicelib.runtime import using
from chalicelib.store import database
from chalicelib.usecases.import_rows import RowResult, import_rows, plan_rows
from chalicelib.usecases.license_list import LicenseFilter, list_licenses
from chalicelib.web import clock
from infra import output
from infra.admin.exports import export
from infra.bench.clients import BenchError
from infra.bench.servers import environment
from infra.bench.vendor import BY_KEY, COMPANY, prepare
from infra.markdown import markdown_table
from infra.progress import Progress
from infra.scratch import scratch_folder
from infra.version import add_version

LICENSES, OF_A_CUSTOMER, PAGE = 100_000, 10, 100
LICENSES_FILE = "licenses.jsonl"
_NAMES = "license__license_key,product__short_code,license__max_activations,license__validity_period,license__note"


def file_of(licenses: int) -> str:
    """A CSV file: each license with a key of its own, an end, a note, a customer and an order."""
    lines = [f"{_NAMES},customer__email,order__store_id"]
    for number in range(licenses):
        customer = number // OF_A_CUSTOMER
        terms = f"old/{number:08d},{BY_KEY},5,2035-12-31,sold as {number}"
        lines.append(f"{terms},buyer-{customer}@customer.example,order-{customer}")
    return "\n".join(lines)


def imports(licenses: int) -> list[list[str]]:
    """A row for each command: what came of the rows, seconds, and those of CPU. Uses the runtime's database."""
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
    progress, verdicts = Progress(f"rows, {name}", licenses), Counter[str]()
    began, cpu = time.monotonic(), time.process_time()
    for number, result in enumerate(step(read_rows(text)), start=1):
        verdicts["refused" if result.outcome is None else result.outcome.verdict] += 1
        progress.show(number)
    seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    came = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.items())
    return [name, came, f"{seconds:,.0f} s", f"{cpu:,.0f} s", f"{licenses / seconds:,.0f}"]


def pages() -> list[list[str]]:
    """A row for each filter that a key serves: all pages of 100, reads of the dearest, milliseconds of each."""
    some = list_licenses(COMPANY, LicenseFilter(order_id="order-0"), size=1).rows[0][0]
    today = clock.now() - DAY_MS, clock.now() + DAY_MS
    return [
        _walked("none", LicenseFilter()),
        _walked("none, newest first", LicenseFilter(), newest_first=True),
        _walked("date of issue", LicenseFilter(created_from=today[0], created_before=today[1])),
        _walked("product", LicenseFilter(product=BY_KEY)),
        _walked("customer", LicenseFilter(customer=some.customer)),
        _walked("order", LicenseFilter(order_id=some.order_id)),
        _walked("license key", LicenseFilter(license_key=some.license_key)),
        _walked("id", LicenseFilter(ids=frozenset({some.id}))),
    ]


def _walked(name: str, wanted: LicenseFilter, *, newest_first: bool = False) -> list[str]:
    reads, after, rows = list[int](), None, 0
    began = time.monotonic()
    while not reads or after is not None:
        with _reads() as counted:
            part = list_licenses(COMPANY, wanted, after=after, newest_first=newest_first, size=PAGE)
        reads.append(counted[0])
        rows, after = rows + len(part.rows), part.after
    milliseconds = (time.monotonic() - began) * 1000 / len(reads)
    return [name, f"{rows:,}", f"{len(reads):,}", str(max(reads)), f"{milliseconds:.1f}"]


@contextmanager
def _reads() -> Iterator[list[int]]:
    """How many operations the store sends inside."""
    counted, connection = [0], database.connection()
    send = connection.send

    def count(operation: str, request: Json) -> Json:
        counted[0] += 1
        return send(operation, request)

    connection.send = count
    try:
        yield counted
    finally:
        connection.send = send


def exports(home: Path, folder: Path) -> list[list[str]]:
    """How long it takes to export all, and to go on with an export that was killed amid its licenses.

    Raises `BenchError` where the files of the two differ.
    """
    whole, cut = folder / "whole", folder / "cut"
    rows = [_exported("whole", whole)]
    half = (whole / LICENSES_FILE).stat().st_size // 2
    command = [sys.executable, "-m", "infra.admin", "export", str(cut), "--company", COMPANY]
    with subprocess.Popen(command, env=environment(home), stdout=DEVNULL, stderr=DEVNULL) as child:
        while child.poll() is None and _size(cut / LICENSES_FILE) < half:
            time.sleep(0.01)
        child.kill()
    rows.append(_exported("the rest, behind a kill", cut))
    for file in whole.glob("*.jsonl"):
        if file.read_bytes() != (cut / file.name).read_bytes():
            raise BenchError(f"{file.name} differs where the export was killed.")
    return rows


def _exported(name: str, folder: Path) -> list[str]:
    began = time.monotonic()
    files = export(str(folder), COMPANY, "jsonl", now=clock.now()).document["files"]
    return [name, f"{sum(file['rows'] for file in files):,}", f"{time.monotonic() - began:,.0f} s"]


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; answers the exit code."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.bench.imported",
        description="Import licenses into an empty company on the embedded engine, list and export them; some minutes.",
        epilog="example: .venv/bin/python -m infra.bench.imported --licenses 10000",
    )
    parser.add_argument("--licenses", type=int, default=LICENSES, metavar="N", help=f"how many ({LICENSES})")
    add_version(parser)
    licenses = parser.parse_args(arguments).licenses
    with scratch_folder("seatkeeper-import-") as folder, using(bootstrap(environment(folder / "home"))):
        prepare()
        for head, rows in (
            (["`import …`", "rows", "took", "CPU", "rows/s"], imports(licenses)),
            (["filter", "licenses", "pages", "reads, at most", "ms a page"], pages()),
            (["`export`", "rows, all files", "took"], exports(folder / "home", folder)),
        ):
            output.write(markdown_table([head, ["---"] * len(head), *rows]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
