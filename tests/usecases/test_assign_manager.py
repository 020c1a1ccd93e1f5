"""Who gets a seat and manages the order from then on: both by one write, or neither."""

from unittest.mock import patch

import pytest

from chalicelib.domain.license import License
from chalicelib.store import accounts, orders
from chalicelib.usecases.assign_manager import assign_manager
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.change_seat import set_password
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.order_managers import add_manager, find_managers, find_order, remove_manager
from tests.store.faults import Crash
from tests.support import ADMIN, CUSTOMER, Vendor
from tests.usecases.support import before_call, before_write, refused

ADA, BEN = "ada@user.test", "ben@user.test"


@pytest.fixture
def license(vendor: Vendor) -> License:
    """One seat is left; something else was sold in the order before."""
    vendor.issue("viewer", order_id="A")
    vendor.now += 1
    return vendor.issue("revit", order_id="A", max_license_users=1)


def managers(vendor: Vendor) -> list[str]:
    return [user.email for user in find_managers(find_order(vendor.code, "A"))]


def shown(vendor: Vendor) -> int:
    return len([*orders.read_managed_licenses(vendor.code, find_account(vendor.code, ADA).id)])


def assign(vendor: Vendor, license: License) -> str | None:
    return assign_manager(vendor.code, license.id, ADA, 1, ADMIN, now=vendor.now).new_password


@pytest.mark.parametrize("call", range(1, 6))
def test_of_who_is_refused_the_seat_nothing_is_left(vendor: Vendor, license: License, call: int) -> None:
    def take() -> None:
        assign_user(vendor.code, license.id, BEN, 1, ADMIN, now=vendor.now)

    with before_call(call, take), refused("license_users_limit_reached"):
        assign(vendor, license)
    assert (managers(vendor), accounts.user_of_email(vendor.code, ADA)) == ([], None)


def test_what_was_cut_short_is_shown_when_the_call_is_made_again(vendor: Vendor, license: License) -> None:
    with patch.object(orders, "backfill_managers", side_effect=Crash), pytest.raises(Crash):
        assign(vendor, license)
    assert (managers(vendor), vendor.stored(license).users_assigned, shown(vendor)) == ([ADA], 1, 1)
    with refused("user_already_assigned"):
        assign(vendor, license)
    assert (shown(vendor), find_order(vendor.code, "A").pending_managers) == (2, frozenset())
    assert vendor.differences() == []


def test_who_comes_back_while_he_is_taken_off_is_shown_all_whoever_dies(vendor: Vendor, license: License) -> None:
    """The removal has ended between what the other has read and what he writes."""
    other = vendor.issue("viewer", order_id="B", manager=ADA)
    assert other.customer == CUSTOMER
    add_manager(vendor.code, "A", ADA, ADMIN, now=vendor.now)
    order = find_order(vendor.code, "A")
    with patch.object(orders, "unfile"):
        remove_manager(vendor.code, "A", ADA, ADMIN, now=vendor.now)

    def end() -> None:
        orders.unfile(order, find_account(vendor.code, ADA).id)

    with before_write(1, end) as is_over, patch.object(orders, "backfill_managers", side_effect=Crash):
        with pytest.raises(Crash):
            assign(vendor, license)
        assert is_over()
    with refused("user_already_assigned"):
        assign(vendor, license)
    assert (shown(vendor), vendor.differences()) == (3, [])


def test_nobody_manages_by_a_password_that_was_set_meanwhile(vendor: Vendor, license: License) -> None:
    """By whoever could, once the person manages nothing else any more."""
    elsewhere = vendor.issue("revit", order_id="B", manager=ADA)
    assign_user(vendor.code, elsewhere.id, ADA, 1, ADMIN, now=vendor.now)

    def take_over() -> None:
        remove_manager(vendor.code, "B", ADA, ADMIN, now=vendor.now)
        set_password(vendor.code, elsewhere.id, ADA, "known to somebody", ADMIN, now=vendor.now)

    with before_write(1, take_over), refused("password_known_to_others"):
        assign(vendor, license)
    assert managers(vendor) == []
