"""Many connections: who has to leave when they are too many, and whose turn it is when more comes than can be read."""

import random
from collections import Counter
from collections.abc import Collection, Iterable
from selectors import SelectorKey

from infra.connections import Connection

STALL_SECONDS = 5
"""A client that has taken nothing of its answer for so long is not reading it."""


def first_to_leave(
    connections: Collection[Connection], now: float, *, newest: Connection | None = None, client: str | None = None
) -> Connection | None:
    """The connection to close before any other, of `client` or else of all; None where each is being answered.

    Of the client with the most connections: what lies idle before a request that is half here, the longest first.
    `newest` is spared: nobody would come in any more.
    """
    held = Counter(connection.client for connection in connections)
    may_leave = [
        connection
        for connection in connections
        if connection is not newest and client in {None, connection.client} and _asks_for_nothing(connection, now)
    ]
    return min(may_leave, key=lambda connection: (-held[connection.client], *_since(connection)), default=None)


def in_turns(has_come: Iterable[tuple[SelectorKey, int]]) -> list[tuple[SelectorKey, int]]:
    """What has come: first what is no client's, then one connection of each client, then a second of each.

    Which of a client's comes first is up to chance, so that none waits for ever.
    """
    had = Counter[str]()

    def turn(event: tuple[SelectorKey, int]) -> int:
        connection = event[0].data
        if not isinstance(connection, Connection):
            return 0
        had[connection.client] += 1
        return had[connection.client]

    shuffled = list(has_come)
    random.shuffle(shuffled)
    return sorted(shuffled, key=turn)


def _asks_for_nothing(connection: Connection, now: float) -> bool:
    if connection.is_sending:  # and none of its requests is being answered
        return connection.last_activity < now - STALL_SECONDS
    return not connection.requests


def _since(connection: Connection) -> tuple[bool, float]:
    request = connection.arriving
    return (False, connection.last_activity) if request is None else (True, request.begun)
