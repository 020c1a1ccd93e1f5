"""Give an order another name, its `store_id`, by which shops know it."""

from dataclasses import replace

from chalicelib.domain.catalog import Order
from chalicelib.domain.errors import AlreadyExists, Invalid, at_field
from chalicelib.domain.events import Actor, Event, differences
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.orders import kept_details
from chalicelib.domain.permissions import Permission
from chalicelib.domain.terms import order_id
from chalicelib.domain.types import Json
from chalicelib.store import customers, deleted_licenses, licenses, orders, renamed_orders
from chalicelib.store.database import ConditionFailed
from chalicelib.store.renamed_orders import Renamed
from chalicelib.usecases.customer_moves import move_order
from chalicelib.usecases.order_managers import change_order, event_details, find_numbered_order, show_all
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.revisions import guard_revision


def rename_order(
    company: str,
    number: int,
    name: str,
    actor: Actor,
    *,
    details: Json | None = None,
    denied: frozenset[Permission] | None = None,
    revision: int | None = None,
    now: Instant,
) -> Order:
    """Give the order with the id `number` another name; answers it as it is then. Its licenses, and all that lists
    them, follow in the same write, and the name of before is free. Doing so again changes nothing, whatever the
    revision. `details`, `denied`: what else is changed (`order_managers.change_order`).

    `revision`: the one that is to be changed. Raises `NotFound`: `order_not_found`; `Denied`: `revision_changed`;
    `AlreadyExists` where another order has the name; `Invalid`: `name_length`, and `order_keeps_its_name` where it has
    more licenses than one transaction writes, or no customer and somebody's password is for the order.
    """
    with at_field("store_id"):
        order_id(name)
    kept = kept_details(details or {})

    def read(_: bool) -> Renamed:
        order = find_numbered_order(company, number)
        if order.id == name:
            return Renamed(order, order, [], None, None)
        guard_revision(order, revision)
        return _read(order, _named(order, name, kept, denied), actor, now)

    def write(_: Renamed, renamed: Renamed) -> None:
        old, new = renamed.old, renamed.new
        if new.id != old.id:
            said = event_details(old, new) | ({} if new.metadata == old.metadata else {"changed": "metadata"})
            event = Event.new("order_renamed", actor, now, order=new.id, order_before=old.id, **said)
            renamed_orders.rename(renamed, event)

    _, renamed = decide_and_write(read, lambda renamed: renamed, write, result=lambda _, renamed: renamed.new)
    if renamed.new.id == renamed.old.id and (kept or denied is not None):
        return change_order(company, number, actor, details=details, denied=denied, revision=revision, now=now)
    return renamed.new


def _named(order: Order, name: str, details: Json, denied: frozenset[Permission] | None) -> Order:
    permitted = order if denied is None else replace(order, denied=denied)
    return replace(permitted, id=name, revision=order.revision + 1, **details)


def _read(order: Order, new: Order, actor: Actor, now: Instant) -> Renamed:
    """Raises `ConditionFailed` where something of it had to be finished first."""
    company, number = order.company, order.number
    if order.pending_managers:
        show_all(order)
        raise ConditionFailed
    sales = customers.read_sales(company, order.customer) if order.customer else None
    if sales is not None and sales.is_former:  # of a customer who has another email by now
        move_order(company, sales.customer, order.id, actor, now=now)
        raise ConditionFailed
    if (found := orders.read_order(company, new.id)) is not None:
        if found.number == number:  # a rival has just given it this name
            raise ConditionFailed
        raise AlreadyExists("already_exists", of="order_name", field="store_id", order=new.id)
    most = renamed_orders.licenses_at_once(order)
    ids = [sold.license_id for sold in orders.sold_in_order(company, order.id, limit=most + 1)]
    if len(ids) > most:
        raise Invalid("order_keeps_its_name", of="size", field="store_id", most=most)
    sold = licenses.read_some(company, ids)
    if any(license.order_id != order.id for license in sold):  # it has another name already
        raise ConditionFailed
    if not order.customer and (order.managers or any(license.users_assigned for license in sold)):
        raise Invalid("order_keeps_its_name", of="buyer", field="store_id")
    elsewhere = None
    if number is not None and number not in ids:
        elsewhere = licenses.read_license(company, number) or deleted_licenses.read(company, number)
    return Renamed(order, new, [(one, *_follows(one, new, actor, now)) for one in sold], elsewhere, sales)


def _follows(license: License, order: Order, actor: Actor, now: Instant) -> tuple[License, Event]:
    """The license in the order that has another name, and what its history says."""
    sold_in = order.id if license.sold_in == license.order_id else license.sold_in  # it may have come back
    named = replace(license, order_id=order.id, sold_in=sold_in, revision=license.revision + 1)
    changed = differences({"order": license.order_id}, {"order": order.id})
    return named, Event.new("license_changed", actor, now, **changed)
