"""Who uses what a customer has bought."""

from typing import Any

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.licenseapi.requests import MAX_CURSOR
from chalicelib.store import writes
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import customer_license_sort_key
from chalicelib.usecases import customer_license_users as use_case
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.customer_license_users import customer_license_users, page_of_license_users
from chalicelib.usecases.move_license import move_license
from chalicelib.usecases.rename_order import rename_order
from tests.store.costs import counted
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import before_call, refused

ADA = "ada@customer.test"
SHOP = "shop@customer.test"


def users(vendor: Vendor, product: str = "revit", customer: str = SHOP) -> list[Any]:
    _, found = customer_license_users(vendor.code, product, customer, now=NOW)
    return [(license.id, seat.email, user.email) for license, _, seat, user in found]


def test_all_seats_on_a_customers_licenses_of_the_product_are_listed(vendor: Vendor) -> None:
    vendor.product("second", "user")
    ours = [vendor.issue("revit", customer=SHOP, max_license_users=2) for _ in range(2)]
    others = [vendor.issue("second", customer=SHOP), vendor.issue("revit", customer="else@customer.test")]
    for license, name in zip([*ours, ours[0], *others], "abcde", strict=True):
        vendor.assign(license, f"{name}@customer.test")
    assert sorted(users(vendor, customer=f" {SHOP.upper()}")) == sorted(
        (license.id, f"{name}@customer.test", f"{name}@customer.test")
        for license, name in ((ours[0], "a"), (ours[1], "b"), (ours[0], "c"))
    )


@pytest.mark.parametrize(("limit", "looked_at"), [(1, 5000), (2, 1), (7, 3), (100, 2)])
def test_pages_hold_every_seat_once_and_cost_three_reads_and_one_for_each_further_license(
    vendor: Vendor, limit: int, looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(use_case, "MAX_LOOKED_AT", looked_at)
    for n, count in enumerate((3, 0, 1, 5)):
        license = vendor.issue("revit", customer=SHOP, max_license_users=5, order_id=f"A-{n}")
        vendor.issue("viewer", customer=SHOP)
        for number in range(count):
            vendor.assign(license, f"user{n}{number}@customer.test")
    cursor, seen, pages = "", list[Any](), 0
    while True:
        with counted() as cost:
            _, rows, cursor = page_of_license_users(vendor.code, "revit", SHOP, cursor, limit, now=NOW)
        assert len(rows) <= limit
        assert len(cost.calls) <= 2 + min(4, looked_at)
        assert limit > 1 or len(cost.calls) <= 3 + 1  # past the license without users
        assert all(order is not None and order.id == license.order_id for license, order, _, _ in rows)
        seen, pages = [*seen, *((license.id, seat.email, user.email) for license, _, seat, user in rows)], pages + 1
        if not cursor:
            break
    assert seen == users(vendor)
    assert len(seen) == 9
    assert pages >= 8 // looked_at, "a page looks at no more licenses than it may"


@pytest.mark.parametrize("limit", [1, 2, 4, 100])
def test_batches_under_way_take_no_room_of_users(vendor: Vendor, limit: int) -> None:
    for n in range(2):
        license = vendor.issue("revit", customer=SHOP, max_license_users=9)
        for number in range(3):
            vendor.assign(license, f"user{n}{number}@customer.test")
            start_batch(vendor.code, license.id, f"{n}{number}@customer.test", True, ADMIN, now=NOW + number)
    cursor, seen = "", list[str]()
    while True:
        _, rows, cursor = page_of_license_users(vendor.code, "revit", SHOP, cursor, limit, now=NOW)
        seen += [seat.email for _, _, seat, _ in rows]
        if not cursor:
            break
    assert sorted(seen) == sorted(f"user{n}{number}@customer.test" for n in range(2) for number in range(3))


def test_the_order_of_a_license_that_older_code_has_sold_is_found(vendor: Vendor) -> None:
    """Its link does not name the order."""
    licenses = [vendor.issue("revit", customer=SHOP, order_id=f"A-{n}") for n in range(2)]
    for license in licenses:
        vendor.assign(license, ADA)
    link = LookupItem(vendor.code, customer_license_sort_key(SHOP, licenses[0].id))
    writes.update(link, [LookupItem.order_id.remove()])
    with counted() as cost:
        _, rows, _ = page_of_license_users(vendor.code, "revit", SHOP, "", 100, now=NOW)
    assert sorted(order.id for _, order, _, _ in rows if order) == ["A-0", "A-1"]
    assert len(cost.calls) == 3 + 1 + 1


def test_a_cursor_is_accepted_whatever_the_order_is_called(vendor: Vendor) -> None:
    license = vendor.issue("revit", customer=SHOP, max_license_users=2, order_id='𠀀"' * 50)
    for name in "ab":
        vendor.assign(license, f"{name}@customer.test")
    _, _, cursor = page_of_license_users(vendor.code, "revit", SHOP, "", 1, now=NOW)
    assert 0 < len(cursor) <= MAX_CURSOR


def test_a_cursor_is_good_for_its_customer_alone(vendor: Vendor) -> None:
    for customer in (SHOP, "other@customer.test"):
        license = vendor.issue("revit", customer=customer, max_license_users=2)
        for name in "ab":
            vendor.assign(license, f"{name}@customer.test")
    _, _, cursor = page_of_license_users(vendor.code, "revit", SHOP, "", 1, now=NOW)
    assert page_of_license_users(vendor.code, "revit", SHOP, cursor, 1, now=NOW)[1]
    for customer, given in (("other@customer.test", cursor), (SHOP, "x"), (SHOP, cursor[:-4])):
        with refused("cursor_invalid"):
            page_of_license_users(vendor.code, "revit", customer, given, 1, now=NOW)


def test_a_customer_without_users_has_none_and_one_who_bought_nothing_is_none(vendor: Vendor) -> None:
    vendor.issue("viewer", customer=SHOP)
    vendor.issue("revit", customer="shop@customer.test.example")
    assert users(vendor) == []
    for nobody in ("hop@customer.test", "shop@customer.tes"):
        with refused("customer_not_found"):
            users(vendor, customer=nobody)
    with pytest.raises(Invalid):
        users(vendor, customer="shop")
    with refused("unknown_product"):
        users(vendor, product="nothing")
    with refused("invalid_product_auth_method"):
        users(vendor, product="viewer")


def page(vendor: Vendor) -> list[Any]:
    return page_of_license_users(vendor.code, "revit", SHOP, "", 9, now=NOW)[1]


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("call", range(1, 5))
def test_a_row_has_the_order_of_its_license_and_no_other_that_gets_its_name(
    vendor: Vendor, call: int, is_named: bool
) -> None:
    license = vendor.issue("revit", customer=SHOP, order_id="A")
    vendor.assign(license, ADA)
    if not is_named:  # by the link of older code
        link = LookupItem(vendor.code, customer_license_sort_key(SHOP, license.id))
        writes.update(link, [LookupItem.order_id.remove()])
    page(vendor)  # the product is remembered from now on

    def take() -> None:
        rename_order(vendor.code, license.id, "B", ADMIN, now=NOW)
        vendor.issue(order_id="A", customer="other@customer.test")

    calls = 3 if is_named else 4
    with before_call(min(call, calls), take):
        ((read, order, _, _),) = page(vendor)
    assert (read.id, order.number, order.id) == (license.id, license.id, read.order_id)


@pytest.mark.parametrize("call", range(1, 4))
def test_no_row_has_a_license_that_is_another_customers_by_now(vendor: Vendor, call: int) -> None:
    license, kept = (vendor.issue("revit", customer=SHOP, order_id=name) for name in "AB")
    other = vendor.issue("revit", customer="other@customer.test", order_id="C")
    vendor.assign(license, ADA)
    vendor.assign(kept, ADA)
    page(vendor)
    with before_call(call, lambda: move_license(vendor.code, license.id, other.id, ADMIN, now=NOW)):
        rows = page(vendor)
    assert [read.id for read, *_ in rows] == [kept.id]


def test_a_row_is_what_license_and_order_were_at_one_instant(vendor: Vendor) -> None:
    vendor.assign(vendor.issue("revit", customer=SHOP), ADA)
    page(vendor)
    with counted() as cost:
        page(vendor)
    assert cost.calls == ["Query", "Query", "TransactGetItems"]
