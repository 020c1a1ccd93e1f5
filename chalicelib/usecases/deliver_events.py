"""Deliver what leaves the house: file the events of the outbox for their endpoints, and send what is due.

Any number of senders may run at once: an event is filed by the one whose transaction comes first, and an endpoint is
sent to by the one that has its lease.
"""

from collections.abc import Callable

from chalicelib import observability
from chalicelib.domain.instants import Instant
from chalicelib.usecases.file_events import file_events
from chalicelib.usecases.send_webhooks import Sending


def deliver_events(*, now: Instant, keep_going: Callable[[], bool] = lambda: True) -> dict[str, int]:
    """`keep_delivering`, of what is due at one instant."""
    return keep_delivering(lambda: now, keep_going)


def keep_delivering(clock: Callable[[], Instant], keep_going: Callable[[], bool]) -> dict[str, int]:
    """Deliver while `keep_going()` and there is something to do; answers how many events were `filed`, and how many
    deliveries were taken (`delivered`), `failed` and `given_up`.

    While an endpoint has not answered yet, a run looks for more, and sends it to the others. Costs a Query a shard
    where there is nothing. Safe to run again and at the same time, as long as a run lasts less than
    `store.deliveries.LEASE_MS`.
    """
    observability.set_max_metric(observability.OLDEST_UNDELIVERED_EVENT_AGE, 0)
    filed = 0
    with Sending(clock, keep_going) as sending:
        while keep_going():
            some = file_events(now=(now := clock()), keep_going=keep_going)
            filed += some
            if not sending.send_due(now) and not some:
                break
    total = {"filed": filed} | sending.counts
    observability.add_metric(observability.DELIVERIES_FAILED, total["failed"] + total["given_up"])
    return total
