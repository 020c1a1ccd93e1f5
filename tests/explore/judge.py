"""Whether what came of a schedule is right, by the one model: that of the proof, with its search and its rules.

What callers have seen is who was answered before who began.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TypeVar

from chalicelib.domain.events import Event
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License
from chalicelib.store import activations, batches, licenses
from chalicelib.store.mails import mails_of
from chalicelib.usecases.sweep import sweep
from tests.explore.audited import audited, found_once
from tests.explore.deeds import Deed, Outcome
from tests.explore.engine import MemoryEngine
from tests.explore.faults import LAG
from tests.explore.schedule import Schedule, Task, alone
from tests.explore.scripts import Script, ends_of, known_in
from tests.explore.worlds import World, almost_over, ends_as_told
from tests.proof.history import Op
from tests.proof.linear import is_linearizable
from tests.proof.rounds import LINEARIZABLE
from tests.proof.rules import Aftermath, Violation, violations
from tests.race.clients import OK, OK_EXPIRED
from tests.support import DAY, NOW

T = TypeVar("T")

MAY_LAG = {("check", OK), ("check", OK_EXPIRED), ("use", OK), ("use", "license_not_enough_consumptions")}
"""Whether a license may be used is told by a replica then, whatever its meter says."""
LATER = NOW + 40 * DAY
"""When the last sweep comes: after all ends."""
AFTERWARDS = 100
"""The number of a task that comes when all calls are over: it throws other dice than they."""


@dataclass(slots=True)
class Judge:
    """Judges the schedules of one walk; what it has judged before it remembers."""

    world: World
    deeds: Sequence[Deed]
    known: dict[tuple[object, ...], tuple[Violation, ...]] = field(default_factory=dict)
    explained: dict[tuple[Op, ...], bool] = field(default_factory=dict)
    """Whether some order of the calls explains what was seen of them."""

    def violations(self, schedule: Schedule) -> tuple[Violation, ...]:
        """Every rule that was broken."""
        history = tuple(self._history(schedule))
        key = schedule.mark, history
        if key not in self.known:
            ends = ends_of(self.world)
            if schedule.mark not in ends:
                ends[schedule.mark] = _aftermath(self.world, schedule.engine, schedule.mark)
            found = self._judged(history, ends[schedule.mark])
            self.known[key] = tuple(dict.fromkeys(found))
        return self.known[key]

    def _judged(self, history: tuple[Op, ...], after: Aftermath) -> Iterator[Violation]:
        yield from violations(history, after)
        for op in history:
            if op.place is not None and self.world.places.get(op.key, op.place) != op.place:
                yield Violation("same device, same place", str(op), (op,))
        mailed = Counter(after.mails)
        given = Counter(event.user for event in after.events if event.type == "user_assigned")
        given.update(str(event.detail["replaced_by"]) for event in after.events if event.type == "user_replaced")
        if mailed != given:
            yield Violation("who is given a seat is mailed once", f"given: {dict(given)}, mailed: {dict(mailed)}")
        if not self.is_explained(history):
            yield Violation(LINEARIZABLE, "no order of the calls explains all answers", history)

    def is_explained(self, history: tuple[Op, ...]) -> bool:
        """Whether some order of the calls explains all answers."""
        if history not in self.explained:
            self.explained[history] = is_linearizable(history, self.world.model)
        return self.explained[history]

    def _history(self, schedule: Schedule) -> Iterator[Op]:
        """What callers have seen."""
        for deed, task, span in zip(self.deeds, schedule.tasks, spans_of(schedule.tasks), strict=True):
            yield from self._ops(deed, task, *span)

    def _ops(self, deed: Deed, task: Task, start: float, end: float) -> Iterator[Op]:
        """As the proof notes it: what a check or a use grants may be of a moment before, where a replica has
        answered it.

        What is done to several users may be done to each of them at another instant.
        """
        outcome: Outcome = task.outcome
        may_lag = LAG in task.met and (deed.verb, outcome.answer) in MAY_LAG
        start = -inf if may_lag else start
        for number in deed.users:
            user = None if number is None else self.world.user(number)
            about = deed.device, user, deed.limit, outcome.place
            other = None if deed.other is None else self.world.user(deed.other)
            ahead = self.world.is_over_for(task.number)
            yield Op(deed.verb, start, end, outcome.answer, *about, ahead=ahead, other=other, sent=deed.sent)


def spans_of(tasks: Sequence[Task]) -> list[tuple[float, float]]:
    """From when to when each task was under way, as far as others can tell: by how many were over when each began."""
    began = [task.began for task in tasks if task.began is not None]
    starts = [-inf if task.began is None else float(len(task.began)) for task in tasks]
    ends = [min((len(over) for over in began if task.number in over), default=inf) for task in tasks]
    return [(start, end - 0.5) for start, end in zip(starts, ends, strict=True)]


def _aftermath(world: World, engine: MemoryEngine, mark: int) -> Aftermath:
    """What is stored, after a last sweep."""
    end, vendor, license = engine.state, world.vendor, world.license  # the schedule may go back to this one
    of_license = vendor.code, license.id

    def read(what: str, find: Callable[[], T]) -> T:
        return found_once(vendor, what, find, engine)

    try:
        alone(Script(AFTERWARDS, lambda: sweep(now=LATER), known_in(world)["the last sweep", 0]), engine, mark)
        imported = {device for device, _ in world.model.imported}  # nobody has asked for them here
        stored = read("license", lambda: licenses.read_license(*of_license))
        assert stored is not None
        devices = read("devices", lambda: [*activations.devices(*of_license)])
        return Aftermath(
            stored,
            tuple(_in_order(read("history", lambda: vendor.history(license)), stored, world.before)),
            world.before,
            frozenset(device.hardware_id for device in devices) - imported,
            ends_as_told(),
            (),
            tuple(audited(vendor, engine)),
            reserved=read(
                "reserved", lambda: tuple(one.reserved for one in batches.all_pending(vendor.code, license.id))
            ),
            between=almost_over(),
            mails=read("mails", lambda: tuple(mail.to for _, mail in mails_of(vendor.code))),
        )
    finally:
        engine.state = end


def _in_order(events: list[Event], license: License, before: frozenset[str]) -> list[Event]:
    """Of ends that were given at once the last one comes last, by whatever clock: it is the one that is stored."""
    end = to_iso(license.validity_period)
    return sorted(events, key=lambda event: event.key not in before and event.detail.get("validity_period") == end)
