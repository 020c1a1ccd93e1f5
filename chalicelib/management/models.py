"""What all resources of the Management API have in common: models of what is sent, and lists."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Annotated, TypeVar
from urllib.parse import urlencode

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictBool,
    StrictStr,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from chalicelib.domain.days import Moment, read_moment
from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import to_iso
from chalicelib.domain.paging import Part, cut
from chalicelib.domain.spreadsheet import cell_of, csv_lines
from chalicelib.domain.types import Json
from chalicelib.management.caller import Caller
from chalicelib.usecases.cursors import from_cursor, to_cursor
from chalicelib.web.canonical import MAX_SAFE_INTEGER
from chalicelib.web.endpoint import Csv
from chalicelib.web.error_responses import MAX_FIELDS
from chalicelib.web.messages import message

T = TypeVar("T")

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
MAX_OFFSET = 10_000
MAX_CURSOR = 1000
MAX_EXPORTED, MAX_CHARACTERS = 1000, 300_000
"""Rows of an export in one answer, and after how many characters no row is added: a Lambda answers up to 6 MB."""
ExportWalk = Iterator[tuple[str, Json | None]]
"""Rows of an export, each with the position to go on behind. None in the place of a row: so much was looked at that the
answer ends here."""


class Sent(BaseModel):
    """What a caller sends. A field that there is not is refused: misspelt, it would be ignored for good.

    Models are built when they are first asked for: an application's call does not wait for them. A list of many rows
    has `fail_fast`: nothing behind the first wrong one is looked at, for lists in lists fill a body with wrong ones.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _few_unknown(cls, given: object) -> object:
        """Each unknown name is an error, and an error costs as much as a call: no more of them than are told."""
        if not isinstance(given, dict) or len(given) <= len(cls.model_fields) + MAX_FIELDS:
            return given
        unknown = {*islice((name for name in given if name not in cls.model_fields), MAX_FIELDS)}
        return {name: value for name, value in given.items() if name in cls.model_fields or name in unknown}


class NoQuery(Sent):
    """A query of no parameters."""


Id = Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
"""Of any object."""


def sent_number(text: object) -> object:
    """A number that a query has, which has texts alone; one of very many digits is none, for to read it is slow."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 16 else text


def _flag(text: object) -> object:
    """Yes or no in a query: `true` or `false`."""
    return {"true": True, "false": False}.get(text.lower(), text) if isinstance(text, str) else text


SentFlag = Annotated[StrictBool, BeforeValidator(_flag)]


def _moment(text: object) -> Moment:
    """A date, or an instant, as the domain reads it."""
    try:
        return read_moment(text if isinstance(text, str) else "")
    except Invalid as error:
        raise PydanticCustomError("date", "{reason}", {"reason": message(error).removesuffix(".")}) from None


def _as_sent(moment: Moment) -> str:
    return moment.isoformat() if isinstance(moment, date) else to_iso(moment)


SentMoment = Annotated[
    Moment, PlainValidator(_moment), PlainSerializer(_as_sent), WithJsonSchema({"type": "string"}, mode="validation")
]
"""A date, which is a day of the company's, or an instant; without a zone, of UTC."""


def given(change: Sent, *nullable: str) -> Json:
    """What was sent of a change, by name. Null is as if it were not sent, but of what may be null."""
    sent = change.model_dump(exclude_unset=True)
    return {name: value for name, value in sent.items() if value is not None or name in nullable}


def sent_boolean(text: object) -> object:
    """A boolean that a query has, as JSON writes it, or as Python does."""
    return {"true": True, "false": False}.get(text.lower(), text) if isinstance(text, str) else text


QueryId = Annotated[Id, BeforeValidator(sent_number)]
"""The same, in a query."""


class CursorQuery(Sent):
    """Behind which row a list begins."""

    cursor: Annotated[StrictStr, Field(max_length=MAX_CURSOR)] = ""
    """Of the link `next`."""


class PageQuery(CursorQuery):
    """Which part of a list: `limit` rows, behind a cursor."""

    limit: Annotated[int, BeforeValidator(sent_number), Field(ge=1), AfterValidator(lambda n: min(n, MAX_LIMIT))] = (
        DEFAULT_LIMIT
    )
    """More than `MAX_LIMIT` are as many."""


class ListQuery(PageQuery):
    """Which part of a list that can be counted: behind a cursor, or behind so many rows."""

    offset: Annotated[int, BeforeValidator(sent_number), Field(ge=0, le=MAX_OFFSET)] = 0


class ListBody(TypedDict):
    """A page of a list; its class adds `results`."""

    count: int | None
    """Of all rows. None: of a log or what a filter lets through, which nobody counts; or not yet (docs)."""
    next: str | None
    """The address of the page behind this one; None on the last."""
    previous: str | None
    """Of the page in front of it; None on the first, and where the page was asked for by a cursor."""


def part_of_list(
    rows: Sequence[T], query: ListQuery, caller: Caller, name: str, id: Callable[[T], int]
) -> tuple[Sequence[T], ListBody]:
    """The rows of a page, and what the page says besides, of a list that was read whole, by ascending `id`.

    `name`: which list of the company's it is. Raises `Invalid`: `cursor_invalid`.
    """
    scope = (caller.company, name)
    position = from_cursor(scope, query.cursor)
    begin = sum(id(row) <= int(position) for row in rows) if position else query.offset
    end = begin + query.limit
    following = _link(caller, query, cursor=to_cursor(scope, str(id(rows[end - 1])))) if end < len(rows) else None
    is_behind = query.offset > 0 and not position
    previous = _link(caller, query, offset=max(0, begin - query.limit)) if is_behind else None
    return rows[begin:end], {"count": len(rows), "next": following, "previous": previous}


def part_of_log(
    read: Callable[[str | None, int], Iterable[T]], query: PageQuery, caller: Caller, name: str, key: Callable[[T], str]
) -> tuple[Sequence[T], ListBody]:
    """The same of a log: `read(after, limit)` gives at most so many rows behind the one with the key `after`."""
    scope = (caller.company, name)
    after = from_cursor(scope, query.cursor) or None
    rows, has_more = cut(read(after, query.limit + 1), query.limit)
    following = _link(caller, query, cursor=to_cursor(scope, key(rows[-1]))) if has_more else None
    return rows, {"count": None, "next": following, "previous": None}


def part_of_filed(
    read: Callable[[str | None, int], Iterable[T]],
    query: ListQuery,
    caller: Caller,
    name: str,
    key: Callable[[T], str],
    count: int | None,
) -> tuple[Sequence[T], ListBody]:
    """The same of a list that is read by its keys: `read(after, limit)` as of a log, `count` from a counter.

    What lies in front of an `offset` is read over: `read` answers what is cheap, such as ids, and the page's rows are
    read by these.
    """
    scope = (caller.company, name)
    position = from_cursor(scope, query.cursor)
    skipped = 0 if position else query.offset
    rows, has_more = cut(read(position or None, skipped + query.limit + 1), skipped + query.limit)
    following = _link(caller, query, cursor=to_cursor(scope, key(rows[-1]))) if has_more else None
    previous = _link(caller, query, offset=max(0, skipped - query.limit)) if skipped else None
    return rows[skipped:], {"count": count, "next": following, "previous": previous}


def part_of_walk(
    read: Callable[[str, int], tuple[Sequence[T], str]],
    query: ListQuery,
    caller: Caller,
    scope: Sequence[str | int],
    count: int | None = None,
) -> tuple[Sequence[T], ListBody]:
    """The same of a list that is read on through its keys, also by a filter that none of them serves.

    `read(after, limit)` answers at most so many rows behind the position `after`, and the one to go on behind: empty at
    the end. There may be fewer rows, or none, and more behind them. `scope`: which list, by which filter. What an
    `offset` leaves out is read over.
    """
    whole = (caller.company, *scope)
    position = from_cursor(whole, query.cursor)
    rows, after = read(position, query.offset + query.limit)
    left = max(0, query.offset - len(rows))
    further = {"cursor": to_cursor(whole, after)} | ({"offset": left} if left else {})
    following = _link(caller, query, **further) if after else None
    is_behind = query.offset > 0 and not position
    previous = _link(caller, query, offset=max(0, query.offset - query.limit)) if is_behind else None
    if not (position or after):
        count = len(rows)
    return rows[query.offset :], {"count": count, "next": following, "previous": previous}


def part_of_search(
    read: Callable[[int | None, int], tuple[Sequence[T], int | None]],
    query: ListQuery,
    caller: Caller,
    name: str,
    count: int | None,
) -> tuple[Sequence[T], ListBody]:
    """The same of a list that may be filtered by what no key serves: `read(after, limit)` answers what it has found
    within its bound, and the id to go on behind.
    """
    scope = (caller.company, name, urlencode(_filter(query)))
    position = from_cursor(scope, query.cursor)
    skipped = 0 if position else query.offset
    rows, after = read(int(position) if position else None, skipped + query.limit)
    following = None if after is None else _link(caller, query, cursor=to_cursor(scope, str(after)))
    previous = _link(caller, query, offset=max(0, skipped - query.limit)) if skipped else None
    return rows[skipped:], {"count": count, "next": following, "previous": previous}


def part_of_export(
    walk: Callable[[str], ExportWalk], body: type[object], query: CursorQuery, caller: Caller, name: str
) -> Csv:
    """The rows of a walk as CSV, each with the fields of `body`: as many as an answer holds, and the link to the rest.

    `walk(after)` goes on behind a position. `name`: as of `part_of_log`.
    """
    scope, columns = (caller.company, f"export of {name}", urlencode(_filter(query))), [*body.__annotations__]
    lines, characters, last = [csv_lines([columns])], 0, ""
    for position, row in walk(from_cursor(scope, query.cursor)):
        is_full = len(lines) > MAX_EXPORTED or characters > MAX_CHARACTERS
        if row is None or is_full:
            return Csv("".join(lines), _link(caller, query, cursor=to_cursor(scope, last if is_full else position)))
        lines.append(csv_lines([[cell_of(row[column]) for column in columns]]))
        characters, last = characters + len(lines[-1]), position
    return Csv("".join(lines))


def _filter(query: CursorQuery) -> dict[str, str | int]:
    """What of a query says which rows are meant."""
    return query.model_dump(exclude={"cursor", "offset", "limit"}, exclude_none=True, by_alias=True)


def part_of_found(
    read: Callable[[int | None, int, int], Part[int, T]],
    query: ListQuery,
    caller: Caller,
    name: str,
    count: int | None,
) -> tuple[Sequence[T], ListBody]:
    """The same of a list of which a filter may let few rows through: `read(after, skip, size)` looks within a bound.

    A page may be short, or empty, and have a `next`: go on. Without a `count`, that of a list which ends on its first
    page. `name`: with the filter, for a cursor is good for one alone.
    """
    scope, asked = (caller.company, name), query.offset
    position = from_cursor(scope, query.cursor)
    part = read(int(position) if position else None, asked, query.limit)
    following = None
    if part.after is not None:
        further = {"offset": part.to_skip} if part.to_skip else {}
        following = _link(caller, query, cursor=to_cursor(scope, str(part.after)), **further)
    previous = _link(caller, query, offset=max(0, asked - query.limit)) if asked and not position else None
    is_whole = following is None and not position and (part.rows or not asked)
    return part.rows, {
        "count": asked + len(part.rows) if count is None and is_whole else count,
        "next": following,
        "previous": previous,
    }


def _link(caller: Caller, query: CursorQuery, **position: str | int) -> str:
    """The address of another page of the list, by the same filter."""
    asked = query.model_dump(exclude={"cursor", "offset"}, exclude_none=True, by_alias=True)
    return f"{caller.address}?{urlencode(asked | position)}"
