"""Tidy up: delete what has expired, where the database does not do it by itself.

Nothing is decided by it: whoever reads a session, an attempt or a code compares its instants with the clock.
"""

from collections.abc import Callable

from chalicelib.domain.instants import Instant
from chalicelib.store.expiry import delete_expired

MOST = 1000
"""Items that are looked at in one round, whether they have expired or not."""


def tidy(after: str = "", *, now: Instant, keep_going: Callable[[], bool] = lambda: True) -> tuple[int, str]:
    """Look at the next items behind the key `after`; answers how many were deleted, and the key to go on from.

    That is empty at the end: the next round begins anew. It reads the table, so it is for one machine. Raises
    `Unavailable`.
    """
    deleted = 0
    for seen, (key, gone) in enumerate(delete_expired(now, after, MOST), start=1):
        deleted += gone
        if seen == MOST or not keep_going():
            return deleted, key
    return deleted, ""
