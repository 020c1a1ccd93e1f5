"""All that a company has, to be taken away: each kind as a walk, row by row, that goes on behind any row.

A walk goes by keys, consistently, and reads a page when it is there: it holds no more than that in memory, and what is
there all the time comes once, whatever others write meanwhile. What is made or deleted meanwhile may come or not.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from chalicelib.domain.catalog import Order, Product
from chalicelib.domain.custom_fields import CustomField
from chalicelib.domain.customers import CustomerAccount, CustomerLabel
from chalicelib.domain.events import Event
from chalicelib.domain.extras import Extras
from chalicelib.domain.features import ProductFeature
from chalicelib.domain.license import License, Seat, hash_hardware_id
from chalicelib.domain.policies import Policy
from chalicelib.domain.users import User
from chalicelib.store import accounts, activations, company_objects, devices, histories, license_lists, licenses, orders
from chalicelib.store.customers import read_page
from chalicelib.store.devices import WholeDevice
from chalicelib.usecases.customers import ShownCustomer, shown
from chalicelib.usecases.order_managers import read_in_order
from chalicelib.usecases.policies import find_all_policies
from chalicelib.usecases.product_features import find_all_features
from chalicelib.usecases.product_fields import find_all_fields
from chalicelib.usecases.products import list_products

T = TypeVar("T")
Walk = Iterator[tuple[str, T]]
"""Rows in the order of their keys, each with the position to go on from; an empty one is before the first."""

AT_ONCE = 50
"""Licenses with what they carry, customers with what was sold to them, or orders that are read at once."""
_DEVICES = 20
"""Likewise: five items each."""


def export_products(company: str, after: str = "") -> Walk[tuple[Product, list[ProductFeature]]]:
    """The products, oldest first, each with all features of the company."""
    features = find_all_features(company)
    return _by_id(((one.id, (one, features)) for one in list_products(company)), after)


def export_features(company: str, after: str = "") -> Walk[ProductFeature]:
    """The features of products, oldest first."""
    return _by_id(((one.id, one) for one in find_all_features(company)), after)


def export_fields(company: str, after: str = "") -> Walk[CustomField]:
    """The custom fields of products, oldest first."""
    return _by_id(((one.id, one) for one in find_all_fields(company)), after)


def export_policies(company: str, after: str = "") -> Walk[Policy]:
    """The policies by which licenses are sold, oldest first."""
    return _by_id(((one.id, one) for one in find_all_policies(company)), after)


def export_customer_accounts(company: str, after: str = "") -> Walk[CustomerAccount]:
    """The customer accounts, oldest first."""
    return _by_id(((one.id, one) for one in company_objects.read_all(CustomerAccount, company)), after)


def export_customer_labels(company: str, after: str = "") -> Walk[CustomerLabel]:
    """The labels for customers, oldest first."""
    return _by_id(((one.id, one) for one in company_objects.read_all(CustomerLabel, company)), after)


def export_customers(company: str, after: str = "") -> Walk[ShownCustomer]:
    """The customers, oldest first: three reads for forty-nine."""
    for few in in_parts(read_page(company, after=int(after) if after else None), AT_ONCE - 1):
        for found in shown(company, few):
            yield str(found.customer.id), found


def export_users(company: str, after: str = "") -> Walk[User]:
    """The users: everybody who has an account."""
    return ((str(one.id), one) for one in accounts.users(company, after=int(after) if after else None))


def export_orders(company: str, after: str = "") -> Walk[tuple[Order, list[User]]]:
    """The orders by their ids, with their managers: two reads for fifty of two managers each."""
    for few in in_parts(orders.read_orders(company, after=after or None), AT_ONCE):
        yield from with_managers(company, few)


def export_licenses(company: str, after: str = "") -> Walk[tuple[License, Extras]]:
    """The licenses, oldest first, with what they carry besides: two reads for fifty."""
    return ((str(sold[0].id), sold) for sold in _licenses(company, int(after) if after else None))


def export_licenses_of_order(order: Order, after: str = "") -> Walk[tuple[License, Extras]]:
    """The same of those that were sold in an order, whatever it is called when they are read; with one read more."""
    behind = int(after) if after else None

    def read(order: Order) -> tuple[list[int], list[tuple[License, Extras]]]:
        ids = list(license_lists.of_order(order.company, order.id).ids(behind, AT_ONCE))
        return ids, licenses.read_some_with_extras(order.company, ids)

    while True:
        order, (ids, few) = read_in_order(order, read)
        yield from ((str(sold[0].id), sold) for sold in few)
        if len(ids) < AT_ONCE:
            return
        behind = ids[-1]


def export_license_users(company: str, after: str = "") -> Walk[tuple[License, Seat]]:
    """The users of each license."""

    def seats(license: License, after: str) -> Walk[Seat]:
        if not license.users_assigned:
            return
        for seat in licenses.seats(company, license.id, after=int(after) if after else None):
            yield str(seat.user_id), seat

    return _of_each_license(company, seats, after)


def export_devices(company: str, after: str = "") -> Walk[tuple[License, WholeDevice]]:
    """The devices of each license, live or not, with their variables: two reads for twenty of one license."""

    def found(license: License, after: str) -> Walk[WholeDevice]:
        hardware_hash, _, user_id = after.partition("#")
        behind = (hardware_hash, int(user_id) if user_id else None) if after else None
        for few in in_parts(activations.devices(company, license.id, after=behind), _DEVICES):
            keys = [devices.key_of(license, device) for device in few]
            for device in devices.read_devices(company, keys):
                key = devices.key_of(license, device.device)
                position = f"{key.hardware_hash}#{'' if key.user_id is None else key.user_id}"
                # The variables of twenty may be more than is read at once, those of one never are.
                whole = [device] if device.variables is not None else devices.read_devices(company, [key])
                yield from ((position, one) for one in whole)

    return _of_each_license(company, found, after)


def export_blocked_devices(company: str, after: str = "") -> Walk[tuple[License, str]]:
    """The hardware ids that are blacklisted on each license, also those that it has never seen."""

    def blocked(license: License, after: str) -> Walk[str]:
        if not license.blocked_devices:
            return
        for hardware_id in licenses.blocked_devices(company, license.id, after=after or None):
            yield hash_hardware_id(hardware_id), hardware_id

    return _of_each_license(company, blocked, after)


def export_license_histories(company: str, after: str = "") -> Walk[tuple[License, Event]]:
    """What has happened to each license, the newest first."""

    def events(license: License, after: str) -> Walk[Event]:
        return ((event.key, event) for event in licenses.events(company, license.id, after=after or None))

    return _of_each_license(company, events, after)


def export_company_history(company: str, after: str = "") -> Walk[Event]:
    """What has happened to the company, its people and its orders, the newest first."""
    return ((event.key, event) for event in histories.company_events(company, after=after or None))


def _of_each_license(company: str, inside: Callable[[License, str], Walk[T]], after: str) -> Walk[tuple[License, T]]:
    """What `inside` finds of one license behind a position of its own, of all licenses."""
    license_id, _, behind = after.partition("/")
    for license, _ in _licenses(company, int(license_id) - 1 if license_id else None):
        for position, row in inside(license, behind if str(license.id) == license_id else ""):
            yield f"{license.id}/{position}", (license, row)


def _licenses(company: str, after: int | None) -> Iterator[tuple[License, Extras]]:
    """Those with greater ids than `after`."""
    while ids := list(license_lists.of_company(company).ids(after, AT_ONCE)):
        yield from licenses.read_some_with_extras(company, ids)
        after = ids[-1]


def _by_id(rows: Iterable[tuple[int, T]], after: str) -> Walk[T]:
    """Of what is so few that it is read whole, by ascending ids."""
    least = int(after) if after else -1
    return ((str(id), row) for id, row in rows if id > least)


def with_managers(company: str, some: list[Order]) -> Walk[tuple[Order, list[User]]]:
    """Orders of a company with their managers, a read for a hundred of these."""
    users = accounts.read_users(company, sorted({id for order in some for id in order.managers}))
    return ((one.id, (one, [users[id] for id in sorted(one.managers) if id in users])) for one in some)


def in_parts(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """The rows, so many at a time as are read together."""
    left = iter(rows)
    while few := list(islice(left, size)):
        yield few
