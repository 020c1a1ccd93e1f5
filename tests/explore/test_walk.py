"""The walk is held against one that tries every order: it comes to the same ends, judged as strictly, each once."""

import random
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from itertools import permutations, product
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.errors import Unavailable
from chalicelib.store import database
from tests.explore import scheduler
from tests.explore.engine import MemoryEngine, make_tables
from tests.explore.pairs import opened, parsed
from tests.explore.schedule import Schedule
from tests.explore.scheduler import controlled, telling
from tests.explore.scripts import Point, Script, known_in
from tests.explore.standing import standing
from tests.explore.walk import Walk, schedules
from tests.proof.weather import Died

ITEMS = ("a", "b", "c")
Steps = Sequence[tuple[str, Sequence[str]]]
"""What a program does, with which items."""


def steps_of(dice: random.Random, kinds: Sequence[str], most: int = 3) -> Steps:
    found = []
    for _ in range(dice.randint(1, most)):
        kind = dice.choice(kinds)
        most_at_once = {"write": 2, "claim": 2, "remove": 2}.get(kind, 1)
        count = {"batch": 2, "lagging": 2, "page": 3}.get(kind) or dice.randint(1, most_at_once)
        found.append((kind, dice.sample(ITEMS, count)))
    return found


def program(steps: Steps, number: int, orders: Sequence[Sequence[str] | None] = ()) -> Callable[[], str]:
    """Some calls that read, write and ask for what others write, and go on by what they are answered.

    `orders`: in which a step reads its items, one by one; None where it reads them by one call.
    """

    def do() -> str:
        try:
            return done()
        except (ClientError, Unavailable, Died) as error:
            return type(error).__name__

    def done() -> str:
        seen = ""
        for at, (kind, parts) in enumerate(steps):
            order = orders[at] if orders else None
            if kind in WRITES:
                seen += WRITES[kind](parts, f"{number}{at}{seen}")
            elif order is not None:
                found = {part: read(part) for part in order}
                seen += "".join(found[part] for part in sorted(parts))
            else:
                seen += AT_ONCE[kind](parts)
                if kind == "branch" and seen.endswith("-"):
                    put(random.Random(seen).choice(ITEMS), f"{number}{at}")
        return seen

    return do


def put(parts: Sequence[str], value: str) -> str:
    steps = [{"Put": {"TableName": "licenses", "Item": item(part, value)}} for part in parts]
    database.dispatch("TransactWriteItems", {"TransactItems": steps})
    return ""


def claim(parts: Sequence[str], value: str) -> str:
    """Put the first, if the others are not there."""
    missing = {"TableName": "licenses", "ConditionExpression": "attribute_not_exists(pk)"}
    checks = [{"ConditionCheck": missing | {"Key": key(part)}} for part in parts[1:]]
    asked = [{"Put": {"TableName": "licenses", "Item": item(parts[0], value)}}, *checks]
    try:
        database.dispatch("TransactWriteItems", {"TransactItems": asked})
    except ClientError as error:
        if "ConditionalCheckFailed" not in str(error):
            raise  # a fault
        return "!"
    return ""


def remove(parts: Sequence[str], _value: str) -> str:
    asked = [{"DeleteRequest": {"Key": key(part)}} for part in parts]
    database.dispatch("BatchWriteItem", {"RequestItems": {"licenses": asked}})
    return ""


def add(parts: Sequence[str], value: str) -> str:
    """Add to a number another one for each program."""
    asked = {"UpdateExpression": "ADD #t :n", "ExpressionAttributeNames": {"#t": "text"}}
    more = {"ExpressionAttributeValues": {":n": {"N": str(1 + int(value[0]))}}}
    database.dispatch("UpdateItem", {"TableName": "licenses", "Key": key(parts[0])} | asked | more)
    return ""


WRITES: Mapping[str, Callable[[Sequence[str], str], str]] = {
    "write": put,
    "claim": claim,
    "remove": remove,
    "add": add,
}
"""Each answers what the program has seen by it."""


def read(part: str) -> str:
    found = database.dispatch("GetItem", {"TableName": "licenses", "Key": key(part)})
    return text(found.get("Item"))


def batch(parts: Sequence[str], *, consistent: bool = True) -> str:
    asked = {"licenses": {"Keys": [key(part) for part in parts], "ConsistentRead": consistent}}
    return as_text(database.dispatch("BatchGetItem", {"RequestItems": asked})["Responses"]["licenses"], parts)


def page(parts: Sequence[str]) -> str:
    asked = {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    return as_text(database.dispatch("Query", {"TableName": "licenses"} | asked)["Items"], parts)


AT_ONCE: Mapping[str, Callable[[Sequence[str]], str]] = {
    "read": lambda parts: read(parts[0]),
    "branch": lambda parts: read(parts[0]),
    "batch": batch,
    "lagging": partial(batch, consistent=False),
    "page": page,
}


def item(part: str, value: str) -> dict[str, Any]:
    return key(part) | {"text": {"S": value}}


def key(part: str) -> dict[str, Any]:
    return {"pk": {"S": "p"}, "part": {"S": part}}


def text(item: Any) -> str:
    return "".join(map(str, item["text"].values())) if item else "-"


def as_text(items: Sequence[Any], parts: Sequence[str]) -> str:
    found = {item["part"]["S"]: item for item in items}
    return "".join(text(found.get(part)) for part in sorted(parts))


Taken = Callable[[Steps, int], Iterator[None]]


def in_steps(steps: Steps, number: int) -> Iterator[None]:
    """Some calls, after each of which another writes what it was answered; what each second was answered is kept."""
    kept = ""
    for at, (kind, parts) in enumerate(steps):
        value = f"{number}{at}{kept}"
        seen = WRITES[kind](parts, value) if kind in WRITES else AT_ONCE[kind](parts)
        put(ITEMS[at], value + seen)
        kept += seen * (at % 2)
        yield


def taken(take: Taken, steps: Steps, number: int) -> str:
    """Take all of these steps; nothing is answered."""
    for _ in take(steps, number):
        pass
    return ""


End = tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]
"""What is stored, the answers, and the faults that each has met."""
Began = tuple[frozenset[int], ...]
"""Of each task, which were over when it began."""


class Apart(Script):
    """That never comes to where it was by another way."""

    def joined(self, point: Point) -> Point:
        return point


def ends(programs: Sequence[Callable[[], str]], *, reduced: bool, faults: int = 0) -> Iterator[tuple[End, Began]]:
    """Of each schedule."""
    engine = MemoryEngine(make_tables({database.connection().table_name("licenses"): ("pk", "part")}))
    with controlled(engine):
        kind = Script if reduced else Apart
        schedule = Schedule(engine, [kind(number, do) for number, do in enumerate(programs)], faults)
        for done in schedules(schedule, Walk(), reduced=reduced):
            answers, met = (tuple(task.outcome for task in done.tasks), tuple(task.met for task in done.tasks))
            yield (str(sorted(engine.items())), answers, met), tuple(task.began or frozenset() for task in done.tasks)


@pytest.mark.parametrize("faults", [0, 1])
@pytest.mark.parametrize("seed", range(20))
def test_it_comes_to_each_end_and_each_that_callers_could_tell_more_of(seed: int, faults: int) -> None:
    dice = random.Random(seed)
    kinds = ("read", "write", "claim", "claim", "remove", "branch", "batch", "page", "lagging")
    most, tasks = (2, 2) if faults else (3, dice.choice((2, 2, 3)))  # of all orders with a fault there are many
    guard_whole([program(steps_of(dice, kinds, most), number) for number in range(tasks)], faults)


def test_who_is_refused_now_may_yet_be_granted_once_somebody_else_has_seen_to_that() -> None:
    reads = [("write", "b"), ("read", "a")]
    claims = [("read", "b"), ("read", "c"), ("claim", "ac")]
    sees_to_that = [("write", "c"), ("remove", "c")]
    guard_whole([program(steps, number) for number, steps in enumerate((reads, claims, sees_to_that))])


def test_a_replica_lags_behind_each_value_by_which_all_came_to_the_same() -> None:
    """Two who add come to the same sums, by other values before: what is stored does not tell which these were."""
    adds = [("add", "a"), ("add", "b")]
    lags = [("lagging", "ab")]
    guard_whole([program(steps, number) for number, steps in enumerate((adds, adds, lags))], faults=1)


def guard_whole(programs: Sequence[Callable[[], str]], faults: int = 0) -> None:
    reduced = set(ends(programs, reduced=True, faults=faults))
    every = set(ends(programs, reduced=False, faults=faults))
    assert reduced <= every
    for end, began in every:
        stricter = [other for same, other in reduced if same == end and all(map(frozenset.issubset, began, other))]
        assert stricter, (end, began)


@pytest.mark.parametrize("seed", range(12))
def test_who_tells_where_he_stands_comes_to_the_same_as_if_all_answers_were_remembered(seed: int) -> None:
    dice = random.Random(seed)
    every = [steps_of(dice, ("read", "claim", "remove", "batch")) for _ in range(2)]

    def found(wrapped: Callable[[Taken], Taken]) -> set[End]:
        programs = [partial(taken, wrapped(in_steps), steps, number) for number, steps in enumerate(every)]
        return {end for end, _ in ends(programs, reduced=True)}

    assert found(telling) == found(lambda steps: steps)


@pytest.mark.parametrize(
    "name",
    [
        *("activate+repeat@users/below", "log-in+log-in-wrong@account/failed", "log-in+log-in-stranger@account/failed"),
        *("issue-rival+deny@shop/sold", "merge+edit@customer/sold", "recover+recover-rival@factor/protected"),
    ],
)
def test_what_a_function_has_left_is_all_that_tells_what_comes_after_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends_by_what_is_left = set(ends_walked(name))
    monkeypatch.setattr(scheduler, "TELLING", ())
    known_in.cache_clear()
    assert set(ends_walked(name)) == ends_by_what_is_left
    known_in.cache_clear()


def ends_walked(name: str) -> Iterator[Hashable]:
    """What is stored at each end, and what came of each call, that began when those were over."""
    setting, _ = parsed(name)
    with opened(setting) as schedule:
        for done in schedules(schedule, Walk()):
            yield done.mark, tuple((standing(task.outcome), task.began) for task in done.tasks)


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
