"""The walk is held against one that tries every order: it comes to the same ends, and to each of them once."""

import random
from collections.abc import Callable

import pytest

from chalicelib.store import database
from tests.explore.engine import MemoryEngine, make_tables
from tests.explore.footprints import Footprint
from tests.explore.scheduler import Schedule, controlled
from tests.explore.walk import Walk, causes, schedules

ITEMS = ("a", "b", "c")


def program(dice: random.Random, number: int) -> Callable[[], str]:
    """Some calls that read, write and ask for what others write, and go on by what they are answered."""
    calls = [(dice.choice(("read", "write", "query", "branch")), dice.choice(ITEMS)) for _ in range(dice.randint(1, 3))]

    def put(part: str, value: str) -> None:
        item = {"pk": {"S": "p"}, "part": {"S": part}, "text": {"S": value}}
        database.dispatch("PutItem", {"TableName": "licenses", "Item": item})

    def read(part: str) -> str:
        key = {"pk": {"S": "p"}, "part": {"S": part}}
        found = database.dispatch("GetItem", {"TableName": "licenses", "Key": key})
        return str(found.get("Item", {}).get("text", {}).get("S", "-"))

    def query(first: str) -> str:
        asked = {"KeyConditionExpression": "pk = :p AND begins_with(part, :a)"}
        values = {"ExpressionAttributeValues": {":p": {"S": "p"}, ":a": {"S": first}}}
        found = database.dispatch("Query", {"TableName": "licenses"} | asked | values)["Items"]
        return "".join(item["text"]["S"] for item in found)

    def do() -> str:
        seen = ""
        for at, (kind, part) in enumerate(calls):
            if kind == "write":
                put(part, f"{number}{at}{seen}")
            elif kind == "query":
                seen += query(part)
            else:
                seen += read(part)
                if kind == "branch" and seen.endswith("-"):
                    put(random.Random(seen).choice(ITEMS), f"{number}{at}")
        return seen

    return do


@pytest.mark.parametrize("seed", range(12))
def test_it_comes_to_each_end_once(seed: int) -> None:
    dice = random.Random(seed)
    programs = [program(dice, number) for number in range(dice.choice((2, 2, 3)))]

    def ends(*, reduced: bool) -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = []
        engine = MemoryEngine(make_tables({database.connection().table_name("licenses"): ("pk", "part")}))
        with controlled(engine):

            def begin() -> Schedule:
                engine.state = {}
                return Schedule(engine, programs)

            for schedule in schedules(begin, Walk(), reduced=reduced):
                steps = [(step.task, step.footprint) for step in schedule.steps]
                answers = tuple(task.outcome for task in schedule.tasks)
                found.append((str(sorted(engine.items())), answers, as_partial_order(steps)))
        return found

    reduced, all_of_them = ends(reduced=True), ends(reduced=False)
    assert set(reduced) == set(all_of_them)
    assert len(reduced) == len(set(reduced)) <= len(all_of_them)


def as_partial_order(steps: list[tuple[int, Footprint]]) -> str:
    """Which call of which task has to come after which: the same for all orders of calls that do not meet."""
    names, turns = [], dict[int, int]()
    for task, _ in steps:
        turns[task] = turns.get(task, 0) + 1
        names.append((task, turns[task]))
    after = causes(steps)
    order = [(name, [other for at, other in enumerate(names) if after[n] >> at & 1]) for n, name in enumerate(names)]
    return str(sorted((name, sorted(before)) for name, before in order))
