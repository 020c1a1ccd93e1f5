"""What all resources of the Management API have in common: models of what is sent, and lists."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Annotated, Any, TypeVar
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
from pydantic_core import PydanticCustomError, PydanticKnownError
from typing_extensions import TypedDict

from chalicelib.domain.days import Moment, read_moment
from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import to_iso
from chalicelib.domain.paging import Part, cut
from chalicelib.domain.spreadsheet import cell_of, csv_lines
from chalicelib.domain.types import Json
from chalicelib.management.caller import Caller
from chalicelib.usecases.bulk import MAX_ROWS
from chalicelib.usecases.cursors import from_cursor, to_cursor
from chalicelib.web.canonical import MAX_SAFE_INTEGER
from chalicelib.web.endpoint import Csv
from chalicelib.web.error_responses import MAX_FIELDS
from chalicelib.web.messages import message
from chalicelib.web.strict_json import parse_json

T = TypeVar("T")

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
MAX_OFFSET = 10_000
MAX_IDS = 100
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
        known = cls.model_fields  # pydantic looks for them each time: a body may have many names
        if not isinstance(given, dict) or len(given) <= len(known) + MAX_FIELDS:
            return given
        unknown = {*islice((name for name in given if name not in known), MAX_FIELDS)}
        return {name: value for name, value in given.items() if name in known or name in unknown}


class NoQuery(Sent):
    """A query of no parameters."""


Id = Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)]
"""Of any object."""


def sent_number(text: object) -> object:
    """A number that a query has, which has texts alone; one of very many digits is none, for to read it is slow."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 16 else text


def few_rows(rows: object) -> object:
    """Rows by their ids, of a bounded number before any of them is looked at: each wrong one is an error, which costs
    as a call.
    """
    if isinstance(rows, dict) and len(rows) > MAX_ROWS:
        bound = {"field_type": "Dictionary", "max_length": MAX_ROWS, "actual_length": len(rows)}
        raise PydanticKnownError("too_long", bound)
    return rows


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


def _object(value: object) -> object:
    """An object, or a text of JSON that is one."""
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value.encode())
    except ValueError:  # or half a character
        return value


SentMetadata = Annotated[Json | None, BeforeValidator(_object)]
"""An object or null, also as the text that the public API takes."""
QueryMetadata = Annotated[
    Json, BeforeValidator(_object), PlainSerializer(lambda metadata: json.dumps(metadata, sort_keys=True))
]
"""The same in a query, which has texts alone."""


def given(change: Sent, *nullable: str) -> Json:
    """What was sent of a change, by name. Null is as if it were not sent, but of what may be null."""
    sent = change.model_dump(exclude_unset=True)
    return {name: value for name, value in sent.items() if value is not None or name in nullable}


QueryId = Annotated[Id, BeforeValidator(sent_number)]
"""The same, in a query."""


def _ids(text: str) -> str:
    parts = text.split(",")
    if len(parts) > MAX_IDS or not all(part.isascii() and part.isdigit() and len(part) <= 16 for part in parts):
        raise PydanticCustomError("ids", "give up to {most} ids, with commas between", {"most": MAX_IDS})
    return text


SentIds = Annotated[StrictStr, AfterValidator(_ids)]
"""Ids in a query, with commas between."""


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
    """Of all rows. None: of a log, or of what a filter lets through, where it is more than the first page; or not yet
    (docs)."""
    next: str | None
    """The address of the page behind this one; None on the last."""
    previous: str | None
    """Of the page in front of it; None on the first, and where the page was asked for by a cursor."""


def part_of(
    read: Callable[[str, int, int], Part[Any, T]],  # keys of whichever list it is
    query: PageQuery,
    caller: Caller,
    name: str,
    count: int | None = None,
) -> tuple[Sequence[T], ListBody]:
    """The rows of a page, and what the page says besides.

    `read(after, skip, size)` answers at most `size` rows behind the position `after`, empty before the first, and
    behind `skip` more. It looks within a bound: so a page may be short, or empty, and have a `next`: go on. `name`:
    which list of the company's it is; a cursor is good for that alone, by the same filter. Without a `count`, that of
    a list which ends on its first page. Raises `Invalid`: `cursor_invalid`.
    """
    scope, skip = _scope(caller, name, query), query.offset if isinstance(query, ListQuery) else 0
    position = from_cursor(scope, query.cursor)
    part = read(position, skip, query.limit)
    following = previous = None
    if part.after is not None:
        left = {"offset": part.to_skip} if part.to_skip else {}
        following = _link(caller, query, cursor=to_cursor(scope, str(part.after)), **left)
    if skip and not position:
        previous = _link(caller, query, offset=max(0, skip - query.limit))
    if count is None and following is None and not position and (part.rows or not skip):
        count = skip + len(part.rows)
    return part.rows, {"count": count, "next": following, "previous": previous}


def part_of_list(
    rows: Sequence[T], query: ListQuery, caller: Caller, name: str, id: Callable[[T], int]
) -> tuple[Sequence[T], ListBody]:
    """The same of a list that was read whole, by ascending `id`."""

    def read(after: str, skip: int, size: int) -> Part[int, T]:
        begin = skip + (sum(id(row) <= int(after) for row in rows) if after else 0)
        end = begin + size
        return Part(list(rows[begin:end]), id(rows[end - 1]) if end < len(rows) else None)

    return part_of(read, query, caller, name, len(rows))


def part_of_filed(
    read: Callable[[str | None, int], Iterable[T]],
    query: PageQuery,
    caller: Caller,
    name: str,
    key: Callable[[T], str],
    count: int | None = None,
) -> tuple[Sequence[T], ListBody]:
    """The same of a list that is read by its keys: `read(after, limit)` gives at most so many rows behind the one with
    the key `after`, `count` is from a counter.

    What lies in front of an `offset` is read over: `read` answers what is cheap, such as ids, and the page's rows are
    read by these.
    """

    def part(after: str, skip: int, size: int) -> Part[str, T]:
        rows, has_more = cut(read(after or None, skip + size + 1), skip + size)
        return Part(rows[skip:], key(rows[-1]) if has_more else None)

    return part_of(part, query, caller, name, count)


def part_of_walk(
    read: Callable[[str, int], tuple[Sequence[T], object]],
    query: ListQuery,
    caller: Caller,
    name: str,
    count: int | None = None,
) -> tuple[Sequence[T], ListBody]:
    """The same of a list that is read on through its keys, also by a filter that none of them serves.

    `read(after, limit)` answers at most so many rows behind the position `after`, and the one to go on behind: empty,
    or None, at the end. There may be fewer rows, or none, and more behind them. What an `offset` leaves out is read
    over.
    """

    def part(after: str, skip: int, size: int) -> Part[object, T]:
        rows, behind = read(after, skip + size)
        return Part(list(rows[skip:]), behind or None, max(0, skip - len(rows)))

    return part_of(part, query, caller, name, count)


def part_of_export(
    walk: Callable[[str], ExportWalk], body: type[object], query: CursorQuery, caller: Caller, name: str
) -> Csv:
    """The rows of a walk as CSV, each with the fields of `body`: as many as an answer holds, and the link to the rest.

    `walk(after)` goes on behind a position. `name`: which list of the company's it is.
    """
    scope, columns = _scope(caller, f"export of {name}", query), [*body.__annotations__]
    lines, characters, last = [csv_lines([columns])], 0, ""
    for position, row in walk(from_cursor(scope, query.cursor)):
        is_full = len(lines) > MAX_EXPORTED or characters > MAX_CHARACTERS
        if row is None or is_full:
            return Csv("".join(lines), _link(caller, query, cursor=to_cursor(scope, last if is_full else position)))
        lines.append(csv_lines([[cell_of(row[column]) for column in columns]]))
        characters, last = characters + len(lines[-1]), position
    return Csv("".join(lines))


def _scope(caller: Caller, name: str, query: CursorQuery) -> tuple[str, ...]:
    """Which list it is, by which filter."""
    asked = query.model_dump(exclude={"cursor", "offset", "limit"}, exclude_none=True, by_alias=True)
    return caller.company, name, urlencode(asked)


def _link(caller: Caller, query: CursorQuery, **position: str | int) -> str:
    """The address of another page of the list, by the same filter."""
    asked = query.model_dump(exclude={"cursor", "offset"}, exclude_none=True, by_alias=True)
    return f"{caller.address}?{urlencode(asked | position)}"
