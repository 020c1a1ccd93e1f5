"""Licenses that move to another order: one customer's at each instant, counted, seen and led to as his."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from chalicelib.domain.errors import NotFound
from chalicelib.store import accounts, histories, licenses, orders
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.change_seat import remove_user
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.customers import change_customer, create_customer
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.move_license import move_license
from chalicelib.usecases.order_managers import add_manager, remove_manager
from tests.explore.customers import NEW, OTHER, customers_of, sell
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.shop import MAX, MIA
from tests.explore.worlds import new_engine
from tests.support import ADMIN, CUSTOMER, DAY, NOW, Vendor

STARTS = ("sold", "moved")
"""Two customers have an order each, that one person manages. The license is in the first; or was, and is in the second.
"""
LEFT, JOINED = "A-1", "B-1"
ADA, BEA, BEN = "ada@user.test", "bea@user.test", "ben@other.test"


@dataclass(frozen=True, slots=True, eq=False)
class MoveWorld:
    """A vendor, a license with a user, and who else buys."""

    name: str
    state: State
    vendor: Vendor
    license: int
    second: int
    """The customer of the second order, by its id."""
    now: int = NOW
    """When it is called."""


@cache
def world(start: str) -> MoveWorld:
    """The world of that start. Always the same one, to the last id."""
    engine = new_engine({})
    with controlled(engine):
        vendor = Vendor(now=NOW - DAY)
        second = create_customer(vendor.code, OTHER, {}, ADMIN, now=vendor.now)
        vendor.issue("viewer", BEN, customer=OTHER, order_id=JOINED)
        vendor.now += 1
        license = vendor.issue("revit", MIA, order_id=LEFT, max_license_users=5)
        vendor.assign(license, ADA)
        if start == "moved":
            move_license(vendor.code, license.id, JOINED, ADMIN, now=vendor.now + 1)
    return MoveWorld(start, engine.state, vendor, license.id, second.id)


def view(world: MoveWorld) -> object:
    """What is stored of licenses, orders, customers and people, in words of people."""
    code = world.vendor.code
    sold = [license for id in licenses.license_ids(code) if (license := licenses.read_license(code, id)) is not None]
    events = [*histories.company_events(code), *(event for one in sold for event in licenses.events(code, one.id))]
    counted = Counter(event.type for event in events)
    # What follows a customer may go by way of an email that was only given in between, or be spared that.
    counted["license_customer_changed"] = min(counted["license_customer_changed"], 1)
    return {
        "licenses": sorted((one.product, one.order_id, one.customer, one.sold_in or "") for one in sold),
        "listed": {order: len([*orders.sold_in_order(code, order)]) for order in (LEFT, JOINED)},
        "seen": {email: len([*orders.read_managed_licenses(code, id)]) for email, id in _people(code)},
        "seats": sorted(_emails(code, world.license)),
        "customers": customers_of(code),
        "events": sorted(counted.items()),
    }


def _people(code: str) -> Iterator[tuple[str, int]]:
    for email in (MIA, MAX, BEN):
        if (id := accounts.user_of_email(code, email)) is not None:
            yield email, id


def _emails(code: str, license: int) -> Iterator[str]:
    for email in (ADA, BEA):
        id = accounts.user_of_email(code, email)
        if id is not None and any(seat.user_id == id for seat in licenses.seats(code, license)):
            yield email


def _to_it(use_case: Callable[..., object], *given: object) -> Callable[[MoveWorld], None]:
    def do(world: MoveWorld) -> None:
        use_case(world.vendor.code, world.license, *given, ADMIN, now=world.now)

    return do


def _in_order(use_case: Callable[..., object], order: str, manager: str) -> Callable[[MoveWorld], None]:
    def do(world: MoveWorld) -> None:
        use_case(world.vendor.code, order, manager, ADMIN, now=world.now)

    return do


def _delete(world: MoveWorld) -> None:
    """Who finds it half removed goes on; that it is gone is as well."""
    with suppress(NotFound):
        _to_it(delete_license)(world)


def _rename(world: MoveWorld) -> None:
    change_customer(world.vendor.code, world.second, {}, ADMIN, email=NEW, now=world.now)


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("move", _to_it(move_license, JOINED), in_steps=True)
    yield SerialDeed("move-back", _to_it(move_license, LEFT), in_steps=True)
    yield SerialDeed("assign", _to_it(assign_user, BEA, 1))
    yield SerialDeed("remove", _to_it(remove_user, ADA))
    yield SerialDeed("sell-less", _to_it(change_terms, {"max_activations": 3}))
    yield SerialDeed("delete-license", _delete, in_steps=True)
    yield SerialDeed("add-manager", _in_order(add_manager, JOINED, MAX), in_steps=True)
    yield SerialDeed("remove-manager", _in_order(remove_manager, LEFT, MIA), in_steps=True)
    yield SerialDeed("sell", sell(CUSTOMER, order_id=LEFT), in_steps=True)
    yield SerialDeed("rename", _rename, in_steps=True)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
LEFT_OUT = frozenset(
    f"{one}+{other}/{start}"
    for place, one in enumerate(DEEDS)
    for other in list(DEEDS)[place:]
    for start in STARTS
    if not {one, other} & {"move", "move-back"}
)
"""What moves no license is walked beside each other elsewhere (`shop.py`, `customers.py`)."""
