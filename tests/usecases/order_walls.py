"""Attacks of one company on the orders and the license users of another, for tests/usecases/test_access.py."""

from typing import Any

from chalicelib.domain.catalog import Order
from chalicelib.domain.errors import AlreadyExists
from chalicelib.domain.extras import NO_EXTRAS
from chalicelib.domain.terms import Terms
from chalicelib.domain.users import User
from chalicelib.store import accounts
from chalicelib.usecases import license_users
from chalicelib.usecases.change_seat import set_account_password
from chalicelib.usecases.create_order import NewLicense, NewOrder, create_order
from chalicelib.usecases.customers import shown_by_emails
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.find_license import find_account_by_id
from chalicelib.usecases.issue_license import guard_key
from chalicelib.usecases.license_extras import Wanted, new_extras
from chalicelib.usecases.license_list import customer_email, users_of_some
from chalicelib.usecases.license_relations import read_relations
from chalicelib.usecases.operator_queries import order_history, product_history
from chalicelib.usecases.order_list import find_named_order
from chalicelib.usecases.order_managers import find_numbered_order, find_orders, let_join
from chalicelib.usecases.order_products import find_orders_of_products
from chalicelib.usecases.product_features import find_granted
from chalicelib.usecases.rename_order import rename_order
from chalicelib.usecases.user_list import UserFilter, find_named_user, list_users, seats_of_user
from tests.store.product_cases import feature
from tests.support import ADMIN, NOW
from tests.usecases.support import there

ADA = "ada@customer.test"


def _ada(victim: Any) -> int:
    return accounts.user_of_email(victim.vendor.code, ADA) or 0


def _account(victim: Any) -> User:
    found = accounts.read_user(victim.vendor.code, _ada(victim))
    assert found is not None
    return found


def _customer(victim: Any) -> int:
    """Who has bought the license by key."""
    found = find_customer_by_email(victim.vendor.code, victim.by_key.customer)
    assert found is not None
    return found.id


def _orders_of(company: str, product: str) -> list[Order]:
    codes = frozenset({product})
    return find_orders_of_products(company, codes, after=None, backwards=False, skip=0, size=9).rows


def _number(victim: Any) -> int:
    """The id of the order of the license by key."""
    (number,) = [one.number for one in find_orders(victim.vendor.code, None, 9) if one.id == victim.by_key.order_id]
    assert number is not None
    return number


def _order(company: str, victim: Any, product: str) -> Any:
    """An order at the company of the name that one of the victim's has."""
    terms = Terms("perpetual", 1, order_id=victim.by_key.order_id)
    return create_order(company, NewOrder(victim.by_key.order_id, [NewLicense(product, terms)], ""), ADMIN, now=NOW)


def _extras(company: str, victim: Any) -> None:
    """That a license can have a feature that the victim's product of the same code defines."""
    feature(victim.vendor)
    new_extras(company, "viewer", [Wanted("pages")], {}, now=NOW)


def _is_taken(company: str, key: str) -> bool:
    """Whether a key is that of a license of the company's."""
    try:
        guard_key(company, key)
    except AlreadyExists:
        return True
    return False


def _relations(company: str, victim: Any) -> Any:
    """What is read beside licenses of another company's, where these are taken for one's own."""
    sold = [(victim.by_key, NO_EXTRAS), (victim.by_user, NO_EXTRAS)]
    found = read_relations(company, sold, customers=True, users=9)
    return found.customers or any(found.users.values())


OF_ORDERS: list[tuple[Any, str, list[Any]]] = [
    (find_numbered_order, "order_not_found", [lambda c, v: find_numbered_order(c, _number(v))]),
    (
        rename_order,
        "order_not_found",
        [
            lambda c, v: rename_order(c, _number(v), "other", ADMIN, now=NOW),
            lambda c, v: rename_order(c, _number(v), v.by_key.order_id or "", ADMIN, now=NOW),
        ],
    ),
    (let_join, "order_not_found", [lambda c, v: let_join(c, v.by_key.order_id or "", ADA, ADMIN, now=NOW)]),
    (find_orders, "license_not_found", [lambda c, _v: there([*find_orders(c, None, 9)])]),
    (find_orders_of_products, "license_not_found", [lambda c, v: there(_orders_of(c, v.by_key.product))]),
    (create_order, "unknown_product", [lambda c, v: _order(c, v, "own")]),
    (guard_key, "license_not_found", [lambda c, v: there(_is_taken(c, v.by_key.license_key))]),
    (new_extras, "unsupported_product_feature", [_extras]),
    (find_account_by_id, "user_not_found", [lambda c, v: find_account_by_id(c, _ada(v))]),
    (license_users.users_of_email, "license_not_found", [lambda c, _v: there(license_users.users_of_email(c, ADA))]),
    (license_users.users_of_ids, "license_not_found", [lambda c, v: there(license_users.users_of_ids(c, [_ada(v)]))]),
    (license_users.all_users, "license_not_found", [lambda c, _v: there([*license_users.all_users(c, limit=9)])]),
    (license_users.count_seats, "license_not_found", [lambda c, v: license_users.count_seats(c, v.by_user.id)]),
    (license_users.seat_of, "license_not_found", [lambda c, v: license_users.seat_of(c, v.by_user.id, _ada(v))]),
    (find_named_order, "license_not_found", [lambda c, v: there(find_named_order(c, v.by_key.order_id))]),
    (order_history, "order_not_found", [lambda c, v: order_history(c, v.by_key.order_id, 9, None)]),
    (product_history, "unknown_product", [lambda c, _v: product_history(c, "own", 9, None)]),
    (list_users, "license_not_found", [lambda c, v: list_users(c, UserFilter(v.by_user.id), None, 9)]),
    (find_named_user, "license_not_found", [lambda c, _v: there(find_named_user(c, ADA))]),
    (find_named_user, "license_not_found", [lambda c, v: there(find_named_user(c, str(_ada(v))))]),
    (seats_of_user, "license_not_found", [lambda c, v: there(seats_of_user(c, _ada(v), 9)[0])]),
    (
        license_users.seats_of_license,
        "license_not_found",
        [lambda c, v: license_users.seats_of_license(c, v.by_user.id, limit=9)],
    ),
    (
        license_users.change_user,
        "user_not_found",
        [lambda c, v: license_users.change_user(c, _ada(v), {"first_name": "Eve"}, ADMIN, now=NOW)],
    ),
    (read_relations, "license_not_found", [lambda c, v: there(_relations(c, v))]),
    (
        shown_by_emails,
        "license_not_found",
        [lambda c, v: there(shown_by_emails(c, {v.by_key.customer: v.by_key.customer_id}))],
    ),
    (users_of_some, "license_not_found", [lambda c, v: there(any(users_of_some(c, [v.by_user], 9).values()))]),
    (find_granted, "license_not_found", [lambda c, v: there(find_granted(c, [("viewer", feature(v.vendor))]))]),
    (license_users.licenses_held, "license_not_found", [lambda c, v: there(license_users.licenses_held(c, _ada(v)))]),
    (
        license_users.customer_accounts_of,
        "license_not_found",
        [lambda c, v: there(license_users.customer_accounts_of(c, _account(v), [v.by_user.id]))],
    ),
    (customer_email, "license_not_found", [lambda c, v: there(customer_email(c, _customer(v)))]),
    (
        set_account_password,
        "user_not_found",
        [lambda c, v: set_account_password(c, _ada(v), "chosen by eve", ADMIN, now=NOW)],
    ),
]
"""A use case, the code of the refusal, and attacks: as `WALLS` there."""
