"""Whether what came of a schedule is right: whoever listens is told of each change, of nothing else, and by one id.

All is asked once more has been sent: by one run, when all leases are over and all receivers answer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chalicelib.domain.deliveries import Endpoint
from chalicelib.domain.events import Event
from chalicelib.domain.instants import LATEST
from chalicelib.domain.public_events import TEST_TYPE, types_of
from chalicelib.store import database, deliveries, histories, outbox, webhooks
from chalicelib.store.keys import webhooks_pk
from chalicelib.store.reads import Unreadable
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.endpoints import change_endpoint
from chalicelib.webhooks.payloads import webhook_id
from tests.explore.engine import MemoryEngine
from tests.explore.schedule import Schedule
from tests.explore.scripts import ends_of
from tests.explore.webhooks import LISTENS_FROM, MINUTE, HookDeed, HookOutcome, HookWorld, received_by
from tests.proof.history import BUSY, CRASHED, DIED
from tests.proof.rules import Violation
from tests.support import ADMIN, DAY, NOW
from tests.usecases.receivers import URL, Receivers

LATER = NOW + DAY
"""When the last run comes."""
LOST, MADE_UP, ANEW = "each change is told", "nothing is told that has not happened", "what comes again is the same"
DAILY = "that a limit was reached is told once a day"
TWICE, NUMBERS, LEFT = "each is told once", "the numbers are without a gap", "nothing is left that nobody looks for"


class Due(NamedTuple):
    """An event, as it is told by one type."""

    id: str
    history: str
    event: str
    type: str


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is stored at the end, after the last run."""

    endpoint: Endpoint | None
    """The one that was there from the start; None: it was deleted."""
    due: tuple[Due, ...]
    """What there is to tell."""
    taken: tuple[tuple[str, dict[str, Any]], ...]
    """What the last run has delivered, and where."""
    given_up: frozenset[str]
    """The ids of what was tried for so long that it is tried no more."""
    limits: int
    """How many events say that the license's limit was reached, all on one day."""
    left: tuple[str, ...]
    """What waits all the same, or belongs to an endpoint that is gone."""


@dataclass(slots=True)
class WebhookJudge:
    """Judges the schedules of one walk; what it has judged before it remembers."""

    world: HookWorld
    deeds: Sequence[HookDeed]
    known: dict[tuple[object, ...], tuple[Violation, ...]] = field(default_factory=dict)

    def violations(self, schedule: Schedule) -> tuple[Violation, ...]:
        """Every rule that was broken."""
        outcomes = [task.outcome for task in schedule.tasks]
        said = tuple((one.answer, one.tested, str(one.receivers.taken)) for one in outcomes)
        # Who has died or was not answered may have sent before, and who has lost a lease, too.
        once = not any(task.met for task in schedule.tasks) and not any(deed.outlasts_leases for deed in self.deeds)
        key = schedule.mark, said, once
        if key not in self.known:
            ends = ends_of(self.world)
            if schedule.mark not in ends:
                ends[schedule.mark] = _aftermath(self.world, schedule.engine)
            self.known[key] = tuple(self._judged(outcomes, ends[schedule.mark], once))
        return self.known[key]

    def _judged(self, outcomes: Sequence[HookOutcome], after: Aftermath, once: bool) -> Iterator[Violation]:
        yield from (Violation("no bug", one.answer) for one in outcomes if one.answer.startswith(CRASHED))
        before = [(URL, body) for body in self.world.taken]
        taken = [*before, *(one for outcome in outcomes for one in outcome.receivers.taken), *after.taken]
        yield from _made_up(taken, after, outcomes)
        yield from (Violation(LEFT, one) for one in after.left)
        times = Counter((url, body["id"]) for url, body in taken)
        again = sum(deed.name == "again" for deed in self.deeds)
        if once:
            twice = (f"{id} to {url}: {count}" for (url, id), count in times.items() if count > 1 + again)
            yield from (Violation(TWICE, one) for one in twice)
        were_refused = any(one.answer == "license_activated_max_times" for one in outcomes)
        if after.limits > 1 or (once and after.limits < were_refused):
            yield Violation(DAILY, f"it is told {after.limits} times")
        if after.endpoint is not None:
            tests = [one.tested for one in outcomes if one.tested and one.answer not in (BUSY, DIED)]
            due = [*(one.id for one in after.due), *tests]
            missed = [id for id in due if not times[URL, id] and id not in after.given_up]
            yield from (Violation(LOST, f"{id} was not told: {after.due}") for id in missed)
            yield from _numbers(taken, after)


def _made_up(
    taken: Sequence[tuple[str, dict[str, Any]]], after: Aftermath, outcomes: Sequence[HookOutcome]
) -> Iterator[Violation]:
    """What is told without a reason, and what is told otherwise another time."""
    due, bodies = {one.id: one for one in after.due}, defaultdict[str, list[Any]](list)
    maybe_tested = any(one.answer in (BUSY, DIED) for one in outcomes)
    for _, body in taken:
        is_test = body["event"] == TEST_TYPE
        if body["id"] not in due and not (is_test and (maybe_tested or body["id"] in {o.tested for o in outcomes})):
            yield Violation(MADE_UP, str(body))
        elif not is_test and body["event"] != due[body["id"]].type:
            yield Violation(MADE_UP, f"{due[body['id']]} was told as {body['event']}")
        bodies[body["id"]].append(body)
    for some in bodies.values():
        if any(body != some[0] for body in some):
            yield Violation(ANEW, str(some))


def _numbers(taken: Sequence[tuple[str, dict[str, Any]]], after: Aftermath) -> Iterator[Violation]:
    """Of each history all events are numbered, from 1 on, each by one number; who gives up has heard of none."""
    of = {body["id"]: body["sequence"] for url, body in taken if url == URL}
    histories = defaultdict[str, dict[str, set[int]]](lambda: defaultdict(set))
    for one in after.due:
        if one.id in of:
            histories[one.history][one.event].add(of[one.id])
    for history, events in histories.items():
        numbers = sorted(number for some in events.values() for number in some)
        own = (one for one in after.due if one.history == history)
        first = 1 + len({one.event for one in own if one.id in after.given_up and one.id not in of})
        if numbers != list(range(first, first + len(events))):
            yield Violation(NUMBERS, f"{history}: {dict(events)}")


def _aftermath(world: HookWorld, engine: MemoryEngine) -> Aftermath:
    """What is stored, after a last run; what is paused or was given up is enabled for it."""
    end, receivers = engine.state, Receivers()
    engine.state = dict(end)  # the schedule may go back to this one
    try:
        code = world.vendor.code
        with received_by(receivers):
            for now in (LATER, LATER + 1):  # it may disable one, and tell so
                for one in webhooks.read_endpoints(code):
                    if not one.is_sent_to:
                        change_endpoint(code, one.id, ADMIN, paused=False, now=now)
                deliver_events(now=now)
        endpoint = webhooks.read_endpoint(code, world.endpoint)
        given_up = [] if endpoint is None else [d.id for d in deliveries.log(endpoint) if d.state == "failed"]
        due, taken = tuple(_due(world)), tuple(receivers.taken)
        limits = sum(event.type == "license_limit_reached" for event in world.vendor.history(world.license))
        return Aftermath(endpoint, due, taken, frozenset(given_up), limits, tuple(_left(world)))
    finally:
        engine.state = end


def _due(world: HookWorld) -> Iterator[Due]:
    code = world.vendor.code
    of_license = (event for event in world.vendor.history(world.license) if event.key not in world.before)
    yield from _due_of(f"{code}#{world.license.id}", of_license)
    yield from _due_of(code, (one for one in histories.company_events(code) if one.at > LISTENS_FROM + MINUTE))


def _due_of(history: str, events: Iterator[Event]) -> Iterator[Due]:
    for event in events:
        for type in types_of(event):
            yield Due(webhook_id(history, event, type), history, event.key, type)


def _left(world: HookWorld) -> Iterator[str]:
    """What waits for whom, though all was sent; and what is kept of an endpoint that is gone."""
    code = world.vendor.code
    yield from (f"in the outbox: {one}" for shard in range(outbox.OUT_SHARDS) for one in outbox.waiting(shard, LATER))
    for one in (one for shard in range(deliveries.QUEUE_SHARDS) for one in deliveries.queues(shard)):
        if (
            isinstance(one, Unreadable) or one.due_at < LATEST
        ):  # that an endpoint has failed is kept, though nothing waits
            yield f"in a queue: {one}"
    there = webhooks.read_endpoints(code)
    yield from (f"pending: {one}" for endpoint in there for one in deliveries.pending(endpoint))
    connection = database.connection()
    known = tuple(webhooks_pk(code, endpoint.id) for endpoint in there)
    for item in connection.send("Scan", {"TableName": connection.table_name("licenses")})["Items"]:
        pk = item["pk"]["S"]
        if pk.startswith(webhooks_pk(code) + "#") and pk not in known:
            yield f"of an endpoint that is gone: {pk} {item['part']['S']}"
