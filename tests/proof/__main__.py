"""`make proof`: play, judge, hunt the broken builds, and write the report. Exit 1 where anything was found."""

import argparse
import os
import random
import sys
from pathlib import Path

from chalicelib.bootstrap import bootstrap
from chalicelib.runtime import using
from infra import local
from infra.scratch import scratch_folder
from tests.proof.history import as_text

SHORT_SECONDS, LONG_SECONDS = 60, 10 * 60
OUT = Path("build/proof")


def main() -> int:
    """Run a campaign; answers the exit code."""
    given = _arguments()
    # The servers inherit the environment; this database is only a part of it, each ground has one of its own.
    with scratch_folder("seatkeeper-proof-") as folder:
        os.environ |= local.environment(folder)
        os.environ["SEATKEEPER_LICENSE_CHANGES_PER_HOUR"] = "1000000"  # it hammers few licenses
        os.environ["SEATKEEPER_WEBHOOKS"] = "any"  # who listens is on this machine
        os.environ["SEATKEEPER_PORTAL_URL"] = "https://licenses.vendor.test"  # for mails with links
        with using(bootstrap(os.environ)):
            return _run(given, folder / "ground")


def _run(given: argparse.Namespace, home: Path) -> int:
    from tests.proof import campaign, rounds
    from tests.proof.mutants import MUTANTS
    from tests.proof.report import failure_text, page, picture

    def show(failure: campaign.Failure) -> None:
        number = len(list(OUT.glob("failure-*.txt"))) + 1
        print(failure_text(failure), flush=True)
        _write(OUT / f"failure-{number}.txt", as_text(failure.judged.history))
        _write(OUT / f"failure-{number}.svg", picture(failure.judged))

    for kind, name, known in (("broken build", given.mutant, MUTANTS), ("blow", given.blow, rounds.BLOWS)):
        if name and name not in known:
            print(f"There is no {kind} “{name}”. There are:", *known, sep="\n  ", file=sys.stderr)
            return 2
    result = campaign.Result(given.seed)
    print(f"seed {given.seed}", flush=True)
    with rounds.ground(home, given.seed) as ground:
        if given.blow:
            campaign.play_again(ground, result, given.blow, given.mutant, _tell, show)
        elif given.mutant:
            campaign.hunt(ground, result, [given.mutant], _tell)
        else:
            campaign.storm(ground, result, LONG_SECONDS if given.long else SHORT_SECONDS, _tell, show)
            campaign.hunt(ground, result, list(MUTANTS if given.long else campaign.HUNTED), _tell)
            _write(given.report, page(result, "make proof LONG=1" if given.long else "make proof"))
    if drawn := campaign.plainest(result):
        _write(Path("docs/pictures/proof.svg") if given.long else OUT / "caught.svg", picture(drawn))
    print(campaign.verdict(result))
    return int(result.has_failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=".venv/bin/python -m tests.proof",
        description="Race clients, managers and sweeps in bad weather, and prove that no limit was passed.",
        epilog="example: .venv/bin/python -m tests.proof --mutant 'count, then write' --seed 7",
    )
    parser.add_argument(
        "--long", action="store_true", help="ten minutes of rounds instead of one, and every broken build"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32), help="of all dice")
    parser.add_argument("--mutant", default="", metavar="NAME", help="take this broken build, and no other")
    parser.add_argument("--blow", default="", metavar="WHAT", help="play the round of the seed again, with this blow")
    parser.add_argument("--report", type=Path, default=Path("build/proof.md"), help="where the page is written")
    return parser.parse_args()


def _tell(line: str) -> None:
    print(line, flush=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    print(f"wrote {path}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
