"""What was sold to one customer becomes another one's, or goes to the customer's new email.

From the first transaction on all that is sold under the former email is sold to the customer who takes over, and all
is counted there. Then licenses and orders follow, order by order, in steps of whole transactions, each safe beside
everything else. Who dies in between leaves `Customer.moving`: whoever repeats the call, sells to one of the orders or
repairs the links goes on there.

Who may do what does not move with them: passwords are kept apart by the email of the sale (`License.bought_as`), and
who manages an order goes on to manage it, and no other.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from chalicelib.domain.catalog import Order
from chalicelib.domain.customers import MAX_FORMER, Customer, Sales
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.types import Json
from chalicelib.store import accounts, customer_moves, customers, licenses, orders
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_customer import find_customer
from chalicelib.usecases.idempotency import stored_with_result
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.revisions import guard_revision, revised

LOOKED_AT = 100
"""Licenses of a former email that are read at once."""


class _Pair(NamedTuple):
    kept: Customer
    gone: Customer | None
    """None: it was merged before, and what is left is to follow."""
    of_kept: Sales
    of_gone: Sales


def merge_customers(
    company: str, customer_id: int, other_id: int, actor: Actor, *, revision: int | None = None, now: Instant
) -> Customer:
    """Let one customer take over what was sold to another one, of whom the record goes; answers who stays.

    The record of who stays keeps what it says. Again, it finishes what was cut short. Raises `company_not_found`,
    `customer_not_found`, `revision_changed`, `Invalid`: `id_unknown`, `merged_with_itself`, `too_many_former_emails`.
    """
    if customer_id == other_id:
        raise Invalid("merged_with_itself", field="customer_to_merge_id")

    def read(_: bool) -> _Pair:
        kept, gone = customers.read_pair(find_company(company).code, customer_id, other_id)
        if kept is None:
            raise NotFound("customer_not_found")
        if other_id in kept.merged:
            return _Pair(kept, None, Sales(kept.id), Sales(kept.id))
        guard_revision(kept, revision)
        if gone is None:
            raise Invalid("id_unknown", field="customer_to_merge_id")
        return _Pair(kept, gone, _sales(kept), _sales(gone))

    def write(pair: _Pair, new: Customer) -> None:
        if pair.gone is None:
            return
        names: Json = {"customer": new.email, "customer_id": new.id}
        names |= {"merged": pair.gone.email, "merged_id": pair.gone.id}
        event = Event.new("customers_merged", actor, now, **names)
        with stored_with_result(None if new.moving else lambda: revised(pair.kept, new)):
            customer_moves.begin_merge(pair.kept, new, pair.gone, pair.of_kept, pair.of_gone, event)

    pair, new = decide_and_write(read, _merged, write)
    return followed(revised(pair.kept, new), actor, now=now)


def with_email(old: Customer, new: Customer, sales: Sales) -> Customer:
    """The customer `new` with another email than `old`, who remembers this one. Raises `Invalid`."""
    moving = (old.moving - {new.email}) | ({old.email} if sales.licenses else set())
    bought_as = old.bought_as or old.email
    former = _guard_few((old.former_emails | {old.email}) - {new.email}, "email")
    return replace(new, former_emails=former, moving=moving, bought_as="" if bought_as == new.email else bought_as)


def followed(changed: Customer, actor: Actor, *, now: Instant) -> Customer:
    """A customer who was just changed, once all that is to follow has. One who has been taken over or deleted meanwhile
    is answered as changed: that it was, and whoever took over has the rest follow.
    """
    if changed.moving:
        with suppress(NotFound):
            return finish_moves(changed.company, changed.id, actor, now=now)
    return changed


def finish_moves(company: str, customer_id: int, actor: Actor, *, now: Instant) -> Customer:
    """Move all that stands under former emails of a customer; answers it as it is then. Repeating is safe."""
    while (customer := find_customer(company, customer_id)).moving:
        email = min(customer.moving)
        for order_id in _orders_under(customer.company, email):
            move_order(customer.company, customer_id, order_id, actor, now=now)
        with suppress(ConditionFailed):  # somebody else was faster
            customer_moves.end_move(customer, email)
    return customer


def move_order(company: str, customer_id: int, order_id: str, actor: Actor, *, now: Instant) -> None:
    """Move an order, with its licenses, from a former email to that of now; one that does not stand there stays.

    An order without licenses is found by nobody who follows those (`finish_moves`): it stands under the former email,
    whatever has been moved, until somebody takes it up and has it moved first.
    """
    after: int | None = None

    def read(_: bool) -> tuple[Customer, Order | None, list[License]]:
        customer, order = find_customer(company, customer_id), orders.read_order(company, order_id)
        if order is None:
            return customer, None, []
        sold = orders.sold_in_order(company, order_id, after=after)
        few = list(islice(sold, customer_moves.licenses_at_once(order)))
        return customer, order, licenses.read_some(company, [one.license_id for one in few])

    def write(state: tuple[Customer, Order | None, list[License]], _: object) -> None:
        customer, order, few = state
        for email in sorted(customer.former_emails):
            left = [one for one in few if one.customer == email]
            if order is not None and (left or order.customer == email):
                moved = [(one, _moved(one, email, customer), _event(email, customer, actor, now)) for one in left]
                customer_moves.move_few(customer, email, (order, _order_of(order, email, customer)), moved)

    while True:
        (_, _, few), _ = decide_and_write(read, lambda state: state, write)
        if not few:
            return
        after = few[-1].id


def _sales(customer: Customer) -> Sales:
    return customers.read_sales(customer.company, customer.email) or Sales(customer.id)


def _merged(pair: _Pair) -> Customer:
    kept, gone = pair.kept, pair.gone
    if gone is None:
        return kept
    former = _guard_few(kept.former_emails | gone.former_emails | {gone.email}, "customer_to_merge_id")
    moving = kept.moving | gone.moving | ({gone.email} if pair.of_gone.licenses else set())
    return replace(kept, former_emails=former, moving=moving, merged=kept.merged | gone.merged | {gone.id})


def _guard_few(former: frozenset[str], field: str) -> frozenset[str]:
    if len(former) > MAX_FORMER:
        raise Invalid("too_many_former_emails", field=field, most=MAX_FORMER)
    return former


def _orders_under(company: str, email: str) -> Iterator[str]:
    """The orders of the licenses under an email, some of them several times."""
    after: int | None = None
    while few := accounts.licenses_of_customer(company, email, after=after, limit=LOOKED_AT):
        after = few[-1].license_id
        found = licenses.read_some(company, [one.license_id for one in few])
        yield from dict.fromkeys(license.order_id or "" for license in found)


def _moved(license: License, email: str, to: Customer) -> License:
    bought_as = license.bought_as or email
    return replace(license, customer=to.email, bought_as=None if bought_as == to.email else bought_as)


def _order_of(order: Order, email: str, to: Customer) -> Order:
    bought_as = order.bought_as or order.customer
    moved = replace(order, customer=to.email, bought_as="" if bought_as == to.email else bought_as)
    return moved if order.customer == email else order


def _event(email: str, to: Customer, actor: Actor, now: Instant) -> Event:
    return Event.new("license_customer_changed", actor, now, customer=to.email, former=email)
