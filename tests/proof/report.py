"""The report of a campaign: what was done, what went wrong with it, and what was found."""

import os
import platform
import time
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import version

from tests.proof import history
from tests.proof.campaign import Failure, Result, evidence
from tests.proof.draw import svg
from tests.proof.history import BUSY
from tests.proof.rounds import APPLICATIONS, CLOCKS, RATE, SHARED_APPLICATIONS, Judged
from tests.race.clients import LOST, OK, OK_EXPIRED

FAULT = "fault "
FINDINGS = (
    (
        "the event of a license's reset told how many places had been read, not how many were taken",
        "the history adds up to the state",
        "the write's condition asks whether it still holds (`tests/usecases/test_change_license.py`)",
    ),
    (
        "who was assigned while he was removed could be told that all places were taken",
        "linearizable",
        "both are read at one instant (`tests/usecases/test_assign_user.py`)",
    ),
    (
        "variables that were told again moved their dates, and wrote an event each time: a replay left a trace",
        "the corpus of hostile inputs",
        "what is told again as it is changes nothing (`tests/licenseapi/test_corpus.py`)",
    ),
)


def report(result: Result, command: str) -> str:
    """The page `docs/proof.md`."""
    answers, weather = result.answers, result.weather
    granted = {OK, OK_EXPIRED}
    by_verb = Counter[str]()
    for (verb, _), times in answers.items():
        by_verb[verb] += times
    not_answered = sum(times for (_, answer), times in answers.items() if answer in (LOST, BUSY))
    refused = sum(times for (_, answer), times in answers.items() if answer not in granted | {LOST, BUSY})
    told = {word: times for word, times in weather.items() if word.startswith(FAULT)}
    faults = Counter({word.removeprefix(FAULT): times for word, times in told.items()})
    caught = sum(bool(one.rule) for one in result.mutants)
    figures = [
        ("calls", answers.total()),
        ("activations granted", answers["activate", OK]),
        ("refusals", refused),
        ("not answered, or with `service_busy`", not_answered),
        ("lost races: a condition did not hold at the write, and it was decided anew", weather["condition failed"]),
        ("calls to the database sent again", weather["retry"]),
        ("faults injected into calls to the database", faults.total()),
        ("kills by SIGKILL, of a server, the engine or all", result.rounds.total() - result.rounds["nothing"]),
        ("**violations**", f"**{len(result.failures)}**"),
        ("**broken builds caught**", f"**{caught} of {len(result.mutants)}**"),
    ]
    return PAGE.format(
        date=time.strftime("%Y-%m-%d"),
        machine=f"{platform.system()} {platform.machine()}, {_cores()} cores, Python {platform.python_version()}",
        engine=f"roto-aws {version('roto-aws')}, durable",
        command=command,
        seed=result.seed,
        rounds=result.rounds.total(),
        seconds=round(result.seconds),
        applications=APPLICATIONS + SHARED_APPLICATIONS,
        rate=f"{RATE:.0%}",
        clocks=f"{abs(CLOCKS[0]) // 60} minutes behind and {CLOCKS[1] // 60} ahead",
        figures=_table(("", ""), figures),
        verbs=_table(("call", "times"), by_verb.most_common()),
        faults=_table(("fault", "times"), faults.most_common()),
        mutants=_table(
            ("broken build", "caught by", "in round", "after calls", "seconds"),
            [
                (one.mutant, one.rule or "**nothing**", one.rounds, one.calls, f"{one.seconds:.1f}")
                for one in result.mutants
            ],
        ),
        findings=_table(("found", "by", "now"), FINDINGS),
    )


def failure_text(failure: Failure) -> str:
    """A failure for a person: the rule, the calls, and how to play the round again."""
    broken, calls = evidence(failure.judged)
    again = f"play it again: python -m tests.proof --seed {failure.seed} --blow '{failure.blow}'"
    return f"{broken.rule}: {broken.sentence}\n{history.told(calls)}\n{again}\n"


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


PAGE = """\
# The proof

Made by `{command}` on {date}, on {machine}, with {engine}; seed {seed}. Run it again, and this page is written anew.

Many clients call two servers, four processes manage and sweep at the same time, and everything that may go wrong does.
Each call is noted with its start, its end and its answer. Then it is decided, license by license, whether there is any
order of the calls in which every answer is the right one (the history is *linearizable*), and rule by rule whether what
was answered and what is stored fit together. [limits.md](limits.md) says how the limits are held.

## The run
{rounds} rounds in {seconds} s: in each, {applications} applications, managers and sweeps on two licenses. Of the calls
to the database {rate} meet a fault, and the clocks of the two servers are {clocks}. In three rounds of four
something is killed. Each round ends with four sweeps at once, after forty days of downtime.

{figures}

{verbs}

{faults}

## It can fail
Each of these builds breaks one thing, and is run in the same way until a rule finds it.

{mutants}

This is what a failure looks like: the calls that contradict each other, and no others.

![Two devices that hold one place too many, as a time line](pictures/proof.svg)

## What is held against every history
* Linearizable: an activation, a repeat, a check, a deactivation, a reset of a device, of a user or of the license, an
  assignment, a removal, a new limit, disable, enable, expire and renew each take effect at one instant between their
  start and their end.
* Live places are never above the limit, at any instant. A granted place lasts until it is released: not by another's
  release, nor by a lower limit. The same device is the same place. After a reset no old place answers.
* A refusal leaves no trace. Counters equal items. The events add up to the state.
* Each end of a license, and its grace before it, is announced exactly once, in order.

The model (`tests/proof/model.py`) is the contract in sets and plain counts; it uses nothing of the product. The search
(`tests/proof/linear.py`) is held against one that tries every order. A call that was not answered may have taken effect
or not, until what was killed is back.

## What it found
{findings}

## Run it again
```console
make proof           # some minutes; writes build/proof.md
make proof LONG=1    # a quarter of an hour; writes this page
```
A failure is cut down to the calls that contradict each other, printed, and drawn into `build/proof/`. Its round can be
played again by its seed: the same callers make the same calls, though the machine may interleave them otherwise.

## Race another server
The race itself needs three calls: issue a license of so many places, activate a device, check it.
`tests/proof/peers.py` is that interface and the race; `tests/proof/seatkeeper.py` is ours. Write those three methods
for another server, and

```console
.venv/bin/python -m tests.proof.peers your.module:YourDriver
```
tells how many devices hold a place that was not there.
"""
