"""How much was sold to each customer, counted again: for the audit, and for its repair.

Licenses are counted by their links, and orders by themselves: one of which all licenses were deleted is an order yet.
Older code made no records of customers: their links say who has bought.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.domain.customers import Customer, Sales
from chalicelib.domain.events import Event
from chalicelib.store import customers, reads
from chalicelib.store.accounts import require_company
from chalicelib.store.customers import Sold
from chalicelib.store.items.accounts import OrderItem
from chalicelib.store.items.customers import SalesItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import CUSTOMER_LICENSE, customer_email_sort_key, order_sort_key
from chalicelib.store.reads import Unreadable
from chalicelib.store.schema import Item
from chalicelib.store.transactions import Transaction

V = TypeVar("V")

ROUNDS = 5
"""How often it is counted again what others sell meanwhile."""


@dataclass(frozen=True, slots=True)
class Miscount:
    """That an email has bought something else than is counted."""

    email: str
    sales: Sales | None
    """As they are stored; None: there is no record of the customer."""
    there: Sold


def miscounts(company: str) -> Iterator[Miscount]:
    """Walk all customers of a company. While others sell, only what stays is wrong. Consistent."""
    there, tells_orders = _by_email(company)
    stored = dict(_sales(company))  # read later: whoever has a link from before has an email here
    yield from (Miscount(email, None, sold) for email, sold in there.items() if email not in stored and sold.licenses)
    of_customer = defaultdict[int, list[Sold]](list)
    for email, sold in there.items():
        if (sales := stored.get(email)) is not None:
            of_customer[sales.customer].append(sold)
    for email, sales in stored.items():
        if sales is None or sales.is_former:
            continue
        if _sum(of_customer[sales.customer], sales, tells_orders) != Sold(sales.licenses, sales.orders):
            yield from _confirmed(company, email)


def make_record(customer: Customer, sold: Sold, event: Event) -> None:
    """Make the record of a customer of before. Raises `ConditionFailed` where there is one by now."""
    write = Transaction(event_item(customer.company, event, AccountEventItem))
    customers.put_new(write, customer, sold)
    require_company(write, customer.company)
    write.commit()


def set_right(company: str, wrong: Miscount, event: Event) -> None:
    """Count what is there. Raises `ConditionFailed` where something was sold since it was counted."""
    assert wrong.sales is not None
    item = customers.sales_item(company, wrong.email)
    counted = [SalesItem.licenses.set(wrong.there.licenses), SalesItem.orders.set(wrong.there.orders)]
    of = (SalesItem.customer, SalesItem.is_former, SalesItem.licenses, SalesItem.orders)
    write = Transaction(event_item(company, event, AccountEventItem))
    write.update(item, counted, SalesItem.unchanged(wrong.sales, *of))
    write.commit()


def _confirmed(company: str, email: str) -> Iterator[Miscount]:
    """What is wrong with an email, if nothing is sold meanwhile. What cannot be read, the walk over links names."""
    for _ in range(ROUNDS):
        sales = _readable(customers.sales_item(company, email))
        record = None if sales is None else _readable(customers.record_item(company, sales.customer))
        if sales is None or record is None or sales.is_former:
            return
        names, (all_there, tells_orders) = {email, *record.former_emails}, _by_email(company)
        there = _sum([sold for name, sold in all_there.items() if name in names], sales, tells_orders)
        if there == Sold(sales.licenses, sales.orders):
            return
        if _readable(customers.sales_item(company, email)) == sales:
            yield Miscount(email, sales, there)
            return


def _readable(item: Item[V]) -> V | None:
    (found,) = reads.batch_get_each([item], consistent=True)
    return None if found is None or isinstance(found, Unreadable) else found.to_domain()


def _sum(some: list[Sold], sales: Sales, tells_orders: bool) -> Sold:
    """Of one customer; where nothing tells how many orders there are, they are as many as were counted."""
    orders = sum(sold.orders for sold in some) if tells_orders else sales.orders
    return Sold(sum(sold.licenses for sold in some), orders)


def _by_email(company: str) -> tuple[dict[str, Sold], bool]:
    """What was sold under each email, with those of former customers; and whether all orders tell under which.

    One that cannot be read does not, and the audit of its licenses names it.
    """
    parts = reads.sort_keys(LookupItem, company, CUSTOMER_LICENSE)
    licenses = Counter(part.removeprefix(CUSTOMER_LICENSE).rpartition("#")[0] for part in parts)
    found = [reads.readable(OrderItem.from_raw, raw) for raw in reads.query_raw(OrderItem, company, order_sort_key())]
    read = [order for order in found if not isinstance(order, Unreadable)]
    orders = Counter(order.customer for order in read if order.customer)
    return {email: Sold(licenses[email], orders[email]) for email in {*licenses, *orders}}, len(read) == len(found)


def _sales(company: str) -> Iterator[tuple[str, Sales | None]]:
    """What is stored under each email; None: it cannot be read, which the walk over links names."""
    for raw in reads.query_raw(SalesItem, company, customer_email_sort_key()):
        sales = reads.readable(SalesItem.from_raw, raw)
        email = raw["part"]["S"].removeprefix(customer_email_sort_key())
        yield email, None if isinstance(sales, Unreadable) else sales
