"""The outbox: events that somebody wants to be told of, put in the transaction of their change.

So none leaves the house of which nothing has happened, and none is lost whoever dies when. Where nobody listens nothing
is put. What companies listen to is remembered for a minute: a new endpoint is told of what happens from then on.
"""

from collections.abc import Iterable, Iterator
from zlib import crc32

from chalicelib.domain.deliveries import Outgoing
from chalicelib.domain.events import EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.public_events import events_listened_to
from chalicelib.runtime import runtime
from chalicelib.store import reads, writes
from chalicelib.store.items.events import EventItem
from chalicelib.store.items.webhooks import ListenersItem, OutgoingItem
from chalicelib.store.keys import LISTENERS, event_sort_key, out_pk
from chalicelib.store.reads import Unreadable

OUT_SHARDS = 8
"""Partitions of the outbox: its writes spread, and a sender reads each of them."""


def listened(company: str, event: str, now: Instant) -> bool:
    """Whether anybody wants to be told of an event of this type of a company. Costs a read a minute."""

    def load() -> frozenset[EventType]:
        found = reads.get(ListenersItem(company, LISTENERS))
        return frozenset() if found is None else events_listened_to(found.listens_to)

    wanted = runtime().caches.listened_to.get(company, load, now)
    return wanted is not None and event in wanted


def outgoing(events: Iterable[EventItem]) -> Iterator[OutgoingItem]:
    """What a transaction that puts these events puts into the outbox."""
    for event in events:
        company = event.pk.partition("#")[0]
        if listened(company, event.type, event.at):
            key = event.sort_key.removeprefix(event_sort_key())
            shard = crc32(event.pk.encode()) % OUT_SHARDS
            yield OutgoingItem.of(Outgoing(shard, key, event.pk), out_pk(shard), key)


def waiting(shard: int, now: Instant) -> Iterator[Outgoing | Unreadable]:
    """The events of one shard that were put up to `now`, the oldest first, read in pages. Consistent."""
    return reads.read_each(OutgoingItem, out_pk(shard), "0", f"{now + 1:013d}")


def remove_of(company: str) -> Iterator[int]:
    """Remove all events of a company; how many, step by step."""
    for shard in range(OUT_SHARDS):
        found = reads.query_readable(OutgoingItem, out_pk(shard))
        yield from writes.delete_all(OutgoingItem(out_pk(shard), one.key) for one in found if one.company == company)
