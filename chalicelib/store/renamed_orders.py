"""Orders that get another name: the order, its licenses and all that lists them, in one transaction. The name of before
is free then.

Whatever is written of an order requires that it is there under its name (`store.orders`). So who has read it before
finds that it is not, and decides anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.catalog import Order
from chalicelib.domain.customers import Sales
from chalicelib.domain.events import Event
from chalicelib.domain.license import DeletedLicense, License
from chalicelib.store import customers
from chalicelib.store.counts import put_count
from chalicelib.store.items.accounts import DeletedLicenseItem, OrderItem
from chalicelib.store.items.customers import SalesItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LicenseSummaryItem, LookupItem
from chalicelib.store.keys import (
    LICENSE,
    customer_license_sort_key,
    deleted_license_sort_key,
    license_pk,
    order_license_sort_key,
    order_sort_key,
)
from chalicelib.store.orders import put_summaries
from chalicelib.store.transactions import MAX_STEPS, THERE_OR_NOT, Transaction

_OF_ORDER, _OF_LICENSE = 10, 6
"""Items of such a transaction, besides its licenses; and of each license, with what a webhook is told, besides one for
each manager of its order."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """An order as it was read, with all that is to say its name, and its new form."""

    old: Order
    new: Order
    sold: Sequence[tuple[License, License, Event]]
    """Each of its licenses: as it was read, as it is to be, and what its history says of it."""
    elsewhere: License | DeletedLicense | None
    """The license whose id is the order's, where it is deleted or in another order: it says where it was sold."""
    sales: Sales | None
    """Of the order's customer; None where there is none or no record."""


def licenses_at_once(order: Order) -> int:
    """How many licenses an order may have that gets another name."""
    return (MAX_STEPS - _OF_ORDER) // (_OF_LICENSE + len(order.managers))


def rename(renamed: Renamed, event: Event) -> None:
    """Give an order another name. Raises `ConditionFailed` where another order has it, or where the order, what is in
    it, a license or the customer's email has changed since it was read.
    """
    old, new, item = renamed.old, renamed.new, OrderItem
    company = old.company
    write = Transaction(event_item(company, event, AccountEventItem))
    as_listed = (item.licenses_sold, item.licenses_taken, item.number)
    as_read = item.unchanged(old, *as_listed, item.customer, item.managers, item.denied, item.bought_as, item.revision)
    write.delete(OrderItem(company, order_sort_key(old.id)), as_read)
    put_count(write, "orders", company, order_sort_key(old.id), -1)
    write.put(OrderItem.of(new, company, order_sort_key(new.id)), item.pk.does_not_exist())
    put_count(write, "orders", company, order_sort_key(new.id))
    if old.customer:
        sales = renamed.sales
        still = SalesItem.pk.does_not_exist() if sales is None else customers.still_current(sales)
        write.check(customers.sales_item(company, old.customer), still)
    for license, to, event_of in renamed.sold:
        _put_license(write, license, to, new)
        write.put_event(event_item(license_pk(company, license.id), event_of))
    if renamed.elsewhere is not None:
        _put_sold_in(write, company, renamed.elsewhere, old, new)
    write.commit()


def _put_license(write: Transaction, old: License, new: License, order: Order) -> None:
    company, item = old.company, LicenseItem
    as_read = item.unchanged(old, item.order_id, item.customer, item.bought_as, item.sold_in, item.revision)
    if old.customer is None:
        as_read &= item.unchanged(old, item.users_assigned)
    named = [item.order_id.set(new.order_id), item.revision.set(new.revision)]
    if new.sold_in != old.sold_in:
        named.append(item.sold_in.set(new.sold_in))
    write.update(item(license_pk(company, old.id), LICENSE), named, as_read)
    write.delete(LicenseSummaryItem(company, order_license_sort_key(old.order_id or "", old.id)), THERE_OR_NOT)
    put_summaries(write, new, order)
    if new.customer is not None:
        bought = customer_license_sort_key(new.customer, new.id)
        write.put(LookupItem(company, bought, product=new.product, order_id=new.order_id), THERE_OR_NOT)


def _put_sold_in(write: Transaction, company: str, first: License | DeletedLicense, old: Order, new: Order) -> None:
    if isinstance(first, License):
        where = LicenseItem(license_pk(company, first.id), LICENSE)
        write.update(where, [LicenseItem.sold_in.set(new.id)], LicenseItem.sold_in == old.id)
    else:
        gone = DeletedLicenseItem(company, deleted_license_sort_key(first.id))
        write.update(gone, [DeletedLicenseItem.order_id.set(new.id)], DeletedLicenseItem.order_id == old.id)
