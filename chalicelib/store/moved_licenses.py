"""Licenses that move to another order: the license with all that lists it in one transaction; then, in steps, what
leads its users to it, for those links say whose it is.

Whatever gives a seat requires that the license is whose it was (`seats.same_buyer`), and a batch that is under way is
waited for. So no link comes behind the steps that says otherwise, and steps that were cut short are done by whoever
goes on.
"""

from collections.abc import Sequence
from itertools import islice

from chalicelib.domain.access import buyer
from chalicelib.domain.catalog import Order
from chalicelib.domain.customers import Sales
from chalicelib.domain.events import Event
from chalicelib.domain.license import License
from chalicelib.store import customers, licenses, reads
from chalicelib.store.attributes import AnyAttribute
from chalicelib.store.customers import Buyer, NewBuyer
from chalicelib.store.expressions import Action
from chalicelib.store.items.customers import SalesItem
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import LICENSE, customer_license_sort_key, license_pk
from chalicelib.store.orders import refile, take_out
from chalicelib.store.seats import held_item, same_buyer
from chalicelib.store.transactions import THERE_OR_NOT, Transaction

LINKS_AT_ONCE = 90
"""In one transaction of a hundred items."""


def move(
    old: License,
    new: License,
    orders: tuple[Order | None, Order],
    sales: Sales | None,
    sold_to: Buyer | NewBuyer | None,
    event: Event,
) -> None:
    """Make a license of the first of these orders into `new`, of the second; what leads its users to it is left to
    `lead_users`.

    `sales`: of its customer, None where there is none or no record; `sold_to`: the customer of the new order.
    Raises `ConditionFailed` where its terms, its users' number, an order or a customer have changed meanwhile.
    """
    pk, item, (left, joined) = license_pk(old.company, old.id), LicenseItem, orders
    write = Transaction(event_item(pk, event))
    names: Sequence[AnyAttribute] = (item.order_id, item.customer, item.customer_id, item.bought_as, item.sold_in)
    values = (new.order_id, new.customer, new.customer_id, new.bought_as, new.sold_in)
    moved: list[Action] = [
        name.remove() if value is None else name.set(value) for name, value in zip(names, values, strict=True)
    ]
    as_read = item.unchanged(old, *names, item.users_assigned, item.revision)
    write.update(item(pk, LICENSE), [*moved, item.revision.set(new.revision)], as_read)
    if left is not None:
        take_out(write, left, old.id, kept=joined.managers)
    refile(write, new, joined)
    _put_customer(write, old, new, sales, sold_to)
    write.commit()


def lead_users(license: License) -> None:
    """Let what leads its users to a license say whose it is by now. Repeating is safe.

    Raises `ConditionFailed` where a user has gone, or the license has moved on, meanwhile.
    """
    company, whose = license.company, buyer(license)
    seats = licenses.seats(company, license.id)
    while few := list(islice(seats, LINKS_AT_ONCE)):
        links = [held_item(license, seat.user_id) for seat in few]
        found = reads.batch_get_raw(links, consistent=True)
        wrong = [link for link, raw in zip(links, found, strict=True) if raw and raw.get("buyer", {}).get("S") != whose]
        if not wrong:
            continue
        write = Transaction(None)
        write.check(LicenseItem(license_pk(company, license.id), LICENSE), same_buyer(license))
        for link in wrong:
            write.put(link, LookupItem.pk.exists())
        write.commit()


def _put_customer(
    write: Transaction, old: License, new: License, sales: Sales | None, sold_to: Buyer | NewBuyer | None
) -> None:
    """Count and list the license as one of the customer who has it now."""
    company = old.company
    if old.customer == new.customer:
        if old.customer is not None:
            still = SalesItem.pk.does_not_exist() if sales is None else customers.still_current(sales)
            write.check(customers.sales_item(company, old.customer), still)
    elif old.customer is not None:
        customers.put_unsold(write, company, old.customer, sales)
        write.delete(LookupItem(company, customer_license_sort_key(old.customer, old.id)), THERE_OR_NOT)
    if sold_to is not None and old.customer != new.customer:
        customers.put_sale(write, company, sold_to, new_order=False)
    if new.customer is not None:
        bought = customer_license_sort_key(new.customer, new.id)
        write.put(LookupItem(company, bought, product=new.product, order_id=new.order_id), THERE_OR_NOT)
