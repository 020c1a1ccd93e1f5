"""The commands for orders and their managers."""

import json
from functools import partial
from typing import Any

from chalicelib.domain.catalog import Order
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import sent_as
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.permissions import PERMISSIONS, Permission
from chalicelib.domain.types import Json
from chalicelib.usecases.create import find_company
from chalicelib.usecases.create_order import MAX_LICENSES, NewLicense, NewOrder, create_order
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.issue_license import terms_of
from chalicelib.usecases.operator_queries import order_details
from chalicelib.usecases.order_list import OrderFilter, find_named_order, list_orders
from chalicelib.usecases.order_managers import (
    add_manager,
    change_order,
    count_orders,
    find_managers,
    remove_manager,
)
from chalicelib.usecases.policies import find_policy_by_code
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
    document = _shown(found.order)
    document["after"] = found.licenses[-1].license_id if found.more_licenses else None
    denied = sorted(found.order.denied)
    return CommandResult(document | {"managers": emails, "denied": denied, "licenses": licenses})


def order_create(
    company: str,
    order: str,
    product: str,
    licenses: int,
    policy: str | None,
    customer: str | None,
    manager: str | None,
    *,
    now: Instant,
    **said: Any,  # of the order, as `_details` takes it
) -> CommandResult:
    code = find_company(company).code
    by = None if policy is None else find_policy_by_code(code, product, policy)
    terms = terms_of(code, product, {"order_id": order, "customer": customer}, by, now=now)
    words = json.dumps([order, product, licenses, policy, customer, manager, said])
    sold = [NewLicense(product, terms, policy=by)] * min(licenses, MAX_LICENSES + 1)
    wanted = NewOrder(order, sold, words, manager, details=_details(said))
    with sent_as(lambda field: "licenses" if field == "items" else field.rpartition(".")[2]):
        made, keys = create_order(code, wanted, operator(), now=now)
    email = None if manager is None else known_email(manager)
    its = next((user for user in find_managers(made) if user.email == email), None)
    document = _shown(made) | {"manager": None if its is None else its.email}
    document["manager_initial_password"] = None if its is None else initial_password(its)
    rows = [{"license": one.id, "license_key": one.license_key} for one in keys]
    return CommandResult(document | {"licenses": rows})


def order_set(company: str, order: str, *, now: Instant, **said: Any) -> CommandResult:  # as `_details` takes it
    changed = change_order(find_company(company).code, order, operator(), details=_details(said), now=now)
    return CommandResult(_shown(changed))


def _details(said: Json) -> Json:
    """What is given of an order."""
    return {name: value for name, value in said.items() if value is not None}


def _shown(order: Order) -> Json:
    """An order with what is said of it; what is said of few alone where it is."""
    document: Json = {"company": order.company, "order": order.id, "customer": order.customer or None}
    document |= {"reference": order.reference or None, "is_test": order.is_test, "is_trial": order.is_trial}
    few = {name: getattr(order, name) for name in ("order_type", "language", "campaign_params", "download_id")}
    few["created"] = to_iso(order.created)
    return document | {name: value for name, value in few.items() if value} | {"metadata": order.metadata or None}


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
