"""The commands for orders and their managers."""

from functools import partial

from chalicelib.domain.catalog import Order
from chalicelib.domain.instants import Instant
from chalicelib.domain.permissions import PERMISSIONS, Permission
from chalicelib.domain.types import Json
from chalicelib.usecases.create import find_company
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.operator_queries import order_details
from chalicelib.usecases.order_list import OrderFilter, find_named_order, list_orders
from chalicelib.usecases.order_managers import add_manager, change_order, count_orders, remove_manager
from infra.admin.command_result import CommandResult
from infra.admin.operator_name import operator
from infra.admin.pages import full_page


def order_list(
    company: str,
    customer: str | None,
    manager: str | None,
    limit: int,
    after: str | None,
    *,
    now: Instant,  # noqa: ARG001 - a list has no time
) -> CommandResult:
    code, wanted = find_company(company).code, OrderFilter(customer, manager)
    rows, behind = full_page(partial(list_orders, code, wanted), after, limit)
    count = count_orders(code) if wanted == OrderFilter() else None
    return CommandResult({"company": code, "count": count, "after": behind, "orders": [*map(_row, rows)]})


def order_find(company: str, text: str, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    named = find_named_order(company, text)
    if named is not None:
        return CommandResult({"text": text, "after": None, "orders": [_row(named)]})
    rows, behind = full_page(partial(list_orders, company, OrderFilter(text=text)), after, limit)
    return CommandResult({"text": text, "after": behind, "orders": [*map(_row, rows)]})


def order_show(company: str, order: str, limit: int, after: int | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    found = order_details(company, order, limit, after)
    licenses = [
        {"license": sold.license_id, "product": sold.product, "license_type": sold.license_type}
        for sold in found.licenses
    ]
    emails = [{"email": user.email, "user_id": user.id} for user in found.managers]
    document: Json = {"company": found.order.company, "order": order, "customer": found.order.customer or None}
    document["after"] = found.licenses[-1].license_id if found.more_licenses else None
    denied = sorted(found.order.denied)
    return CommandResult(document | {"managers": emails, "denied": denied, "licenses": licenses})


def order_add_manager(company: str, order: str, email: str, *, now: Instant) -> CommandResult:
    user = add_manager(find_company(company).code, order, email, operator(), now=now)
    document = {"order": order, "manager": user.email, "manager_initial_password": initial_password(user)}
    return CommandResult(document)


def order_remove_manager(company: str, order: str, email: str, *, now: Instant) -> CommandResult:
    user = remove_manager(find_company(company).code, order, email, operator(), now=now)
    return CommandResult({"order": order, "manager": user.email, "removed": True})


def order_set_permissions(company: str, order: str, deny: frozenset[Permission], *, now: Instant) -> CommandResult:
    changed = change_order(find_company(company).code, order, operator(), denied=deny, now=now)
    allowed = [permission for permission in PERMISSIONS if permission not in changed.denied]
    return CommandResult({"order": order, "allowed": allowed, "denied": sorted(changed.denied)})


def _row(order: Order) -> Json:
    """An order in a list."""
    return {"order": order.id, "customer": order.customer or None, "managers": len(order.managers)}
