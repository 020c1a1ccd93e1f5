"""The outbox: events that somebody wants to be told of, put in the transaction of their change.

So none leaves the house of which nothing has happened, and none is lost whoever dies when. Where nobody listens nothing
is put. What companies listen to is remembered for a minute: a new endpoint is told of what happens from then on.
"""

from collections.abc import Iterable, Iterator
from zlib import crc32

from chalicelib.domain.deliveries import Outgoing
from chalicelib.domain.events import EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.mailed_events import events_mailed
from chalicelib.domain.public_events import events_listened_to
from chalicelib.runtime import runtime
from chalicelib.store import reads, writes
from chalicelib.store.items.events import EventItem
from chalicelib.store.items.webhooks import ListenersItem, OutgoingItem
from chalicelib.store.keys import LISTENERS, event_sort_key, out_pk
from chalicelib.store.reads import Unreadable

OUT_SHARDS = 8
"""Partitions of the outbox: its writes spread, and a sender reads each of them."""


_MAY_LEAVE = events_listened_to({"*"}) | events_mailed(())
"""The events of which anybody can want to be told."""


def listened(company: str, event: str, now: Instant) -> bool:
    """Whether anybody wants to be told of an event of this type of a company. Costs a read a minute."""
    if event not in _MAY_LEAVE:
        return False

    def load() -> frozenset[EventType]:
        found = reads.get(ListenersItem(company, LISTENERS))
        if found is None:
            return events_mailed(())
        return events_listened_to(found.listens_to or ()) | events_mailed(found.to_domain().mails_off)

    wanted = runtime().caches.listened_to.get(company, load, now)
    return wanted is not None and event in wanted


def outgoing(events: Iterable[EventItem]) -> Iterator[OutgoingItem]:
    """What a transaction that puts these events puts into the outbox."""
    for event in events:
        if listened(event.pk.partition("#")[0], event.type, event.at):
            yield outgoing_item(event.pk, event.sort_key.removeprefix(event_sort_key()))


def outgoing_item(history: str, key: str) -> OutgoingItem:
    """Where an event of a history stands in the outbox."""
    shard = crc32(history.encode()) % OUT_SHARDS
    return OutgoingItem.of(Outgoing(shard, key, history), out_pk(shard), key)


def waiting(shard: int, now: Instant) -> Iterator[Outgoing | Unreadable]:
    """The events of one shard that were put up to `now`, the oldest first, read in pages. Consistent."""
    return reads.read_each(OutgoingItem, out_pk(shard), "0", f"{now + 1:013d}")


def remove_of(company: str) -> Iterator[int]:
    """Remove all events of a company; how many, step by step."""
    for shard in range(OUT_SHARDS):
        found = reads.query_readable(OutgoingItem, out_pk(shard))
        yield from writes.delete_all(OutgoingItem(out_pk(shard), one.key) for one in found if one.company == company)
