"""Pages of a list by cursor: what is added or taken away elsewhere in the list shifts no row between two pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list that has `total`; the first of them is number `first`, from 1."""

    rows: list[T]
    first: int
    total: int
    before: str = ""
    """The key to go back from; empty on the first page."""
    after: str = ""
    """The key to go on from; empty on the last page."""

    @property
    def last(self) -> int:
        """The number of the last row; 0 where there is none."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def page_of(rows: Sequence[T], key: Callable[[T], str], after: str = "", before: str = "") -> Page[T]:
    """The rows behind the one with the key `after`, or those before `before`; the first ones where there is none."""
    start = 0
    if after or before:
        at = next((n for n, row in enumerate(rows) if key(row) == (after or before)), None)
        if at is not None:
            start = at + 1 if after else max(0, at - PAGE_SIZE)
    if start >= len(rows):
        start = 0
    shown = list(rows[start : start + PAGE_SIZE])
    return Page(
        shown,
        start + 1,
        len(rows),
        before=key(shown[0]) if start else "",
        after=key(shown[-1]) if start + len(shown) < len(rows) else "",
    )
