"""`python -m tests.explore`: walk all schedules of all pairs, or run one again by its name. Exit 1 if any is wrong."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import local
from tests.support import cheap_passwords

if TYPE_CHECKING:
    from tests.explore.pairs import Walked

OUT = Path("build/explore")
"""Where pictures of broken builds go."""


def main() -> int:
    """Walk, or run again; answers the exit code."""
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="seatkeeper-explore-") as home:
        os.environ |= local.environment(Path(home))
        os.environ["SEATKEEPER_LICENSE_CHANGES_PER_HOUR"] = "1000000"  # no rate is walked
        with using(bootstrap(os.environ)), cheap_passwords():
            try:
                if given.broken:
                    return _hunt()
                return _replay(given.name) if ":" in given.name else _walk(given)
            except ValueError as error:
                print(error, file=sys.stderr)
                return 2


def _walk(given: argparse.Namespace) -> int:
    from tests.explore import pairs
    from tests.explore.report import page

    every = (pairs.triples if given.triples else pairs.pairs)(given.faults)
    settings = [name for name in map(str, every) if given.name in name]
    if not settings:
        raise ValueError(f"None has “{given.name}” in its name. One is {next(pairs.pairs(given.faults))}.")
    start, all_walked = time.monotonic(), list[pairs.Walked]()
    with get_context("fork").Pool(given.processes) as pool:
        for walked in pool.imap_unordered(pairs.walk_named, settings, chunksize=4):
            all_walked.append(walked)
            for wrong in walked.found[:1]:
                print(f"{wrong.name}\n  {_told(wrong.violations)}", flush=True)
            if len(all_walked) % 100 == 0 or len(all_walked) == len(settings):
                schedules = sum(one.walk.schedules for one in all_walked)
                done = f"{len(all_walked)} of {len(settings)}, {schedules:,} schedules"
                print(f"{done}, {_wrong(all_walked)} wrong, {time.monotonic() - start:.0f} s", flush=True)
    if given.report is not None:
        given.report.write_text(page(all_walked))
    return int(_wrong(all_walked) > 0)


def _wrong(all_walked: "Iterable[Walked]") -> int:
    return sum(len(walked.found) for walked in all_walked)


def _hunt() -> int:
    from tests.explore.caught import CAUGHT_IN, hunted, picture, plainest

    OUT.mkdir(parents=True, exist_ok=True)
    missed = 0
    for mutant in CAUGHT_IN:
        walked = hunted(mutant)
        missed += not walked.found
        if walked.found:
            found = plainest(walked)
            (OUT / f"{''.join(one if one.isalpha() else '-' for one in mutant)}.svg").write_text(picture(mutant, found))
            print(f"{mutant}: {found.name}", flush=True)
        else:
            print(f"{mutant}: NOT CAUGHT", flush=True)
    print(f"drawn into {OUT}")
    return int(missed > 0)


def _replay(name: str) -> int:
    from tests.explore import pairs

    setting, _ = pairs.parsed(name)
    schedule, broken = pairs.replay(name)
    for step in schedule.steps:
        failed = ": a condition did not hold" if step.failed else ""
        print(f"{setting.deeds[step.task].name:>16}  {step.call}{failed}")
    for deed, task in zip(setting.deeds, schedule.tasks, strict=True):
        print(f"{deed.name:>16}  is answered: {(task.outcome and task.outcome.answer) or 'nothing yet'}")
    print(_told(broken) if broken else "All is right.")
    return int(bool(broken))


def _told(broken: Iterable[object]) -> str:
    return "\n  ".join(str(one) for one in broken)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.explore",
        description="Try every order in which the calls of two use cases can come to the database, and judge each.",
        epilog="example: python -m tests.explore 'activate+activate-rival@key/below:0x2.1x4.0x2'",
    )
    parser.add_argument(
        "name", nargs="?", default="", help="a schedule to run again, or a part of the names of those to walk"
    )
    parser.add_argument("--faults", type=int, default=0, help="that may happen in one schedule, at most")
    parser.add_argument("--triples", action="store_true", help="walk three at once that touch one limit")
    parser.add_argument("--report", type=Path, help="where the numbers of all pairs are written, as a page")
    parser.add_argument("--broken", action="store_true", help="catch the broken builds of the proof, and draw each")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="that walk at once")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
