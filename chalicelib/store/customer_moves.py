"""Customers who get another email, or are merged into another one: first the names lead elsewhere, in one transaction;
then licenses and orders follow, in steps of whole transactions.

Each step requires that the customer still has the email that it moves to, and of the order that nobody has changed it
since: what is filed under its managers is what the licenses say.
"""

from collections.abc import Sequence
from dataclasses import replace

from chalicelib.domain.catalog import Order
from chalicelib.domain.customers import Customer, Sales
from chalicelib.domain.events import Event
from chalicelib.domain.license import License
from chalicelib.store import customers, writes
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.accounts import OrderItem
from chalicelib.store.items.customers import CustomerItem, SalesItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    LICENSE,
    customer_email_sort_key,
    customer_license_sort_key,
    license_pk,
    order_sort_key,
)
from chalicelib.store.orders import put_summaries
from chalicelib.store.transactions import THERE_OR_NOT, Transaction

_ITEMS, _OF_STEP, _OF_LICENSE = 100, 4, 7
"""Of a transaction; those of each step besides its licenses; and of each license, with what a webhook is told, besides
one for each manager of its order."""


def licenses_at_once(order: Order) -> int:
    """How many licenses of an order one step moves."""
    return (_ITEMS - _OF_STEP) // (_OF_LICENSE + len(order.managers))


def begin_move(old: Customer, new: Customer, sales: Sales, known: Sales | None, event: Event) -> None:
    """Give a customer the email of `new`, which is `known` where it was the customer's before.

    `sales`: under the email of `old`. Raises `ConditionFailed` where something was sold or changed meanwhile, or the
    email is somebody else's.
    """
    write = Transaction(event_item(old.company, event, AccountEventItem))
    customers.put_change(write, old, new, _moving(old, new))
    _lead_elsewhere(write, old, new.id, sales)
    current = replace(sales, bought_as=new.bought_as)
    item = SalesItem.of(current, new.company, customer_email_sort_key(new.email))
    free = SalesItem.pk.does_not_exist()
    write.put(item, free if known is None else SalesItem.unchanged(known, SalesItem.customer, SalesItem.is_former))
    write.commit()


def begin_merge(old: Customer, new: Customer, gone: Customer, of_kept: Sales, of_gone: Sales, event: Event) -> None:
    """Make the customer `old` into `new`, to whom all was sold that was sold to `gone`, of whom the record goes.

    Raises `ConditionFailed` where something was sold to `gone`, or one of them has changed, meanwhile.
    """
    company = old.company
    write = Transaction(event_item(company, event, AccountEventItem))
    customers.put_change(write, old, new, _moving(old, new))
    customers.put_gone(write, gone)
    _lead_elsewhere(write, gone, new.id, of_gone)
    for former in gone.former_emails:
        write.update(
            customers.sales_item(company, former), [SalesItem.customer.set(new.id)], SalesItem.customer == gone.id
        )
    taken = [SalesItem.licenses.add(of_gone.licenses), SalesItem.orders.add(of_gone.orders)]
    write.update(customers.sales_item(company, old.email), taken, customers.still_current(of_kept))
    write.commit()


def move_few(
    customer: Customer,
    email: str,
    order: tuple[Order, Order],
    licenses: Sequence[tuple[License, License, Event]],
) -> None:
    """Make an order of a former `email` into one of the customer's email of now, and a few of its licenses with it.

    Of the order and of each license: as it was read, and as it is to be. Raises `ConditionFailed` where the order, a
    license or the customer's email has changed meanwhile.
    """
    company, (old_order, new_order) = customer.company, order
    events = [event_item(license_pk(company, old.id), event) for old, _, event in licenses]
    write = Transaction(events[0] if events else None)
    record = customers.record_item(company, customer.id)
    write.check(record, (CustomerItem.email == customer.email) & CustomerItem.former_emails.contains(email))
    write.change(
        OrderItem(company, order_sort_key(old_order.id)),
        old_order,
        new_order,
        more=[OrderItem.customer_id.set(customer.id)],
        event=events[0] if events else None,
    )
    for old, new, _ in licenses:
        write.update(LicenseItem(license_pk(company, old.id), LICENSE), *_resold(old, new, customer.id))
        write.delete(LookupItem(company, customer_license_sort_key(email, old.id)), THERE_OR_NOT)
        bought = LookupItem(company, customer_license_sort_key(customer.email, old.id))
        bought.product, bought.order_id = new.product, new.order_id
        write.put(bought, THERE_OR_NOT)
        put_summaries(write, new, new_order)
    for row in events[1:]:
        write.put_event(row)
    write.commit()


def end_move(customer: Customer, email: str) -> None:
    """Write that nothing stands under a former email any more. Raises `ConditionFailed` where that was written."""
    record = customers.record_item(customer.company, customer.id)
    writes.update(record, [CustomerItem.moving.delete(frozenset({email}))], CustomerItem.moving.contains(email))


def _resold(old: License, new: License, customer_id: int) -> tuple[list[Action], Condition]:
    """What makes a license that of another customer. No other change of its terms does, for its names move with it."""
    item = LicenseItem
    bought_as = item.bought_as.set(new.bought_as) if new.bought_as else item.bought_as.remove()
    sold_to = [item.customer.set(new.customer), item.customer_id.set(customer_id)]
    actions = [*sold_to, bought_as, item.revision.set(old.revision + 1)]
    return actions, item.unchanged(old, item.customer, item.bought_as, item.revision)


def _moving(old: Customer, new: Customer) -> list[Action]:
    """What is to follow in steps."""
    added, back = new.moving - old.moving, old.moving - new.moving
    moving = CustomerItem.moving
    if added and back:  # an update names an attribute once
        return [moving.set(new.moving)]
    return [*([moving.add(added)] if added else []), *([moving.delete(back)] if back else [])]


def _lead_elsewhere(write: Transaction, customer: Customer, to: int, sales: Sales) -> None:
    """Let the customer's email be a former one, under which nothing is counted."""
    led = [SalesItem.customer.set(to), SalesItem.is_former.set(True)]
    emptied = [SalesItem.licenses.remove(), SalesItem.orders.remove(), SalesItem.bought_as.remove()]
    as_counted = SalesItem.unchanged(sales, SalesItem.licenses, SalesItem.orders)
    write.update(
        customers.sales_item(customer.company, customer.email),
        [*led, *emptied],
        customers.still_current(sales) & as_counted,
    )
