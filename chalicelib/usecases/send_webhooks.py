"""Send what is due to endpoints, to each by itself: one that hangs or fails keeps no other waiting.

    due ──▶ a thread of the many, as long as its answers come at once
       └──▶ a thread of the few, where it took long last time, or failed

An endpoint has a turn of a few seconds, and one that takes long of eight calls; then come those that wait for a thread.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from random import random
from typing import Self

from chalicelib import observability
from chalicelib.domain.deliveries import Delivery, Endpoint, Queue, State, tried
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.webhooks import Answer
from chalicelib.runtime import runtime
from chalicelib.store import deliveries, webhooks
from chalicelib.store.database import ConditionFailed
from chalicelib.store.deliveries import QUEUE_SHARDS, RECORDED_AT_ONCE
from chalicelib.store.reads import those_readable
from chalicelib.threads import ThreadPool
from chalicelib.usecases.endpoints import disable_endpoint, secrets_of
from chalicelib.webhooks.client import Connection
from chalicelib.webhooks.signature import signed_headers

SENDER = Actor("sender")
OUTCOMES = ("delivered", "failed", "given_up")
_OUTCOME: Mapping[State, str] = {"delivered": "delivered", "failed": "given_up", "pending": "failed"}
"""What a try counts as, by what has become of the delivery."""
ENDPOINTS_AT_ONCE, HANGING_AT_ONCE = 32, 16
"""Of those that answer at once, and of those that may hang. Who begins to hang has a thread of the many, but once."""
CALLS_AT_ONCE = 8
"""To one endpoint."""
_SLOW_SECONDS = 1.0
"""Who takes so long to answer is sent to apart, until it is faster again."""
_TURN_SECONDS = 2.0
_LOOK_SECONDS = 0.25
"""After so long is looked for more, whoever has not answered yet."""
_log = logging.getLogger(__name__)


class Sending:
    """What one run sends. At the end of the context all has come to its end that was begun."""

    def __init__(self, clock: Callable[[], Instant], keep_going: Callable[[], bool]) -> None:
        self._clock, self._keep_going = clock, keep_going
        self._stack = ExitStack()
        self._fast, self._apart = ThreadPool(ENDPOINTS_AT_ONCE), ThreadPool(HANGING_AT_ONCE)
        self._under_way: dict[tuple[str, int], Future[Counter[str]]] = {}
        self._total: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._fast)
        self._stack.enter_context(self._apart)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        self._count()

    @property
    def counts(self) -> dict[str, int]:
        """How many deliveries were taken, failed and were given up."""
        return {outcome: self._total[outcome] for outcome in OUTCOMES}

    def send_due(self, now: Instant) -> bool:
        """Begin to send what is due, and wait a moment for it; answers whether there was anything to wait for.

        Costs a Query a shard where nothing waits; for each turn of an endpoint three reads and two writes, and two
        items a delivery.
        """
        shards = (those_readable(deliveries.queues(shard)) for shard in range(QUEUE_SHARDS))
        due = [queue for shard in shards for queue in shard if _is_due(queue, now)]
        for queue in due:
            endpoint = queue.company, queue.endpoint
            if endpoint not in self._under_way:
                threads = self._apart if queue.may_hang else self._fast
                self._under_way[endpoint] = threads.submit(self._send, queue)
        wait(self._under_way.values(), _LOOK_SECONDS)
        had_work = bool(self._under_way)
        self._count()
        return had_work

    def _count(self) -> None:
        """What came of those whose turn is over."""
        for endpoint in [one for one, sent in self._under_way.items() if sent.done()]:
            self._total.update(self._under_way.pop(endpoint).result())

    def _send(self, queue: Queue) -> Counter[str]:
        """The turn of an endpoint, if it is not over before it has begun."""
        if not self._keep_going():
            return Counter()
        until = time.monotonic() + _TURN_SECONDS
        return _send_queue(queue, self._clock(), lambda: self._keep_going() and time.monotonic() < until)


def _is_due(queue: Queue, now: Instant) -> bool:
    return max(queue.due_at, queue.resting_until, queue.lease_until) <= now


def _send_queue(queue: Queue, now: Instant, keep_going: Callable[[], bool]) -> Counter[str]:
    """Send what waits for one endpoint; nothing where another sender is at it."""
    try:
        leased = deliveries.lease_queue(queue, now)
    except ConditionFailed:
        return Counter()
    counts: Counter[str] = Counter()
    try:
        endpoint = webhooks.read_endpoint(leased.company, leased.endpoint)
        if endpoint is None:
            deliveries.remove_leased(leased)
            return counts
        if endpoint.is_sent_to:
            leased = _send_all(endpoint, replace(leased, slow=False), counts, now, keep_going)
        due_at = deliveries.next_due(endpoint) if endpoint.is_sent_to else None
        deliveries.release_queue(leased, due_at)
        deliveries.forget_old(endpoint, now, at_least=sum(counts.values()))
        if leased.is_given_up(now):
            with suppress(NotFound):  # it was taken away meanwhile
                disable_endpoint(endpoint, SENDER, now=now)
    except Exception:  # whatever it is: the other endpoints are not to wait for it
        _log.exception("what waits for endpoint %d of %s cannot be sent", leased.endpoint, leased.company)
    return counts


def _send_all(
    endpoint: Endpoint, queue: Queue, counts: Counter[str], now: Instant, keep_going: Callable[[], bool]
) -> Queue:
    """Send until nothing is due, the endpoint fails or takes long; answers the queue as it is to be released."""
    waiting, secrets = deliveries.pending(endpoint, now), secrets_of(endpoint, now)
    with ThreadPool(CALLS_AT_ONCE) as threads, ExitStack() as stack:
        client = runtime().webhooks
        connections = [stack.enter_context(client.connection(endpoint.url)) for _ in range(CALLS_AT_ONCE)]

        def answers(some: Sequence[Delivery]) -> list[Answer]:
            return list(threads.map(partial(_post, secrets, now), connections, some))

        while _goes_on(queue, now, keep_going) and (some := list(islice(waiting, RECORDED_AT_ONCE))):
            if queue.failing_since is None:
                age = (now - some[0].created_at) / 1000
                observability.set_max_metric(observability.OLDEST_UNDELIVERED_EVENT_AGE, age)
            queue = _send_some(queue, some, answers, counts, now, keep_going)
    return queue


def _send_some(
    queue: Queue,
    some: Sequence[Delivery],
    answers: Callable[[Sequence[Delivery]], list[Answer]],
    counts: Counter[str],
    now: Instant,
    keep_going: Callable[[], bool],
) -> Queue:
    """Send some deliveries, and record them; not all of them where the endpoint turns out to fail or to take long, or
    time is over."""
    done: list[tuple[Delivery, Delivery]] = []
    for group in _groups(some, cautious=queue.failing_since is not None):
        begun = time.monotonic()
        came = answers(group)
        # The jitter spreads what is tried again, and nobody gains by guessing it.
        done += [(d, tried(d, a, now, random())) for d, a in zip(group, came, strict=True)]  # noqa: S311
        queue = replace(_after(queue, came, now), slow=time.monotonic() - begun >= _SLOW_SECONDS)
        if not _goes_on(queue, now, keep_going):
            break
    try:
        deliveries.record(done)
    except ConditionFailed:  # by a sender that had the lease after us, or by ourselves, and the answer was lost
        return replace(queue, resting_until=max(queue.resting_until, now + 1))
    counts.update(_OUTCOME[after.state] for _, after in done)
    return queue


def _goes_on(queue: Queue, now: Instant, keep_going: Callable[[], bool]) -> bool:
    return queue.resting_until <= now and not queue.slow and keep_going()


def _groups(some: Sequence[Delivery], *, cautious: bool) -> Iterator[Sequence[Delivery]]:
    """As many as are sent at once; first one alone to an endpoint that has failed."""
    left = iter(some)
    if cautious:
        yield list(islice(left, 1))
    while group := list(islice(left, CALLS_AT_ONCE)):
        yield group


def _after(queue: Queue, came: Sequence[Answer], now: Instant) -> Queue:
    """The queue after some calls: an endpoint that took none of them, or did not answer in time, is left alone."""
    hangs = [answer for answer in came if answer.error == "timeout"]
    if any(answer.ok for answer in came) and not hangs:
        return queue.succeeded()
    return queue.failed((hangs or came)[-1], now)


def _post(secrets: Sequence[str], now: Instant, connection: Connection, delivery: Delivery) -> Answer:
    body = delivery.body.encode()
    return connection.post(signed_headers(delivery.id, secrets, body, now), body)
