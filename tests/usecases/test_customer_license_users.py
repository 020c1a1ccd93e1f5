"""Who uses what a customer has bought."""

from typing import Any

from chalicelib.usecases.customer_license_users import customer_license_users
from tests.support import NOW, Vendor
from tests.usecases.support import refused

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


def test_a_customer_without_users_has_none_and_one_who_bought_nothing_is_none(vendor: Vendor) -> None:
    vendor.issue("viewer", customer=SHOP)
    vendor.issue("revit", customer="shop@customer.test.example")
    assert users(vendor) == []
    for nobody in ("hop@customer.test", "shop@customer.tes"):
        with refused("customer_not_found"):
            users(vendor, customer=nobody)
    with refused("validation_error"):
        users(vendor, customer="shop")
    with refused("unknown_product"):
        users(vendor, product="nothing")
    with refused("invalid_product_auth_method"):
        users(vendor, product="viewer")
