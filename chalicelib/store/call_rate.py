"""How often each key of the Management API calls: a bucket (`domain.rate`) as one item."""

from contextlib import suppress

from chalicelib.domain.instants import Instant
from chalicelib.domain.rate import Bucket
from chalicelib.store import buckets, reads, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.ephemera import CallRateItem


def take(company: str, key_id: int, bucket: Bucket, now: Instant) -> Instant:
    """Take a call out of a key's bucket; answers when that is full again. Raises `ConditionFailed` where it is empty.

    One write, and a second where the bucket was not full. It may be counted twice where an answer is lost.
    """
    with suppress(ConditionFailed):
        return _take(company, key_id, bucket, None, now)
    return _take(company, key_id, bucket, now + 1, now)


def read(company: str, key_id: int, now: Instant) -> Instant | None:
    """When a key's bucket is full again; None: it is. Consistent."""
    item = reads.get(_item(company, key_id), now=now)
    return None if item is None else item.full_at


def _item(company: str, key_id: int) -> CallRateItem:
    return CallRateItem(f"calls#{company}#{key_id}")


def _take(company: str, key_id: int, bucket: Bucket, seen: Instant | None, now: Instant) -> Instant:
    """As `take`, of a bucket that was full (`seen` is None), or was not."""
    attribute = CallRateItem.full_at
    expires = CallRateItem.expires.set((now + bucket.within_ms) // 1000 + 1)
    taking = [buckets.taking(attribute, bucket, seen, now), expires]
    full_at: Instant = writes.update(
        _item(company, key_id), taking, buckets.holds(attribute, bucket, seen, now)
    ).full_at
    return full_at
