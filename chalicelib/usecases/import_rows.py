"""Bring in the rows of files, some at once: each by itself, with a verdict for each."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from chalicelib.domain.email import known_email
from chalicelib.domain.errors import AlreadyExists, Rejected, at_field
from chalicelib.domain.events import Actor
from chalicelib.domain.import_files import FileRow
from chalicelib.domain.instants import Instant
from chalicelib.domain.license_rows import LicenseRow, license_row
from chalicelib.domain.mail import DAY_MS
from chalicelib.domain.source_rows import System
from chalicelib.domain.types import Json
from chalicelib.threads import map_in_turns
from chalicelib.usecases.create import find_company
from chalicelib.usecases.import_license import RowOutcome, import_license, plan_license

R = TypeVar("R")

ADOPTED_WITHIN_DAYS = 180


@dataclass(frozen=True, slots=True)
class RowResult:
    """What came of a row; `error`: why nothing of it can be done, or no more."""

    number: int
    name: str
    outcome: RowOutcome | None
    error: Rejected | None = None
    given: Json = field(default_factory=dict, hash=False)
    """What the row says, as it was read."""


def plan_rows(company: str, rows: Iterable[FileRow], system: System, *, now: Instant) -> Iterator[RowResult]:
    """What `import_rows` would do, row by row; nothing is written. Raises `company_not_found`."""
    return _each(company, rows, lambda row, at: plan_license(company, row, system, now=at), now)


def import_rows(
    company: str,
    rows: Iterable[FileRow],
    system: System,
    actor: Actor,
    *,
    adopt_until: Instant | None = None,
    known: Collection[int] = (),
    now: Instant,
) -> Iterator[RowResult]:
    """Import rows, and say of each what has come of it, in their order. What is refused of one keeps no other from it.

    `adopt_until`: until when devices that come along may be adopted; half a year from now, if it is not given. It may
    be left at any row, and be repeated from the first: what is there already stays as it is. `known`: numbers of rows
    of which that is known, and which are not done again.
    Raises `company_not_found`; `Unavailable`, behind all that was done by then.
    """
    until = now + ADOPTED_WITHIN_DAYS * DAY_MS if adopt_until is None else adopt_until

    def do(row: LicenseRow, at: Instant) -> RowOutcome:
        return import_license(company, row, system, actor, adopt_until=until, now=at)

    return _each(company, rows, do, now, known)


@dataclass(frozen=True, slots=True)
class ReadRow(Generic[R]):
    """A row as it was read; `row` is None where it cannot be, or is another one's repeat."""

    number: int
    row: R | None
    given: Json = field(hash=False)
    error: Rejected | None = None


def _each(
    company: str,
    rows: Iterable[FileRow],
    do: Callable[[LicenseRow, Instant], RowOutcome],
    now: Instant,
    known: Collection[int] = (),
) -> Iterator[RowResult]:
    read = (one for one in read_license_rows(rows, find_company(company).time_zone) if one.number not in known)

    def result(read: ReadRow[LicenseRow]) -> RowResult:
        if read.row is None:
            return RowResult(read.number, "", None, read.error, read.given)
        try:
            outcome = do(read.row, now + read.number)  # ids of one millisecond may be equal
        except Rejected as error:
            return RowResult(read.number, read.row.name, None, error, read.given)
        return RowResult(read.number, read.row.name, outcome)

    return map_in_turns(result, read, changed_by)


def changed_by(read: ReadRow[LicenseRow]) -> str | int:
    """Whose count of sales, or else whose order, each license that is made changes: such rows are done in turns."""
    row = read.row
    return read.number if row is None else row.customer.get("email") or row.terms.get("order_id") or read.number


def read_license_rows(rows: Iterable[FileRow], zone: str) -> Iterator[ReadRow[LicenseRow]]:
    """Rows in their order; of those with one name, or of one order, the first says which, or whose, it is."""
    seen, customers = dict[str, int](), dict[str, str]()

    def read(number: int, given: Json) -> LicenseRow:
        row = license_row(given, zone)
        if (first := seen.setdefault(row.name, number)) != number:
            raise AlreadyExists("already_exists", of="row", field="row", row=first)
        _guard_order(row, customers)
        return row

    return read_each_row(rows, read)


def read_each_row(rows: Iterable[FileRow], read: Callable[[int, Json], R]) -> Iterator[ReadRow[R]]:
    """What `read` makes of each row, by its number and what it says, or why it refuses it."""
    for number, given, problem in rows:
        try:
            if problem is not None:
                raise problem
            row = read(number, given)
        except Rejected as error:
            yield ReadRow(number, None, given, error)
        else:
            yield ReadRow(number, row, given)


def _guard_order(row: LicenseRow, customers: dict[str, str]) -> None:
    """That no row before has this order for another customer: a plan, which makes no orders, finds it by the rows
    alone. `customers`: by order, as the rows before say. Raises `AlreadyExists`.
    """
    order, email = row.terms.get("order_id"), row.customer.get("email")
    if order is None:
        return
    with at_field("customer"):
        customer = "" if email is None else known_email(email)
    if customers.setdefault(order, customer) != customer:
        raise AlreadyExists("already_exists", of="order", field="order_id", order=order)
