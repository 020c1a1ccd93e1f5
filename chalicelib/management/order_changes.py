"""Management API: what is changed of an order."""

from typing import Annotated

from pydantic import Field

from chalicelib.domain.catalog import Order
from chalicelib.domain.permissions import Permission
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.orders import OrderBody, OrderId, OrderPath, SentDetails, details_of, order_body
from chalicelib.management.reach import its_order, reached_order
from chalicelib.usecases import order_managers
from chalicelib.usecases.rename_order import rename_order

MAX_DENIED = 50


class OrderChange(SentDetails):
    """PATCH orders: what is not given stays."""

    store_id: OrderId | None = None
    """One that no other order of the company has."""
    denied: Annotated[list[Permission], Field(max_length=MAX_DENIED, fail_fast=True)] | None = None
    """What managers may not do with its licenses."""


@endpoint("PATCH", "/orders/{order_id}", writes=True, scope="orders:write", reach=its_order)
def change_order(path: OrderPath, body: OrderChange, caller: Caller) -> OrderBody:
    """Give an order another `store_id`; change what is said of it, and what its managers may not do."""

    def change() -> Order:
        order = reached_order(caller, path.order_id)
        said, denied = details_of(body, caller.company), None if body.denied is None else frozenset(body.denied)
        changes: Json = {"details": said, "denied": denied, "revision": caller.if_match, "now": caller.now}
        if body.store_id not in (None, order.id):
            who = (caller.company, path.order_id, body.store_id)
            return rename_order(*who, caller.actor, **changes)
        if not said and denied is None:
            return order
        return order_managers.change_order(caller.company, path.order_id, caller.actor, **changes)

    return caller.once(change, lambda order: order_body(caller, order))
