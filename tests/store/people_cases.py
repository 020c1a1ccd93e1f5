"""Who comes to an order, and what is said of people, as cases of `tests.store.cases`."""

from typing import Any

from chalicelib.domain.catalog import Order
from chalicelib.domain.license import License
from chalicelib.store import accounts, orders
from chalicelib.usecases import license_users, order_managers
from tests.store import states
from tests.store.case import Case
from tests.support import ADMIN, Vendor


def _join(vendor: Vendor, license: License) -> Any:
    return order_managers.let_join(vendor.code, license.order_id or "", states.ADA, ADMIN, now=vendor.now)


def _joined(vendor: Vendor) -> Order:
    """An order with a manager who is not shown yet what was sold in it."""
    return _join(vendor, vendor.issue())[1]  # type: ignore[no-any-return]


def _show_all(vendor: Vendor, order: Order) -> Any:
    order_managers.show_all(order)
    (manager,) = order.managers
    return len(list(orders.read_managed_licenses(vendor.code, manager)))


def _change_user(vendor: Vendor, seat: states.Seated) -> Any:
    names = {"first_name": "Ada", "last_name": "King"}
    user = license_users.change_user(vendor.code, seat.user.id, names, ADMIN, now=vendor.now)
    return user, accounts.read_user(vendor.code, user.id) == user


PEOPLE_CASES = (
    Case("let somebody join an order", order_managers.let_join, states.key_license, _join, ("manager_added",)),
    Case("show all that was sold in an order", order_managers.show_all, _joined, _show_all),
    Case("change a user", license_users.change_user, states.seated, _change_user, ("person_changed",)),
)
