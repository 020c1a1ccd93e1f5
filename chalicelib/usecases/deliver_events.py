"""Deliver what leaves the house: file the events of the outbox for their endpoints, and send what is due.

Any number of senders may run at once: an event is filed by the one whose transaction comes first, and an endpoint is
sent to by the one that has its lease.
"""

from collections import Counter
from collections.abc import Callable

from chalicelib import observability
from chalicelib.domain.instants import Instant
from chalicelib.usecases.file_events import file_events
from chalicelib.usecases.send_webhooks import OUTCOMES, send_webhooks


def deliver_events(*, now: Instant, keep_going: Callable[[], bool] = lambda: True) -> dict[str, int]:
    """Deliver while `keep_going()` and there is something to do; answers how many events were `filed`, and how many
    deliveries were taken (`delivered`), `failed` and `given_up`.

    A run waits for the slowest of the endpoints that it sends to, as long as `domain.webhooks.SECONDS`, before it looks
    for more: what comes meanwhile is another run's. Costs a Query a shard where there is nothing. Safe to run again and
    at the same time, as long as a run lasts less than `store.deliveries.LEASE_MS`.
    """
    observability.set_max_metric(observability.OLDEST_UNDELIVERED_EVENT_AGE, 0)
    total: Counter[str] = Counter()
    while keep_going():
        filed = file_events(now=now, keep_going=keep_going)
        sent = send_webhooks(now=now, keep_going=keep_going)
        total.update(sent, filed=filed)
        if not filed and not any(sent.values()):
            break
    observability.add_metric(observability.DELIVERIES_FAILED, total["failed"] + total["given_up"])
    return {outcome: total[outcome] for outcome in ("filed", *OUTCOMES)}
