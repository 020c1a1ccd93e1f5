"""`python -m tests.explore`: walk all schedules of all pairs, or run one again by its name. Exit 1 if any is wrong."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from multiprocessing import get_context
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import local
from tests.support import cheap_passwords

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
                return _replay(given.name) if ":" in given.name else _walk(given.name, given.faults, given.processes)
            except ValueError as error:
                print(error, file=sys.stderr)
                return 2


def _walk(text: str, faults: int, processes: int) -> int:
    from tests.explore import pairs

    settings = [name for name in map(str, pairs.pairs(faults)) if text in name]
    if not settings:
        raise ValueError(f"No pair has “{text}” in its name. One is {next(pairs.pairs())}.")
    start, schedules, found = time.monotonic(), 0, 0
    with get_context("fork").Pool(processes) as pool:
        for number, walked in enumerate(pool.imap_unordered(pairs.walk_named, settings, chunksize=4), start=1):
            schedules += walked.walk.schedules
            found += len(walked.found)
            for wrong in walked.found[:1]:
                print(f"{wrong.name}\n  {_told(wrong.violations)}", flush=True)
            if number % 100 == 0 or number == len(settings):
                done = f"{number} of {len(settings)} pairs, {schedules:,} schedules, {found} wrong"
                print(f"{done}, {time.monotonic() - start:.0f} s", flush=True)
    return int(found > 0)


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
        "name", nargs="?", default="", help="a schedule to run again, or a part of the names of the pairs to walk"
    )
    parser.add_argument("--faults", type=int, default=0, help="that may happen in one schedule, at most")
    parser.add_argument("--broken", action="store_true", help="catch the broken builds of the proof, and draw each")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="that walk at once")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
