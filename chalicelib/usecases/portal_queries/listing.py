"""What the lists of the portal share: which rows an address asks for, and how they are looked for."""

import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from chalicelib.domain.paging import PAGE_SIZE, Page, Rows, read_page
from chalicelib.domain.pasted import composed, visible

T = TypeVar("T")

MAX_SECONDS, MAX_FILE_SECONDS = 1.0, 15.0
"""After which a page looks at no further rows, and a file. API Gateway waits for 29 seconds."""
MAX_FILE_ROWS = 5000
"""Rows of a list that is taken away as a file."""
_WRITTEN_FOR = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae"})
CHUNK = 90
"""Rows that fit into one BatchGet, with who asks and what else a page needs."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which rows of a list. `after` and `before` are positions (`domain.paging`), and at most one of them is given."""

    search: str = ""
    product: str = ""
    status: str = ""
    sort: str = ""
    after: str = ""
    before: str = ""

    size: ClassVar[int] = PAGE_SIZE
    seconds: ClassVar[float] = MAX_SECONDS


class FileQuery(ListQuery):
    """All rows of a list: a page as long as a file may be."""

    size = MAX_FILE_ROWS
    seconds = MAX_FILE_SECONDS


def list_page(
    rows: Rows[T],
    list_query: ListQuery,
    keep: Callable[[list[T]], list[T]] | None = None,
    arrange: Callable[[list[T]], list[T]] = lambda rows: rows,
) -> Page[T]:
    """As `read_page`, of the page that is asked for. `keep`: None where nothing is filtered."""
    until = time.monotonic() + list_query.seconds
    late = lambda: time.monotonic() >= until  # noqa: E731 - short and local
    asked = (list_query.after, list_query.before)
    return read_page(rows, *asked, size=list_query.size, keep=keep, arrange=arrange, is_late=late)


def page_with(page: Page[Any], rows: list[Any]) -> Page[Any]:  # rows of another type
    """The same page, of what its rows have become."""
    return replace(page, rows=rows)


def has_words(texts: Iterable[str], search: str) -> bool:
    """Whether each word that is searched for stands in one of the texts, in whatever form either was typed.

    "Schäfer" is found by "schaefer" and "schafer", and the other way round.
    """
    plain = [form for text in texts for form in _forms(text)]
    return all(any(form in text for form in _forms(word) for text in plain) for word in search.split())


def _forms(text: str) -> set[str]:
    """A text in small letters: as it is, with letters for what is written for them, and without marks."""
    plain = composed(visible(text).lower())
    if plain.isascii():
        return {plain}
    bare = "".join(letter for letter in unicodedata.normalize("NFD", plain) if not unicodedata.combining(letter))
    return {plain, plain.translate(_WRITTEN_FOR), bare}
