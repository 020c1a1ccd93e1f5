"""The numbers of a walk over all pairs, as a page: the same on every machine (`tests/explore/test_pairs.py`)."""

from collections import defaultdict
from collections.abc import Iterable

from tests.explore.pairs import Walked, parsed
from tests.explore.scenes import SCENES

PAGE = "docs/explore-pairs.md"
_HEAD = """\
# Every pair, in numbers

Written by `.venv/bin/python -m tests.explore --report docs/explore-pairs.md`; [explore.md](explore.md) says what it is.
Of each pair of calls: how many schedules differ, by the start; the states that they end in; and the worst that one of
the two came to in any of them: in how many rounds it was decided, and with how many calls to the database.

{pairs:,} pairs and starts, {schedules:,} schedules, {steps:,} calls to the database, {ends:,} states at the end.
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
            schedules=sum(one.walk.schedules for one in every),
            steps=sum(one.walk.steps for one in every),
            ends=sum(one.ends for one in every),
        )
    ]
    for kind, scene in SCENES.items():
        head = ("pair", *scene.starts, "ends", "rounds", "calls")
        lines = [
            head,
            ("---",) * len(head),
            *(_row(pair, starts, scene.starts) for pair, starts in sorted(rows[kind].items())),
        ]
        parts.append(f"## {scene.title}\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n")
    return "\n".join(parts)


def _row(pair: str, starts: dict[str, Walked], names: Iterable[str]) -> tuple[str, ...]:
    walked = starts.values()
    counts = (str(starts[name].walk.schedules) for name in names)
    worst = max(one.worst_rounds for one in walked), max(one.worst_calls for one in walked)
    return pair, *counts, str(sum(one.ends for one in walked)), *map(str, worst)


def schedules_told(text: str, kind: str, start: str) -> dict[str, int]:
    """How many schedules the page tells of each pair from this start."""
    table = text.split("\n## ")[1 + list(SCENES).index(kind)]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("|")]
    column = rows[0].index(start)
    return {row[0]: int(row[column]) for row in rows[2:]}
