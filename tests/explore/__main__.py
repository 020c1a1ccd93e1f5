"""`.venv/bin/python -m tests.explore`: walk all schedules of all pairs, or one by its name. Exit 1 if any is wrong."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterable
from functools import partial
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import local
from infra.scratch import scratch_folder
from tests.docs.pages import with_section
from tests.support import cheap_passwords

if TYPE_CHECKING:
    from tests.explore.campaign import Campaign, Settings
    from tests.explore.pairs import Walked

OUT = Path("build/explore")
"""Where pictures of broken builds go."""


def main() -> int:
    """Walk, or run again; answers the exit code."""
    given = _arguments()
    with scratch_folder("seatkeeper-explore-") as home:
        os.environ |= local.environment(home)
        os.environ["SEATKEEPER_LICENSE_CHANGES_PER_HOUR"] = "1000000"  # no rate is walked
        os.environ["SEATKEEPER_PORTAL_URL"] = "https://licenses.vendor.test"  # for mails with links
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
    from tests.explore.campaign import ENOUGH, LONG, MOST, WITH_FAULTS, Campaign, Leg

    one = {"": lambda: (pairs.triples if given.triples else pairs.pairs)(given.faults)}
    legs = {kind: Leg(_named(given.name, every)) for kind, every in (LONG if given.long else one).items()}
    if given.long:
        legs |= {kind: Leg(_named(given.name, every), ENOUGH) for kind, every in WITH_FAULTS.items()}
    if not any(leg.names for leg in legs.values()):
        raise ValueError(f"None has “{given.name}” in its name. One is {next(pairs.pairs(given.faults))}.")
    campaign = Campaign(legs)
    walk = partial(pairs.walk_named, most=MOST if given.long else None)
    campaign.go(partial(_walk_all, walk, given.processes), _tell)
    print(campaign.table(), flush=True)
    if given.report:
        _report(campaign)
    return int(campaign.wrong > 0)


def _named(part: str, every: "Settings") -> list[str]:
    return [name for name in map(str, every()) if part in name]


def _walk_all(walk: Callable[[str], "Walked"], processes: int, names: list[str]) -> "Generator[Walked, None, None]":
    """A pool of each leg's own: it ends all that it has begun when it is closed.

    What is from one start and stands together one process walks: of what one walk finds out the next one has the use.
    """
    together = [list(own) for _, own in groupby(names, key=lambda name: name.partition("@")[2])]
    together.sort(key=len, reverse=True)  # so that none is left alone with much in the end
    with get_context("fork").Pool(processes, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        for walked in pool.imap_unordered(partial(_walk_each, walk), together):
            yield from walked


def _walk_each(walk: Callable[[str], "Walked"], names: list[str]) -> "list[Walked]":
    return [walk(name) for name in names]


def _report(campaign: "Campaign") -> None:
    """Write the page of the long run; or those of all pairs, where all were walked, as every change walks them."""
    from tests.explore import campaign as campaigns
    from tests.explore import costs, report

    every, *others = campaign.legs.values()
    if others:
        page = Path(campaigns.PAGE).read_text()
        _write(campaigns.PAGE, with_section(page, campaigns.TITLE, campaign.section()))
    elif sum(one.walk.is_whole for one in every.walked) == len(every.names):
        _write(report.PAGE, report.page(every.walked))
        _write(costs.PAGE, with_section(Path(costs.PAGE).read_text(), costs.TITLE, costs.section_text(every.walked)))


def _tell(line: str) -> None:
    print(line, flush=True)


def _write(page: str, text: str) -> None:
    Path(page).write_text(text)
    _tell(f"wrote {page}")


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
    from tests.explore.schedule import described, in_calls

    setting, _ = pairs.parsed(name)
    schedule, broken = pairs.replay(name)
    for steps in in_calls(schedule.steps):
        print(f"{setting.deeds[steps[-1].task].name:>16}  {described(steps)}")
    for deed, task in zip(setting.deeds, schedule.tasks, strict=True):
        print(f"{deed.name:>16}  is answered: {(task.outcome and task.outcome.answer) or 'nothing yet'}")
    print(_told(broken) if broken else "All is right.")
    return int(bool(broken))


def _told(broken: Iterable[object]) -> str:
    return "\n  ".join(str(one) for one in broken)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m tests.explore",
        description="Try every order in which the calls of two use cases can come to the database, and judge each.",
        epilog="example: .venv/bin/python -m tests.explore 'activate+activate-rival@key/below:0x2.1x4.0x2'",
    )
    parser.add_argument(
        "name", nargs="?", default="", help="a schedule to run again, or a part of the names of those to walk"
    )
    parser.add_argument("--faults", type=int, default=0, help="that may happen in one schedule, at most")
    parser.add_argument(
        "--long", action="store_true", help="walk three at once and sweeps in between, and some with faults"
    )
    parser.add_argument("--triples", action="store_true", help="walk three at once that touch one limit")
    parser.add_argument("--report", action="store_true", help="write the numbers of all pairs, or of the long run")
    parser.add_argument("--broken", action="store_true", help="catch the broken builds of the proof, and draw each")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="that walk at once")
    given = parser.parse_args()
    if given.report and (given.name or given.triples or given.faults):
        parser.error("--report is of all pairs, or of the long run")
    return given


if __name__ == "__main__":
    sys.exit(main())
