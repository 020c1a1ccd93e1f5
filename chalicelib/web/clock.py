"""The clock, asked once a call and passed down from there."""

import time
from collections.abc import Callable

from chalicelib.domain.instants import Instant
from chalicelib.runtime import runtime


def now() -> Instant:
    """What the clock of the runtime says: milliseconds since the epoch, UTC."""
    return runtime().clock()


def lasting(seconds: float) -> Callable[[], bool]:
    """Whether so many seconds, from now on, are not over."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() < until
