"""What may happen to a call, as choices of a schedule: a name each, by which it is chosen again.

What is throttled or in conflict the store sends again, and what may have been done it looks for, as ever.
"""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import orjson

from tests.explore.engine import Answer, MemoryEngine, Request, State
from tests.explore.footprints import NOTHING, Footprint
from tests.proof.weather import died_after, died_before
from tests.store.faults import WRITES, Fault, answer_timed_out, in_conflict, out_of_reach, throttled
from tests.store.seam import Request as Sent

FAULTS: dict[str, Fault] = {
    "lost": answer_timed_out,
    "conflict": in_conflict,
    "throttled": throttled,
    "unreachable": out_of_reach,
    "killed": died_before,
    "killed-after": died_after,
}
"""Of a write. What is read once more is as well read later, and that is tried anyway."""
TAKEN = ("lost", "killed-after")
"""The database has done the call all the same."""
LAG = "lag"
"""How the name begins of a read that need not be consistent, and is answered by what was stored before."""
MOST_LAGS = 16
"""Of one read; two items that have changed twice each have nine."""


def faults_of(operation: str, footprint: Footprint) -> Iterator[tuple[str, Footprint]]:
    """The faults that a call may meet, each with what it then reads and writes."""
    if operation in WRITES:
        yield from ((name, footprint if name in TAKEN else NOTHING) for name in FAULTS)


def lags_of(request: Request, engine: MemoryEngine, before: list[State]) -> Iterator[Answer]:
    """What a read may be answered by replicas that lag: each item as it is, or as it was in one of the states before.

    Only where that is not the answer that it is given anyway.
    """
    asked = request.get("RequestItems", {})
    if not before or any(isinstance(one, list) or one.get("ConsistentRead") for one in asked.values()):
        return
    keys = [(table, key, one) for table, one in asked.items() for key in one["Keys"]]
    engines = [engine, *(MemoryEngine(engine.tables, state) for state in reversed(before))]
    each = [list(_values(table, engines, {table: one | {"Keys": [key]}})) for table, key, one in keys]
    for number, chosen in enumerate(product(*each)):
        if 0 < number < MOST_LAGS:
            found: dict[str, list[Any]] = {table: [] for table in asked}
            for (table, _, _), items in zip(keys, chosen, strict=True):
                found[table] += items
            yield {"Responses": found, "UnprocessedKeys": {}}


def _values(table: str, engines: list[MemoryEngine], asked: Answer) -> Iterator[list[Any]]:
    """One item, or none, as it is and was: each value once."""
    known = set[bytes]()
    for engine in engines:
        items = engine("BatchGetItem", {"RequestItems": asked})["Responses"][table]
        if (text := orjson.dumps(items)) not in known:
            known.add(text)
            yield items


def meet(name: str, operation: str, request: Request, engine: Callable[[str, Request], Answer]) -> Answer:
    """Let a call meet the fault of that name: its answer, or what it raises."""
    return FAULTS[name](Sent(operation, request), lambda sent: engine(sent.operation, sent.body))
