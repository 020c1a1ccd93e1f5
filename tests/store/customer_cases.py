"""The use cases of customers, for the tests of faults."""

from typing import Any
from unittest.mock import patch

from chalicelib.domain.customers import Customer
from chalicelib.store import customers as store
from chalicelib.store import licenses
from chalicelib.usecases import customer_accounts, customer_labels, customer_moves, customers, issue_license
from chalicelib.usecases.find_customer import find_customer, find_customer_by_email
from tests.store import states
from tests.store.case import Case
from tests.support import ADMIN, CUSTOMER, Vendor

OTHER = "buying@other.test"


def nothing(_: Vendor) -> None:
    """The company alone."""


def made(vendor: Vendor) -> int:
    return customers.create_customer(vendor.code, OTHER, {}, ADMIN, now=vendor.now).id


def labeled(vendor: Vendor) -> tuple[int, int, int]:
    """A customer, a label and that it is on the customer."""
    customer, label = made(vendor), _label(vendor)
    labeling = customers.add_label(vendor.code, customer, label, ADMIN, now=vendor.now)
    return customer, label, labeling.id


def label_and_customer(vendor: Vendor) -> tuple[int, int]:
    return made(vendor), _label(vendor)


def account(vendor: Vendor) -> int:
    return customer_accounts.create_customer_account(vendor.code, {"name": "Studio"}, ADMIN, now=vendor.now).id


def both(vendor: Vendor) -> tuple[int, int]:
    """Two customers; to the second something was sold."""
    return made(vendor), sold(vendor)


def sold(vendor: Vendor) -> int:
    vendor.issue(manager="mia@customer.test")
    return _customer(vendor).id


def cut_short(vendor: Vendor) -> int:
    """A customer with another email, to which nothing has followed yet."""
    id = sold(vendor)
    with patch.object(customers, "followed", lambda changed, *_, **__: changed):  # as one who dies does
        customers.change_customer(vendor.code, id, {}, ADMIN, email=OTHER, now=vendor.now)
    return id


def _customer(vendor: Vendor, email: str = CUSTOMER) -> Customer:
    found = find_customer_by_email(vendor.code, email)
    assert found is not None
    return found


def _label(vendor: Vendor) -> int:
    return customer_labels.create_customer_label(vendor.code, "reseller", "", ADMIN, now=vendor.now).id


def _merge(vendor: Vendor, ids: tuple[int, int]) -> Any:
    kept = customer_moves.merge_customers(vendor.code, *ids, ADMIN, now=vendor.now)
    return kept, store.read_sales(vendor.code, OTHER)


def _move_orders(vendor: Vendor, id: int) -> Customer:
    for license_id in licenses.license_ids(vendor.code):
        license = licenses.read_license(vendor.code, license_id)
        assert license is not None
        customer_moves.move_order(vendor.code, id, license.order_id or "", ADMIN, now=vendor.now)
    return customer_moves.finish_moves(vendor.code, id, ADMIN, now=vendor.now)


def _follow(vendor: Vendor, id: int) -> Customer:
    return customer_moves.followed(find_customer(vendor.code, id), ADMIN, now=vendor.now)


CUSTOMER_CASES = (
    Case(
        "issue by key",
        issue_license.issue_license,
        nothing,
        states.issue_by_key,
        ("customer_created", "license_issued"),
    ),
    Case(
        "create a customer",
        customers.create_customer,
        nothing,
        lambda v, _: customers.create_customer(v.code, OTHER, {"city": "Ulm"}, ADMIN, now=v.now),
        ("customer_created",),
    ),
    Case(
        "change a customer",
        customers.change_customer,
        sold,
        lambda v, id: customers.change_customer(v.code, id, {"city": "Ulm"}, ADMIN, metadata={"a": 1}, now=v.now),
        ("customer_changed",),
        True,
    ),
    Case(
        "give a customer another email",
        customers.change_customer,
        sold,
        lambda v, id: customers.change_customer(v.code, id, {}, ADMIN, email=OTHER, now=v.now),
        ("customer_changed", "license_customer_changed"),
        True,
    ),
    Case(
        "merge customers",
        customer_moves.merge_customers,
        both,
        _merge,
        ("customers_merged", "license_customer_changed"),
        True,
    ),
    Case(
        "finish a merge",
        customer_moves.finish_moves,
        cut_short,
        lambda v, id: customer_moves.finish_moves(v.code, id, ADMIN, now=v.now),
        ("license_customer_changed",),
        True,
    ),
    Case(
        "follow a customer",
        customer_moves.followed,
        cut_short,
        _follow,
        ("license_customer_changed",),
        True,
    ),
    Case(
        "finish with an order",
        customer_moves.move_order,
        cut_short,
        _move_orders,
        ("license_customer_changed",),
        True,
    ),
    Case(
        "delete a customer",
        customers.delete_customer,
        labeled,
        lambda v, ids: customers.delete_customer(v.code, ids[0], ADMIN, now=v.now),
        ("customer_deleted",),
        True,
    ),
    Case(
        "label a customer",
        customers.add_label,
        label_and_customer,
        lambda v, ids: customers.add_label(v.code, ids[0], ids[1], ADMIN, now=v.now),
        ("customer_changed",),
        True,
    ),
    Case(
        "take a label off",
        customers.remove_label,
        labeled,
        lambda v, ids: customers.remove_label(v.code, ids[2], ADMIN, now=v.now),
        ("customer_changed",),
        True,
    ),
    Case(
        "create a label",
        customer_labels.create_customer_label,
        nothing,
        lambda v, _: customer_labels.create_customer_label(v.code, "reseller", "", ADMIN, now=v.now),
        ("customer_label_created",),
        True,
    ),
    Case(
        "change a label",
        customer_labels.change_customer_label,
        _label,
        lambda v, id: customer_labels.change_customer_label(v.code, id, ADMIN, label="partner", now=v.now),
        ("customer_label_changed",),
        True,
    ),
    Case(
        "delete a label",
        customer_labels.delete_customer_label,
        _label,
        lambda v, id: customer_labels.delete_customer_label(v.code, id, ADMIN, now=v.now),
        ("customer_label_deleted",),
        True,
    ),
    Case(
        "create a customer account",
        customer_accounts.create_customer_account,
        nothing,
        lambda v, _: customer_accounts.create_customer_account(v.code, {"name": "Studio"}, ADMIN, now=v.now),
        ("customer_account_created",),
        True,
    ),
    Case(
        "change a customer account",
        customer_accounts.change_customer_account,
        account,
        lambda v, id: customer_accounts.change_customer_account(v.code, id, {"code": "st"}, ADMIN, now=v.now),
        ("customer_account_changed",),
        True,
    ),
    Case(
        "delete a customer account",
        customer_accounts.delete_customer_account,
        account,
        lambda v, id: customer_accounts.delete_customer_account(v.code, id, ADMIN, now=v.now),
        ("customer_account_deleted",),
        True,
    ),
)
