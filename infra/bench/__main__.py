"""`make bench`: start servers of its own, and measure (`infra.bench.measure`)."""

import argparse
import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from infra.bench.clients import BenchError
from infra.bench.figures import Figures, capacity, compare, tables
from infra.bench.measure import measure
from infra.bench.page import CAPACITY, FIGURES, add_report, write_into
from infra.bench.rows import BASE, OURS
from infra.bench.servers import checked_out, environment, serving
from infra.scratch import scratch_folder
from infra.serve import ROOT, ServeError
from infra.version import add_version


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write; answers the exit code."""
    given = _parser().parse_args(arguments)
    before: Figures | None = given.compare
    try:
        found = _measured(given.base)
        if given.json:
            given.json.write_text(json.dumps(found, indent=1) + "\n")
        if before:
            print(compare(found, before))
        if given.report:
            write_into(given.report, FIGURES, tables(found))
            write_into(ROOT / "README.md", CAPACITY, capacity(found))
    except (BenchError, ServeError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _measured(base: str | None) -> Figures:
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder("seatkeeper-bench-"))
        os.environ |= environment(folder / "home")  # of the processes that measure imports
        real = {OURS: stack.enter_context(serving(folder / "home"))}
        if base:
            root = stack.enter_context(checked_out(base, folder / "code"))
            real[BASE] = stack.enter_context(serving(folder / "other-home", root))
        return measure(folder / "home", real)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.bench",
        description="Measure each call by turns with its floor: a raw HTTP answer of the same server, the same reads "
        "and writes by bare SQLite, and the RSA signatures. Some minutes.",
        epilog="example: .venv/bin/python -m infra.bench --base HEAD~1 --json build/figures.json",
    )
    parser.add_argument("--base", metavar="COMMIT", help="measure the server of another commit by turns with this one")
    parser.add_argument("--json", type=_writable, metavar="FILE", help="write all figures")
    parser.add_argument(
        "--compare", type=_figures_in, metavar="FILE", help="compare with figures that --json has written"
    )
    add_report(parser, FIGURES)
    add_version(parser)
    return parser


def _writable(name: str) -> Path:
    """A file that can be written, as is known before minutes are spent; its folder is made."""
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("a").close()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be written: {error.strerror}") from None
    return path


def _figures_in(name: str) -> Figures:
    try:
        figures: Figures = json.loads(Path(name).read_bytes())
        compare(figures, figures)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, LookupError):
        raise argparse.ArgumentTypeError(f"{name} is no file that --json has written") from None
    return figures


if __name__ == "__main__":
    sys.exit(main())
