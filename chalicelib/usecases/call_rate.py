"""How often a key of the Management API may call.

Counted in the database, not in the process: a process of Lambda answers one call at a time and knows nothing of the
others, so a bucket in each would bound nothing. It costs each call one write.
"""

from dataclasses import dataclass

from chalicelib.domain.errors import Denied
from chalicelib.domain.instants import Instant, whole_seconds
from chalicelib.domain.management_keys import ManagementKey
from chalicelib.domain.rate import Bucket
from chalicelib.store import call_rate
from chalicelib.store.database import ConditionFailed

CALLS = Bucket(600, within_ms=60_000)
"""Calls of one key: so many at once, and as many within each minute."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many calls a key has left at once, and in how many seconds it has all of them again."""

    remaining: int
    seconds: int


def take_call(key: ManagementKey, *, now: Instant) -> Allowance:
    """Count a call. Raises `Denied`: `rate_limit_exceeded`, with `retry_after`."""
    try:
        full_at = call_rate.take(key.company, key.id, CALLS, now)
    except ConditionFailed:
        wait = CALLS.wait_ms(call_rate.read(key.company, key.id, now), now)
        raise Denied("rate_limit_exceeded", of="key", retry_after=max(1, whole_seconds(wait))) from None
    left = CALLS.changes - -(-(full_at - now) // CALLS.interval)
    return Allowance(max(0, left), whole_seconds(full_at - now))
