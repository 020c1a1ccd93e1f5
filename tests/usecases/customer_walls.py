"""How one company asks for the customers of another one: for tests/usecases/test_access.py."""

from typing import Any

from chalicelib.store import accounts
from chalicelib.usecases import customer_accounts, customer_labels, customer_moves, customers
from chalicelib.usecases.customer_list import find_named_customer
from chalicelib.usecases.find_customer import find_customer, find_customer_by_email
from chalicelib.usecases.operator_queries import customer_history
from tests.support import ADMIN, NOW
from tests.usecases.support import there

SHOP = "shop@customer.test"


def _customer(victim: Any) -> int:
    found = find_customer_by_email(victim.vendor.code, SHOP)
    assert found is not None
    return found.id


def _label(victim: Any) -> int:
    return customer_labels.create_customer_label(victim.vendor.code, "theirs", "", ADMIN, now=NOW).id


def _account(victim: Any) -> int:
    return customer_accounts.create_customer_account(victim.vendor.code, {"name": "theirs"}, ADMIN, now=NOW).id


def _labeling(victim: Any) -> int:
    return customers.add_label(victim.vendor.code, _customer(victim), _label(victim), ADMIN, now=NOW).id


def _own(company: str) -> int:
    assert accounts.read_company(company) is not None
    return customers.create_customer(company, "ours@customer.test", {}, ADMIN, now=NOW).id


CUSTOMER_WALLS: list[tuple[Any, str, list[Any]]] = [
    (find_customer, "customer_not_found", [lambda c, v: find_customer(c, _customer(v))]),
    (customer_history, "customer_not_found", [lambda c, v: customer_history(c, _customer(v), 9, None)]),
    (find_named_customer, "license_not_found", [lambda c, v: there(find_named_customer(c, str(_customer(v))))]),
    (
        customers.change_customer,
        "customer_not_found",
        [lambda c, v: customers.change_customer(c, _customer(v), {"city": "Ulm"}, ADMIN, now=NOW)],
    ),
    (
        customers.delete_customer,
        "customer_not_found",
        [lambda c, v: customers.delete_customer(c, _customer(v), ADMIN, now=NOW)],
    ),
    (
        customers.add_label,
        "customer_not_found",
        [lambda c, v: customers.add_label(c, _customer(v), _label(v), ADMIN, now=NOW)],
    ),
    (
        customers.add_label,
        "id_unknown",
        [lambda c, v: customers.add_label(c, _own(c), _label(v), ADMIN, now=NOW)],
    ),
    (
        customers.remove_label,
        "labeling_not_found",
        [lambda c, v: customers.remove_label(c, _labeling(v), ADMIN, now=NOW)],
    ),
    (
        customers.create_customer,
        "id_unknown",
        [lambda c, v: customers.create_customer(c, "new@x.test", {}, ADMIN, account=_account(v), now=NOW)],
    ),
    (customers.guard_account, "id_unknown", [lambda c, v: customers.guard_account(c, _account(v))]),
    (
        customer_moves.merge_customers,
        "id_unknown",
        [lambda c, v: customer_moves.merge_customers(c, _own(c), _customer(v), ADMIN, now=NOW)],
    ),
    (
        customer_moves.finish_moves,
        "customer_not_found",
        [lambda c, v: customer_moves.finish_moves(c, _customer(v), ADMIN, now=NOW)],
    ),
    (
        customer_moves.move_order,
        "customer_not_found",
        [lambda c, v: customer_moves.move_order(c, _customer(v), v.by_key.order_id, ADMIN, now=NOW)],
    ),
    (
        customer_labels.find_customer_label,
        "customer_label_not_found",
        [lambda c, v: customer_labels.find_customer_label(c, _label(v))],
    ),
    (
        customer_labels.change_customer_label,
        "customer_label_not_found",
        [lambda c, v: customer_labels.change_customer_label(c, _label(v), ADMIN, label="x", now=NOW)],
    ),
    (
        customer_labels.delete_customer_label,
        "customer_label_not_found",
        [lambda c, v: customer_labels.delete_customer_label(c, _label(v), ADMIN, now=NOW)],
    ),
    (
        customer_accounts.find_customer_account,
        "customer_account_not_found",
        [lambda c, v: customer_accounts.find_customer_account(c, _account(v))],
    ),
    (
        customer_accounts.change_customer_account,
        "customer_account_not_found",
        [lambda c, v: customer_accounts.change_customer_account(c, _account(v), {"name": "x"}, ADMIN, now=NOW)],
    ),
    (
        customer_accounts.delete_customer_account,
        "customer_account_not_found",
        [lambda c, v: customer_accounts.delete_customer_account(c, _account(v), ADMIN, now=NOW)],
    ),
]
"""A use case, the code of the refusal, and attacks: as `WALLS` there."""
CUSTOMERS_NAME_NOTHING = {
    *("find_customer_by_email", "find_customers", "find_customers_of_email", "count_customers", "shown", "find_buyer"),
    *("customer_matcher", "those_sold_to", "those_managed_by", "those_with_user"),  # licenses as they were read
    *("find_customer_labels", "create_customer_label", "find_customer_accounts", "create_customer_account"),
}
"""They take a company, and nothing that may belong to another one."""
