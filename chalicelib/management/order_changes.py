"""Management API: what is changed of an order."""

from typing import Annotated

from pydantic import Field

from chalicelib.domain.catalog import Order
from chalicelib.domain.errors import Invalid
from chalicelib.domain.permissions import Permission
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.orders import OrderBody, OrderId, OrderPath, SentDetails, details_of, order_body
from chalicelib.management.reach import its_order, reached_order
from chalicelib.usecases import order_managers

MAX_DENIED = 50


class OrderChange(SentDetails):
    """PATCH orders: what is not given stays."""

    store_id: OrderId | None = None
    """It cannot be another one: each license of the order is filed under it."""
    denied: Annotated[list[Permission], Field(max_length=MAX_DENIED, fail_fast=True)] | None = None
    """What managers may not do with its licenses."""


@endpoint("PATCH", "/orders/{order_id}", writes=True, scope="orders:write", reach=its_order)
def change_order(path: OrderPath, body: OrderChange, caller: Caller) -> OrderBody:
    """Change what is said of an order, and what its managers may not do; its `store_id` stays."""

    def change() -> Order:
        order = reached_order(caller, path.order_id)
        if body.store_id not in (None, order.id):
            raise Invalid("order_keeps_its_name", field="store_id")
        said, denied = details_of(body, caller.company), None if body.denied is None else frozenset(body.denied)
        if not said and denied is None:
            return order
        who, revision = (caller.company, order.id, caller.actor), caller.if_match
        return order_managers.change_order(*who, details=said, denied=denied, revision=revision, now=caller.now)

    return caller.once(change, lambda order: order_body(caller, order))
