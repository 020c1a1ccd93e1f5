"""Management API: customers."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.customers import PROFILE, Customer, CustomerAccount
from chalicelib.domain.instants import to_iso
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.models import (
    Id,
    ListBody,
    ListQuery,
    QueryMetadata,
    Sent,
    SentIds,
    part_of_list,
    part_of_walk,
    sent_number,
)
from chalicelib.usecases import customers
from chalicelib.usecases.customer_list import (
    CustomerFilter,
    TextFilter,
    count_customers,
    find_customers,
    find_customers_of_email,
)
from chalicelib.usecases.customer_moves import merge_customers as merge
from chalicelib.usecases.customers import ShownCustomer, shown
from chalicelib.usecases.find_customer import find_customer
from chalicelib.web.freshness import Date

MAX_TEXT = 1024

Text = Annotated[StrictStr, Field(max_length=MAX_TEXT)]


class CustomerPath(Sent):
    """Which customer."""

    customer_id: Id


class CustomerFilters(Sent):
    """Which customers: those to whom all of this applies.

    `__icontains`, `__startswith`: whatever the letters are, large or small. `account__…`: of the customer account.
    """

    label__in: SentIds | None = None
    """Ids of labels, with commas between: at least one of them."""
    email: Text | None = None
    email__icontains: Text | None = None
    email__startswith: Text | None = None
    company_name: Text | None = None
    company_name__icontains: Text | None = None
    first_name__icontains: Text | None = None
    last_name__icontains: Text | None = None
    phone__icontains: Text | None = None
    reference__exact: Text | None = None
    reference__icontains: Text | None = None
    reference__startswith: Text | None = None
    account: Annotated[Id, BeforeValidator(sent_number)] | None = None
    account__name: Text | None = None
    account__name__icontains: Text | None = None
    account__code: Text | None = None
    account__code__icontains: Text | None = None
    account__description: Text | None = None
    account__description__icontains: Text | None = None
    account__phone: Text | None = None
    account__phone__icontains: Text | None = None
    account__address: Text | None = None
    account__address__icontains: Text | None = None
    account__email: Text | None = None
    account__email__icontains: Text | None = None
    account__reference: Text | None = None
    account__reference__icontains: Text | None = None
    metadata: QueryMetadata | None = None
    """What theirs has under these names: `{"crm": 17}`."""


class CustomersQuery(ListQuery, CustomerFilters):
    """Which part of the list of them."""


class SentProfile(Sent):
    """The texts that may be said of a customer."""

    first_name: Text | None = None
    last_name: Text | None = None
    company_name: Text | None = None
    phone: Text | None = None
    reference: Text | None = None
    address: Text | None = None
    postcode: Text | None = None
    city: Text | None = None
    country: Text | None = None
    state: Text | None = None


class CustomerChange(SentProfile):
    """PATCH customers: what is not given stays."""

    email: Text | None = None
    customer_account: Id | None = None
    """null: none."""
    metadata: Json | None = None


class NewCustomer(CustomerChange):
    """POST customers."""

    email: Text


class Merge(Sent):
    """POST merge."""

    customer_to_merge_id: Id
    """Of the customer whose record goes."""


class CustomerLabelBody(TypedDict):
    """A label on a customer."""

    id: int
    """By which it is taken off."""
    label_id: int
    label: str
    color: str


class AccountOfCustomer(TypedDict):
    """The customer account."""

    id: int
    name: str
    code: str


class CustomerBody(TypedDict):
    """A customer."""

    id: int
    total_orders: int
    total_licenses: int
    labels: list[CustomerLabelBody]
    customer_account: AccountOfCustomer | None
    email: str
    first_name: str
    last_name: str
    company_name: str
    phone: str
    reference: str
    address: str
    postcode: str
    city: str
    country: str
    state: str
    clabels_all: str | None
    """The words of the labels, with commas between; None: there are none."""
    cognito_user_pool_id: None
    """Of the public API, and of no use here."""
    metadata: Json
    company: int
    license_user: int | None
    """The license user with this email."""
    clabels: list[int]
    """The ids of the labels."""
    former_emails: list[str]
    created_at: Date
    revision: int


class NamedCustomer(TypedDict):
    """A customer of whom a key may read no more, or of whom there is no record: of before there were any."""

    email: str


class CustomerList(ListBody):
    """A page of customers, oldest first."""

    results: list[CustomerBody]


@endpoint("GET", "/customers", writes=False, scope="customers:read")
def list_customers(query: CustomersQuery, caller: Caller) -> CustomerList:
    """The customers of the company, oldest first; with a filter a page may be short, and not be the last."""
    if query.email is not None:
        found = find_customers_of_email(caller.company, query.email)
        rows, page = part_of_list(found, query, caller, "customers by email", lambda row: row.id)
    else:
        wanted = customer_filter(query)
        rows, page = part_of_walk(
            lambda after, limit: find_customers(
                caller.company, wanted, after=int(after) if after else None, limit=limit
            ),
            query,
            caller,
            "customers",
            count_customers(caller.company) if wanted.is_empty else None,
        )
    return {**page, "results": [customer_body(row) for row in shown(caller.company, rows)]}


@endpoint("POST", "/customers", writes=True, scope="customers:write")
def create_customer(body: NewCustomer, caller: Caller) -> CustomerBody:
    """Make a customer."""
    return caller.once(
        lambda: customers.create_customer(
            caller.company,
            body.email,
            profile(body),
            caller.actor,
            account=body.customer_account,
            metadata=body.metadata,
            now=caller.now,
        ),
        lambda made: body_of(caller, made),
    )


@endpoint("GET", "/customers/{customer_id}", writes=False, scope="customers:read")
def show_customer(path: CustomerPath, caller: Caller) -> CustomerBody:
    """One customer."""
    return body_of(caller, find_customer(caller.company, path.customer_id))


@endpoint("PATCH", "/customers/{customer_id}", writes=True, scope="customers:write")
def change_customer(path: CustomerPath, body: CustomerChange, caller: Caller) -> CustomerBody:
    """Change what is given; the rest stays. What was sold follows to another email."""
    return caller.once(
        lambda: customers.change_customer(
            caller.company,
            path.customer_id,
            profile(body),
            caller.actor,
            email=body.email,
            account=body.customer_account,
            clear_account="customer_account" in body.model_fields_set and body.customer_account is None,
            metadata=body.metadata,
            revision=caller.if_match,
            now=caller.now,
        ),
        lambda changed: body_of(caller, changed),
    )


@endpoint("DELETE", "/customers/{customer_id}", writes=True, scope="customers:write")
def delete_customer(path: CustomerPath, caller: Caller) -> None:
    """Take a customer away to whom nothing was sold."""
    caller.once(
        lambda: customers.delete_customer(
            caller.company, path.customer_id, caller.actor, revision=caller.if_match, now=caller.now
        ),
        lambda _: {},
    )


@endpoint("POST", "/customers/{customer_id}/merge", writes=True, scope="customers:write")
def merge_customers(path: CustomerPath, body: Merge, caller: Caller) -> CustomerBody:
    """Let a customer take over what was sold to another one, whose record goes."""
    return caller.once(
        lambda: merge(
            caller.company,
            path.customer_id,
            body.customer_to_merge_id,
            caller.actor,
            revision=caller.if_match,
            now=caller.now,
        ),
        lambda kept: body_of(caller, kept),
    )


def profile(body: SentProfile) -> dict[str, str]:
    """The texts that are given."""
    return body.model_dump(include=set(PROFILE), exclude_none=True)


def customer_filter(query: CustomerFilters) -> CustomerFilter:
    """What a query asks for."""
    apart = {"limit", "offset", "cursor", "email", "account", "label__in", "metadata"}
    asked = query.model_dump(exclude_none=True, exclude=apart)
    texts, of_account = list[TextFilter](), list[TextFilter]()
    for name, text in asked.items():
        field, *how = name.removeprefix("account__").split("__")
        filters = of_account if name.startswith("account__") else texts
        filters.append(TextFilter(field, how[0] if how else "exact", text))
    labels = frozenset(map(int, query.label__in.split(","))) if query.label__in else frozenset[int]()
    return CustomerFilter(tuple(texts), tuple(of_account), query.account, labels, query.metadata or {})


def sees_customers(caller: Caller) -> bool:
    """Whether the key may read the records of customers: they are the whole company's."""
    return caller.key.may("customers:read") and not caller.key.products


def buyer_body(email: str | None, found: Mapping[str, ShownCustomer]) -> CustomerBody | NamedCustomer | None:
    """To whom something was sold under an email, with the record that was found; None: to nobody."""
    if email is None:
        return None
    return customer_body(found[email]) if email in found else {"email": email}


def body_of(caller: Caller, customer: Customer) -> CustomerBody:
    """A customer as it is answered, with what is stored elsewhere."""
    (found,) = shown(caller.company, [customer])
    return customer_body(found)


def account_of_customer(account: CustomerAccount) -> AccountOfCustomer:
    """A customer account, as it is answered of those who belong to it."""
    return {"id": account.id, "name": account.name, "code": account.code}


def customer_body(found: ShownCustomer) -> CustomerBody:
    """A customer as it is answered."""
    customer, account = found.customer, found.account
    return {
        "id": customer.id,
        "total_orders": found.sales.orders,
        "total_licenses": found.sales.licenses,
        "labels": [
            {"id": labeling, "label_id": label.id, "label": label.label, "color": label.color}
            for labeling, label in found.labels
        ],
        "customer_account": None if account is None else account_of_customer(account),
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "company_name": customer.company_name,
        "phone": customer.phone,
        "reference": customer.reference,
        "address": customer.address,
        "postcode": customer.postcode,
        "city": customer.city,
        "country": customer.country,
        "state": customer.state,
        "clabels_all": ", ".join(label.label for _, label in found.labels) or None,
        "cognito_user_pool_id": None,
        "metadata": customer.metadata,
        "company": found.company_id,
        "license_user": found.license_user,
        "clabels": [label.id for _, label in found.labels],
        "former_emails": sorted(customer.former_emails),
        "created_at": to_iso(customer.created_at),
        "revision": customer.revision,
    }
