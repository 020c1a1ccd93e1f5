"""The rows of the files that are imported: CSV with a first row of names, JSON, or a line of JSON for each row.

A row is an object of names and values. In CSV, `customer__email` is the name `email` within `customer`, as the public
import of licenses has it, and a name within `license` is one of the row itself. Several features, users or values
stand in one cell with semicolons between them.
"""

import csv
import io
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from chalicelib.domain.errors import Invalid, Rejected
from chalicelib.domain.pasted import safe_to_show
from chalicelib.domain.spreadsheet import as_meant
from chalicelib.domain.types import Json, JsonValue

MAX_COLUMNS = 200
MAX_SHOWN = 64
"""Characters of the name of a column: a list may have a hundred results of as many columns as a file has."""
_SAME = {"order__store_id": "order_store_id", "license_users": "users", "product_features": "features"}
"""Other names of columns."""


class FileRow(NamedTuple):
    """A row of a file, numbered from 1 without the row of names; `problem`: why it cannot be read."""

    number: int
    row: Json
    problem: Rejected | None = None


def read_rows(text: str) -> Iterator[FileRow]:
    """The rows of a file, whichever way it is written; an object with `results` or `data` has its rows in there.

    Raises `Invalid` where the file as a whole cannot be read.
    """
    plain = _plain(text)
    if not plain:
        raise Invalid("list_empty", of="rows", field="file")
    if plain[0] not in "[{":
        return _csv_rows(plain)
    first_line = plain.partition("\n")[0]
    whole = None if _is_object(first_line) and "\n" in plain.rstrip() else _json(plain)
    return _json_lines(plain) if whole is None else _json_rows(whole)


def unknown_columns(text: str, known: Collection[str]) -> list[str]:
    """The names of columns of a CSV file that say nothing, up to `MAX_SHOWN` characters of each; a file of JSON, which
    other systems write, has none. A misspelt one is seen by it: rows pass over what they do not know.

    `known`: what a row may say, within an object as `customer__email`. Raises as `read_rows`.
    """
    plain = _plain(text)
    if not plain or plain[0] in "[{":
        return []
    names, _ = _csv(plain)
    return [safe_to_show(name, MAX_SHOWN) for name in names if name and not _says(name, known)]


def _says(column: str, known: Collection[str]) -> bool:
    """Whether a row that has this column alone says anything."""
    [(name, value)] = _object([column], ["1"]).items()
    if name == "metadata":  # whose names are the vendor's own
        return name in known
    return ("__".join([name, *value]) if isinstance(value, dict) else name) in known


def _plain(text: str) -> str:
    return text.removeprefix("\ufeff").lstrip()


def _is_object(line: str) -> bool:
    return isinstance(_json(line), dict)


def _json(text: str) -> JsonValue:
    """What a text is in JSON; None where it is none, or nested too deep."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _json_lines(text: str) -> Iterator[FileRow]:
    for number, line in enumerate(filter(str.strip, text.split("\n")), start=1):
        yield _row(number, _json(line))


def _json_rows(whole: JsonValue) -> Iterator[FileRow]:
    """Rows of one document of JSON; one object that holds no others is one row."""
    page = whole if isinstance(whole, dict) else {"results": whole}
    rows: list[JsonValue] = []
    for name in ("results", "data", "included"):
        inner = page.get(name, [])
        rows += inner if isinstance(inner, list) else [inner]
    return (_row(number, row) for number, row in enumerate(rows or [whole], start=1))


def rows_with(said: Json, rows: Iterable[FileRow]) -> Iterator[FileRow]:
    """The rows, each with what is `said` of all of them where it does not say it itself."""
    return (row if row.problem is not None else row._replace(row=_with(said, row.row)) for row in rows)


def _with(said: Json, row: Json) -> Json:
    given = {name: value for name, value in row.items() if name not in said or not _is_empty(value)}
    both = {name: _with(said[name], one) for name, one in given.items() if name in said and isinstance(one, dict)}
    return said | given | both


def _is_empty(value: JsonValue) -> bool:
    """As a row leaves a value out (`domain.license_rows`)."""
    return value is None or (isinstance(value, str) and not value.strip())


def _row(number: int, row: JsonValue) -> FileRow:
    if isinstance(row, dict) and _can_be_written(row):
        return FileRow(number, row)
    return FileRow(number, {}, Invalid("validation_error", of="object", field="row"))


def _can_be_written(row: Json) -> bool:
    """Whether it holds no half of a character, no number beyond all, and not too much in each other."""
    try:
        json.dumps(row, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def _csv_rows(text: str) -> Iterator[FileRow]:
    return _cells_rows(*_csv(text))


def _csv(text: str) -> tuple[list[str], Iterator[list[str]]]:
    """The names of the columns, and the lines of cells behind them. Raises `Invalid`."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        names = [name.strip() for name in next(lines)]
    except (csv.Error, ValueError):
        raise Invalid("list_no_csv", field="file") from None
    if len(names) > MAX_COLUMNS:
        raise Invalid("list_too_wide", field="file", most=MAX_COLUMNS)
    return names, lines


def _cells_rows(names: Sequence[str], lines: Iterator[list[str]]) -> Iterator[FileRow]:
    number = 0
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except (csv.Error, ValueError):  # what is too long for a cell, or cannot part cells
            number += 1
            yield FileRow(number, {}, Invalid("list_no_csv", field="row"))
            continue
        if any(map(str.strip, cells)):
            number += 1
            yield FileRow(number, _object(names, [as_meant(cell.strip()) for cell in cells]))


def _object(names: Sequence[str], cells: Sequence[str]) -> Json:
    """A row of CSV as an object; empty cells are left out."""
    row: Json = {}
    for name, cell in zip(names, cells, strict=False):
        if not cell:
            continue
        known = _SAME.get(name, name).removeprefix("license__")
        outer, _, inner = known.partition("__")
        if outer == "field" and inner:
            row.setdefault("product_custom_fields", []).append({"name": inner, "value": cell})
        elif known == "features":
            row["product_features"] = [_feature(one) for one in _several(cell)]
        elif known == "users":
            row["license_users"] = _several(cell)
        elif known == "metadata":
            row["metadata"] = cell if (read := _json(cell)) is None else read
        elif inner and isinstance(row.setdefault(outer, {}), dict):
            row[outer][inner] = cell
        else:
            row[known] = cell
    return row


def _several(cell: str) -> list[str]:
    return [one.strip() for one in cell.split(";") if one.strip()]


def _feature(text: str) -> Json:
    """A feature with its end, where one stands behind `=`."""
    code, _, end = text.partition("=")
    return {"code": code.strip(), "expiry_date": end.strip()}
