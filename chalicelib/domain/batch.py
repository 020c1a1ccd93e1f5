"""Batches: many people who get seats on one license at once. How a list of them is read, and what is known of each."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace

from chalicelib.domain.email import normalise_email
from chalicelib.domain.instants import Instant
from chalicelib.domain.people import MAX_NAME, MAX_PHONE
from chalicelib.domain.refusal import Refused

MAX_PEOPLE = 1000
MAX_BYTES = 350_000
"""Of a list as it is kept, in one item: those of DynamoDB end at 400 KB. A thousand usual people are 100 KB."""
DEFAULT_MAX_ACTIVATIONS = 1
COLUMNS = ("email", "first_name", "last_name", "phone_number", "max_activations")
_NAMES = {
    "email": ("email", "e-mail", "mail", "email address", "e-mail address"),
    "first_name": ("first name", "firstname", "first_name", "given name"),
    "last_name": ("last name", "lastname", "last_name", "surname", "family name"),
    "phone_number": ("phone", "phone number", "phone_number", "telephone"),
    "max_activations": ("max activations", "max_activations", "activations"),
}
_ADDRESS = re.compile(
    r"""(?: (?P<name> "[^"\n]*+"[^\S\n]*+ | [^<>,;"@\n]*+ ) <(?P<named>[^<>\s@]*+@[^<>\s]*+)>
          | (?P<bare>[^\s,;<>"@]*+@[^\s,;<>"]*+) ) (?=[\s,;]|$)""",
    re.VERBOSE,
)
"""`a@b.c`, `Ada King <a@b.c>` or `"King, Ada" <a@b.c>`. Nothing is tried twice: the time is that of the length."""
_BETWEEN = re.compile(r"[\s,;]+")
_BEYOND = "beyond"
_NOT_SAFE = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would take for a formula."""


@dataclass(frozen=True, slots=True)
class Row:
    """One person of a list. `problem`: why nothing can be done for the person; empty where it can."""

    number: int
    email: str
    first_name: str = ""
    last_name: str = ""
    phone_number: str = ""
    max_activations: int = DEFAULT_MAX_ACTIVATIONS
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """A batch that is under way. Its reserved places count as assigned."""

    id: int
    rows: int
    """People for whom places were reserved."""
    position: int
    """How many of them are done."""
    reserved: int
    """Places that are still to be filled."""
    started_by: str
    started_at: Instant


def parse(text: str) -> list[Row]:
    """The people of a pasted list or a CSV file. Raises `Refused` where it is none, or too long.

    A list of addresses, or columns (comma, semicolon or tab) with or without a first row that names them. Nobody is
    left out in silence: an e-mail that stands where none belongs makes a problem of its row.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    addresses = _addresses(plain)
    cells = _table(plain) if addresses is None else [[address] for address in addresses]
    rows = [_row(number, cell) for number, cell in enumerate(_in_order(cells), start=1)]
    if len(rows) > MAX_PEOPLE:
        raise Refused("validation_error", f"people: {len(rows)} are too many; {MAX_PEOPLE} can be assigned at once.")
    if not rows:
        raise Refused("validation_error", "people: paste at least one e-mail, or choose a file.")
    if sum(len(json.dumps(astuple(row))) + 2 for row in rows) > MAX_BYTES:
        raise Refused("validation_error", "people: this list is too long to be kept; assign it in two parts.")
    return list(_without_repeats(rows))


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV text that no spreadsheet takes for formulas: such cells get an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_NOT_SAFE) else cell for cell in row])
    return out.getvalue()


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
    marks = ([mark for mark in "\t;," if mark in line] for line in text.split("\n"))
    delimiter = next((found[0] for found in marks if found), ",")
    try:
        cells = list(csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        raise Refused("validation_error", "people: this cannot be read as CSV.") from None
    return [[_as_meant(cell.strip()) for cell in row] for row in cells if any(cell.strip() for cell in row)]


def _as_meant(cell: str) -> str:
    """Without the apostrophe that `to_csv` puts in front."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_NOT_SAFE) else cell


def _in_order(cells: list[list[str]]) -> list[dict[str, str]]:
    """Each row by the names of its columns, by the first row where that names them; what is beyond them, too."""
    columns: Sequence[str] = COLUMNS
    named = [_column(cell) for cell in cells[0]] if cells else []
    if "email" in named:
        columns, cells = named, cells[1:]
    return [dict(zip(columns, row, strict=False)) | {_BEYOND: " ".join(row[len(columns) :])} for row in cells]


def _column(cell: str) -> str:
    return next((name for name, spelt in _NAMES.items() if cell.lower() in spelt), "")


def _row(number: int, cells: dict[str, str]) -> Row:
    first, last, address = _person(cells.get("email", ""))
    row = Row(
        number,
        address,
        cells.get("first_name") or first,
        cells.get("last_name") or last,
        cells.get("phone_number", ""),
    )
    limit = cells.get("max_activations", "")
    if limit and not (limit.isascii() and limit.isdigit() and len(limit) <= 8):
        return replace(row, problem="Max activations is no number.")
    try:
        row = replace(row, email=normalise_email(row.email))
    except Refused:
        return replace(row, problem="This is no e-mail address.")
    if any("@" in text for text in (row.first_name, row.last_name, row.phone_number, cells[_BEYOND])):
        return replace(row, problem="A second e-mail stands in this row.")
    texts = ((row.first_name, MAX_NAME), (row.last_name, MAX_NAME), (row.phone_number, MAX_PHONE))
    if any(len(text) > most or not text.isprintable() for text, most in texts):
        return replace(row, problem=f"A name has at most {MAX_NAME} characters, a phone number {MAX_PHONE}.")
    return replace(row, max_activations=int(limit) if limit else DEFAULT_MAX_ACTIVATIONS)


def _person(cell: str) -> tuple[str, str, str]:
    """First name, last name and e-mail of an address; all of it is the e-mail where it is none."""
    address = _ADDRESS.fullmatch(cell)
    if address is None or address["bare"] is not None:
        return "", "", cell
    name = address["name"].strip().strip('"')
    if "," in name:
        last, _, first = name.partition(",")
    else:
        first, _, last = name.partition(" ")
    return first.strip(), last.strip(), address["named"]


def _without_repeats(rows: list[Row]) -> Iterator[Row]:
    seen: set[str] = set()
    for row in rows:
        again = not row.problem and row.email in seen
        seen.add(row.email)
        yield replace(row, problem="This e-mail stands in the list already.") if again else row
