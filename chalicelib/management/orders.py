"""Management API: orders, with what a shop says of them and what is sold in them."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import Order
from chalicelib.domain.days import first_instant
from chalicelib.domain.instants import to_iso
from chalicelib.domain.orders import DETAILS, TEXTS
from chalicelib.domain.paging import Part
from chalicelib.domain.permissions import Permission
from chalicelib.domain.terms import MAX_ORDER_ID
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.customers import CustomerBody, NamedCustomer, buyer_body, sees_customers
from chalicelib.management.license_body import LicenseBody, bodies_of
from chalicelib.management.license_changes import Flag, Text
from chalicelib.management.models import (
    Id,
    ListBody,
    ListQuery,
    Sent,
    SentFlag,
    SentMetadata,
    SentMoment,
    part_of,
    part_of_filed,
)
from chalicelib.management.reach import its_order, itself, own_in_order, reached_order
from chalicelib.usecases.create import find_company
from chalicelib.usecases.customers import shown_by_emails
from chalicelib.usecases.order_managers import count_orders, find_orders, find_sold_in
from chalicelib.usecases.order_products import find_orders_of_products
from chalicelib.web.freshness import Date

OrderId = Annotated[StrictStr, Field(min_length=1, max_length=MAX_ORDER_ID)]
MAX_SHOWN = 100
"""Licenses that an order is shown with."""
_OF_NOTHING: Json = {**dict.fromkeys(TEXTS, ""), "is_test": False, "is_trial": False, "created": None, "metadata": {}}
"""What is kept where null is sent."""


class OrderPath(Sent):
    """Which order, by its number."""

    order_id: Id


class OrdersQuery(ListQuery):
    """Which orders, and in which order they come."""

    order_by: Literal["store_id", "-store_id"] = "store_id"
    is_archived: SentFlag | None = None
    """False of all: licenses are archived, and no orders."""
    short_code: Text | None = None
    """Of a product of which a license stands in the order."""


class SentDetails(Sent):
    """What a shop may say of an order, when it is sold and afterwards. It is kept as it is."""

    is_test: Flag | None = None
    is_trial: Flag | None = None
    created: SentMoment | None = None
    """When the shop has taken it; a date alone is that day's first instant."""
    order_type: Text | None = None
    reference: Text | None = None
    language: Text | None = None
    campaign_params: Text | None = None
    download_id: Text | None = None
    metadata: SentMetadata = None


class DetailsBody(TypedDict):
    """What a shop has said of an order."""

    is_test: bool
    is_trial: bool
    created: Date | None
    """When the shop has taken it, by its own word; None: not said."""
    order_type: str
    reference: str
    language: str
    campaign_params: str
    download_id: str
    metadata: Json


class OrderNames(TypedDict):
    """What an order is found by."""

    id: int | None
    """None: of before there were such ids; it gets one with its next license."""
    store_id: str


class OrderFacts(OrderNames, DetailsBody):
    """An order, without who has bought. The columns of an export have this order, too."""

    managers: list[int]
    denied: list[Permission]
    """What they may not do with its licenses."""
    revision: int


class OrderBody(OrderFacts):
    """An order."""

    customer: CustomerBody | NamedCustomer | None


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


@endpoint("GET", "/orders", writes=False, scope="orders:read", reach=itself)
def list_orders(query: OrdersQuery, caller: Caller) -> OrderList:
    """The orders of the company, by `store_id`."""
    if query.is_archived:
        return {"count": 0, "next": None, "previous": None, "results": []}
    rows, page = _part_of_orders(query, caller)
    return {**page, "results": order_bodies(caller, rows)}


def _part_of_orders(query: OrdersQuery, caller: Caller) -> tuple[Sequence[Order], ListBody]:
    company, backwards, codes = caller.company, query.order_by.startswith("-"), caller.key.products
    if not codes and query.short_code is None:
        find, count = partial(find_orders, company, backwards=backwards), count_orders(company)
        return part_of_filed(find, query, caller, "orders", lambda order: order.id, count)

    def read(after: str, skip: int, size: int) -> Part[str, Order]:
        behind = after or None
        place: Json = {"after": behind, "backwards": backwards, "skip": skip, "size": size}
        return find_orders_of_products(company, codes, query.short_code, **place)

    return part_of(read, query, caller, "orders")


@endpoint("GET", "/orders/{order_id}", writes=False, scope="orders:read", reach=its_order)
def show_order(path: OrderPath, caller: Caller) -> WholeOrder:
    """One order, with its first hundred licenses."""
    order, sold = find_sold_in(reached_order(caller, path.order_id), MAX_SHOWN + 1)
    own_in_order(caller, path.order_id, (license for license, _ in sold))
    bodies = bodies_of(caller, sold[:MAX_SHOWN])
    buyers = {license.customer: body["customer"] for (license, _), body in zip(sold, bodies, strict=False)}
    items: dict[str, OrderItemBody] = {}
    for body in bodies:
        product = body["product"]
        new: OrderItemBody = {
            "id": body["id"],
            "product_id": product["id"],
            "product_code": product["short_code"],
            "licenses": [],
        }
        items.setdefault(product["short_code"], new)["licenses"].append(body)
    buyer = buyers[order.customer] if order.customer in buyers else order_body(caller, order)["customer"]
    shown: OrderBody = {**order_facts(order), "customer": buyer}
    return {**shown, "order_items": [*items.values()], "has_more_licenses": len(sold) > MAX_SHOWN}


def details_of(body: SentDetails, company: str) -> Json:
    """What a body says of an order, as it is kept."""
    given = {name: getattr(body, name) for name in DETAILS if name in body.model_fields_set}
    if given.get("created") is not None:
        given["created"] = first_instant(given["created"], find_company(company).time_zone)
    return {name: _OF_NOTHING[name] if value is None else value for name, value in given.items()}


def details_body(order: Order) -> DetailsBody:
    """What a shop has said of an order, as it is answered."""
    return {
        "is_test": order.is_test,
        "is_trial": order.is_trial,
        "created": to_iso(order.created),
        "order_type": order.order_type,
        "reference": order.reference,
        "language": order.language,
        "campaign_params": order.campaign_params,
        "download_id": order.download_id,
        "metadata": order.metadata,
    }


def order_body(caller: Caller, order: Order) -> OrderBody:
    """An order as lists have it."""
    return order_bodies(caller, [order])[0]


def order_bodies(caller: Caller, some: Sequence[Order]) -> list[OrderBody]:
    """Orders as lists have them."""
    emails = {order.customer: order.customer_id for order in some if order.customer} if sees_customers(caller) else {}
    found = shown_by_emails(caller.company, emails)
    return [{**order_facts(order), "customer": buyer_body(order.customer or None, found)} for order in some]


def order_facts(order: Order) -> OrderFacts:
    """What an order says itself, but of its customer."""
    return {
        "id": order.number,
        "store_id": order.id,
        **details_body(order),
        "managers": sorted(order.managers),
        "denied": sorted(order.denied),
        "revision": order.revision,
    }
