"""Management API: orders, what is sold in them, and who manages them."""

from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from itertools import islice
from typing import Annotated, Literal

from pydantic import Field, RootModel, StrictInt, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import MAX_MANAGERS, Order
from chalicelib.domain.errors import Invalid, raise_all
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import LicenseType
from chalicelib.domain.permissions import Permission
from chalicelib.domain.policies import Policy, with_policy_terms
from chalicelib.domain.terms import MAX_ORDER_ID, Terms
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import LicenseBody, license_body
from chalicelib.management.license_changes import FeatureTerms, Flag, SentTerms, Text, terms_of, wanted_feature
from chalicelib.management.models import Id, ListBody, ListQuery, Sent, SentFlag, part_of_filed
from chalicelib.management.reach import not_of_one_product, own_policy, own_product_code
from chalicelib.usecases.assign_user import Profile
from chalicelib.usecases.catalog import known_products
from chalicelib.usecases.create import find_company
from chalicelib.usecases.create_order import (
    MAX_LICENSES,
    MAX_PEOPLE,
    MadeLicense,
    NewLicense,
    NewOrder,
    NewUser,
    create_order,
)
from chalicelib.usecases.find_license import find_account_by_id
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.order_managers import (
    add_manager,
    count_orders,
    find_managers,
    find_numbered_order,
    find_orders,
    find_sold_in,
    remove_manager,
)
from chalicelib.usecases.policies import find_policy, find_policy_by_code
from chalicelib.web.endpoint import Arguments

OrderId = Annotated[StrictStr, Field(min_length=1, max_length=MAX_ORDER_ID)]
MAX_SHOWN = 100
"""Licenses that an order is shown with."""
OF_SALE = {term.name for term in fields(Terms)}
"""Terms that a license is sold with; all else is said of it besides."""


class OrderPath(Sent):
    """Which order, by its number."""

    order_id: Id


class OrdersQuery(ListQuery):
    """Which orders, and in which order they come."""

    order_by: Literal["store_id", "-store_id"] = "store_id"
    is_archived: SentFlag | None = None
    """False of all: licenses are archived, and no orders."""


class SoldFeature(FeatureTerms):
    """A feature of a license that is sold."""

    code: Text


class SoldField(Sent):
    """The value of a custom field."""

    name: Text
    value: Text


class SoldUser(Sent):
    """Who gets a seat, or manages the order, or both."""

    email: Text
    first_name: Text = ""
    last_name: Text = ""
    phone_number: Text = ""
    max_activations: StrictInt | None = None
    """Null: as many as the license has in all."""
    is_manager: Flag = False
    """He manages the order; with a license by key, which has no users, that is all."""


class SoldLicense(SentTerms):
    """A license that is sold, and what it is besides the terms that can be changed afterwards."""

    key: Text | None = None
    """Null: one is made."""
    license_type: LicenseType | None = None
    """Null: the policy's; without one, `time-limited` where it has an end, else `perpetual`."""
    policy_code: Text | None = None
    """The license policy whose terms it has where nothing else is said of them."""
    license_template_code: Text | None = None
    """The same."""
    license_template: Id | None = None
    """The same by its id."""
    users: Annotated[list[SoldUser], Field(max_length=MAX_PEOPLE, fail_fast=True)] = Field(default=[])
    product_features: Annotated[list[SoldFeature], Field(max_length=MAX_PEOPLE, fail_fast=True)] = Field(default=[])
    custom_fields: Annotated[list[SoldField], Field(max_length=MAX_PEOPLE, fail_fast=True)] = Field(default=[])


class SoldItem(Sent):
    """A product that is sold, with each of its licenses."""

    product_code: Text
    licenses: Annotated[list[SoldLicense], Field(min_length=1, max_length=MAX_LICENSES, fail_fast=True)]


class SoldTo(Sent):
    """The customer."""

    email: Text
    is_manager: Flag = False


class NewOrderBody(Sent):
    """POST orders/create_order."""

    id: OrderId
    """The shop's own name of the order, which is its `store_id` from then on."""
    append: Flag = False
    """Whether licenses are added to an order that is there."""
    customer: SoldTo | None = None
    items: Annotated[list[SoldItem], Field(min_length=1, max_length=MAX_LICENSES, fail_fast=True)]


class NewManager(Sent):
    """Who is to manage an order."""

    email: Text


class NewManagers(RootModel[Annotated[list[NewManager], Field(min_length=1, max_length=MAX_MANAGERS, fail_fast=True)]]):
    """POST add_managers."""


class RemovedManager(Sent):
    """POST remove_manager."""

    license_user_id: Id


class OrderBody(TypedDict):
    """An order."""

    id: int | None
    """None: of before there were such ids; it gets one with its next license."""
    store_id: str
    customer: str | None
    managers: list[int]
    denied: list[Permission]
    """What they may not do with its licenses."""
    revision: int


class OrderItemBody(TypedDict):
    """What was sold of a product in an order."""

    id: int
    """That of its first license."""
    product_id: int | None
    product_code: str
    licenses: list[LicenseBody]


class WholeOrder(OrderBody):
    """An order as it is shown by itself."""

    order_items: list[OrderItemBody]
    has_more_licenses: bool
    """Whether more than a hundred were sold in it: lists of licenses have them all."""


class OrderList(ListBody):
    """A page of orders, by `store_id`."""

    results: list[OrderBody]


class MadeLicenseBody(TypedDict):
    """A license that was made. One by user has no key."""

    id: int
    license_key: str | None


class MadeItemBody(TypedDict):
    """What was made of a product."""

    product_code: str
    licenses: list[MadeLicenseBody]


class MadeOrderBody(TypedDict):
    """An order with what the call has made, as it was sent."""

    id: int | None
    store_id: str
    customer: str | None
    order_items: list[MadeItemBody]


class ManagerBody(TypedDict):
    """A manager of an order."""

    id: int
    true_email: str
    first_name: str
    last_name: str
    phone_number: str
    is_initial_password: bool


class AddedManagerBody(ManagerBody):
    """A manager who was added."""

    new_user: bool
    """Whether the call has made the account."""
    password: str | None
    """The initial one of a new account, shown this once; it is mailed, too."""


class DetailBody(TypedDict):
    """That it is done, in a word."""

    detail: str


@endpoint("GET", "/orders", writes=False, scope="orders:read")
def list_orders(query: OrdersQuery, caller: Caller) -> OrderList:
    """The orders of the company, by `store_id`."""
    if query.is_archived:
        return {"count": 0, "next": None, "previous": None, "results": []}
    rows, page = part_of_filed(
        partial(find_orders, caller.company, backwards=query.order_by.startswith("-")),
        query,
        caller,
        "orders",
        lambda order: order.id,
        count_orders(caller.company),
    )
    return {**page, "results": [order_body(order) for order in rows]}


def own_order(caller: Caller, arguments: Arguments) -> None:
    """A new one, all of whose products the key is for; one that is there may have licenses of others."""
    body: NewOrderBody = arguments["body"]
    if body.append:
        raise not_of_one_product()
    for item in body.items:
        own_product_code(caller, item.product_code)
        for sold in item.licenses:
            if sold.license_template is not None:
                own_policy(caller, sold.license_template)


@endpoint("POST", "/orders/create_order", writes=True, scope="orders:write", reach=own_order, status=201)
def create_one_order(body: NewOrderBody, caller: Caller) -> MadeOrderBody:
    """Sell an order. The same once more is answered alike, and goes on where it was cut short."""
    return caller.once(
        lambda: create_order(caller.company, _wanted(body, caller), caller.actor, now=caller.now),
        lambda made: _made(body, *made),
    )


@endpoint("GET", "/orders/{order_id}", writes=False, scope="orders:read")
def show_order(path: OrderPath, caller: Caller) -> WholeOrder:
    """One order, with its first hundred licenses."""
    order = find_numbered_order(caller.company, path.order_id)
    sold = find_sold_in(order, MAX_SHOWN + 1)
    shown = sold[:MAX_SHOWN]
    known = known_products(caller.company, (license.product for license, _ in shown), now=caller.now)
    items: dict[str, OrderItemBody] = {}
    for license, extras in shown:
        product = known.get(license.product)
        new: OrderItemBody = {
            "id": license.id,
            "product_id": None if product is None else product.id,
            "product_code": license.product,
            "licenses": [],
        }
        item = items.setdefault(license.product, new)
        item["licenses"].append(license_body(license, extras, product, caller.now))
    return {**order_body(order), "order_items": [*items.values()], "has_more_licenses": len(sold) > MAX_SHOWN}


@endpoint("GET", "/orders/{order_id}/managers", writes=False, scope="orders:read")
def list_managers(path: OrderPath, caller: Caller) -> list[ManagerBody]:
    """Who manages an order, by their ids."""
    order = find_numbered_order(caller.company, path.order_id)
    return [manager_body(user) for user in find_managers(order)]


@endpoint("POST", "/orders/{order_id}/add_manager", writes=True, scope="orders:write")
def add_one_manager(path: OrderPath, body: NewManager, caller: Caller) -> AddedManagerBody:
    """Let a person manage an order with all that was sold in it; one who does already stays."""
    order = find_numbered_order(caller.company, path.order_id)
    return caller.once(
        lambda: add_manager(caller.company, order.id, body.email, caller.actor, now=caller.now),
        lambda user: added_body(user, caller.now),
    )


@endpoint("POST", "/orders/{order_id}/add_managers", writes=True, scope="orders:write")
def add_managers(path: OrderPath, body: NewManagers, caller: Caller) -> list[AddedManagerBody]:
    """The same of several, one after the other."""
    order = find_numbered_order(caller.company, path.order_id)

    def add() -> list[User]:
        emails = [manager.email for manager in body.root]
        return [add_manager(caller.company, order.id, email, caller.actor, now=caller.now) for email in emails]

    return caller.once(add, lambda users: {"rows": [added_body(user, caller.now) for user in users]})["rows"]


@endpoint("POST", "/orders/{order_id}/remove_manager", writes=True, scope="orders:write")
def remove_one_manager(path: OrderPath, body: RemovedManager, caller: Caller) -> DetailBody:
    """Take a manager off an order: he sees and touches nothing of it any more."""
    order = find_numbered_order(caller.company, path.order_id)
    email = find_account_by_id(caller.company, body.license_user_id).email
    return caller.once(
        lambda: remove_manager(caller.company, order.id, email, caller.actor, now=caller.now),
        lambda _: DetailBody(detail="removed"),
    )


def order_body(order: Order) -> OrderBody:
    """An order as lists have it."""
    return {
        "id": order.number,
        "store_id": order.id,
        "customer": order.customer or None,
        "managers": sorted(order.managers),
        "denied": sorted(order.denied),
        "revision": order.revision,
    }


def manager_body(user: User) -> ManagerBody:
    """A manager as lists have him."""
    return {
        "id": user.id,
        "true_email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "phone_number": user.phone_number,
        "is_initial_password": user.is_initial_password,
    }


def added_body(user: User, now: Instant) -> AddedManagerBody:
    """A manager who is added now. Of an account that was there no password is told."""
    is_new = user.created_at == now
    return {**manager_body(user), "new_user": is_new, "password": initial_password(user) if is_new else None}


def _made(body: NewOrderBody, order: Order, licenses: Sequence[MadeLicense]) -> MadeOrderBody:
    rest = iter(licenses)
    items: list[MadeItemBody] = [
        {"product_code": item.product_code, "licenses": [*map(_made_license, islice(rest, len(item.licenses)))]}
        for item in body.items
    ]
    return {"id": order.number, "store_id": order.id, "customer": order.customer or None, "order_items": items}


def _made_license(license: MadeLicense) -> MadeLicenseBody:
    return {"id": license.id, "license_key": license.license_key}


def _wanted(body: NewOrderBody, caller: Caller) -> NewOrder:
    """An order as the use case takes it."""
    zone = find_company(caller.company).time_zone
    sold = [(item.product_code, license) for item in body.items for license in item.licenses]
    customer = body.customer
    return NewOrder(
        body.id,
        [_license(product, license, body, caller, zone) for product, license in sold],
        said=body.model_dump_json(exclude_unset=True),
        manager=customer.email if customer is not None and customer.is_manager else None,
        append=body.append,
        call="" if caller.idempotency_key is None else caller.idempotency_key.key,
    )


def _license(product: str, sold: SoldLicense, body: NewOrderBody, caller: Caller, zone: str) -> NewLicense:
    policy = _policy(product, sold, caller.company)
    given: Json = dict(terms_of(sold, caller.now, zone))
    of_sale: Json = {name: given.pop(name) for name in OF_SALE & given.keys()}
    of_sale |= {} if sold.license_type is None else {"license_type": sold.license_type}
    if policy is None:
        of_sale = {"license_type": type_of(of_sale) or "perpetual", "max_activations": 1} | of_sale
    else:
        of_sale = with_policy_terms(policy, of_sale, now=caller.now)
    customer = None if body.customer is None else body.customer.email
    terms = Terms(**of_sale, order_id=body.id, customer=customer, license_key=sold.key)
    return NewLicense(
        product,
        terms,
        policy=policy,
        more=given,
        features=[wanted_feature(one.code, one, zone) for one in sold.product_features],
        fields={one.name: one.value for one in sold.custom_fields},
        users=[_user(user, terms) for user in sold.users],
    )


def _policy(product: str, sold: SoldLicense, company: str) -> Policy | None:
    """The policy that is named. Raises `Invalid` where several are; `NotFound`: `policy_not_found`."""
    names = ("policy_code", "license_template_code", "license_template")
    named = [name for name in names if getattr(sold, name) is not None]
    raise_all([Invalid("policy_named_twice", field=name) for name in named[1:]])
    if sold.license_template is not None:
        return find_policy(company, sold.license_template)
    code = sold.policy_code or sold.license_template_code
    return None if code is None else find_policy_by_code(company, product, code)


def type_of(given: Json) -> LicenseType | None:
    """The type of a license of which none is said: that of one with an end; None: it has none."""
    is_dated = given.get("validity_period") is not None or given.get("valid_duration") is not None
    return "time-limited" if is_dated else None


def _user(user: SoldUser, terms: Terms) -> NewUser:
    most = terms.max_activations if user.max_activations is None else user.max_activations
    profile = Profile(user.first_name, user.last_name, user.phone_number)
    return NewUser(user.email, most, profile, user.is_manager)
