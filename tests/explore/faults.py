"""What may happen to a call, as choices of a schedule: a name each, by which it is chosen again.

What is throttled or in conflict the store sends again, and what may have been done it looks for, as ever.
"""

from collections.abc import Callable, Iterator

from tests.explore.engine import Answer, Request
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
"""How the name begins where an item that need not be consistent is read as it was before, at last or before that."""


def faults_of(operation: str, footprint: Footprint) -> Iterator[tuple[str, Footprint]]:
    """The faults that a call may meet, each with what it then reads and writes."""
    if operation in WRITES:
        yield from ((name, footprint if name in TAKEN else NOTHING) for name in FAULTS)


def may_lag(request: Request, table: str) -> bool:
    """Whether a replica may answer what is read of the table there, by what an item was before."""
    asked = request.get("RequestItems", {}).get(table)
    return isinstance(asked, dict) and not asked.get("ConsistentRead")


def meet(name: str, operation: str, request: Request, engine: Callable[[str, Request], Answer]) -> Answer:
    """Let a call meet the fault of that name, or none where it is empty: its answer, or what it raises."""
    return (
        engine(operation, request)
        if not name
        else FAULTS[name](Sent(operation, request), lambda sent: engine(sent.operation, sent.body))
    )
