"""The commands for orders and their managers."""

from chalicelib.domain.instants import Instant
from chalicelib.domain.paging import cut
from chalicelib.domain.types import Json
from chalicelib.store import accounts, orders
from chalicelib.usecases.create import find_company
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.order_managers import add_manager, find_order, remove_manager
from infra.admin.command_result import CommandResult
from infra.admin.operator_name import operator


def order_show(company: str, order: str, limit: int, after: int | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    code = find_company(company).code
    found = find_order(code, order)
    managers = accounts.read_users(code, sorted(found.managers))
    shown, more = cut(orders.sold_in_order(code, order, after=after, limit=limit + 1), limit)
    licenses = [
        {"license": sold.license_id, "product": sold.product, "license_type": sold.license_type} for sold in shown
    ]
    emails = [{"email": user.email, "user_id": user.id} for user in managers.values()]
    document: Json = {"company": code, "order": order, "customer": found.customer or None}
    document["after"] = shown[-1].license_id if shown and more else None
    return CommandResult(document | {"managers": emails, "licenses": licenses})


def order_add_manager(company: str, order: str, email: str, *, now: Instant) -> CommandResult:
    user = add_manager(find_company(company).code, order, email, operator(), now=now)
    document = {"order": order, "manager": user.email, "manager_initial_password": initial_password(user)}
    return CommandResult(document)


def order_remove_manager(company: str, order: str, email: str, *, now: Instant) -> CommandResult:
    user = remove_manager(find_company(company).code, order, email, operator(), now=now)
    return CommandResult({"order": order, "manager": user.email, "removed": True})
