"""The clock, asked once a call and passed down from there."""

import time
from collections.abc import Callable

from chalicelib.domain.instants import Instant


def now() -> Instant:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def lasting(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds, from now on, are not over."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() < until
