"""Batches: many people who get seats on one license at once. How a list of them is read, and what is known of each."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from email.utils import parseaddr

from chalicelib.domain.instants import Instant
from chalicelib.domain.people import MAX_NAME, MAX_PHONE, normalise_email
from chalicelib.domain.refusal import Refused

MAX_PEOPLE = 1000
DEFAULT_MAX_ACTIVATIONS = 1
COLUMNS = ("email", "first_name", "last_name", "phone_number", "max_activations")
_NAMES = {
    "email": ("email", "e-mail", "mail", "email address", "e-mail address"),
    "first_name": ("first name", "firstname", "first_name", "given name"),
    "last_name": ("last name", "lastname", "last_name", "surname", "family name"),
    "phone_number": ("phone", "phone number", "phone_number", "telephone"),
    "max_activations": ("max activations", "max_activations", "activations"),
}
_BETWEEN = re.compile(r"[\s,;]+")
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

    A list of e-mails, or columns (comma, semicolon or tab) with or without a first row that names them.
    """
    plain = text.removeprefix("\ufeff").strip()
    tokens = [token for token in _BETWEEN.split(plain) if token]
    cells = [[token] for token in tokens] if all("@" in t and "<" not in t for t in tokens) else _table(plain)
    rows = [_row(number, cell) for number, cell in enumerate(_in_order(cells), start=1)]
    if len(rows) > MAX_PEOPLE:
        raise Refused("validation_error", f"people: {len(rows)} are too many; {MAX_PEOPLE} can be assigned at once.")
    if not rows:
        raise Refused("validation_error", "people: paste at least one e-mail, or choose a file.")
    return _without_repeats(rows)


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV text that no spreadsheet takes for formulas: such cells get an apostrophe in front."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(_NOT_SAFE) else cell for cell in row])
    return out.getvalue()


def _table(text: str) -> list[list[str]]:
    first = text.split("\n", 1)[0]
    delimiter = next((mark for mark in ("\t", ";") if mark in first), ",")
    try:
        cells = list(csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        raise Refused("validation_error", "people: this cannot be read as CSV.") from None
    return [[cell.strip() for cell in row] for row in cells if any(cell.strip() for cell in row)]


def _in_order(cells: list[list[str]]) -> list[dict[str, str]]:
    """Each row by the names of its columns, by the first row where that names them."""
    columns: Sequence[str] = COLUMNS
    named = [_column(cell) for cell in cells[0]] if cells else []
    if "email" in named:
        columns, cells = named, cells[1:]
    return [dict(zip(columns, row, strict=False)) for row in cells]


def _column(cell: str) -> str:
    return next((name for name, spelt in _NAMES.items() if cell.lower() in spelt), "")


def _row(number: int, cells: dict[str, str]) -> Row:
    name, address = parseaddr(cells.get("email", ""))
    first, _, last = name.partition(" ")
    row = Row(
        number,
        address or cells.get("email", ""),
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
    texts = ((row.first_name, MAX_NAME), (row.last_name, MAX_NAME), (row.phone_number, MAX_PHONE))
    if any(len(text) > most or not text.isprintable() for text, most in texts):
        return replace(row, problem=f"A name has at most {MAX_NAME} characters, a phone number {MAX_PHONE}.")
    return replace(row, max_activations=int(limit) if limit else DEFAULT_MAX_ACTIVATIONS)


def _without_repeats(rows: list[Row]) -> list[Row]:
    seen: set[str] = set()
    found = []
    for row in rows:
        again = not row.problem and row.email in seen
        seen.add(row.email)
        found.append(replace(row, problem="This e-mail stands in the list already.") if again else row)
    return found
