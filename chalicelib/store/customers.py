"""Customers: their records, the emails that lead to them, and how much was sold to each.

An email leads to one customer, by the item that counts what was sold under it. Each sale moves that item, and a
customer may be large; so it lies beside the record, and a sale reads no more.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from chalicelib.domain.catalog import Company
from chalicelib.domain.customers import Customer, Sales
from chalicelib.domain.events import Event
from chalicelib.store import reads
from chalicelib.store.accounts import require_company
from chalicelib.store.counts import put_count
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.accounts import CompanyItem
from chalicelib.store.items.customers import CustomerAccountItem, CustomerItem, CustomerLabelItem, SalesItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    COMPANY,
    LICENSE,
    customer_account_sort_key,
    customer_email_sort_key,
    customer_label_sort_key,
    customer_license_sort_key,
    customer_sort_key,
    email_sort_key,
    labeling_sort_key,
    license_pk,
)
from chalicelib.store.schema import Raw
from chalicelib.store.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Sold:
    """What links say was sold under an email."""

    licenses: int = 0
    orders: int = 0


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer to whom something is being sold."""

    email: str
    """Of now."""
    sales: Sales
    """As they are stored."""

    @property
    def id(self) -> int:
        """Of the record."""
        return self.sales.customer


@dataclass(frozen=True, slots=True)
class NewBuyer:
    """A customer without a record, to whom something is being sold."""

    customer: Customer
    before: Sold
    """What was sold by code of before there were records."""
    created: Event

    @property
    def email(self) -> str:
        """Of now."""
        return self.customer.email

    @property
    def id(self) -> int:
        """Of the record."""
        return self.customer.id


def read(company: str, customer_id: int) -> Customer | None:
    """One customer, consistently."""
    item = reads.get(record_item(company, customer_id))
    return None if item is None else item.to_domain()


def read_pair(company: str, one: int, other: int) -> tuple[Customer | None, Customer | None]:
    """Two customers, as they were at one instant: no email is of both."""
    items = [record_item(company, one), record_item(company, other)]
    first, second = (found and found.to_domain() for found in reads.as_asked(items, reads.transact_get(items)))
    return first, second


def read_sales(company: str, email: str) -> Sales | None:
    """What was sold under an email, consistently; None where it is nobody's."""
    item = reads.get(sales_item(company, email))
    return None if item is None else item.to_domain()


def read_by_emails(company: str, emails: Iterable[str]) -> dict[str, Customer]:
    """The customers with these emails, or who had them before, by each: at most a hundred. Consistent, two reads."""
    asked = sorted(emails)
    sales = reads.batch_get([sales_item(company, email) for email in asked], consistent=True)
    led = {email: item.customer for email, item in zip(asked, sales, strict=True) if item is not None}
    found = read_records(company, led.values())
    return {email: found[id] for email, id in led.items() if id in found}


def read_records(company: str, ids: Iterable[int]) -> dict[int, Customer]:
    """The records of customers, by their ids: at most a hundred. Consistent."""
    asked = sorted(set(ids))
    records = reads.batch_get([record_item(company, id) for id in asked], consistent=True) if asked else []
    return {id: item.to_domain() for id, item in zip(asked, records, strict=True) if item is not None}


def read_beside(company: str, some: Sequence[Customer]) -> tuple[Company | None, list[tuple[Sales | None, int | None]]]:
    """The company of these customers, what was sold to each of them, and the user with the email. Consistent.

    Forty-nine in one round trip.
    """
    sales = [sales_item(company, one.email) for one in some]
    links = [LookupItem(company, email_sort_key(one.email)) for one in some]
    owner, *found = reads.batch_get_values([CompanyItem(company, COMPANY), *sales, *links])
    users = [link and link.target_id for link in found[len(some) :]]
    return owner, list(zip(found[: len(some)], users, strict=True))


def read_page(company: str, *, after: int | None = None, limit: int | None = None) -> Iterator[Customer]:
    """The customers behind the one with the id `after`, oldest first, at most `limit`. Consistent, in pages."""
    behind = None if after is None else customer_sort_key(after)
    return reads.query_readable(CustomerItem, company, customer_sort_key(), limit=limit, after=behind)


def customer_of_labeling(company: str, labeling_id: int) -> int | None:
    """The customer on whom a label is, by the id of its being there. Consistent."""
    link = reads.get(LookupItem(company, labeling_sort_key(labeling_id)))
    return None if link is None else link.target_id


def create(customer: Customer, event: Event) -> None:
    """Raises `ConditionFailed` where the email is a customer's, or the account or the company is not there."""
    write = Transaction(event_item(customer.company, event, AccountEventItem))
    put_new(write, customer, Sold())
    _require_account(write, customer)
    require_company(write, customer.company)
    write.commit()


def put_new(write: Transaction, customer: Customer, sold: Sold) -> None:
    """Add a new customer, to whom so much was sold, to a transaction."""
    put_count(write, "customers", customer.company, customer_sort_key(customer.id))
    item = CustomerItem.of(customer, customer.company, customer_sort_key(customer.id))
    write.put(item, CustomerItem.pk.does_not_exist())
    sales = Sales(customer.id, sold.licenses, sold.orders)
    counted = SalesItem.of(sales, customer.company, customer_email_sort_key(customer.email))
    write.put(counted, SalesItem.pk.does_not_exist())


def put_sale(write: Transaction, company: str, buyer: Buyer | NewBuyer, *, new_order: bool) -> None:
    """Let the transaction that sells a license count it, while the email is still that of the customer; and make the
    record of one who has none.
    """
    if isinstance(buyer, NewBuyer):
        before = buyer.before
        put_new(write, buyer.customer, Sold(before.licenses + 1, max(1, before.orders + new_order)))
        write.put_event(event_item(company, buyer.created, AccountEventItem))
        return
    counted = [SalesItem.licenses.add(1), *([SalesItem.orders.add(1)] if new_order else [])]
    write.update(sales_item(company, buyer.email), counted, still_current(buyer.sales))


def put_unsold(write: Transaction, company: str, email: str, sales: Sales | None) -> None:
    """Let the transaction that takes a license away from a customer count it no more; None: there is no record."""
    item = sales_item(company, email)
    if sales is None:
        write.check(item, SalesItem.pk.does_not_exist())
    else:
        write.update(item, [SalesItem.licenses.add(-1)], still_current(sales))


def update(old: Customer, new: Customer, event: Event) -> None:
    """Write what differs, if nobody has changed the customer since; its emails stay. Raises `ConditionFailed`, also
    where a label or the account that is given is not there.
    """
    write = Transaction(event_item(old.company, event, AccountEventItem))
    put_change(write, old, new)
    write.commit()


def put_change(write: Transaction, old: Customer, new: Customer, more: Sequence[Action] = ()) -> None:
    """Add to a transaction what makes a customer into `new`, with its labels; `more`: what it writes of the record
    besides, where licenses are to follow.
    """
    write.change(record_item(old.company, old.id), old, replace(new, moving=old.moving), more=more)
    if new.account != old.account:
        _require_account(write, new)
    for label, labeling in new.labels.items() - old.labels.items():
        write.check(CustomerLabelItem(old.company, customer_label_sort_key(int(label))), CustomerLabelItem.pk.exists())
        put = LookupItem(old.company, labeling_sort_key(labeling), target_id=old.id)
        write.put(put, LookupItem.pk.does_not_exist())
    for _, labeling in old.labels.items() - new.labels.items():
        write.delete(LookupItem(old.company, labeling_sort_key(labeling)), LookupItem.pk.exists())


def delete(customer: Customer, event: Event) -> None:
    """Take a customer away to whom nothing was sold. Raises `ConditionFailed` where it is not so any more."""
    company = customer.company
    write = Transaction(event_item(company, event, AccountEventItem))
    put_gone(write, customer)
    unsold = SalesItem.licenses.does_not_exist() | (SalesItem.licenses == 0)
    write.delete(sales_item(company, customer.email), (SalesItem.customer == customer.id) & unsold)
    for former in customer.former_emails:
        write.delete(sales_item(company, former), SalesItem.customer == customer.id)
    write.commit()


def put_gone(write: Transaction, customer: Customer) -> None:
    """Let a transaction delete the record of a customer, as it was read, and that labels are on it."""
    company = customer.company
    put_count(write, "customers", company, customer_sort_key(customer.id), -1)
    unchanged = CustomerItem.unchanged(customer, CustomerItem.revision)
    write.delete(record_item(company, customer.id), unchanged)
    for labeling in customer.labels.values():
        write.delete(LookupItem(company, labeling_sort_key(labeling)), LookupItem.pk.exists())


def sold_to(company: str, email: str) -> Sold:
    """How much was sold under an email, by its links. Consistent, read in pages."""
    return counted_links(company, reads.query_raw(LookupItem, company, customer_license_sort_key(email)))


def counted_links(company: str, links: Iterable[Raw]) -> Sold:
    """How many licenses and orders links from one customer are of; older code did not write the order."""
    licenses, orders, unnamed = 0, set[str](), list[int]()
    for raw in links:
        licenses += 1
        order = raw.get("order_id", {}).get("S")
        if order is None:
            unnamed.append(int(raw["part"]["S"].rpartition("#")[2]))
        else:
            orders.add(order)
    for start in range(0, len(unnamed), reads.BATCH_GET_LIMIT):
        few = unnamed[start : start + reads.BATCH_GET_LIMIT]
        raws = reads.batch_get_raw([LicenseItem(license_pk(company, id), LICENSE) for id in few], consistent=True)
        orders |= {raw["order_id"]["S"] for raw in raws if raw is not None and "order_id" in raw}
    return Sold(licenses, len(orders))


def still_current(sales: Sales) -> Condition:
    """That an email is the one of its customer, and passwords are kept apart by the same one."""
    current: Condition = SalesItem.unchanged(sales, SalesItem.customer, SalesItem.is_former, SalesItem.bought_as)
    return current


def _require_account(write: Transaction, customer: Customer) -> None:
    if customer.account is not None:
        account = CustomerAccountItem(customer.company, customer_account_sort_key(customer.account))
        write.check(account, CustomerAccountItem.pk.exists())


def record_item(company: str, customer_id: int) -> CustomerItem:
    """Where the record of a customer stands."""
    return CustomerItem(company, customer_sort_key(customer_id))


def sales_item(company: str, email: str) -> SalesItem:
    """Where it stands what was sold under an email."""
    return SalesItem(company, customer_email_sort_key(email))
