"""How a list of people is read: addresses as mail programs write them, or columns as spreadsheets do.

Nothing is dropped in silence: what a column is used for can be seen and chosen, a row that nothing can be done with
says why, and bytes that are no text are refused.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace

from chalicelib.domain.batch import DEFAULT_MAX_ACTIVATIONS, MAX_BYTES, MAX_COUNT, MAX_PEOPLE, Row
from chalicelib.domain.columns import IN_ORDER, MAX_COLUMNS, Column, Meaning, columns_of, guard_columns, read_titles
from chalicelib.domain.counts import read_count
from chalicelib.domain.email import normalize_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.pasted import MAX_TYPED, one_line, unquoted
from chalicelib.domain.spreadsheet import as_meant
from chalicelib.domain.users import MAX_NAME, MAX_PHONE

_ADDRESS = re.compile(
    r"""(?: (?P<name> (?: "[^"\n]*+" | '[^'<>\n]*+'(?=[^\S\n]*+<) )[^\S\n]*+
                    | [^<>,;"@\n]*+ (?:,[^<>,;"@\n]*+)?+ ) <(?P<named>[^<>\s@]*+@[^<>\s]*+)>
          | (?P<bare>[^\s,;<>"@]*+@[^\s,;<>"]*+) ) (?=[\s,;]|$)""",
    re.VERBOSE,
)
"""`a@b.c`, `Ada King <a@b.c>`, `King, Ada <a@b.c>`, or the name in quotation marks. Nothing is tried twice: the time
that it takes grows as the length does. `email.utils.getaddresses` would take `King` for an address."""
_BETWEEN = re.compile(r"[\s,;]++")
_SEPARATOR = re.compile(r'"?sep=([;,\t|])"?\n', re.IGNORECASE)
"""A first line by which spreadsheets tell one another what parts the cells."""
_FIRST_MARK = re.compile(r"[\t;,]")
_OF_A_LIST = re.compile(r"[\r\n\t;,]")


@dataclass(frozen=True, slots=True)
class PeopleList:
    """A list as it was read. `columns` is empty where it has none; `problem`: why nobody of it can be assigned."""

    columns: list[Column]
    rows: list[Row]
    problem: Invalid | None = None


def read_file(content: bytes) -> str:
    """The text of a file: UTF-8, UTF-16 where it says so, else Windows-1252, as spreadsheets write them.

    Raises `Invalid` for what is none of them: no character is ever replaced.
    """
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Invalid("list_unreadable", field="people")


def read_one(text: str) -> tuple[str, str, str] | None:
    """First name, last name and email of the one person whom a text names; None where it is a list.

    A word that is no address is one person, too: whoever looks at the email says what is wrong with it.
    """
    line = text.strip()
    addresses = _addresses(line)
    if addresses is None and not _OF_A_LIST.search(line):
        addresses = [line]
    return _person("".join(addresses)) if addresses is not None and len(addresses) < 2 else None


def read_list(text: str, chosen: Mapping[int, str] | None = None) -> PeopleList:
    """The people of a pasted list or a CSV file; `chosen`: what columns mean, by number, instead of their names.

    Raises `Invalid` where it cannot be read, or is too long.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if (addresses := _addresses(plain)) is not None:
        guard_length(len(addresses))
        return PeopleList([], _kept([_row(number, {"email": cell}) for number, cell in enumerate(addresses, start=1)]))
    cells = _table(plain)
    meant = read_titles(cells[0]) if cells else None
    people = cells if meant is None else cells[1:]
    guard_length(len(people))
    width = max(map(len, cells))
    if width > MAX_COLUMNS:
        raise Invalid("list_too_wide", field="people", most=MAX_COLUMNS)
    titles = [""] * width if meant is None else cells[0] + [""] * (width - len(cells[0]))
    columns = columns_of(titles, _with_emails(IN_ORDER if meant is None else meant, people), chosen or {})
    try:
        guard_columns(columns)
    except Invalid as error:
        return PeopleList(columns, [], error)
    return PeopleList(columns, _kept([_cells_row(number, columns, row) for number, row in enumerate(people, start=1)]))


def guard_length(people: int) -> None:
    """Raises `Invalid` for nobody, and for more than can be assigned at once."""
    if people > MAX_PEOPLE:
        raise Invalid("list_too_long", field="people", people=people, most=MAX_PEOPLE)
    if not people:
        raise Invalid("list_empty", field="people")


def _kept(rows: list[Row]) -> list[Row]:
    if sum(len(json.dumps(astuple(row))) + 2 for row in rows) > MAX_BYTES:
        raise Invalid("list_too_large", field="people")
    return list(_without_repeats(rows))


def _addresses(text: str) -> list[str] | None:
    """The addresses of a text that holds nothing else; None where it does."""
    found, at = [], 0
    while at < len(text):
        if between := _BETWEEN.match(text, at):
            at = between.end()
        elif address := _ADDRESS.match(text, at):
            found.append(address.group())
            at = address.end()
        else:
            return None
    return found


def _table(text: str) -> list[list[str]]:
    if match := _SEPARATOR.match(text):
        text, delimiter = text[match.end() :], match[1]
    else:
        delimiter = _delimiter(text)
    try:
        rows = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
        cells = [[as_meant(cell.strip()) for cell in row] for row in rows if row and any(map(str.strip, row))]
    except (csv.Error, ValueError):  # what is too long for a cell, or cannot part cells
        raise Invalid("list_no_csv", field="people") from None
    if not cells:
        guard_length(0)
    return cells


def _delimiter(text: str) -> str:
    """What parts the cells of the first line that has more than one."""
    first = _FIRST_MARK.search(text)
    if first is None:
        return ","
    line = text[text.rfind("\n", 0, first.start()) + 1 :].partition("\n")[0]
    return next(mark for mark in "\t;," if mark in line)


def _with_emails(meant: Sequence[Meaning], people: Sequence[Sequence[str]]) -> list[Meaning]:
    """With the one column that holds emails where no name says which it is."""
    if "email" in meant:
        return list(meant)
    holding = {number for row in people for number, cell in enumerate(row) if "@" in cell}
    return ["email" if {number} == holding else meaning for number, meaning in enumerate(meant)]


def _cells_row(number: int, columns: Sequence[Column], cells: Sequence[str]) -> Row:
    by_meaning: dict[Meaning, str] = {
        column.meaning: cell for column, cell in zip(columns, cells, strict=False) if column.meaning
    }
    row = _row(number, by_meaning)
    # Where a column has a name, people know what is in it.
    elsewhere = (cell for column, cell in zip(columns, cells, strict=False) if not column.title and not column.meaning)
    texts = (row.first_name, row.last_name, row.phone_number, *elsewhere)
    if not row.problem and any("@" in text for text in texts):
        return replace(row, problem="second_email")
    return row


def _row(number: int, cells: Mapping[Meaning, str]) -> Row:
    first, last, address = _person(cells.get("email", ""))
    if not (first or last):
        first, last = _halves(cells.get("name", ""))
    first, last = cells.get("first_name") or first, cells.get("last_name") or last
    texts = [one_line(text) for text in (first, last, cells.get("phone_number", ""))]
    row = Row(number, address[:MAX_TYPED], texts[0], texts[1], texts[2])
    limit = read_count(cells.get("max_activations") or str(DEFAULT_MAX_ACTIVATIONS))
    if limit is None or limit > MAX_COUNT:
        return replace(row, problem="count_malformed")
    try:
        row = replace(row, email=normalize_email(address), max_activations=limit)
    except Invalid as error:
        return replace(row, problem=error.code)
    longest = zip(texts, (MAX_NAME, MAX_NAME, MAX_PHONE), strict=True)
    if any(len(text) > most for text, most in longest):
        return replace(row, problem="profile_too_long")
    if not all(map(str.isprintable, texts)):
        return replace(row, problem="profile_not_printable")
    return row


def _person(cell: str) -> tuple[str, str, str]:
    """First name, last name and email of an address; all of it is the email where it is none."""
    address = _ADDRESS.fullmatch(cell)
    if address is None or address["bare"] is not None:
        return "", "", cell
    name, email = unquoted(address["name"].strip()), address["named"]
    return ("", "", email) if name.casefold() == email.casefold() else (*_halves(name), email)


def _halves(name: str) -> tuple[str, str]:
    """First and last name of a name in one piece."""
    if "," in name:
        last, _, first = name.partition(",")
    else:
        first, _, last = name.strip().partition(" ")
    return first.strip(), last.strip()


def _without_repeats(rows: Iterable[Row]) -> Iterator[Row]:
    seen: set[str] = set()
    for row in rows:
        again = not row.problem and row.email in seen
        seen.add(row.email)
        yield replace(row, problem="email_repeated") if again else row
