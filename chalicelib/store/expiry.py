"""What has expired in `ephemera`: DynamoDB's TTL deletes it, hours late; on an engine without one somebody has to."""

from collections.abc import Iterator
from contextlib import suppress

from chalicelib.domain.instants import Instant
from chalicelib.store import reads, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.base import EphemeraItem

MARGIN_SECONDS = 60
"""So long it stays: whole seconds are stored, and clocks differ."""


def delete_expired(now: Instant, after: str, most: int) -> Iterator[tuple[str, int]]:
    """Walk at `most` so many items behind the key `after`: each key, and 1 where it was deleted, else 0.

    What has come to last longer meanwhile stays. Raises `Unavailable`.
    """
    item, past = EphemeraItem, now // 1000 - MARGIN_SECONDS
    for raw in reads.scan(item, ("pk", "expires"), after, most):
        key, deleted = raw["pk"]["S"], 0
        if int(raw.get("expires", {}).get("N", past)) < past:
            with suppress(ConditionFailed):
                writes.delete(item(key), item.expires < past)
                deleted = 1
        yield key, deleted
