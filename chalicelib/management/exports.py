"""Management API: customers and orders as CSV. The rows are those of an export of everything (docs/export.md)."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field, StrictStr

from chalicelib.domain.catalog import Order
from chalicelib.domain.days import first_instant, last_instant
from chalicelib.domain.errors import Invalid, at_field
from chalicelib.domain.ids import made_at
from chalicelib.domain.instants import Instant, duration_days, parse_duration, to_iso
from chalicelib.domain.paging import cut
from chalicelib.domain.users import User
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.customers import CustomerBody, CustomerFilters, customer_body, customer_filter
from chalicelib.management.license_body import LicenseFacts, license_facts
from chalicelib.management.models import MAX_EXPORTED, CursorQuery, ExportWalk, SentMoment, part_of_export
from chalicelib.management.orders import OrderFacts, OrderPath, order_facts
from chalicelib.management.reach import its_order, itself, own_in_order, reached_order
from chalicelib.usecases.change_terms import Sold
from chalicelib.usecases.create import find_company
from chalicelib.usecases.customer_list import find_customers
from chalicelib.usecases.customers import shown
from chalicelib.usecases.export import AT_ONCE, export_licenses_of_order, in_parts, with_managers
from chalicelib.usecases.meters import read_meter
from chalicelib.usecases.order_managers import find_orders
from chalicelib.usecases.order_products import those_of_products
from chalicelib.usecases.product_features import find_all_features
from chalicelib.usecases.products import list_products
from chalicelib.web.endpoint import Csv
from chalicelib.web.freshness import Date

MAX_LOOKED_AT = 5000
"""Orders that one answer looks at for those of a time."""
MAX_READ_EACH = 500
"""The same where of each order it is read which products were sold in it."""
DAY_MS = 86_400_000

Duration = Annotated[StrictStr, Field(max_length=8)]


class CustomersExport(CursorQuery, CustomerFilters):
    """Which customers: as their list takes it."""


class OrdersExport(CursorQuery):
    """Which orders, by when they were made: within a time up to now, or from a day or instant to another one."""

    range: Duration | None = None
    """`24h`, `30d`, `12m` or `1y`: months of 30 days, years of 365."""
    from_: Annotated[SentMoment | None, Field(alias="from")] = None
    to: SentMoment | None = None


class OrderRow(OrderFacts):
    """An order."""

    customer: str | None
    """By email, as in the next."""
    created_at: Date | None
    """None: of before orders had ids."""
    manager_emails: list[str]


class LicenseRow(LicenseFacts):
    """A license."""

    customer: str | None
    allow_unlimited_license_users: bool


@endpoint("GET", "/customers/export", writes=False, scope="customers:read")
def export_customers(query: CustomersExport, caller: Caller) -> Csv:
    """The customers as CSV, oldest first."""
    wanted = customer_filter(query)

    def walk(after: str) -> ExportWalk:
        behind = int(after) if after else None
        found, further = find_customers(caller.company, wanted, after=behind, limit=MAX_EXPORTED)
        for few in in_parts(found, AT_ONCE):
            yield from ((str(one.customer.id), dict(customer_body(one))) for one in shown(caller.company, few))
        if further is not None:
            yield str(further), None

    return part_of_export(walk, CustomerBody, query, caller, "customers")


@endpoint("GET", "/orders/export", writes=False, scope="orders:read", reach=itself)
def export_orders(query: OrdersExport, caller: Caller) -> Csv:
    """The orders that were made within a time as CSV, by `store_id`."""
    since, until = _span(query, caller)
    codes = caller.key.products
    most = MAX_READ_EACH if codes else MAX_LOOKED_AT

    def walk(after: str) -> ExportWalk:
        found, more = cut(find_orders(caller.company, after or None, most + 1), most)
        made = [one for one in found if one.number is not None and since <= made_at(one.number) <= until]
        for few in in_parts(made, AT_ONCE):
            for position, row in with_managers(caller.company, those_of_products(codes, few) if codes else few):
                yield position, dict(order_row(*row))
        if more:
            yield found[-1].id, None

    return part_of_export(walk, OrderRow, query, caller, "orders")


@endpoint("GET", "/orders/{order_id}/export", writes=False, scope="orders:read", reach=its_order)
def export_order(path: OrderPath, query: CursorQuery, caller: Caller) -> Csv:
    """The licenses that were sold in an order as CSV, oldest first."""
    order, row = reached_order(caller, path.order_id), license_row_of(caller.company, caller.now)

    def walk(after: str) -> ExportWalk:
        for position, one in export_licenses_of_order(order, after):
            own_in_order(caller, path.order_id, [one[0]])
            yield position, dict(row(one))

    return part_of_export(walk, LicenseRow, query, caller, f"licenses of order {path.order_id}")


def order_row(order: Order, managers: list[User]) -> OrderRow:
    """An order as an export has it."""
    created_at = None if order.number is None else to_iso(made_at(order.number))
    emails = [manager.email for manager in managers]
    return {
        **order_facts(order),
        "customer": order.customer or None,
        "created_at": created_at,
        "manager_emails": emails,
    }


def license_row_of(company: str, now: Instant) -> Callable[[Sold], LicenseRow]:
    """What makes the row of a license of a company, as of an instant."""
    products = {product.code: product for product in list_products(company)}
    features = {feature.id: feature for feature in find_all_features(company, with_deleted=True)}

    def row(sold: Sold) -> LicenseRow:
        license = sold[0]
        facts = license_facts(sold, products.get(license.product), features, read_meter(license, now), now)
        return {
            **facts,
            "customer": license.customer,
            "allow_unlimited_license_users": license.max_license_users is None,
        }

    return row


def _span(query: OrdersExport, caller: Caller) -> tuple[Instant, Instant]:
    """Which time is asked for. Raises `Invalid`: `range_required`, `duration_malformed`."""
    if query.range is not None and query.from_ is query.to is None:
        with at_field("range"):
            return caller.now - duration_days(parse_duration(query.range)) * DAY_MS, caller.now
    if query.range is not None or query.from_ is None or query.to is None:
        raise Invalid("filter_required", of="orders", field="range")
    zone = find_company(caller.company).time_zone
    return first_instant(query.from_, zone), last_instant(query.to, zone)
