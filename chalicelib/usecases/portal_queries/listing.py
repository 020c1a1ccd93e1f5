"""What the lists of the portal share: which rows an address asks for, and how they are looked for."""

import time
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar, TypeVar

from chalicelib.domain.instants import Instant
from chalicelib.domain.paging import PAGE_SIZE, Page, Rows, read_page
from chalicelib.domain.pasted import MAX_TYPED, composed, visible

T = TypeVar("T")

MAX_SECONDS, MAX_FILE_SECONDS = 1.0, 15.0
"""After which a page looks at no further rows, and a file. API Gateway waits for 29 seconds."""
MAX_FILE_ROWS = 5000
"""Rows of a list that is taken away as a file."""
MAX_WORDS = 10
"""Of a search: the first ones."""
IDLE_DAYS = 90
"""Whoever has not used what is theirs for so long is idle."""
CHUNK = 90
"""Rows that fit into one BatchGet, with who asks and what else a page needs."""
_PLAIN = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
"""For letters that are no other letter with an accent."""
_SPELLED_OUT = _PLAIN | str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which rows of a list. `after` and `before` are positions (`domain.paging`), and at most one of them is given."""

    search: str = ""
    product: str = ""
    status: str = ""
    sort: str = ""
    kind: str = ""
    days: str = ""
    """How many days back a history is asked for; empty: all of it."""
    after: str = ""
    before: str = ""

    size: ClassVar[int] = PAGE_SIZE
    seconds: ClassVar[float] = MAX_SECONDS
    is_file: ClassVar[bool] = False


class FileQuery(ListQuery):
    """All rows of a list: a page as long as a file may be."""

    size = MAX_FILE_ROWS
    seconds = MAX_FILE_SECONDS
    is_file = True


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


def page_of_all(rows: list[T], key: Callable[[T], str], list_query: ListQuery, matches: Callable[[T], bool]) -> Page[T]:
    """The page that is asked for of rows that are all in memory, in order; `matches`: whether a search finds one."""
    keep = (lambda found: [row for row in found if matches(row)]) if list_query.search.strip() else None
    return list_page(Rows(lambda *_: (rows, False), key, len(rows), len(rows)), list_query, keep)


def page_with(page: Page[Any], rows: list[Any]) -> Page[Any]:  # rows of another type
    """The same page, of what its rows have become."""
    return replace(page, rows=rows)


def is_idle(unused_since: Instant, now: Instant) -> bool:
    """Whether somebody has used nothing for `IDLE_DAYS`."""
    return unused_since < now - IDLE_DAYS * 24 * 3_600_000


def has_words(texts: Iterable[str], search: str) -> bool:
    """Whether each word that is searched for stands in one of the texts, in whatever form either was typed.

    Accents do not count, and an umlaut is found by the letters that are typed in its place: `Schäfer` by `schaefer` and
    by `schafer`.
    """
    there = [spelling for text in texts for spelling in _spellings(text)]
    return all(any(spelling in text for spelling in word for text in there) for word in _words(search))


@lru_cache(100)
def _words(search: str) -> list[list[str]]:
    """The spellings of each word that is searched for: once for all rows, and of no more than are typed by hand."""
    words = dict.fromkeys(composed(visible(search)).split())
    return [_spellings(word) for word in islice(words, MAX_WORDS)]


def _spellings(text: str) -> list[str]:
    """The text in small letters: without accents, and with the letters that stand for umlauts, where it has any."""
    plain = composed(visible(text).lower())
    if plain.isascii() or len(plain) > MAX_TYPED:
        return [plain]
    return [_without_accents(plain.translate(letters)) for letters in (_PLAIN, _SPELLED_OUT)]


def _without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
