"""The kinds of files that the Management API imports: how their rows are read and done, and what is counted of them.

What a row makes says by which file, in the transaction that makes it: so a row that is done again, after a crash or by
two at once, counts as it did at first, and of two files that say the same the one counts it that has made it.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from chalicelib.domain.email import known_email
from chalicelib.domain.errors import NotFound, Rejected
from chalicelib.domain.events import Actor
from chalicelib.domain.ids import later_id
from chalicelib.domain.import_files import FileRow
from chalicelib.domain.import_results import ImportKind, ImportResult
from chalicelib.domain.instants import Instant
from chalicelib.domain.keys import forms
from chalicelib.domain.license_rows import (
    CUSTOMER_COLUMNS,
    FEATURE_COLUMNS,
    LICENSE_COLUMNS,
    FeatureRow,
    LicenseRow,
    customer_row,
    feature_row,
)
from chalicelib.domain.mail import DAY_MS
from chalicelib.domain.types import Json
from chalicelib.store import accounts, customers, orders
from chalicelib.usecases.create import find_company
from chalicelib.usecases.customers import change_customer, create_customer
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.import_license import import_license
from chalicelib.usecases.import_rows import ADOPTED_WITHIN_DAYS, ReadRow, changed_by, read_each_row, read_license_rows
from chalicelib.usecases.license_extras import Wanted, set_feature
from chalicelib.usecases.rows_of_products import guard_license_row, guard_named_license

T = TypeVar("T")

AnyRow = ReadRow[Any]  # of the kind that its file has
_NAMED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class FileRows:
    """The rows of a file."""

    rows: Sequence[AnyRow]
    do: Callable[[Any, Instant], bool | None]  # given what a row says
    """Does what a row says; answers whether the file has made that, None: it is counted in the end.

    Raises `Rejected`.
    """
    in_turns: Callable[[AnyRow], Hashable]
    """Rows for which it is the same are not done at once: they would lose to each other."""
    count_named: Callable[[], Json]
    """What rows name, which several may: how many of it the file has made, and how many were there."""


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of files."""

    columns: frozenset[str]
    """What a row may say."""
    read: Callable[[ImportResult, Iterable[FileRow], Actor], FileRows]
    """The rows of a file, by what is known of it and as they were read; who has sent it."""
    created: str = ""
    existed: str = ""
    """What rows are counted as by what `do` answers."""


def _license_rows(file: ImportResult, given: Iterable[FileRow], actor: Actor) -> FileRows:
    """Each makes or changes a license."""
    company, codes = file.company, file.products
    rows = list(read_license_rows(given, find_company(company).time_zone))
    until = file.created_at + ADOPTED_WITHIN_DAYS * DAY_MS

    def do(row: LicenseRow, at: Instant) -> bool:
        if codes:
            guard_license_row(company, row, "csv", codes)
        outcome = import_license(company, row, "csv", actor, adopt_until=until, import_id=file.id, now=at)
        return outcome.import_id == file.id

    def count_named() -> Json:
        if codes:  # a count would tell of any email and any order's name whether there is one
            return {}
        said = [one.row for one in rows if one.row is not None]
        emails = (row.customer["email"] for row in said if "email" in row.customer)
        names = {str(row.terms["order_id"]) for row in said if row.terms.get("order_id")}
        found = [order for few in _some(names) for order in orders.read_some(company, few).values()]
        created = sum(order.import_id == file.id for order in found)
        counted: Json = {"created_orders_count": created, "existed_orders_count": len(found) - created}
        return _count_customers(file, emails) | counted

    return FileRows(rows, do, changed_by, count_named)


def _feature_rows(file: ImportResult, given: Iterable[FileRow], actor: Actor) -> FileRows:
    """Each lets a license have a feature; what else it has stays.

    What is granted has an id that follows from the file and the row, and no other row's: so it says who has made it.
    """
    company, codes, zone = file.company, file.products, find_company(file.company).time_zone

    def read(number: int, given: Json) -> tuple[str, FeatureRow, int]:
        return *feature_row(given, zone), later_id(file.id, number)

    def do(row: tuple[str, FeatureRow, int], at: Instant) -> bool:
        key, feature, id = row
        found = (accounts.find_license_id_by_key(company, form) for form in forms(key))
        license_id = next((id for id in found if id is not None), None)
        if license_id is None:
            raise NotFound("license_not_found", field="license_key")
        if codes:
            guard_named_license(company, license_id, codes)
        wanted = Wanted(feature.code, feature.expires_at, feature.more, id)
        _, extras = set_feature(company, license_id, wanted, actor, now=at)
        return any(one.id == id for one in extras.features)

    rows = list(read_each_row(given, read))
    return FileRows(rows, do, lambda one: one.number if one.row is None else one.row[0], dict)


def _customer_rows(file: ImportResult, given: Iterable[FileRow], actor: Actor) -> FileRows:
    """Each makes a customer, or changes the one who is there; nobody is let do it who is limited to products."""
    company, zone = file.company, find_company(file.company).time_zone

    def do(row: Mapping[str, str], at: Instant) -> None:
        texts = {name: text for name, text in row.items() if name != "email"}
        there = find_customer_by_email(company, known_email(row["email"]))
        if there is None:
            create_customer(company, row["email"], texts, actor, import_id=file.id, now=at)
        elif texts:
            change_customer(company, there.id, texts, actor, now=at)

    def count_named() -> Json:
        return _count_customers(file, (one.row["email"] for one in rows if one.row is not None))

    rows = list(read_each_row(given, lambda _, given: customer_row(given, zone)))
    return FileRows(rows, do, lambda one: one.number if one.row is None else one.row["email"].lower(), count_named)


FILE_KINDS: Mapping[ImportKind, FileKind] = {
    "licenses": FileKind(LICENSE_COLUMNS, _license_rows, "created_licenses_count", "existed_licenses_count"),
    "features": FileKind(FEATURE_COLUMNS, _feature_rows, "created_license_features", "existed_license_features"),
    "customers": FileKind(CUSTOMER_COLUMNS, _customer_rows),
}


def _count_customers(file: ImportResult, emails: Iterable[str]) -> Json:
    """Of those who have these emails, or had them before, each once."""
    known = set[str]()
    for email in emails:
        with suppress(Rejected):
            known.add(known_email(email))
    named = (one for few in _some(known) for one in customers.read_by_emails(file.company, few).values())
    found = {one.id: one for one in named}
    created = sum(one.import_id == file.id for one in found.values())
    return {"created_customers_count": created, "existed_customers_count": len(found) - created}


def _some(all: Iterable[T]) -> Iterator[list[T]]:
    """As many at a time as one read takes."""
    left = iter(all)
    while few := list(islice(left, _NAMED_AT_ONCE)):
        yield few
