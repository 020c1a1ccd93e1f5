"""The kinds of files that the Management API imports: how their rows are read and done, and what is counted of them.

What has the id of an instant behind that of the file has come by it (`made_since`): so a row that is done again, after
a crash or by two at once, counts as it did at first.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from chalicelib.domain.email import known_email
from chalicelib.domain.errors import NotFound, Rejected
from chalicelib.domain.events import Actor
from chalicelib.domain.ids import first_id
from chalicelib.domain.import_files import read_rows
from chalicelib.domain.import_results import ImportKind
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
    """Does what a row says; answers whether that was made since the file came, None: it is counted in the end. Raises
    `Rejected`."""
    in_turns: Callable[[AnyRow], Hashable]
    """Rows for which it is the same are not done at once: they would lose to each other."""
    count_named: Callable[[], Json]
    """What rows name, which several may: how many were made since the file came, and how many were there before."""


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of files."""

    columns: frozenset[str]
    """What a row may say."""
    read: Callable[[str, str, Actor, Instant, frozenset[str]], FileRows]
    """The rows of a company's file, by its text; who has sent it, when, and to which products he is limited."""
    created: str = ""
    existed: str = ""
    """What rows are counted as by what `do` answers."""


def _license_rows(company: str, text: str, actor: Actor, since: Instant, codes: frozenset[str]) -> FileRows:
    """Each makes or changes a license."""
    rows = list(read_license_rows(read_rows(text), find_company(company).time_zone))
    until = since + ADOPTED_WITHIN_DAYS * DAY_MS

    def do(row: LicenseRow, at: Instant) -> bool:
        if codes:
            guard_license_row(company, row, "csv", codes)
        outcome = import_license(company, row, "csv", actor, adopt_until=until, now=at)
        return _made_since(since, outcome.license_id)

    def count_named() -> Json:
        if codes:  # a count would tell of any email and any order's name whether there is one
            return {}
        said = [one.row for one in rows if one.row is not None]
        emails = (row.customer["email"] for row in said if "email" in row.customer)
        names = {str(row.terms["order_id"]) for row in said if row.terms.get("order_id")}
        found = [order for few in _some(names) for order in orders.read_some(company, few).values()]
        created = sum(_made_since(since, order.number) for order in found)
        counted: Json = {"created_orders_count": created, "existed_orders_count": len(found) - created}
        return _count_customers(company, emails, since) | counted

    return FileRows(rows, do, changed_by, count_named)


def _feature_rows(company: str, text: str, actor: Actor, since: Instant, codes: frozenset[str]) -> FileRows:
    """Each lets a license have a feature; what else it has stays."""
    zone, seen = find_company(company).time_zone, dict[tuple[str, str], int]()

    def read(number: int, given: Json) -> tuple[str, FeatureRow, bool]:
        key, feature = feature_row(given, zone)
        return key, feature, seen.setdefault((key, feature.code), number) == number

    def do(row: tuple[str, FeatureRow, bool], at: Instant) -> bool:
        key, feature, is_first = row
        found = (accounts.find_license_id_by_key(company, form) for form in forms(key))
        license_id = next((id for id in found if id is not None), None)
        if license_id is None:
            raise NotFound("license_not_found", field="license_key")
        if codes:
            guard_named_license(company, license_id, codes)
        wanted = Wanted(feature.code, feature.expires_at, feature.more)
        _, extras = set_feature(company, license_id, wanted, actor, now=at)
        granted = next(one.id for one in extras.features if one.code == feature.code)
        return is_first and _made_since(since, granted)

    rows = list(read_each_row(read_rows(text), read))
    return FileRows(rows, do, lambda one: one.number if one.row is None else one.row[0], dict)


def _customer_rows(company: str, text: str, actor: Actor, since: Instant, _codes: frozenset[str]) -> FileRows:
    """Each makes a customer, or changes the one who is there; nobody is let do it who is limited to products."""
    zone = find_company(company).time_zone

    def do(row: Mapping[str, str], at: Instant) -> None:
        texts = {name: text for name, text in row.items() if name != "email"}
        there = find_customer_by_email(company, known_email(row["email"]))
        if there is None:
            create_customer(company, row["email"], texts, actor, now=at)
        elif texts:
            change_customer(company, there.id, texts, actor, now=at)

    def count_named() -> Json:
        return _count_customers(company, (one.row["email"] for one in rows if one.row is not None), since)

    rows = list(read_each_row(read_rows(text), lambda _, given: customer_row(given, zone)))
    return FileRows(rows, do, lambda one: one.number if one.row is None else one.row["email"].lower(), count_named)


FILE_KINDS: Mapping[ImportKind, FileKind] = {
    "licenses": FileKind(LICENSE_COLUMNS, _license_rows, "created_licenses_count", "existed_licenses_count"),
    "features": FileKind(FEATURE_COLUMNS, _feature_rows, "created_license_features", "existed_license_features"),
    "customers": FileKind(CUSTOMER_COLUMNS, _customer_rows),
}


def _count_customers(company: str, emails: Iterable[str], since: Instant) -> Json:
    """Of those who have these emails, or had them before, each once."""
    known = set[str]()
    for email in emails:
        with suppress(Rejected):
            known.add(known_email(email))
    found = {one.id for few in _some(known) for one in customers.read_by_emails(company, few).values()}
    created = sum(_made_since(since, id) for id in found)
    return {"created_customers_count": created, "existed_customers_count": len(found) - created}


def _made_since(since: Instant, id: int | None) -> bool:
    """Whether something with this id was made since then."""
    return id is not None and id >= first_id(since)


def _some(all: Iterable[T]) -> Iterator[list[T]]:
    """As many at a time as one read takes."""
    left = iter(all)
    while few := list(islice(left, _NAMED_AT_ONCE)):
        yield few
