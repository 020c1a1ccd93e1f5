"""The walk is held against one that tries every order: it comes to the same ends, and to each of them once."""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations, product
from typing import Any

import pytest

from chalicelib.store import database
from tests.explore.engine import MemoryEngine, make_tables
from tests.explore.schedule import Schedule, Step
from tests.explore.scheduler import controlled
from tests.explore.scripts import Script
from tests.explore.walk import Walk, schedules

ITEMS = ("a", "b", "c")
Steps = Sequence[tuple[str, Sequence[str]]]
"""What a program does, with which items."""


def steps_of(dice: random.Random, kinds: Sequence[str]) -> Steps:
    found = []
    for _ in range(dice.randint(1, 3)):
        kind = dice.choice(kinds)
        count = {"batch": 2, "page": 3, "write": dice.randint(1, 2)}.get(kind, 1)
        found.append((kind, dice.sample(ITEMS, count)))
    return found


def program(steps: Steps, number: int, orders: Sequence[Sequence[str] | None] = ()) -> Callable[[], str]:
    """Some calls that read, write and ask for what others write, and go on by what they are answered.

    `orders`: in which a step reads its items, one by one; None where it reads them by one call.
    """

    def do() -> str:
        seen = ""
        for at, (kind, parts) in enumerate(steps):
            order = orders[at] if orders else None
            if kind == "write":
                put(parts, f"{number}{at}{seen}")
            elif order is not None:
                found = {part: read(part) for part in order}
                seen += "".join(found[part] for part in sorted(parts))
            else:
                seen += AT_ONCE[kind](parts)
                if kind == "branch" and seen.endswith("-"):
                    put(random.Random(seen).choice(ITEMS), f"{number}{at}")
        return seen

    return do


def put(parts: Sequence[str], value: str) -> None:
    items = [{"pk": {"S": "p"}, "part": {"S": part}, "text": {"S": value}} for part in parts]
    steps = [{"Put": {"TableName": "licenses", "Item": item}} for item in items]
    database.dispatch("TransactWriteItems", {"TransactItems": steps})


def read(part: str) -> str:
    found = database.dispatch("GetItem", {"TableName": "licenses", "Key": key(part)})
    return text(found.get("Item"))


def batch(parts: Sequence[str]) -> str:
    asked = {"licenses": {"Keys": [key(part) for part in parts], "ConsistentRead": True}}
    return as_text(database.dispatch("BatchGetItem", {"RequestItems": asked})["Responses"]["licenses"], parts)


def page(parts: Sequence[str]) -> str:
    asked = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    return as_text(database.dispatch("Query", {"TableName": "licenses"} | asked)["Items"], parts)


AT_ONCE = {"read": lambda parts: read(parts[0]), "branch": lambda parts: read(parts[0]), "batch": batch, "page": page}


def key(part: str) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "part": {"S": part}}


def text(item: Any) -> str:
    return str(item["text"]["S"]) if item else "-"


def as_text(items: Sequence[Any], parts: Sequence[str]) -> str:
    found = {item["part"]["S"]: item for item in items}
    return "".join(text(found.get(part)) for part in sorted(parts))


End = tuple[str, tuple[str, ...]]
"""What is stored, and the answers."""


def ends(programs: Sequence[Callable[[], str]], *, reduced: bool) -> Iterator[tuple[End, str]]:
    """Of each schedule, and which call had to come after which."""
    engine = MemoryEngine(make_tables({database.connection().table_name("licenses"): ("pk", "part")}))
    with controlled(engine):
        schedule = Schedule(engine, [Script(number, do) for number, do in enumerate(programs)])
        while any(done.learn() for done in schedules(schedule, Walk())):
            pass
        for done in schedules(schedule, Walk(), reduced=reduced):
            answers = tuple(task.outcome for task in done.tasks)
            yield (str(sorted(engine.items())), answers), as_partial_order(done.steps)


@pytest.mark.parametrize("seed", range(16))
def test_it_comes_to_each_end_once(seed: int) -> None:
    dice = random.Random(seed)
    kinds = ("read", "write", "write", "branch", "batch", "page")
    programs = [program(steps_of(dice, kinds), number) for number in range(dice.choice((2, 2, 3)))]
    reduced, all_of_them = list(ends(programs, reduced=True)), list(ends(programs, reduced=False))
    assert set(reduced) == set(all_of_them)
    assert len(reduced) == len(set(reduced)) <= len(all_of_them)


@pytest.mark.parametrize("seed", range(8))
def test_items_that_one_call_reads_are_found_as_if_each_was_read_by_itself(seed: int) -> None:
    dice = random.Random(seed)
    reads, writes = steps_of(dice, ("batch", "page", "write")), steps_of(dice, ("write", "read"))
    found = {end for end, _ in ends([program(reads, 0), program(writes, 1)], reduced=True)}
    one_by_one = set[End]()
    for orders in product(*(permutations(parts) if kind in ("batch", "page") else (None,) for kind, parts in reads)):
        programs = [program(reads, 0, orders), program(writes, 1)]
        one_by_one |= {end for end, _ in ends(programs, reduced=False)}
    assert found == one_by_one


def as_partial_order(steps: Sequence[Step]) -> str:
    """Which call of which task has to come after which: the same for all orders of calls that do not meet."""
    names = [(step.choice, step.number) for step in steps]
    both = zip(names, steps, strict=True)
    order = [(name, [other for at, other in enumerate(names) if step.after >> at & 1]) for name, step in both]
    return str(sorted((name, sorted(before)) for name, before in order))
