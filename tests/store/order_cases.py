"""The use cases of orders, each in a small state of its own."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from chalicelib.domain.license import License
from chalicelib.domain.permissions import Permission
from chalicelib.domain.users import User
from chalicelib.store import orders
from chalicelib.usecases import assign_manager, order_managers, rename_order
from tests.store import states
from tests.store.case import Case
from tests.store.states import ADA
from tests.support import ADMIN, Vendor


def in_order(change: Callable[..., User], vendor: Vendor, license: License) -> Any:
    user = change(vendor.code, license.order_id, ADA, ADMIN, now=vendor.now)
    return user.email, list(order_managers.find_order(vendor.code, license.order_id or "").managers) == [user.id]


def assign(vendor: Vendor, license: License) -> Any:
    assigned = assign_manager.assign_manager(vendor.code, license.id, ADA, 1, ADMIN, now=vendor.now)
    managers = order_managers.find_order(vendor.code, license.order_id or "").managers
    return assigned.user.email, assigned.new_password is None, managers == {assigned.user.id}


def assign_cut_short(vendor: Vendor) -> License:
    """Two licenses of an order, and a manager who has come to it and sees one of them yet."""
    license = states.user_license(vendor)
    vendor.issue(license.product, order_id=license.order_id)
    with (
        patch.object(assign_manager, "finish_joining"),
        patch.object(assign_manager, "show_all"),
    ):  # as one who dies does
        assign(vendor, license)
    return license


def finish(vendor: Vendor, license: License) -> Any:
    assign_manager.finish_joining(vendor.code, license.id)
    managers = order_managers.find_order(vendor.code, license.order_id or "").managers
    return [len([*orders.read_managed_licenses(vendor.code, id)]) for id in managers]


def deny(vendor: Vendor, license: License) -> Any:
    denied: frozenset[Permission] = frozenset({"reset_license", "set_passwords"})
    order = order_managers.change_order(vendor.code, license.order_id or "", ADMIN, denied=denied, now=vendor.now)
    filed = [sold for id in order.managers for sold in orders.read_managed_licenses(vendor.code, id)]
    return order.denied, {sold.denied for sold in filed}


def say_of_order(vendor: Vendor, license: License) -> Any:
    details = {"reference": "PO-77", "is_test": True, "metadata": {"deal": 7}}
    return order_managers.change_order(vendor.code, license.order_id or "", ADMIN, details=details, now=vendor.now)


def rename(vendor: Vendor, license: License) -> Any:
    order = rename_order.rename_order(vendor.code, license.id, "S-2", ADMIN, now=vendor.now)
    return order.id, [sold.order_id for id in order.managers for sold in orders.read_managed_licenses(vendor.code, id)]


ORDER_CASES = [
    Case(
        "let somebody manage an order",
        order_managers.add_manager,
        states.key_license,
        lambda v, x: in_order(order_managers.add_manager, v, x),
        ("manager_added",),
    ),
    Case(
        "assign who manages the order",
        assign_manager.assign_manager,
        states.user_license,
        assign,
        ("manager_added", "user_assigned"),
    ),
    Case("finish what shows a manager the order", assign_manager.finish_joining, assign_cut_short, finish),
    Case(
        "take a manager off an order",
        order_managers.remove_manager,
        states.managed_order,
        lambda v, x: in_order(order_managers.remove_manager, v, x),
        ("manager_removed",),
    ),
    Case(
        "say what the managers of an order may do",
        order_managers.change_order,
        states.managed_order,
        deny,
        ("managers_permitted",),
    ),
    Case(
        "say of an order what its shop says",
        order_managers.change_order,
        states.managed_order,
        say_of_order,
        ("order_changed",),
    ),
    Case(
        "give an order another name",
        rename_order.rename_order,
        states.managed_order,
        rename,
        ("order_renamed", "license_changed"),
    ),
]
