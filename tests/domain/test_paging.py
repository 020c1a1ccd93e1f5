"""Pages of a list: whatever its length and the filter, each row is on one page, forwards as backwards."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable

import pytest

from chalicelib.domain.paging import MAX_SCANNED, PAGE_SIZE, Page, Rows, cut, read_page, search

SORTABLE, CHUNK = 90, 100
FILTERS: dict[str, Callable[[int], bool] | None] = {
    "none": None,
    "a third": lambda n: n % 3 == 0,
    "few": lambda n: n % 400 == 7,
    "nothing": lambda _: False,
}


class Filed:
    """A list of numbers, and how many of its rows were read."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers, self.read_rows = numbers, 0

    def read(self, after: str, backwards: bool, limit: int) -> tuple[list[int], bool]:
        at = int(after) if after else None
        if backwards:
            left = self.numbers[: len(self.numbers) if at is None else bisect_left(self.numbers, at)][::-1]
        else:
            left = self.numbers[0 if at is None else bisect_right(self.numbers, at) :]
        read, more = cut(left, limit)
        self.read_rows += len(read)
        return read, more

    def page(self, matches: Callable[[int], bool] | None, late: bool = False, **at: str) -> Page[int]:
        keep = None if matches is None else lambda rows: [row for row in rows if matches(row)]
        rows = Rows(self.read, str, SORTABLE, CHUNK)
        where = at.get("after", ""), at.get("before", "")
        return read_page(rows, *where, keep=keep, arrange=sorted, is_late=lambda: late)


def walked(filed: Filed, matches: Callable[[int], bool] | None) -> list[Page[int]]:
    pages = [filed.page(matches)]
    while pages[-1].after:
        pages.append(filed.page(matches, after=pages[-1].after))
    return pages


@pytest.mark.parametrize("asked", FILTERS)
@pytest.mark.parametrize("length", [0, 1, 25, 26, 50, 90, 91, 1000, 2600])
def test_each_row_is_on_one_page_forwards_and_backwards(length: int, asked: str) -> None:
    matches, filed = FILTERS[asked], Filed(list(range(length)))
    wanted = [n for n in range(length) if matches is None or matches(n)]
    pages = walked(filed, matches)
    assert [row for page in pages for row in page.rows] == wanted
    assert all(len(page.rows) <= PAGE_SIZE for page in pages)
    assert pages[0].before == ""
    back = [pages[-1]]
    while back[-1].before:
        back.append(filed.page(matches, before=back[-1].before))
    assert sorted(row for page in back for row in page.rows) == wanted
    assert all(
        page.is_cut == (page.total is None and bool(page.after) and len(page.rows) < PAGE_SIZE) for page in pages
    )


@pytest.mark.parametrize("length", [26, 1000])
def test_going_back_shows_the_page_from_which_one_came(length: int) -> None:
    filed = Filed(list(range(length)))
    first = filed.page(None)
    second = filed.page(None, after=first.after)
    assert filed.page(None, before=second.before).rows == first.rows
    assert filed.page(None, after=filed.page(None, before=second.before).after).rows == second.rows


def test_a_short_list_is_counted_and_a_long_one_is_not() -> None:
    short, long = Filed(list(range(SORTABLE))), Filed(list(range(SORTABLE + 1)))
    assert [(page.first, page.last, page.total) for page in walked(short, None)] == [
        (1, 25, 90),
        (26, 50, 90),
        (51, 75, 90),
        (76, 90, 90),
    ]
    assert {page.total for page in walked(long, None)} == {None}


@pytest.mark.parametrize("length", [SORTABLE + 1, 100_000])
def test_a_page_reads_as_many_rows_at_any_length(length: int) -> None:
    filed = Filed(list(range(length)))
    after = filed.page(None).after
    assert filed.read_rows == SORTABLE
    filed.page(None, after=after)
    assert filed.read_rows == SORTABLE + PAGE_SIZE


def test_what_no_key_serves_is_looked_for_within_a_bound() -> None:
    filed = Filed(list(range(100_000)))
    page = filed.page(FILTERS["nothing"])
    assert (page.rows, page.is_cut, filed.read_rows) == ([], True, SORTABLE + 10 * CHUNK)
    assert filed.read_rows <= MAX_SCANNED + CHUNK
    late = filed.page(FILTERS["nothing"], late=True, after=page.after)
    assert (late.rows, late.is_cut, filed.read_rows) == ([], True, SORTABLE + 11 * CHUNK)


def test_what_is_taken_away_meanwhile_shifts_no_row() -> None:
    filed = Filed(list(range(200)))
    first = filed.page(None)
    for gone in (3, 24, 25):  # 24 is the row to go on behind
        filed.numbers.remove(gone)
    assert filed.page(None, after=first.after).rows == list(range(26, 51))


def test_a_list_that_has_gone_or_grown_begins_anew() -> None:
    filed = Filed(list(range(60)))
    second = filed.page(None, after=filed.page(None).after)
    filed.numbers = list(range(500))
    assert filed.page(None, after=second.after).rows == list(range(25))
    third = walked(filed, None)[2]
    filed.numbers = filed.numbers[300:]
    assert filed.page(None, before=third.before).rows == list(range(300, 325))


@pytest.mark.parametrize("limit", [1, 7, 20, 150])
@pytest.mark.parametrize("filtered", [False, True])
def test_a_search_finds_each_row_once_however_it_is_cut(limit: int, filtered: bool) -> None:
    rows = [f"{number:04d}" for number in range(437)]

    def read(after: str, limit: int) -> tuple[list[str], bool]:
        return cut([row for row in rows if row > after], limit)

    keep = (lambda some: [row for row in some if row.endswith("7")]) if filtered else None
    found, after = search(read, str, "", limit, keep)
    while after:
        more, after = search(read, str, after, limit, keep)
        assert len(more) <= limit
        found += more
    assert found == [row for row in rows if not filtered or row.endswith("7")]


def test_a_search_ends_within_its_bound_and_says_where() -> None:
    rows = [f"{number:05d}" for number in range(5000)]
    found, after = search(
        lambda after, limit: cut([row for row in rows if row > after], limit), str, "", 5, lambda _: []
    )
    assert (found, after) == ([], f"{MAX_SCANNED - 1:05d}")
