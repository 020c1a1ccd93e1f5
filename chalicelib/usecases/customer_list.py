"""The customers of a company as a list: by the email, or all of them behind each other, those that a filter lets
through. No key serves a filter: it reads on within a bound, and the page is short then.
"""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from chalicelib.domain.customers import Customer, CustomerAccount
from chalicelib.domain.errors import Invalid
from chalicelib.domain.paging import MAX_SCANNED, cut
from chalicelib.domain.types import Json, JsonValue
from chalicelib.store import company_objects, customers
from chalicelib.store.counts import read_count
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_customer import find_customer_by_email

CHUNK = 250
"""Customers that are read at once where those are looked for that a filter lets through."""


@dataclass(frozen=True, slots=True)
class TextFilter:
    """What a text field has to be, begin with or contain; large and small letters are alike, but in what it is."""

    field: str
    how: str
    """`exact`, `startswith` or `icontains`."""
    text: str

    def lets_through(self, row: object) -> bool:
        """Whether the field of a row is so."""
        text: str = getattr(row, self.field)
        if self.how == "exact":
            return text == self.text
        small, wanted = text.casefold(), self.text.casefold()
        return small.startswith(wanted) if self.how == "startswith" else wanted in small


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Which customers a list shows: those to whom all of this applies."""

    texts: tuple[TextFilter, ...] = ()
    of_account: tuple[TextFilter, ...] = ()
    account: int | None = None
    labels: frozenset[int] = frozenset()
    """At least one of these; empty: whichever they have."""
    metadata: Json = field(default_factory=dict, hash=False)
    """What theirs has under these names."""
    like: str = ""
    """Part of an email of now or of before, of the name, the company name, the phone number or the reference; large and
    small letters are alike."""

    @property
    def is_empty(self) -> bool:
        """Whether all are shown."""
        return self == ANY_CUSTOMER


ANY_CUSTOMER = CustomerFilter()


def find_customers(
    company: str, wanted: CustomerFilter, *, after: int | None = None, limit: int
) -> tuple[list[Customer], int | None]:
    """At most `limit` customers behind the one with the id `after`, oldest first, and the id to go on behind.

    That is None where there are no more.
    """
    found = list[Customer]()
    chunk, matches = limit if wanted.is_empty else CHUNK, customer_matcher(company, wanted)
    for _ in range(0, max(limit, MAX_SCANNED), chunk):
        rows, more = cut(customers.read_page(company, after=after, limit=chunk + 1), chunk)
        for row in rows:
            after = row.id
            if matches(row):
                found.append(row)
            if len(found) == limit:
                return found, after if more or row is not rows[-1] else None
        if not more:
            return found, None
    return found, after


def count_customers(company: str) -> int | None:
    """How many customers a company has; None where not all were ever counted (`audit --repair`)."""
    return read_count(company, "customers")


def find_customers_of_email(company: str, email: str) -> list[Customer]:
    """The customer with this email of now, if there is one. Raises `company_not_found`, `Invalid`."""
    found = find_customer_by_email(company, email)
    return [found] if found is not None and found.email == email.strip().lower() else []


def customer_matcher(company: str, wanted: CustomerFilter) -> Callable[[Customer], bool]:
    """What says whether a customer is shown; it has read the customer accounts, where these are asked for."""
    accounts: Collection[int | None] | None = None if wanted.account is None else {wanted.account}
    if wanted.of_account:
        named = {
            account.id
            for account in company_objects.read_all(CustomerAccount, company)
            if all(one.lets_through(account) for one in wanted.of_account)
        }
        accounts = named if accounts is None else named.intersection(filter(None, accounts))

    def matches(row: Customer) -> bool:
        labeled = not wanted.labels or any(int(label) in wanted.labels for label in row.labels)
        of_account = accounts is None or row.account in accounts
        is_like = not wanted.like or any(wanted.like.casefold() in text.casefold() for text in _said_of(row))
        has_all = _has(row.metadata, wanted.metadata)
        return labeled and of_account and is_like and has_all and all(one.lets_through(row) for one in wanted.texts)

    return matches


def find_named_customer(company: str, text: str) -> Customer | None:
    """The customer whose id or whole email, of now or of before, a text is; None where there is none.

    Raises `company_not_found`.
    """
    if text.isascii() and text.isdigit():
        return customers.read(find_company(company).code, int(text))
    try:
        return find_customer_by_email(company, text)
    except Invalid:  # it is no email
        return None


def _said_of(row: Customer) -> tuple[str, ...]:
    name = f"{row.first_name} {row.last_name}"
    return row.email, *row.former_emails, name, row.company_name, row.phone, row.reference


def _has(metadata: Json, wanted: Json) -> bool:
    """Whether metadata has all that is wanted; as JSON, in which 1 is not true."""
    return all(name in metadata and _text(metadata[name]) == _text(value) for name, value in wanted.items())


def _text(value: JsonValue) -> str:
    return json.dumps(value, sort_keys=True)
