"""What a conflict costs: what each use case sends to the database alone, and at worst beside one rival."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from infra.markdown import markdown_table
from tests.docs.pages import section
from tests.explore.pairs import Setting, Walked, parsed, walk
from tests.explore.scenes import SCENES
from tests.store.costs import round_trips

PAGE = "docs/data-model.md"
TITLE = "What a conflict costs"
_TEXT = """\
Whose write meets a rival's is decided anew, in one round more. What each use case sends at worst beside one rival, of
all orders in which the calls of the two can come ([explore.md](explore.md)); of each it is counted from the start where
it sends most. Each is in a process that knows nothing yet: so it sends up to two reads more than a budget above, which
is of one that knows the key and the product. Written by `.venv/bin/python -m tests.explore --report`;
`tests/explore/test_pairs.py` goes red where one of these grows.

"""
_HEAD = ("call", "of", "alone", "beside one rival", "rounds", "for example in")


class Cost(NamedTuple):
    """Of a use case, at worst of all walks: the longer one is the greater one, whatever the order of the walks."""

    calls: int
    operations: tuple[str, ...]
    """Sorted."""
    setting: str
    """In which it sent them."""
    rounds: int
    """In which it was decided, there or elsewhere."""


Costs = dict[tuple[str, str], Cost]
"""By the kind of world, and the use case."""


def worst(all_walked: Iterable[Walked]) -> Costs:
    """Of each use case in these walks."""
    found = defaultdict[tuple[str, str], list[Cost]](list)
    for walked in all_walked:
        setting, _ = parsed(walked.setting)
        for deed, sent in walked.sent.items():
            found[setting.kind, use_case(setting.kind, deed)].append(
                Cost(len(sent), sent, walked.setting, walked.rounds[deed])
            )
    return {case: max(costs)._replace(rounds=max(cost.rounds for cost in costs)) for case, costs in found.items()}


def use_case(kind: str, deed: str) -> str:
    """What a deed is one of: `activate-rival` does what `activate` does, by another."""
    return min((other for other in SCENES[kind].deeds if f"{deed}-".startswith(f"{other}-")), key=len)


def alone() -> Costs:
    """Of each use case without a rival, from the start where it sends most."""
    settings = (
        Setting(kind, start, (deed,))
        for kind, scene in SCENES.items()
        for start in scene.starts
        for deed in scene.deeds.values()
    )
    return worst(map(walk, settings))


def section_text(all_walked: Iterable[Walked]) -> str:
    """The section of the page, from the walks of all pairs."""
    without, beside = alone(), worst(all_walked)
    rows = (
        (
            case,
            kind,
            in_words(cost),
            in_words(beside[kind, case]),
            str(beside[kind, case].rounds),
            beside[kind, case].setting,
        )
        for (kind, case), cost in without.items()
    )
    return f"{_TEXT}{markdown_table([_HEAD, ('---',) * len(_HEAD), *rows])}"


def in_words(cost: Cost) -> str:
    """As the page has it: `2 reads + 1 transaction`."""
    return round_trips(cost.operations)


class Known(NamedTuple):
    """What the page says of a use case."""

    alone: str
    calls: int
    """Beside one rival."""
    rounds: int


def costs_told(page: str) -> dict[tuple[str, str], Known]:
    """Of each use case on the page."""
    lines = (line for line in section(page, TITLE).splitlines() if line.startswith("|"))
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {
        (kind, case): Known(alone, sum(map(int, re.findall(r"\d+", beside))), int(rounds))
        for case, kind, alone, beside, rounds, _ in rows[2:]
    }
