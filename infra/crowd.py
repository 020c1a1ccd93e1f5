"""Who has to leave when there are too many connections: those that ask for nothing now, of the client that has most."""

from collections import Counter
from collections.abc import Collection
from typing import Any

Waitress = Any  # waitress comes without types
"""Its servers, channels and requests."""

STALL_SECONDS = 5
"""A client that has taken nothing of its answer for so long is not reading it."""


def first_to_leave(
    channels: Collection[Waitress], now: float, *, newest: Waitress = None, client: str | None = None
) -> Waitress:
    """The connection to close before any other, of `client` or else of all; None where each is being answered.

    Of the client with the most connections: what lies idle before a request that is half here, the longest first.
    `newest` is spared: nobody would come in any more.
    """
    held = Counter(channel.client for channel in channels)
    may_leave = [
        channel
        for channel in channels
        if channel is not newest and client in {None, channel.client} and _asks_for_nothing(channel, now)
    ]
    return min(may_leave, key=lambda channel: (-held[channel.client], *_since(channel)), default=None)


def _asks_for_nothing(channel: Waitress, now: float) -> bool:
    stalls = channel.last_activity < now - STALL_SECONDS
    return not channel.requests and (stalls or not channel.total_outbufs_len)


def _since(channel: Waitress) -> tuple[bool, float]:
    request = channel.request
    return (False, channel.last_activity) if request is None else (True, request.begun)
