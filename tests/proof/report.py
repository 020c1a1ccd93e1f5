"""The report of a campaign: what was done, what went wrong with it, and what was found."""

import os
import platform
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from tests.docs.pages import DOCS, section
from tests.proof import history
from tests.proof.campaign import HUNTED, Failure, Result, evidence
from tests.proof.draw import svg
from tests.proof.history import BUSY, DIED, UNHEARD
from tests.proof.mutants import MUTANTS
from tests.proof.parts import APPLICATIONS, PARTS
from tests.proof.rounds import LINEARIZABLE, Judged
from tests.proof.shrink import guilty
from tests.proof.weather import FAULT, LAG
from tests.race.clients import LOST, OK, OK_EXPIRED

PAGE = Path(__file__).with_name("page.md")
WALKS, TITLE_OF_WALKS = DOCS / "proof.md", "Every order, in numbers"
"""What walks have written into the page before is kept."""
GRANTED, UNKNOWN = {OK, OK_EXPIRED}, {LOST, UNHEARD, DIED, BUSY}


def page(result: Result, command: str) -> str:
    """The page `docs/proof.md`."""
    answers = {word: times for word, times in result.weather.items() if word.startswith(FAULT)}
    faults = Counter({word.removeprefix(FAULT): times for word, times in answers.items()})
    by_verb = Counter[str]()
    for (verb, _), times in result.answers.items():
        by_verb[verb] += times
    return PAGE.read_text().format(
        walks=section(WALKS.read_text(), TITLE_OF_WALKS),
        mutants_known=len(MUTANTS),
        mutants_played=len(result.mutants),
        hunted=_table(("broken build", "shows that it sees"), HUNTED.items()),
        date=time.strftime("%Y-%m-%d"),
        machine=f"{platform.system()} {platform.machine()}, {_cores()} cores, Python {platform.python_version()}",
        engine=f"the embedded engine, SQLite {sqlite3.sqlite_version}",
        versions=", ".join(f"{name} {version(name)}" for name in ("botocore", "pynamodb", "chalice")),
        command=command,
        seed=result.seed,
        rounds=result.rounds.total(),
        seconds=round(result.seconds),
        applications=APPLICATIONS,
        parts=len(PARTS),
        figures=_table(("", ""), _figures(result, faults.total())),
        verbs=_table(("call", "times"), by_verb.most_common()),
        faults=_table(("fault", "times"), faults.most_common()),
        mutants=_table(
            ("broken build", "caught by", "in round", "after calls", "seconds"),
            [
                (one.mutant, ", ".join(one.rules) or "**nothing**", one.rounds, one.calls, f"{one.seconds:.1f}")
                for one in result.mutants
            ],
        ),
    )


def _figures(result: Result, faults: int) -> list[tuple[str, int | str]]:
    weather, by_answer = result.weather, Counter[str]()
    for (_, answer), times in result.answers.items():
        by_answer[answer] += times
    refused = sum(times for answer, times in by_answer.items() if answer not in GRANTED | UNKNOWN)
    return [
        ("calls", by_answer.total()),
        ("activations granted", result.answers["activate", OK]),
        ("refusals", refused),
        ("answers lost to a kill", by_answer[LOST]),
        ("answers lost on the way to an application", by_answer[UNHEARD]),
        ("managers and sweeps that died at a call to the database", by_answer[DIED]),
        ("answers `service_busy`, all of them in a storm or at a kill", by_answer[BUSY]),
        ("conflicts: a condition did not hold at the write, and it was decided anew", weather["condition failed"]),
        ("retries: calls to the database sent again", weather["retry"]),
        ("reads answered by a replica that lags", weather[LAG]),
        ("webhooks taken, by who listens to all", result.webhooks["taken"]),
        ("webhooks refused by him, and sent again", result.webhooks["refused"]),
        ("faults injected into calls to the database", faults),
        ("kills, of a worker, a server or all", result.rounds.total() - result.rounds["nothing"]),
        ("**violations**", f"**{len(result.failures)}**"),
        ("**broken builds caught**", f"**{sum(bool(one.rules) for one in result.mutants)} of {len(result.mutants)}**"),
    ]


def failure_text(failure: Failure) -> str:
    """A failure for a person: the rule, the calls, and how to play the round again."""
    broken, calls = evidence(failure.judged)
    blamed = guilty(failure.judged.history, failure.judged.start) if broken.rule == LINEARIZABLE else []
    alone = "".join(f"without this call alone, all is explained: {op}\n" for op in blamed)
    again = f"play it again: .venv/bin/python -m tests.proof --seed {failure.seed} --blow '{failure.blow}'"
    return f"{broken.rule}: {broken.sentence}\n{history.as_text(calls)}\n{alone}{again}\n"


def picture(judged: Judged) -> str:
    """The calls that show what went wrong, drawn (SVG)."""
    broken, calls = evidence(judged)
    return svg(calls, f"{broken.rule}: {broken.sentence}")


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines: list[tuple[object, ...]] = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _cores() -> int:
    return len(os.sched_getaffinity(0))
