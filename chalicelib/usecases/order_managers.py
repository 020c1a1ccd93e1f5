"""Orders: found, changed, and who manages them: added without a new license, taken off again, and permitted."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from chalicelib.domain.catalog import LicenseSummary, Order, with_manager, with_permissions, without_manager
from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.events import Actor, Event, before_and_after
from chalicelib.domain.extras import Extras
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.orders import DETAILS, kept_details
from chalicelib.domain.permissions import Permission
from chalicelib.domain.types import Json
from chalicelib.domain.users import User, guard_still_closed
from chalicelib.store import accounts, deleted_licenses, licenses, orders
from chalicelib.store.counts import read_count
from chalicelib.usecases.assign_user import NO_MORE, NewAccount, guard_new_account
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.idempotency import in_steps, stored_with_result
from chalicelib.usecases.issue_license import manager_of
from chalicelib.usecases.notices import manager_notice
from chalicelib.usecases.retry import MAX_ATTEMPTS, decide_and_write
from chalicelib.usecases.revisions import guard_revision, revised

R = TypeVar("R")


def find_order(company: str, order_id: str | int) -> Order:
    """By its id, or by its number, which it keeps when it gets another id, and another order may have the one of
    before. Raises `NotFound`: `order_not_found`.
    """
    if isinstance(order_id, int):
        return find_numbered_order(company, order_id)
    order = orders.read_order(company, order_id)
    if order is None:
        raise NotFound("order_not_found", order=order_id)
    return order


def count_orders(company: str) -> int | None:
    """How many orders a company has; None where not all were ever counted."""
    return read_count(company, "orders")


def find_orders(company: str, after: str | None, limit: int, *, backwards: bool = False) -> Iterator[Order]:
    """A company's orders by their texts, or `backwards`, at most `limit` behind the one with the id `after`."""
    return orders.read_orders(company, after=after, backwards=backwards, limit=limit)


def find_numbered_order(company: str, number: int) -> Order:
    """The order with this id (`Order.number`): that of a license sold in it, which may be elsewhere or deleted by now.

    Raises `NotFound`: `order_not_found`.
    """
    before = None
    while (sold_in := _sold_in(company, number)) != before:
        order = orders.read_order(company, sold_in or "")
        if order is not None and order.number == number:
            return order
        before = sold_in  # it may have got another name since
    raise NotFound("order_not_found", order=number)


def _sold_in(company: str, license_id: int) -> str | None:
    """The order in which a license was sold, by the name that it has now; None where there was no such license."""
    license = licenses.read_license(company, license_id)
    known = license or deleted_licenses.read(company, license_id)
    if known is None:
        return None
    return (license and license.sold_in) or known.order_id


def read_in_order(order: Order, read: Callable[[Order], R]) -> tuple[Order, R]:
    """What `read` finds of an order by its name, and the order as it was all the while. One read more.

    It may get another name meanwhile, and another order the one of before: then all is read anew. Raises `NotFound`:
    `order_not_found`; `Unavailable`.
    """
    for _ in range(MAX_ATTEMPTS):
        found, now = read(order), orders.read_order(order.company, order.id)
        if now is not None and (now.number, now.revision) == (order.number, order.revision):
            return order, found
        order = find_order(order.company, order.id if order.number is None else order.number)
    raise Unavailable("too_many_rivals")


def find_order_of(license: License) -> Order | None:
    """The order of a license by what both say now: it may have another name since the license was read, and another
    order that one. None where the license is deleted. Raises `Unavailable`.
    """
    for _ in range(MAX_ATTEMPTS):
        order = orders.read_order(license.company, license.order_id or "")
        now = licenses.read_license(license.company, license.id)
        if now is None or (now.order_id, now.revision) == (license.order_id, license.revision):
            return None if now is None else order
        license = now
    raise Unavailable("too_many_rivals")


def find_sold_in(order: Order, limit: int) -> tuple[Order, list[tuple[License, Extras]]]:
    """An order, and its first licenses, oldest first, at most `limit`, with what they carry besides."""

    def read(order: Order) -> list[tuple[License, Extras]]:
        sold = orders.sold_in_order(order.company, order.id, limit=limit)
        return licenses.read_some_with_extras(order.company, [one.license_id for one in sold])

    return read_in_order(order, read)


def find_managers(order: Order) -> list[User]:
    """The accounts of an order's managers, by their ids."""
    found = accounts.read_users(order.company, sorted(order.managers))
    return [found[id] for id in sorted(found)]


def add_manager(
    company: str,
    order_id: str | int,
    email: str,
    actor: Actor,
    *,
    tell: bool = True,
    new: NewAccount = NO_MORE,
    now: Instant,
) -> User:
    """Let a person manage an order with all that was sold in it; again, it finishes what was cut short.

    An account as `issue_license` makes and renews it. `tell`: whether the person is mailed. `new`: what is said of an
    account that is made; one that is there keeps what it has. Raises `Invalid`: `validation_error`.
    """
    guard_new_account(new, company, email)
    with in_steps():
        user, order = let_join(company, order_id, email, actor, tell=tell, new=new, now=now)
        show_all(order)
    return user


def let_join(
    company: str,
    order_id: str | int,
    email: str,
    actor: Actor,
    *,
    tell: bool = True,
    new: NewAccount = NO_MORE,
    now: Instant,
) -> tuple[User, Order]:
    """As `add_manager`, but all that was sold in the order is shown by `show_all`; answers the order, too."""

    def read(_: bool) -> tuple[Order, User, User | None]:
        order = find_order(company, order_id)
        manager, known = manager_of(_as_sold(order), company, email, now, new)
        assert manager is not None  # an email was given
        return order, manager, known

    def decide(state: tuple[Order, User, User | None]) -> Order:
        order, manager, _ = state
        return with_manager(order, manager.id)

    def write(state: tuple[Order, User, User | None], order: Order) -> None:
        old, manager, known = state
        if order != old:
            event = Event.new("manager_added", actor, now, user=manager.email, user_id=manager.id, order=order.id)
            notice = manager_notice(manager, _as_sold(order), company, actor) if tell else None
            orders.add_manager(old, order, manager, known, event, notice)

    def result(state: tuple[Order, User, User | None], order: Order) -> tuple[User, Order]:
        old, manager, known = state
        return manager if known is None or order != old else known, order

    return result(*decide_and_write(read, decide, write, result=result))


def show_all(order: Order) -> None:
    """Show those who have joined an order all that was sold in it. Repeating is safe."""
    if order.pending_managers:
        orders.backfill_managers(order)


def remove_manager(
    company: str, order_id: str | int, email: str, actor: Actor, *, closed_at: Instant | None = None, now: Instant
) -> User:
    """Take a manager off an order: he sees and touches nothing of it any more when this returns.

    No license is filed under him from the first write on; then what is filed goes, in steps. Again, it finishes what
    was cut short. `closed_at`: only while the account is closed since then; else `user_not_found`.
    Raises `NotFound`: `user_not_found`, `Invalid`: `validation_error`.
    """

    def read(_: bool) -> tuple[Order, User]:
        user = find_account(company, email)
        if closed_at is not None:
            guard_still_closed(user, closed_at)
        return find_order(company, order_id), user

    def write(state: tuple[Order, User], order: Order) -> None:
        old, user = state
        if user.id in old.managers:
            event = Event.new("manager_removed", actor, now, user=user.email, user_id=user.id, order=order.id)
            orders.remove_manager(old, order, user.id, event, closed_at=closed_at)

    (_, user), order = decide_and_write(read, lambda state: without_manager(state[0], state[1].id), write)
    orders.unfile(order, user.id)
    return user


def change_order(
    company: str,
    order_id: str | int,
    actor: Actor,
    *,
    details: Json | None = None,
    denied: frozenset[Permission] | None = None,
    revision: int | None = None,
    now: Instant,
) -> Order:
    """Change what is given; all else stays. `details`: any of `domain.orders.DETAILS`, each as the field of `Order`.

    `denied`: what its managers may not do, and they may all else. Once this returns, nothing passes that is denied:
    license by license, in steps, for each change by a manager requires what is filed under him. Again, it finishes what
    was cut short, whatever the revision. `revision`: the one that is to be changed. Raises `NotFound`:
    `order_not_found`; `Denied`: `revision_changed`; `Invalid`, with one error for each wrong field.
    """
    kept = kept_details(details or {})

    def decide(order: Order) -> Order:
        new = replace(order if denied is None else with_permissions(order, denied), **kept)
        if new != order:  # else it was changed before, and what is left is to follow
            guard_revision(order, revision)
        return new

    def write(old: Order, order: Order) -> None:
        if order != old:
            with stored_with_result(None if order.pending_managers else lambda: revised(old, order)):
                orders.update(old, order, _changed(old, order, actor, now))

    find = lambda _: find_order(company, order_id)  # noqa: E731 - short and local
    old, order = decide_and_write(find, decide, write)
    show_all(order)
    return revised(old, order)


def _changed(old: Order, new: Order, actor: Actor, now: Instant) -> Event:
    """One, whatever is changed."""
    detail = event_details(old, new)
    is_said = detail.keys() - {"denied"} or new.metadata != old.metadata
    return Event.new("order_changed" if is_said else "managers_permitted", actor, now, order=new.id, **detail)


def event_details(old: Order, new: Order) -> Json:
    """What an event says of what is said of an order, and of what its managers may not do, where it differs."""
    denied = " ".join(sorted(new.denied)) or None
    return before_and_after(old, new, DETAILS) | ({} if new.denied == old.denied else {"denied": denied})


def _as_sold(order: Order) -> LicenseSummary:
    """Of the order, what tells whose it is."""
    return LicenseSummary(0, "", "perpetual", order.id, "", order.customer, bought_as=order.bought_as)
