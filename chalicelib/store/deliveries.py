"""What is delivered to endpoints: filed from the outbox, sent by one sender at a time, kept in a log.

    outbox ──file──▶ pending, by when it is tried next ──record──▶ the log
                          ▲                              │
                          └──────── it has failed ───────┘

Each step is one transaction, so a crash loses nothing; between sending and recording it sends again, with the same id.
Whoever files also notes in `Queue` that something waits for the endpoint: a sender finds work by that, and takes it on
a lease, so that no two send to one endpoint.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar
from zlib import crc32

from chalicelib.domain.deliveries import (
    KEPT_MS,
    MAX_COUNTED,
    Backlog,
    Delivery,
    Endpoint,
    Outgoing,
    Queue,
    to_send_again,
)
from chalicelib.domain.events import Event
from chalicelib.domain.instants import LATEST, Instant
from chalicelib.domain.license import License
from chalicelib.domain.mail import Mail
from chalicelib.store import reads, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.expressions import Action
from chalicelib.store.items.events import AccountEventItem, EventItem, event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.webhooks import DeliveryItem, OutgoingItem, QueueItem, SequenceItem
from chalicelib.store.keys import (
    LICENSE,
    delivery_sort_key,
    event_sort_key,
    out_pk,
    pending_sort_key,
    queue_pk,
    queue_sort_key,
    sequence_sort_key,
    webhooks_pk,
)
from chalicelib.store.mails import put_mail
from chalicelib.store.reads import Unreadable
from chalicelib.store.schema import Raw
from chalicelib.store.transactions import THERE_OR_NOT, Transaction

T = TypeVar("T")

QUEUE_SHARDS = 4
"""Partitions of the endpoints for which something waits."""
LEASE_MS = 120_000
"""Longer than a run of the sender lasts, and its last calls."""
ITEMS_AT_ONCE = 100
"""Of one transaction."""
RECORDED_AT_ONCE = 40
"""Deliveries in one transaction: two items each, of a hundred."""
_FORGOTTEN_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Found:
    """An event of the outbox with what is told of it: the event and its license as they are now, None where gone."""

    outgoing: Outgoing
    event: Event | None
    license: License | None
    number: int
    """Of the last event of its history that was filed."""


def look_up(outgoing: Sequence[Outgoing]) -> list[Found | Unreadable]:
    """What is told of these events, at most 33, in one round trip; what of one is there and cannot be read. Consistent.

    It is not gone: it may be what newer code has written.
    """
    raws = reads.batch_get_raw([item for one in outgoing for item in _told_of(one)], consistent=True)
    rows = zip(outgoing, raws[::3], raws[1::3], raws[2::3], strict=True)
    return [_found(*row) for row in rows]


def file(
    deliveries: Mapping[Outgoing, Sequence[Delivery]],
    numbers: Mapping[str, tuple[int, int]],
    mails: Sequence[Mail],
    now: Instant,
) -> None:
    """Take events out of the outbox and file what is delivered of each, and what people are mailed, in one transaction.

    `numbers`: of each history of which something is filed, the number of its last event before, and now. Raises
    `ConditionFailed` where somebody else has filed one of them.
    """
    write = Transaction(None)
    for one in deliveries:
        write.delete(OutgoingItem(out_pk(one.shard), one.key), OutgoingItem.pk.exists())
    filed = [delivery for some in deliveries.values() for delivery in some]
    for history, (before, after) in numbers.items():
        unfiled = SequenceItem.number == before if before else SequenceItem.number.does_not_exist()
        write.update(_sequence(history), [SequenceItem.number.set(after)], unfiled)
    _put_pending(write, filed)
    for mail in mails:
        put_mail(write, mail, now)
    write.commit()


def put(delivery: Delivery, event: Event) -> None:
    """File one delivery by itself, and its event, by which it is filed once, though it may be gone when that is heard.

    That the endpoint has failed is forgotten.
    """
    write = Transaction(event_item(delivery.company, event, AccountEventItem))
    _put_pending(write, [delivery], anew=True)
    write.commit()


def send_again(deliveries: Sequence[Delivery], now: Instant) -> None:
    """File deliveries of the log anew, at most `RECORDED_AT_ONCE` of one endpoint, to be tried from now on as at first.

    That the endpoint has failed is forgotten. Raises `ConditionFailed` where one is not in the log any more, or was
    sent again since.
    """
    write = Transaction(None)
    for delivery in deliveries:
        write.delete(_item(delivery), DeliveryItem.created_at == delivery.created_at)
    _put_pending(write, [to_send_again(delivery, now) for delivery in deliveries], anew=True)
    write.commit()


def queues(shard: int) -> Iterator[Queue | Unreadable]:
    """The endpoints of one shard for which something waits, whether it is due or not. Consistent, in pages."""
    return reads.read_each(QueueItem, queue_pk(shard), "0", "~")


def lease_queue(queue: Queue, now: Instant) -> Queue:
    """Take what waits for an endpoint, as the queue is from then on. Raises `ConditionFailed` where somebody has it."""
    item, lease = QueueItem, secrets.token_hex(8)
    free = item.lease_until.does_not_exist() | (item.lease_until <= now) | (item.lease == lease)
    leased = [item.lease_until.set(now + LEASE_MS), item.lease.set(lease)]
    return writes.update(_queue_item(queue.company, queue.endpoint), leased, item.pk.exists() & free).to_domain()


def release_queue(queue: Queue, due_at: Instant | None) -> None:
    """Let go of a queue as it is now; `due_at`: when it is of use again, None: nothing waits.

    That it fails, or is slow, is kept also then.

    Where something was filed meanwhile it stays due. What has lost its lease changes nothing.
    """
    item, here = QueueItem, _queue_item(queue.company, queue.endpoint)
    ours = item.lease == queue.lease
    nothing_came = ours & (item.mark == queue.mark)
    state: list[Action] = [
        item.resting_until.set(queue.resting_until),
        item.failing_since.set(queue.failing_since),
        item.slow.set(queue.slow),
        item.last_error.set(queue.last_error) if queue.last_error else item.last_error.remove(),
        item.lease.remove(),
        item.lease_until.remove(),
    ]
    with suppress(ConditionFailed):
        if due_at is None and not queue.may_hang:
            writes.delete(here, nothing_came)
        else:
            writes.update(here, [*state, item.due_at.set(LATEST if due_at is None else due_at)], nothing_came)
        return
    with suppress(ConditionFailed):
        writes.update(here, state, ours)


def wake(write: Transaction, company: str, endpoint_id: int, now: Instant, *, anew: bool = False) -> None:
    """Let a transaction note that something may be sent to an endpoint from now on.

    `anew`: that it has failed is forgotten.
    """
    item = QueueItem
    due: list[Action] = [
        item.company.set(company),
        item.endpoint.set(endpoint_id),
        item.mark.set(secrets.token_hex(8)),
        item.due_at.set(now),
    ]
    failure = (item.failing_since, item.last_error, item.resting_until)
    forgotten: list[Action] = [attribute.remove() for attribute in failure] if anew else []
    write.update(_queue_item(company, endpoint_id), [*due, *forgotten], THERE_OR_NOT)


def pending(endpoint: Endpoint, until: Instant = LATEST) -> Iterator[Delivery]:
    """What is to be tried up to an instant, what is due first first, read in pages as it is taken. Consistent."""
    pk = webhooks_pk(endpoint.company, endpoint.id)
    first, last = pending_sort_key(0), pending_sort_key(until + 1)
    found = reads.read_each(DeliveryItem, pk, first, last)
    return reads.those_readable(found)


def next_due(endpoint: Endpoint) -> Instant | None:
    """When something is to be tried next; None: nothing waits."""
    pk = webhooks_pk(endpoint.company, endpoint.id)
    found = next(reads.query_readable(DeliveryItem, pk, pending_sort_key(), limit=1), None)
    return None if found is None else found.next_try_at


def backlogs(endpoints: Sequence[Endpoint]) -> list[Backlog]:
    """What waits for each of these endpoints, and since when it fails. A read, and one for each."""
    items = [_queue_item(endpoint.company, endpoint.id) for endpoint in endpoints]
    found = reads.batch_get_each(items, consistent=True)
    queues = [one.to_domain() if isinstance(one, QueueItem) else None for one in found]
    return [_backlog(*pair) for pair in zip(endpoints, queues, strict=True)]


def _backlog(endpoint: Endpoint, queue: Queue | None) -> Backlog:
    pk = webhooks_pk(endpoint.company, endpoint.id)
    parts = list(islice(reads.sort_keys(DeliveryItem, pk, pending_sort_key()), MAX_COUNTED))
    happened = [int(part.split("#")[2]) for part in parts]  # as the event's key begins, behind the next try
    failing = (None, "") if queue is None else (queue.failing_since, queue.last_error)
    return Backlog(len(parts), min(happened, default=None), *failing)


def record(tried: Sequence[tuple[Delivery, Delivery]]) -> None:
    """Write what came of tries, at most `RECORDED_AT_ONCE`: each delivery before and after.

    Raises `ConditionFailed` where somebody else has recorded one: it is not said twice what came of it.
    """
    write = Transaction(None)
    for before, after in tried:
        write.delete(_item(before), DeliveryItem.pk.exists())
        write.put(_filled(after), DeliveryItem.pk.does_not_exist())
    write.commit()


def log(endpoint: Endpoint, *, after: str | None = None, limit: int | None = None) -> Iterator[Delivery]:
    """The deliveries of an endpoint that are tried no more, the newest first, behind the key `after`. Consistent."""
    pk = webhooks_pk(endpoint.company, endpoint.id)
    behind = None if after is None else delivery_sort_key(after)
    return reads.query_readable(DeliveryItem, pk, delivery_sort_key(), backwards=True, after=behind, limit=limit)


def waiting(endpoint: Endpoint, *, after: str | None = None, limit: int | None = None) -> Iterator[Delivery]:
    """As `log`, of what is to be tried, what is due first first, behind the position `after`."""
    pk = webhooks_pk(endpoint.company, endpoint.id)
    behind = None if after is None else pending_sort_key() + after
    return reads.query_readable(DeliveryItem, pk, pending_sort_key(), after=behind, limit=limit)


def read_logged(endpoint: Endpoint, key: str) -> Delivery | None:
    """One delivery that is tried no more. Consistent."""
    item = reads.get(DeliveryItem(webhooks_pk(endpoint.company, endpoint.id), delivery_sort_key(key)))
    return None if item is None else item.to_domain()


def logged_between(endpoint: Endpoint, since: Instant, until: Instant) -> Iterator[Delivery]:
    """What is tried no more of the events from `since` up to `until`, the oldest first. Consistent, in pages."""
    pk = webhooks_pk(endpoint.company, endpoint.id)
    first, last = (delivery_sort_key(f"{at:013d}") for at in (since, until + 1))
    found = reads.read_each(DeliveryItem, pk, first, last)
    return reads.those_readable(found)


def forget_old(endpoint: Endpoint, now: Instant, *, at_least: int) -> None:
    """Delete what the log has kept for long enough: `at_least` so many, for so many came, and some more."""
    pk, oldest = webhooks_pk(endpoint.company, endpoint.id), delivery_sort_key(f"{now - KEPT_MS:013d}")
    first = islice(reads.sort_keys(DeliveryItem, pk, delivery_sort_key()), at_least + _FORGOTTEN_AT_ONCE)
    some = [part for part in first if part < oldest]
    for _ in writes.delete_all(DeliveryItem(pk, part) for part in some):
        pass


def remove_of(company: str, endpoint_ids: Iterable[int]) -> Iterator[int]:
    """Remove what waits for endpoints of a company, or was delivered; how many items, step by step."""
    for endpoint_id in endpoint_ids:
        yield from _remove_deliveries(company, endpoint_id)
        writes.delete(_queue_item(company, endpoint_id))


def remove_leased(queue: Queue) -> None:
    """Remove what waits for an endpoint that is gone, or was delivered; where something is filed meanwhile, later."""
    sum(_remove_deliveries(queue.company, queue.endpoint))
    release_queue(replace(queue, failing_since=None, resting_until=0, slow=False), None)


def _remove_deliveries(company: str, endpoint_id: int) -> Iterator[int]:
    pk = webhooks_pk(company, endpoint_id)
    return writes.delete_all(DeliveryItem(pk, part) for part in reads.sort_keys(DeliveryItem, pk))


def remove_sequences(company: str) -> Iterator[int]:
    """Remove the numbers of a company's events; how many, step by step."""
    pk = webhooks_pk(company)
    return writes.delete_all(SequenceItem(pk, part) for part in reads.sort_keys(SequenceItem, pk))


def _told_of(one: Outgoing) -> list[EventItem | LicenseItem | SequenceItem]:
    """Three items; in the place of the license of an event that is about none stands the sequence again."""
    kind = AccountEventItem if one.license_id is None else EventItem
    sequence = _sequence(one.history)
    license = sequence if one.license_id is None else LicenseItem(one.history, LICENSE)
    return [kind(one.history, event_sort_key(one.key)), license, sequence]


def _found(one: Outgoing, event: Raw | None, license: Raw | None, sequence: Raw | None) -> Found | Unreadable:
    try:
        return Found(
            one,
            _read(EventItem.from_raw, event),
            None if one.license_id is None else _read(LicenseItem.from_raw, license),
            _read(lambda raw: SequenceItem.from_raw_data(raw).number, sequence) or 0,
        )
    except Unreadable as unreadable:
        return unreadable


def _read(make: Callable[[Raw], T], raw: Raw | None) -> T | None:
    """What `make` makes of an item, None where there is none. Raises `Unreadable`."""
    made = None if raw is None else reads.readable(make, raw)
    if isinstance(made, Unreadable):
        raise made
    return made


def _put_pending(write: Transaction, deliveries: Sequence[Delivery], *, anew: bool = False) -> None:
    for delivery in deliveries:
        write.put(_filled(delivery), DeliveryItem.pk.does_not_exist())
    endpoints = {(one.company, one.endpoint): one.next_try_at or 0 for one in deliveries}
    for (company, endpoint_id), at in endpoints.items():
        wake(write, company, endpoint_id, at, anew=anew)


def _filled(delivery: Delivery) -> DeliveryItem:
    keys = _item(delivery)
    return DeliveryItem.of(delivery, keys.pk, keys.sort_key)


def _item(delivery: Delivery) -> DeliveryItem:
    """Where a delivery lies."""
    at, key = delivery.next_try_at, delivery.key
    part = delivery_sort_key(key) if at is None else pending_sort_key(at, key)
    return DeliveryItem(webhooks_pk(delivery.company, delivery.endpoint), part)


def _queue_item(company: str, endpoint_id: int) -> QueueItem:
    part = queue_sort_key(company, endpoint_id)
    return QueueItem(queue_pk(crc32(part.encode()) % QUEUE_SHARDS), part)


def _sequence(history: str) -> SequenceItem:
    return SequenceItem(webhooks_pk(history.partition("#")[0]), sequence_sort_key(history))
