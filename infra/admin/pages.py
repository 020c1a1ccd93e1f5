"""Pages of lists that are looked through: a use case reads on within a bound, a command until its page is full."""

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
T = TypeVar("T")


def full_page(
    read: Callable[[K | None, int], tuple[list[T], K | None]], after: K | None, limit: int
) -> tuple[list[T], K | None]:
    """`limit` rows behind the key `after`, and the key to go on behind; fewer, and None, where there are no more.

    `read(after, limit)` answers the same, but maybe fewer rows, or none, and a key all the same.
    """
    rows = list[T]()
    while len(rows) < limit:
        part, after = read(after, limit - len(rows))
        rows += part
        if after is None:
            break
    return rows, after
