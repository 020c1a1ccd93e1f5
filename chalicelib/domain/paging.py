"""Pages of a list by cursor: what is added or taken away elsewhere in the list shifts no row between two pages.

A list is filed under keys, and read in their order. A short one (`Rows.sortable`) is read whole: it is counted, and
sorted as anybody likes. A longer one comes in the order of its keys, without a count: a page costs the same at any
length. What no key serves, such as a search for a part of a name, reads on within a bound; then the page is short, or
empty, and has the position to go on from.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")

PAGE_SIZE = 25
MAX_SCANNED = 1000
"""Rows that one page reads to find those that a filter lets through; a larger page, as many as it has."""
CHUNK = 100
"""Rows that are read at once to find those that a filter lets through, where nothing says otherwise."""
_WHOLE = "="
"""Begins a position in a list that was read whole."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of a list. Whether there are more follows from the positions, never from the number of rows."""

    rows: list[T]
    first: int = 0
    """The number of the first row, from 1; 0 where the list is too long to be counted."""
    total: int | None = None
    """How many rows the list has; None where it is too long to be counted."""
    before: str = ""
    """The position to go back from; empty on the first page."""
    after: str = ""
    """The position to go on from; empty on the last page."""
    is_cut: bool = False
    """Whether the page ends where as many rows were looked at as one page may: the search goes on from `after`."""

    @property
    def last(self) -> int:
        """The number of the last row; 0 where there is none."""
        return self.first + len(self.rows) - 1 if self.rows else 0


@dataclass(frozen=True, slots=True)
class Part(Generic[K, T]):
    """Rows of a list that is read in the order of its keys, and where it goes on."""

    rows: list[T]
    after: K | None
    """The key to go on behind; None at the end of the list."""
    to_skip: int = 0
    """How many rows behind that key are still to be skipped, where the search for them was cut."""


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """A list as it is filed."""

    read: Callable[[str, bool, int], tuple[list[T], bool]]
    """`read(key, backwards, limit)`: at most so many rows behind the one with the key, in the list's order or against
    it, and whether there are more. The empty key is in front of all, or behind all."""
    key: Callable[[T], str]
    sortable: int
    """A list of so many rows is read whole."""
    chunk: int
    """Rows that are read at once where those are looked for that a filter lets through."""


def cut(rows: Iterable[T], limit: int) -> tuple[list[T], bool]:
    """At most `limit` rows, and whether there are more: what `Rows.read` answers, of one row more than it was asked."""
    read = list(islice(rows, limit + 1))
    return read[:limit], len(read) > limit


def search(
    read: Callable[[str, int], tuple[list[T], bool]],
    key: Callable[[T], str],
    after: str,
    limit: int,
    keep: Callable[[list[T]], list[T]] | None = None,
) -> tuple[list[T], str]:
    """At most `limit` rows behind the key `after`, and the key to go on behind; empty where there are no more.

    `read` answers as `cut` does. `keep` lets through what a filter asks for: among `MAX_SCANNED` rows, so that there
    may be fewer, or none, and more behind them.
    """
    found, scanned = list[T](), 0
    while True:
        rows, more = read(after, limit if keep is None else CHUNK)
        kept = rows if keep is None else keep(rows)
        room = limit - len(found)
        found += kept[:room]
        if len(kept) > room:
            return found, key(found[-1]) if found else after
        if not more:
            return found, ""
        after, scanned = key(rows[-1]), scanned + len(rows)
        if len(found) == limit or scanned >= MAX_SCANNED:
            return found, after


def read_page(
    rows: Rows[T],
    after: str = "",
    before: str = "",
    *,
    size: int = PAGE_SIZE,
    keep: Callable[[list[T]], list[T]] | None = None,
    arrange: Callable[[list[T]], list[T]] = lambda rows: rows,
    is_late: Callable[[], bool] = lambda: False,
) -> Page[T]:
    """The page of `size` rows behind the position `after`, or in front of `before`; the first one where there is none.

    `keep` lets through what a filter asks for, in order. `arrange` sorts a list that is read whole. Once `is_late`, no
    further rows are looked at.
    """
    position, backwards = after or before, not after and bool(before)
    if not position or position.startswith(_WHOLE):
        head, more = rows.read("", False, rows.sortable)
        if not more:
            found = arrange(head if keep is None else keep(head))
            return _part(found, rows.key, after.removeprefix(_WHOLE), before.removeprefix(_WHOLE), size)
        return _scanned(rows, "", False, size, keep, is_late, (head, more))
    return _scanned(rows, position, backwards, size, keep, is_late, None)


def read_keys(
    keys: Callable[[K | None, int], Iterable[K]],
    load: Callable[[list[K]], list[T]],
    after: K | None,
    skip: int,
    size: int,
) -> Part[K, T]:
    """`size` rows behind the key `after` and `skip` rows more: keys are read over, and those of the part are loaded.

    `keys(after, limit)`: at most so many. `load`: the rows of those that are still there.
    """
    found, more = cut(keys(after, skip + size + 1), skip + size)
    return Part(load(found[skip:]), found[-1] if more else None)


def search_keys(
    keys: Callable[[K | None, int], Iterable[K]],
    load: Callable[[list[K]], list[T]],
    key: Callable[[T], K],
    after: K | None,
    skip: int,
    size: int,
    *,
    chunk: int,
    most: int,
) -> Part[K, T]:
    """As `read_keys`, where `load` leaves out what a filter lets not through: `chunk` keys at a time are loaded.

    After `most` keys the part ends, however few rows it has.
    """
    found, scanned = list[T](), 0
    while True:
        some, more = cut(keys(after, chunk + 1), chunk)
        found += load(some)
        if len(found) > skip + size or (len(found) == skip + size and more):
            rows = found[skip : skip + size]
            return Part(rows, key(rows[-1]))
        scanned += len(some)
        if not more:
            return Part(found[skip:], None)
        after = some[-1]
        if scanned >= most:
            return Part(found[skip:], after, max(0, skip - len(found)))


def _scanned(
    rows: Rows[T],
    start: str,
    backwards: bool,
    size: int,
    keep: Callable[[list[T]], list[T]] | None,
    is_late: Callable[[], bool],
    chunk: tuple[list[T], bool] | None,
) -> Page[T]:
    """The rows that are kept of those behind `start`; `chunk`: the first that were read of them, if they were."""
    found, position, nearest, scanned = list[T](), start, "", 0
    while True:
        limit = size if keep is None else rows.chunk
        read, more = chunk or rows.read(position, backwards, limit)
        kept, chunk = read if keep is None else keep(read), None
        nearest, scanned = nearest or (rows.key(read[0]) if read else ""), scanned + len(read)
        room = size - len(found)
        found += kept[:room]
        if len(kept) > room:
            position, more = rows.key(found[-1]), True
            break
        if not read:
            more = False  # nothing that a position could be made of
            break
        position = rows.key(read[-1])
        if not more or len(found) == size or scanned >= max(size, MAX_SCANNED) or is_late():
            break
    if backwards and not nearest:  # nothing is in front of it any more
        return _scanned(rows, "", False, size, keep, is_late, None)
    further, is_cut = position if more else "", more and len(found) < size
    if backwards:
        return Page(found[::-1], before=further, after=nearest, is_cut=is_cut)
    return Page(found, before=nearest if start else "", after=further, is_cut=is_cut)


def _part(rows: Sequence[T], key: Callable[[T], str], after: str, before: str, size: int) -> Page[T]:
    """A page of a list that was read whole."""
    start = 0
    if after or before:
        at = next((n for n, row in enumerate(rows) if key(row) == (after or before)), None)
        if at is not None:
            start = at + 1 if after else max(0, at - size)
    if start >= len(rows):
        start = 0
    shown = list(rows[start : start + size])
    return Page(
        shown,
        start + 1,
        len(rows),
        before=_WHOLE + key(shown[0]) if start else "",
        after=_WHOLE + key(shown[-1]) if start + len(shown) < len(rows) else "",
    )
