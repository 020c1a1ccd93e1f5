"""The clock, asked once a call and passed down from there."""

import time

from chalicelib.domain.instants import Instant


def now() -> Instant:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000
