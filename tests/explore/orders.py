"""Orders of the Management API: each step is done once, whoever sells the same again, and whoever dies amid it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement
from unittest.mock import patch

from chalicelib.domain.terms import Terms
from chalicelib.store.orders import read_order, sold_in_order
from chalicelib.usecases import create_order as selling
from chalicelib.usecases.create_order import NewLicense, NewOrder, create_order
from chalicelib.usecases.customer_moves import merge_customers
from chalicelib.usecases.customers import change_customer, create_customer, delete_customer
from chalicelib.usecases.issue_license import issue_license
from chalicelib.usecases.order_managers import add_manager, remove_manager
from chalicelib.usecases.rename_order import rename_order
from tests.explore import customers, shop
from tests.explore.customers import NEW, OTHER
from tests.explore.engine import State
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.shop import MAX, MIA, ORDER
from tests.explore.worlds import new_engine
from tests.proof.weather import Died
from tests.support import ADMIN, CUSTOMER, DAY, NOW, Vendor

RENAMED = "S-2"
"""The name that the order gets."""
STARTS = ("new", "begun")
"""Two customers, and nothing is sold; the order has been cut short behind its first license."""


@dataclass(frozen=True, slots=True, eq=False)
class OrderWorld:
    """A vendor, and what is sold to whom."""

    name: str
    state: State
    vendor: Vendor
    first: int
    second: int
    """Customers, by their ids."""
    now: int = NOW
    """When it is called."""


@cache
def world(start: str) -> OrderWorld:
    """The world of that start. Always the same one, to the last id."""
    engine = new_engine({})
    with controlled(engine):
        vendor = Vendor(now=NOW - DAY)
        first, second = (
            create_customer(vendor.code, email, {}, ADMIN, now=vendor.now + n).id
            for n, email in enumerate((CUSTOMER, OTHER))
        )
        here = OrderWorld(start, {}, vendor, first, second, now=NOW - 1000)
        if start == "begun":
            with patch.object(selling, "let_join", side_effect=Died), suppress(Died):
                _sell()(here)
    return OrderWorld(start, engine.state, vendor, first, second)


def view(world: OrderWorld) -> object:
    """What is stored of orders and customers, in words of people."""
    sold = shop.view(shop.ShopWorld(world.name, world.state, world.vendor))
    # What follows a customer may go by way of an email that was only given in between, or be spared that.
    moved, code = "license_customer_changed", world.vendor.code
    sold["events"] = [(event, 1 if event[0] == moved else times) for event, times in map(_by_any_name, sold["events"])]
    renamed = read_order(code, RENAMED)
    of_it = renamed and (renamed.customer, len(renamed.managers), sorted(renamed.pending_managers))
    return sold, customers.customers_of(code), of_it, len([*sold_in_order(code, RENAMED)])


def _by_any_name(event: tuple[tuple[str, ...], int]) -> tuple[tuple[str, ...], int]:
    """Between two steps of a sale the order may have got another name: who manages it does so by either."""
    (type, who, *what), times = event
    return (type, who, *(what if type != "manager_added" else ())), times


def _sell(said: str = "an order", *, append: bool = False) -> Callable[[OrderWorld], None]:
    """One license, which one person manages."""
    wanted = [NewLicense("viewer", Terms("perpetual", 5, customer=CUSTOMER, order_id=ORDER))]
    order = NewOrder(ORDER, wanted, said, None if append else MIA, append=append)

    def do(world: OrderWorld) -> None:
        create_order(world.vendor.code, order, ADMIN, now=world.now)

    return do


def _issue(world: OrderWorld) -> None:
    terms = Terms("perpetual", 5, customer=CUSTOMER, order_id=ORDER)
    issue_license(world.vendor.code, "viewer", terms, MAX, ADMIN, now=world.now)


def _manage(use_case: Callable[..., object], manager: str) -> Callable[[OrderWorld], None]:
    def do(world: OrderWorld) -> None:
        use_case(world.vendor.code, ORDER, manager, ADMIN, now=world.now)

    return do


def _rename(world: OrderWorld) -> None:
    """By its id, as the Management API does; before it is sold there is nothing to do."""
    order = read_order(world.vendor.code, ORDER)
    if order is not None and order.number is not None:
        rename_order(world.vendor.code, order.number, RENAMED, ADMIN, now=world.now)


def _move(world: OrderWorld) -> None:
    change_customer(world.vendor.code, world.first, {}, ADMIN, email=NEW, now=world.now)


def _merge(world: OrderWorld) -> None:
    merge_customers(world.vendor.code, world.second, world.first, ADMIN, now=world.now)


def _delete(world: OrderWorld) -> None:
    delete_customer(world.vendor.code, world.first, ADMIN, now=world.now)


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("sell", _sell(), in_steps=True, repeats=True)
    yield SerialDeed("sell-otherwise", _sell("another order"), in_steps=True, repeats=True)
    yield SerialDeed("append", _sell("one more", append=True), in_steps=True, repeats=True)
    yield SerialDeed("issue", _issue, in_steps=True)
    yield SerialDeed("add-manager", _manage(add_manager, MAX), in_steps=True)
    yield SerialDeed("remove-manager", _manage(remove_manager, MIA), in_steps=True)
    yield SerialDeed("move", _move, in_steps=True)
    yield SerialDeed("merge", _merge, in_steps=True)
    yield SerialDeed("delete", _delete)
    yield SerialDeed("rename", _rename, in_steps=True)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
_SELL, _SOLD = ("sell", "append"), ("sell", "sell-otherwise", "append")
FROM: dict[str, tuple[str, ...]] = {
    "begun": (*_SOLD, "issue", "add-manager", "remove-manager", "move", "merge", "rename")
}
"""From where something has begun, what has to do with it."""
_WALKED = {"new": _SELL, "begun": (*_SELL, "rename")}
LEFT_OUT = frozenset(
    f"{one}+{other}/{start}"
    for one, other in combinations_with_replacement(DEEDS, 2)
    for start in STARTS
    if not {one, other} & {*_WALKED[start]}
)
"""What neither sells an order nor names it is walked beside each other elsewhere (`shop.py`, `customers.py`)."""
