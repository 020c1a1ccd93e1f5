"""What cannot be read of a company's webhooks and of what they are told: for the audit.

Whoever sends leaves it out and logs it, and it stays where it is: it may be what newer code has written.
"""

from collections.abc import Iterator
from itertools import chain, islice

from chalicelib.store import deliveries, reads
from chalicelib.store.deliveries import QUEUE_SHARDS
from chalicelib.store.items.webhooks import (
    DeliveryItem,
    EndpointItem,
    ListenersItem,
    OutgoingItem,
    QueueItem,
    SequenceItem,
)
from chalicelib.store.keys import LISTENERS, endpoint_sort_key, out_pk, queue_pk, webhooks_pk
from chalicelib.store.links import Fault
from chalicelib.store.outbox import OUT_SHARDS
from chalicelib.store.reads import Unreadable
from chalicelib.store.schema import AnyItem

_AT_ONCE = 25
"""Events of the outbox in one read, of which each takes three items of a hundred."""


def faults(company: str) -> Iterator[tuple[int, list[Fault]]]:
    """Walk all items of a company's webhooks: of each few, how many they are and which cannot be read. Consistent.

    Of the outbox, also what of an event that waits there cannot be read, and what does not say whose it is.
    """
    walk = chain(_of_webhooks(company), _outgoing(company))
    while few := list(islice(walk, _AT_ONCE)):
        unreadable = [one for one in few if isinstance(one, Unreadable)]
        names = [f"{one.pk}, {one.sort_key}" for one in unreadable]
        yield len(few), [Fault(None, "item_unreadable", {"item": name}) for name in names]


def _of_webhooks(company: str) -> Iterator[object]:
    """The webhooks and what they listen to, the numbers of events, what waits for each webhook, and its log."""
    yield from _each(EndpointItem, company, endpoint_sort_key())
    yield from _each(ListenersItem, company, LISTENERS)
    yield from _each(SequenceItem, webhooks_pk(company))
    for part in reads.sort_keys(EndpointItem, company, endpoint_sort_key()):
        yield from _each(DeliveryItem, webhooks_pk(company, int(part.removeprefix(endpoint_sort_key()))))
    for shard in range(QUEUE_SHARDS):
        yield from _each(QueueItem, queue_pk(shard), f"{company}#")


def _each(kind: type[AnyItem], pk: str, prefix: str = "") -> Iterator[AnyItem | Unreadable]:
    return (reads.readable(kind.from_raw_data, raw) for raw in reads.query_raw(kind, pk, prefix))


def _outgoing(company: str) -> Iterator[object]:
    """What waits in the outbox, each with all that is told of it."""
    for shard in range(OUT_SHARDS):
        found = reads.read_each(OutgoingItem, out_pk(shard), "0", "~")
        ours = (one for one in found if isinstance(one, Unreadable) or one.company == company)
        while few := list(islice(ours, _AT_ONCE)):
            yield from (one for one in few if isinstance(one, Unreadable))
            yield from deliveries.look_up([one for one in few if not isinstance(one, Unreadable)])
