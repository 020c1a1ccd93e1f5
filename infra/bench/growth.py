"""How a check and an activation grow with what is stored, and with the processes that answer: in Markdown."""

import argparse
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import output
from infra.bench.clients import BenchError, Job
from infra.bench.latencies import Latencies
from infra.bench.page import GROWTH, about, add_report, write_into
from infra.bench.seed import seed_licenses
from infra.bench.servers import Subject, environment, serving, serving_again
from infra.bench.vendor import BY_KEY, COMPANY, LICENSES, issue, storm
from infra.markdown import markdown_table
from infra.progress import Progress
from infra.scratch import scratch_folder
from infra.serve import ServeError
from infra.version import add_version

CLIENTS = 16
ROUNDS = 4
CHECKS, ACTIVATIONS = 4000, 1200
"""In all rounds."""
FEW, MANY = 10, 10_000
"""Devices of a license, each with its event."""
STORED = 100_000
_FAR = 10**15
"""An end that does not come."""


@dataclass(frozen=True)
class Case:
    """A server, and devices of one or many licenses on which they are active."""

    name: str
    subject: Subject
    devices: list[Job]


def cases(stack: ExitStack, folder: Path, few: int, many: int, stored: int) -> list[Case]:
    """All that are compared; `few` and `many` are devices of one license, `stored` are licenses."""
    home, full = folder / "home", folder / "full"
    usual, crowded = stack.enter_context(serving(home)), stack.enter_context(serving(full))
    with using(bootstrap(environment(full))):
        seed_licenses(COMPANY, BY_KEY, 1, stored, _FAR)
    with using(bootstrap(environment(home))):
        of_few, of_many = storm(issue(None), few), storm(issue(None), many)
    spread = [Case(f"{LICENSES} licenses", usual, _on_each(usual))]
    spread.append(Case(f"{stored:,} licenses more", crowded, _on_each(crowded)))
    one = [Case(f"a license of {few} devices", usual, of_few), Case(f"one of {many:,}", usual, of_many)]
    alone = stack.enter_context(serving_again(home, usual.vendor, workers=1))
    found = [*spread, *one, Case(f"{LICENSES} licenses, one process", alone, spread[0].devices)]
    for case in found[:-1]:
        case.subject.do(case.devices, CLIENTS)
    return found


def _on_each(subject: Subject) -> list[Job]:
    return [job for key in subject.vendor.license_keys for job in storm(key, 1)]


def measure(found: list[Case], checks: int, activations: int) -> dict[str, tuple[Latencies, Latencies]]:
    """Checks and activations of each case, by turns."""
    parts: dict[str, list[tuple[Latencies, Latencies]]] = {case.name: [] for case in found}
    progress = Progress("rounds", ROUNDS)
    for number in range(ROUNDS):
        for case in found:
            keys = [str(fields["license_key"]) for _, fields in case.devices]
            some = [("check_license", case.devices[n % min(LICENSES, len(keys))][1]) for n in range(checks // ROUNDS)]
            new = [job for n in range(activations // ROUNDS) for job in storm(keys[n % len(keys)], 1)]
            parts[case.name].append((case.subject.do(some, CLIENTS), case.subject.do(new, CLIENTS)))
        progress.show(number + 1)
    return {name: (Latencies.sum([c for c, _ in of]), Latencies.sum([a for _, a in of])) for name, of in parts.items()}


def table(found: dict[str, tuple[Latencies, Latencies]]) -> str:
    """In Markdown."""
    rows = [["", "check: calls/s, p50, CPU", "activate by key: calls/s, p50, CPU"], ["---"] * 3]
    for name, both in found.items():
        figures = [of.figures for of in both]
        cells = [f"{of['calls_per_second']:,.0f}, {of['p50_ms']:.1f} ms, {of['cpu_ms']:.2f} ms" for of in figures]
        rows.append([name, *cells])
    return markdown_table(rows)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; answers the exit code."""
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m infra.bench.growth",
        description="How a check and an activation grow with licenses, devices, history and processes; some minutes.",
        epilog="example: .venv/bin/python -m infra.bench.growth > growth.md",
    )
    add_report(parser, GROWTH)
    add_version(parser)
    given = parser.parse_args(arguments)
    try:
        with ExitStack() as stack:
            folder = stack.enter_context(scratch_folder("seatkeeper-growth-"))
            found = measure(cases(stack, folder, FEW, MANY, STORED), CHECKS, ACTIVATIONS)
        text = f"{about()}, {CLIENTS} clients.\n\n{table(found)}"
        if given.report:
            write_into(given.report, GROWTH, text)
    except (BenchError, ServeError) as error:
        print(error, file=sys.stderr)
        return 2
    output.answer(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
