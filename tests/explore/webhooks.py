"""Events that leave the house: changes that put them into the outbox, senders, and who tends an endpoint, at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast

from chalicelib.domain.deliveries import DISABLED_AFTER_MS
from chalicelib.domain.errors import LimitReached
from chalicelib.domain.license import License
from chalicelib.runtime import Caches, runtime, using
from chalicelib.store.deliveries import LEASE_MS
from chalicelib.usecases import endpoints
from chalicelib.usecases.deliver_events import deliver_events
from chalicelib.usecases.file_events import file_events
from chalicelib.usecases.limit_reached import note_limit_reached
from chalicelib.webhooks.client import WebhookClient
from tests.explore.deeds import Outcome, outcome_of
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.worlds import new_engine
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.receivers import BROKEN, OK, Receivers, listen

MINUTE = 60_000
LISTENS_FROM = NOW - 6 * DAY
"""When the endpoint was made; of what happens a minute later it is told."""
AHEAD_MS = 500
OTHER = "https://other.example/in"
STARTS = ("idle", "put", "full", "ahead", "filed", "sent", "paused", "down", "hopeless")
"""Nothing has happened; an event is in the outbox, also that of the last activation that there is, or put there by a
clock that is ahead, filed, or delivered; filed while the endpoint is paused; refused, and to be tried again; refused
for so long that the endpoint is to be disabled. The last two receivers refuse what comes.
"""


@dataclass(frozen=True, slots=True, eq=False)
class HookWorld:
    """A state, and who is told of what in it."""

    name: str
    state: State
    vendor: Vendor
    license: License
    endpoint: int
    before: frozenset[str]
    """The keys of the license's events of which nobody is told."""
    taken: tuple[dict[str, Any], ...]
    """The bodies that were delivered already."""
    now: int = NOW
    """When it is called."""


@dataclass(slots=True)
class HookOutcome:
    """What came of a call."""

    answer: str = ""
    receivers: Receivers = field(default_factory=Receivers)
    tested: str = ""
    """The id of the test that was filed."""


@dataclass(frozen=True, slots=True)
class HookDeed:
    """One call, as it is named in schedules."""

    name: str
    do: Callable[[HookWorld], str | None]
    """Answers the id of what it has filed to try the endpoint, if it has."""
    outlasts_leases: bool = False
    """Whether it is done when those of the others are over, whatever they still do."""

    def outcome(self, world: HookWorld) -> HookOutcome:
        """Do it. Raises nothing."""
        outcome = HookOutcome()
        if world.name in ("down", "hopeless"):
            outcome.receivers.answer = lambda *_: BROKEN

        def do() -> None:
            outcome.tested = self.do(world) or ""

        with received_by(outcome.receivers):
            outcome.answer = outcome_of(lambda: cast(Outcome | None, do())).answer
        return outcome


def received_by(receivers: Receivers) -> Any:
    """As long as the context lasts, what is sent goes to them."""
    return using(replace(runtime(), webhooks=cast(WebhookClient, receivers)))


@cache
def world(start: str) -> HookWorld:
    """The world of that start. Always the same one, to the last id."""
    engine, receivers = new_engine({}), Receivers()
    with controlled(engine), received_by(receivers):
        vendor = Vendor(now=LISTENS_FROM)
        license = vendor.issue(max_activations=2 if start == "full" else 5)
        vendor.activate(license, "d0")
        before = frozenset(event.key for event in vendor.history(license))
        vendor.now = LISTENS_FROM + 1
        endpoint = listen(vendor)
        if start != "idle":
            _prepare(start, vendor, license, endpoint, receivers)
        taken = tuple(body for _, body in receivers.taken)
    vendor.now = NOW
    return HookWorld(start, engine.state, vendor, license, endpoint, before, taken)


def _prepare(start: str, vendor: Vendor, license: License, endpoint: int, receivers: Receivers) -> None:
    """Let something happen, some time ago, and bring it so far."""
    at = {"hopeless": NOW - DISABLED_AFTER_MS, "ahead": NOW + AHEAD_MS}.get(start, NOW - 10 * MINUTE)
    vendor.activate(license, "d1", now=at)
    if start == "paused":
        endpoints.change_endpoint(vendor.code, endpoint, ADMIN, paused=True, now=at)
    if start in ("filed", "paused"):
        file_events(now=at)
    if start in ("sent", "down", "hopeless"):
        receivers.answer = lambda *_: OK if start == "sent" else BROKEN
        deliver_events(now=at)


def _of_endpoint(use_case: Callable[..., object], **more: object) -> Callable[[HookWorld], None]:
    def do(world: HookWorld) -> None:
        use_case(world.vendor.code, world.endpoint, ADMIN, now=world.now, **more)

    return do


def _activate(world: HookWorld) -> None:
    world.vendor.activate(world.license, "d2", now=world.now)


def _deactivate(world: HookWorld) -> None:
    world.vendor.deactivate(world.license, "d0", now=world.now)


def _activate_too_many(world: HookWorld) -> None:
    """As the License API does, by a process that has noted nothing yet."""
    vendor, license = world.vendor, world.license
    with using(replace(runtime(), caches=Caches())):
        try:
            vendor.activate(license, "d3", now=world.now)
        except LimitReached as error:
            note_limit_reached(vendor.code, license.id, error, ADMIN, now=world.now)
            raise


def _deliver(later: int) -> Callable[[HookWorld], None]:
    def do(world: HookWorld) -> None:
        deliver_events(now=world.now + later)

    return do


def _create(world: HookWorld) -> None:
    listen(world.vendor, url=f"{OTHER}/{world.now}", at=world.now)


def _test(world: HookWorld) -> str:
    return endpoints.send_test(world.vendor.code, world.endpoint, ADMIN, now=world.now).id


def _send_again(world: HookWorld) -> None:
    given, now = (world.vendor.code, world.endpoint), world.now
    endpoints.send_again(*given, since=LISTENS_FROM, until=now, only_failed=False, now=now)


def _all() -> Iterator[HookDeed]:
    """Who delivers does so a second later than the others, so that it may find what they have put."""
    yield HookDeed("activate", _activate)
    yield HookDeed("deactivate", _deactivate)
    yield HookDeed("one-too-many", _activate_too_many)
    yield HookDeed("deliver", _deliver(1000))
    yield HookDeed("deliver-early", _deliver(AHEAD_MS // 2))
    yield HookDeed("deliver-late", _deliver(2 * LEASE_MS), outlasts_leases=True)
    yield HookDeed("create", _create)
    yield HookDeed("pause", _of_endpoint(endpoints.change_endpoint, paused=True))
    yield HookDeed("resume", _of_endpoint(endpoints.change_endpoint, paused=False))
    yield HookDeed("roll", _of_endpoint(endpoints.roll_secret))
    yield HookDeed("test", _test)
    yield HookDeed("again", _send_again)
    yield HookDeed("delete", _of_endpoint(endpoints.delete_endpoint))


DEEDS: dict[str, HookDeed] = {deed.name: deed for deed in _all()}
FROM: dict[str, tuple[str, ...]] = {
    start: tuple(name for name in DEEDS if name not in ("deliver-early", "one-too-many")) for start in STARTS
} | {
    "ahead": ("activate", "deactivate", "deliver", "deliver-early"),
    "full": ("one-too-many", "deactivate", "deliver", "deliver-late"),
}
"""From each start what is walked there: whoever is early finds less than others where a clock is ahead."""
