"""Endpoints that are told of events, what is delivered to them, and when it is tried again."""

from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.domain.instants import MINUTE_MS, Instant
from chalicelib.domain.license import HOUR_MS
from chalicelib.domain.mail import MailCode
from chalicelib.domain.public_events import matches
from chalicelib.domain.webhooks import Answer

MAX_ENDPOINTS = 20
"""Of one company: each event is filed for each of them in one transaction."""
_SECOND_MS, _DAY_MS = 1000, 24 * HOUR_MS
_WAITS = (
    5 * _SECOND_MS,
    30 * _SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    12 * HOUR_MS,
)
"""Before the second try, the third …; the last of them before all others."""
TRIED_MS = 3 * _DAY_MS
"""A delivery is given up so long after its first try."""
KEPT_TRIES = 32
"""Of one delivery: those of two rounds. It may be sent again without end, and an item has an end."""
KEPT_MS = 30 * _DAY_MS
"""How long the log keeps a delivery that is tried no more."""
DISABLED_AFTER_MS = 5 * _DAY_MS
"""An endpoint that has failed for so long is sent nothing more."""
_FORGIVEN_MS = _DAY_MS
"""What has failed before so long a time without a try, as when no sender ran or nothing happened, counts no more."""
_LEAST_REST_MS, _MOST_REST_MS = 4 * _SECOND_MS, 10 * MINUTE_MS
"""The least is over before the first that has failed is tried again."""
ROLLOVER_MS = _DAY_MS
"""How long what is sent is signed with the secret before the current one, too."""
MAX_COUNTED = 1000
"""Deliveries that wait, where somebody asks how many there are."""
State = Literal["pending", "delivered", "failed"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a company is told of events: an address of https, or a bus of Amazon EventBridge."""

    company: str
    id: int
    url: str
    created_at: Instant
    sealed_secret: str
    """What it is signed with, encrypted (`webhooks.signature`)."""
    listens_to: frozenset[str] = frozenset()
    """Types and patterns of types (`domain.public_events`)."""
    products: frozenset[str] = frozenset()
    """Codes of the products that it is told of; empty: all, and what is about none."""
    paused: bool = False
    """Whether the operator holds back what is sent to it; all of it waits."""
    disabled_at: Instant | None = None
    """When it was given up, because it had failed for so long; what happens since waits, that of `KEPT_MS` at most."""
    old_sealed_secret: str | None = None
    """The secret before the current one."""
    old_secret_until: Instant | None = None
    """Until when it counts."""
    revision: int = field(default=0, compare=False)
    """How often it was changed."""

    @property
    def is_sent_to(self) -> bool:
        """Whether deliveries go out now."""
        return not self.paused and self.disabled_at is None

    def takes(self, type: str, product: str | None, now: Instant) -> bool:
        """Whether an event of this type, about a license of this product, is filed for it.

        For one that was given up no more is filed once its first would leave the log.
        """
        if self.disabled_at is not None and now >= self.disabled_at + KEPT_MS:
            return False
        wanted = any(matches(pattern, type) for pattern in self.listens_to)
        return wanted and (not self.products or product in self.products)


@dataclass(frozen=True, slots=True)
class Listeners:
    """What a company's endpoints listen to, all together, and what nobody is mailed: so that a change can see in one
    read whether anybody is told of it.
    """

    company: str
    endpoints: int = 0
    """How many there are."""
    listens_to: frozenset[str] = frozenset()
    mails_off: frozenset[MailCode] = frozenset()
    """What the company mails nobody, as it says itself (`domain.catalog.Company`)."""
    version: int = 0
    """How often an endpoint was added, changed or taken away."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event that somebody listens to, and that is not filed for its endpoints yet."""

    shard: int
    key: str
    """Of the event, in its history; it begins with when that was."""
    history: str
    """The partition in which the event stands: of a license, or of a company."""

    @property
    def at(self) -> Instant:
        """When it happened."""
        return int(self.key.partition("#")[0])

    @property
    def company(self) -> str:
        """The code of the company that it belongs to."""
        return self.history.partition("#")[0]

    @property
    def license_id(self) -> int | None:
        """The license that it is about; None: the company, its people or its orders."""
        number = self.history.partition("#")[2]
        return int(number) if number else None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint, with what came of each try: a row of the delivery log."""

    company: str
    endpoint: int
    key: str
    """The event's key and the type, by which the log is in order."""
    id: str
    """What the receiver knows it by: the same in every try."""
    type: str
    created_at: Instant
    """When it was filed."""
    body: str
    """What is sent, byte for byte."""
    state: State = "pending"
    next_try_at: Instant | None = None
    """None: it is tried no more."""
    first_tried_at: Instant | None = None
    """Since it was filed, or was to be sent again."""
    tries: dict[str, dict[str, str | int | None]] = field(default_factory=dict)
    """What came of each of the last `KEPT_TRIES`, by when it was: `status`, `error`, `excerpt`."""

    @property
    def position(self) -> str:
        """Where it stands among those that wait, or in the log: what a list goes on behind."""
        return self.key if self.next_try_at is None else f"{self.next_try_at:015d}#{self.key}"


@dataclass(frozen=True, slots=True)
class Queue:
    """That something waits to be sent to an endpoint, and who is at it."""

    shard: int
    company: str
    endpoint: int
    mark: str
    """Of what was filed last: by it a sender knows that nothing has come meanwhile."""
    due_at: Instant
    lease_until: Instant = 0
    """Until then one sender alone sends to the endpoint."""
    lease: str = ""
    """Whose."""
    resting_until: Instant = 0
    """Nothing is sent before, because it failed."""
    failing_since: Instant | None = None
    """Since when no try has succeeded."""
    last_error: str = ""
    """Why the last of these has failed: a `Failure`, or the status that was answered."""
    slow: bool = False
    """Whether it took long to answer, when it was last sent to."""

    @property
    def may_hang(self) -> bool:
        """Whether who sends to it may have to wait, as it did last time or as it fails."""
        return self.slow or self.failing_since is not None

    def failed(self, answer: Answer, now: Instant) -> "Queue":
        """The queue of an endpoint that has failed at `now`: it is left alone for a while."""
        is_forgiven = now - self.resting_until > _FORGIVEN_MS
        since = now if self.failing_since is None or is_forgiven else self.failing_since
        error = answer.error or str(answer.status)
        return replace(self, failing_since=since, last_error=error, resting_until=now + rest_ms(since, now))

    def succeeded(self) -> "Queue":
        """The queue of an endpoint that takes what it is sent."""
        return replace(self, failing_since=None, last_error="", resting_until=0)

    def is_given_up(self, now: Instant) -> bool:
        """Whether the endpoint has failed just now, and for so long that it is sent nothing more."""
        if self.failing_since is None or self.resting_until <= now:
            return False
        return now - self.failing_since >= DISABLED_AFTER_MS


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for an endpoint, and since when it fails, if it does."""

    waiting: int
    """How many deliveries, as far as they are counted (`MAX_COUNTED`)."""
    oldest_at: Instant | None
    """When the first of them happened; None: nothing waits."""
    failing_since: Instant | None
    last_error: str
    """As in `Queue`."""


def wait_ms(tries: int, jitter: float) -> int:
    """How long to wait after so many tries, `jitter` from 0 to 1 spreading it from nine to eleven tenths."""
    return int(_WAITS[min(tries, len(_WAITS)) - 1] * (0.9 + 0.2 * jitter))


def to_send_again(delivery: Delivery, now: Instant) -> Delivery:
    """A delivery of the log, to be tried from now on as at first."""
    return replace(delivery, state="pending", created_at=now, next_try_at=now, first_tried_at=None)


def tried(delivery: Delivery, answer: Answer, now: Instant, jitter: float) -> Delivery:
    """A delivery after one more try; `jitter` as in `wait_ms`. One that was due for long and not tried begins anew."""
    is_forgiven = delivery.next_try_at is not None and now - delivery.next_try_at > _FORGIVEN_MS
    first = now if delivery.first_tried_at is None or is_forgiven else delivery.first_tried_at
    came: dict[str, str | int | None] = {"status": answer.status, "error": answer.error, "excerpt": answer.excerpt}
    tries = dict(sorted({**delivery.tries, str(now): came}.items(), key=lambda one: int(one[0]))[-KEPT_TRIES:])
    again = now + wait_ms(sum(int(at) >= first for at in tries), jitter)
    if answer.ok:
        return replace(delivery, state="delivered", first_tried_at=first, tries=tries, next_try_at=None)
    if again > first + TRIED_MS:
        return replace(delivery, state="failed", first_tried_at=first, tries=tries, next_try_at=None)
    return replace(delivery, first_tried_at=first, tries=tries, next_try_at=again)


def rest_ms(failing_since: Instant, now: Instant) -> int:
    """How long an endpoint that fails is left alone: a quarter of the time that it has been failing, within bounds."""
    return min(_MOST_REST_MS, max(_LEAST_REST_MS, (now - failing_since) // 4))
