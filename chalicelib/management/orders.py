"""Management API: orders, what is sold in them, and who manages them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import partial
from itertools import islice
from typing import Annotated, Literal

from pydantic import Field, StrictInt, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import Order
from chalicelib.domain.errors import AlreadyExists, Invalid, NotFound, raise_all, sent_as
from chalicelib.domain.license import LicenseType
from chalicelib.domain.paging import Part
from chalicelib.domain.permissions import Permission
from chalicelib.domain.policies import Policy, with_policy_terms
from chalicelib.domain.products import with_product_terms
from chalicelib.domain.terms import MAX_ORDER_ID, Terms
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import LicenseBody, license_body
from chalicelib.management.license_changes import FeatureTerms, Flag, SentTerms, Text, terms_of, wanted_feature
from chalicelib.management.models import Id, ListBody, ListQuery, Sent, SentFlag, part_of, part_of_filed
from chalicelib.management.reach import its_order, itself, own_policy, own_product_code, reached_order
from chalicelib.usecases.assign_user import Profile
from chalicelib.usecases.catalog import known_product, known_products
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
from chalicelib.usecases.order_managers import (
    count_orders,
    find_order,
    find_orders,
    find_sold_in,
)
from chalicelib.usecases.order_products import find_orders_of_products, is_of_products
from chalicelib.usecases.policies import find_policy, find_policy_by_code
from chalicelib.web.endpoint import Arguments

OrderId = Annotated[StrictStr, Field(min_length=1, max_length=MAX_ORDER_ID)]
MAX_SHOWN = 100
"""Licenses that an order is shown with."""
OF_SALE = {term.name for term in fields(Terms)}
"""Terms that a license is sold with; all else is said of it besides."""
OF_ORDER: Mapping[str, str] = {"order_id": "id", "customer": "customer.email", "people": "items"}
"""Where a body says what each license of an order has alike."""


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
    """Null: the policy's; without one, `time-limited` where an end is given, else the product's."""
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


@endpoint("GET", "/orders", writes=False, scope="orders:read", reach=itself)
def list_orders(query: OrdersQuery, caller: Caller) -> OrderList:
    """The orders of the company, by `store_id`."""
    if query.is_archived:
        return {"count": 0, "next": None, "previous": None, "results": []}
    rows, page = _part_of_orders(query, caller)
    return {**page, "results": [order_body(order) for order in rows]}


def _part_of_orders(query: OrdersQuery, caller: Caller) -> tuple[Sequence[Order], ListBody]:
    company, backwards = caller.company, query.order_by.startswith("-")
    if not (codes := caller.key.products):
        find, count = partial(find_orders, company, backwards=backwards), count_orders(company)
        return part_of_filed(find, query, caller, "orders", lambda order: order.id, count)

    def read(after: str, skip: int, size: int) -> Part[str, Order]:
        behind = after or None
        return find_orders_of_products(company, codes, after=behind, backwards=backwards, skip=skip, size=size)

    return part_of(read, query, caller, "orders")


def own_items(caller: Caller, arguments: Arguments) -> None:
    """All of whose products the key is for, and where they are added to an order, all that is in that, too."""
    body: NewOrderBody = arguments["body"]
    if body.append:
        with suppress(NotFound):  # a new one
            if not is_of_products(caller.key.products, find_order(caller.company, body.id)):
                raise AlreadyExists("already_exists", of="order_of_others", field="id")
    for place, item in enumerate(body.items):
        with sent_as(f"items.{place}.product_code".format):
            own_product_code(caller, item.product_code)
        for sold in item.licenses:
            if sold.license_template is not None:
                own_policy(caller, sold.license_template)


@endpoint("POST", "/orders/create_order", writes=True, scope="orders:write", reach=own_items, status=201)
def create_one_order(body: NewOrderBody, caller: Caller) -> MadeOrderBody:
    """Sell an order. The same once more is answered alike, and goes on where it was cut short."""
    with sent_as(partial(_sent_name, body)):
        return caller.once(
            lambda: create_order(caller.company, _wanted(body, caller), caller.actor, now=caller.now),
            lambda made: _made(body, *made),
        )


@endpoint("GET", "/orders/{order_id}", writes=False, scope="orders:read", reach=its_order)
def show_order(path: OrderPath, caller: Caller) -> WholeOrder:
    """One order, with its first hundred licenses."""
    order = reached_order(caller, path.order_id)
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
    customer, licenses = body.customer, []
    for place, (product, license) in enumerate(sold):
        with sent_as(f"licenses.{place}.{{}}".format):
            licenses.append(_license(product, license, body, caller, zone))
    return NewOrder(
        body.id,
        licenses,
        said=body.model_dump_json(exclude_unset=True),
        manager=customer.email if customer is not None and customer.is_manager else None,
        append=body.append,
        call="" if caller.idempotency_key is None else caller.idempotency_key.key,
    )


def _sent_name(body: NewOrderBody, field: str) -> str:
    """What the use case names `licenses.3.license_key`, as the body has it: `items.1.licenses.0.key`."""
    of_order = OF_ORDER.get(field.rpartition(".")[2])
    if of_order is not None or not field.startswith("licenses."):
        return of_order or field
    place, _, name = field.removeprefix("licenses.").partition(".")
    sold = [(item, license) for item, one in enumerate(body.items) for license in range(len(one.licenses))]
    item, license = sold[int(place)]
    if name == "product":
        return f"items.{item}.product_code"
    return f"items.{item}.licenses.{license}.{'key' if name == 'license_key' else name}"


def _license(product: str, sold: SoldLicense, body: NewOrderBody, caller: Caller, zone: str) -> NewLicense:
    policy, refusal = None, None
    try:
        policy = _policy(product, sold, caller.company)
    except NotFound as error:  # it may have been there when the same order came first
        refusal = error
    given: Json = dict(terms_of(sold, caller.now, zone))
    of_sale: Json = {name: given.pop(name) for name in OF_SALE & given.keys()}
    of_sale |= {} if sold.license_type is None else {"license_type": sold.license_type}
    if policy is None:
        of_sale = _with_product_terms(product, of_sale, caller)
    else:
        of_sale = with_policy_terms(policy, of_sale, now=caller.now)
    customer = None if body.customer is None else body.customer.email
    terms = Terms(**of_sale, order_id=body.id, customer=customer, license_key=sold.key)
    return NewLicense(
        product,
        terms,
        policy=policy,
        refusal=refusal,
        more=given,
        features=[wanted_feature(one.code, one, zone) for one in sold.product_features],
        fields={one.name: one.value for one in sold.custom_fields},
        users=[_user(user, terms) for user in sold.users],
    )


def _with_product_terms(code: str, given: Json, caller: Caller) -> Json:
    """The terms of a sale without a policy. Of a product that there is not whichever: the use case refuses it."""
    product, of_type = known_product(caller.company, code, now=caller.now), type_of(given)
    said = given if of_type is None else {"license_type": of_type} | given
    if product is None:
        return {"license_type": "perpetual", "max_activations": 1} | said
    return with_product_terms(product, said)


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
