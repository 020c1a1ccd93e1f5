"""A page of a list that is read by its keys: every row once, however it is walked."""

from collections.abc import Callable, Iterable
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.management_keys import ManagementKey
from chalicelib.management.caller import Caller
from chalicelib.management.models import ListBody, ListQuery, part_of_filed, part_of_walk
from chalicelib.usecases.call_rate import Allowance
from tests.support import NOW

ADDRESS = "https://license.test/api/v1/things"


def caller(company: str = "T1") -> Caller:
    key = ManagementKey(company, 1, "Shop", "", NOW, frozenset())
    return Caller(key, "", NOW, Allowance(1, 1), ADDRESS, None, None)


def reading(ids: list[int], asked: list[int] | None = None) -> Callable[[str | None, int], Iterable[int]]:
    def read(after: str | None, limit: int) -> Iterable[int]:
        if asked is not None:
            asked.append(limit)
        return [id for id in ids if after is None or id > int(after)][:limit]

    return read


def page(ids: list[int], **query: object) -> tuple[list[int], ListBody]:
    asked = ListQuery.model_validate({name: str(value) for name, value in query.items()})
    rows, body = part_of_filed(reading(ids), asked, caller(), "things", str, len(ids))
    return list(rows), body


def following(body: ListBody, which: str = "next") -> dict[str, str]:
    """The query of a link."""
    link = urlsplit(str(body[which]))  # type: ignore[literal-required] # of the two
    assert f"{link.scheme}://{link.netloc}{link.path}" == ADDRESS
    return {name: value for name, (value,) in parse_qs(link.query).items()}


@pytest.mark.parametrize("length", [0, 1, 3, 4, 7])
def test_each_row_comes_once_and_the_last_page_has_no_next(length: int) -> None:
    ids, seen, query = list(range(1, length + 1)), list[int](), {"limit": "3"}
    while True:
        rows, body = page(ids, **query)
        seen += rows
        assert (body["count"], body["previous"]) == (length, None)
        if body["next"] is None:
            break
        query = following(body)
    assert seen == ids


def test_what_lies_in_front_of_an_offset_is_read_over_and_one_goes_on_by_the_cursor() -> None:
    ids, asked = list(range(1, 11)), list[int]()
    query = ListQuery(limit=3, offset=5)
    rows, body = part_of_filed(reading(ids, asked), query, caller(), "things", str, None)
    assert (rows, asked) == ([6, 7, 8], [9])
    assert following(body, "previous") == {"limit": "3", "offset": "2"}
    rows, body = page(ids, **following(body))
    assert (rows, body["next"], body["previous"]) == ([9, 10], None, None)
    assert page(ids, offset=10) == ([], {"count": 10, "next": None, "previous": f"{ADDRESS}?limit=20&offset=0"})


def test_rows_that_come_and_go_shift_no_other() -> None:
    ids = list(range(10, 70, 10))
    _, body = page(ids, limit=3)
    ids.remove(30)  # at which the cursor stands
    assert page([5, *ids, 65], **following(body))[0] == [40, 50, 60]


def test_a_cursor_is_good_for_its_list_alone() -> None:
    query = ListQuery(cursor=following(page([1, 2], limit=1)[1])["cursor"])
    for other, name in ((caller("T2"), "things"), (caller(), "others")):
        with pytest.raises(Invalid, match="cursor_invalid"):
            part_of_filed(reading([1, 2]), query, other, name, str, None)


class Filtered(ListQuery):
    """A list with a filter."""

    even: str = ""


def test_a_cursor_is_good_for_its_filter_alone() -> None:
    first = Filtered(even="yes", limit=1)
    _, body = part_of_filed(reading([1, 2]), first, caller(), "things", str)
    asked = following(body)
    assert part_of_filed(reading([1, 2]), Filtered.model_validate(asked), caller(), "things", str)[0] == [2]
    with pytest.raises(Invalid, match="cursor_invalid"):
        part_of_filed(reading([1, 2]), Filtered.model_validate(asked | {"even": "no"}), caller(), "things", str)


def test_an_offset_that_a_bounded_search_has_not_reached_goes_on_with_the_search() -> None:
    """Each read looks at two rows, and finds the even ones."""

    def read(after: str, limit: int) -> tuple[list[int], int | None]:
        looked_at = range(int(after or 0) + 1, int(after or 0) + 3)
        return [n for n in looked_at if n % 2 == 0][:limit], looked_at[-1] if looked_at[-1] < 12 else None

    query, pages = {"offset": "3", "limit": "2"}, list[list[int]]()
    while query:
        rows, body = part_of_walk(read, ListQuery.model_validate(query), caller(), "things")
        pages.append(list(rows))
        query = {} if body["next"] is None else following(body)
    assert pages == [[], [], [], [8], [10], [12]]
