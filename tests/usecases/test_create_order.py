"""The same order, sold twice at once or again after a crash: each step of it is done once, and is answered alike."""

import pytest

from chalicelib.domain.terms import Terms
from chalicelib.store import orders
from chalicelib.usecases.create_order import MadeLicense, NewLicense, NewOrder, create_order
from chalicelib.usecases.order_managers import find_order, remove_manager
from tests.store.faults import Crash, crash_after, wire
from tests.support import ADMIN, CUSTOMER, Vendor
from tests.usecases.support import before_call, refused

ORDER, KEY, BOSS = "A-1", "OWN-KEY-1", "boss@customer.test"


def sell(vendor: Vendor, said: str = "an order") -> list[MadeLicense]:
    """A license with a key that is given, and one of which we make the key."""
    terms = [Terms("perpetual", 5, customer=CUSTOMER, order_id=ORDER, license_key=key) for key in (KEY, None)]
    wanted = NewOrder(ORDER, [NewLicense("viewer", one) for one in terms], said, BOSS)
    return [*create_order(vendor.code, wanted, ADMIN, now=vendor.now)[1]]


@pytest.mark.parametrize("number", range(1, 20))
def test_the_same_order_sold_meanwhile_is_answered_as_it_was_made(vendor: Vendor, number: int) -> None:
    """Whatever the other one has made that this one finds: the order, the key that is given."""
    rivals = list[list[MadeLicense]]()
    with before_call(number, lambda: rivals.append(sell(vendor))):
        made = sell(vendor)
    assert [made] == rivals
    assert {one.id for one in made} == {sold.license_id for sold in orders.sold_in_order(vendor.code, ORDER)}
    assert vendor.differences() == []


@pytest.mark.parametrize("number", range(1, 6))
def test_another_order_of_the_same_id_sold_meanwhile_is_another(vendor: Vendor, number: int) -> None:
    with before_call(number, lambda: sell(vendor, "another")), refused("already_exists"):
        sell(vendor)


@pytest.mark.parametrize("number", range(1, 12))
def test_an_order_that_somebody_else_begins_meanwhile_is_not_joined(vendor: Vendor, number: int) -> None:
    """Who manages that one is to manage nothing of this one."""
    begin = lambda: vendor.issue(order_id=ORDER, manager="chief@customer.test")  # noqa: E731
    with before_call(number, begin), refused("already_exists"):
        sell(vendor)
    assert len([*orders.sold_in_order(vendor.code, ORDER)]) == 1


@pytest.mark.parametrize("number", range(1, 6))
def test_who_is_taken_off_an_order_that_was_cut_short_is_not_added_again(vendor: Vendor, number: int) -> None:
    with wire(crash_after, range(number, number + 1)), pytest.raises(Crash):
        sell(vendor)
    was_manager = bool(find_order(vendor.code, ORDER).managers)
    if was_manager:
        remove_manager(vendor.code, ORDER, BOSS, ADMIN, now=vendor.now)
    sell(vendor)
    order = find_order(vendor.code, ORDER)
    assert bool(order.managers) is not was_manager
    assert (order.pending_managers, vendor.differences()) == (frozenset(), [])


def test_who_manages_an_order_that_was_cut_short_is_shown_all_of_it_once_it_is_sold_again(vendor: Vendor) -> None:
    with wire(crash_after, range(3, 4)), pytest.raises(Crash):
        sell(vendor)
    assert find_order(vendor.code, ORDER).pending_managers
    made = sell(vendor)
    (boss,) = find_order(vendor.code, ORDER).managers
    assert {one.license_id for one in orders.read_managed_licenses(vendor.code, boss)} == {one.id for one in made}
    assert not find_order(vendor.code, ORDER).pending_managers
