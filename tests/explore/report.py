"""The numbers of a walk over all pairs, as a page: the same on every machine (`tests/explore/test_pairs.py`)."""

from collections import defaultdict
from collections.abc import Iterable

from tests.explore.campaign import in_figures
from tests.explore.pairs import Walked, parsed
from tests.explore.scenes import SCENES

PAGE = "docs/explore-pairs.md"
_HEAD = """\
# Every pair, in numbers

Written by `.venv/bin/python -m tests.explore --report`; [explore.md](explore.md) says what it is.
Of each pair of calls, by the start: how many moments all orders come through, and how many calls to the database the
longest one has; then how many orders are walked by these moments, of all starts together; and the worst that one of the
two came to: in how many rounds it was decided, and with how many calls. A sweep reads two shards here, and not its 72.
By use case, and beside the budgets: [what a conflict costs](data-model.md#what-a-conflict-costs). Where there is no
number, not every change walks it.

{pairs:,} pairs and starts, {schedules} schedules, {moments:,} moments, {steps:,} turns from one to another.
"""


def page(all_walked: Iterable[Walked]) -> str:
    """The page of these walks."""
    rows: dict[str, dict[str, dict[str, Walked]]] = {kind: defaultdict(dict) for kind in SCENES}
    for walked in all_walked:
        setting, _ = parsed(walked.setting)
        rows[setting.kind][walked.setting.partition("@")[0]][setting.start] = walked
    every = [one for of_kind in rows.values() for starts in of_kind.values() for one in starts.values()]
    parts = [
        _HEAD.format(
            pairs=len(every),
            schedules=in_figures(sum(one.walk.schedules for one in every)),
            moments=sum(one.walk.moments for one in every),
            steps=sum(one.walk.steps for one in every),
        )
    ]
    for kind, scene in SCENES.items():
        head = ("pair", *scene.starts, "schedules", "rounds", "calls")
        lines = [
            head,
            ("---",) * len(head),
            *(_row(pair, starts, scene.starts) for pair, starts in sorted(rows[kind].items())),
        ]
        parts.append(f"## {scene.title}\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    return "\n".join(parts)


def _row(pair: str, starts: dict[str, Walked], names: Iterable[str]) -> tuple[str, ...]:
    walked = starts.values()
    counts = (cell(starts[name]) if name in starts else "" for name in names)
    rounds = max(rounds for one in walked for rounds in one.rounds.values())
    calls = max(len(sent) for one in walked for sent in one.sent.values())
    return pair, *counts, in_figures(sum(one.walk.schedules for one in walked)), str(rounds), str(calls)


def cell(walked: Walked) -> str:
    """Of a pair and a start: a walk that is another, or dearer, has another."""
    return f"{walked.walk.moments}/{walked.walk.longest}"


def cells_told(text: str, kind: str, start: str) -> dict[str, str]:
    """What the page tells of each pair from this start."""
    table = text.split("\n## ")[1 + list(SCENES).index(kind)]
    rows = [[one.strip() for one in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]
    column = rows[0].index(start)
    return {row[0]: row[column] for row in rows[2:] if row[column]}
