"""Licenses that are made one by one by the Management API."""

from typing import Any

import pytest

from chalicelib.domain.instants import add, parse_duration, to_iso
from chalicelib.store.counts import read_count
from chalicelib.usecases.customers import create_customer
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.policies import create_policy
from chalicelib.usecases.products import change_product
from chalicelib.web import clock
from tests.management.server import VendorsServer, granted, refused
from tests.support import ADMIN, CUSTOMER

BUYER = "buyer@other.test"


def make(shop: VendorsServer, body: Any, **headers: str) -> Any:
    return granted(shop.post("licenses", body, **headers), 201)


def customer(shop: VendorsServer, email: str = BUYER) -> int:
    found = find_customer_by_email(shop.vendor.code, email)
    return (found or create_customer(shop.vendor.code, email, {}, ADMIN, now=clock.now())).id


def test_a_license_is_made_with_all_that_is_said_of_it(shop: VendorsServer) -> None:
    body = {"product": "viewer", "customer": customer(shop), "license_key": "OWN-1", "validity_period": "2030-12-31"}
    body |= {"max_activations": 7, "note": "By phone", "name": "Lab", "metadata": {"crm": 1}, "enabled": False}
    made = make(shop, body)
    assert (made["license_key"], made["license_type"], made["max_activations"]) == ("OWN-1", "time-limited", 7)
    assert (made["customer"]["email"], made["order_store_id"]) == (BUYER, f"order-{made['id']}")
    assert (made["note"], made["name"], made["metadata"]) == ("By phone", "Lab", {"crm": 1})
    assert (made["enabled"], made["disabled_by"], made["validity_period"]) == (
        False,
        "vendor",
        "2030-12-31T23:59:59.999Z",
    )
    shown = granted(shop.get(f"licenses/{made['id']}"))
    assert {name: shown[name] for name in made} == made
    assert refused(shop.post("licenses", body), 409) == "already_exists"


def test_a_floating_license_says_how_many_slots_it_has_and_how_many_are_in_use(shop: VendorsServer) -> None:
    vendor = shop.vendor
    for floats in ({}, {"floating_users": 0}, {"floating_users": None}):
        body = {"product": "viewer", "is_floating_cloud": True, **floats}
        assert refused(shop.post("licenses", body), 400) == "missing_parameters"
    made = make(shop, {"product": "viewer", "is_floating_cloud": True, "floating_users": 2, "license_key": "OWN-2"})
    assert (made["is_floating_cloud"], made["floating_users"], made["floating_in_use_devices"]) == (True, 2, 0)
    license = find_license(vendor.code, made["id"])
    vendor.activate(license, "pc", now=clock.now())
    vendor.check(license, "pc", now=clock.now())
    shown = [granted(shop.get(f"licenses/{made['id']}")), granted(shop.get("licenses"))["results"][-1]]
    assert [one["floating_in_use_devices"] for one in shown] == [1, 1]


def test_what_is_not_said_is_as_the_product_has_it_or_the_policy(shop: VendorsServer) -> None:
    vendor = shop.vendor
    terms = {"max_activations": 3, "default_license_type": "subscription", "subscription_duration": "1y"}
    change_product(vendor.code, "viewer", terms, ADMIN, now=clock.now())
    made = make(shop, {"product": vendor.products["viewer"].id})
    assert (made["max_activations"], made["license_type"], made["valid_duration"]) == (3, "subscription", "1y")
    assert (made["customer"], made["enabled"], made["note"]) == (None, True, "")
    policy: Any = {"code": "pro", "name": "Pro", "max_activations": 9, "note": "Pro", "metadata": {"tier": "pro"}}
    create_policy(vendor.code, "viewer", policy, ADMIN, now=clock.now())
    made = make(shop, {"product": "viewer", "policy_code": "pro", "metadata": {"crm": 2}})
    assert (made["max_activations"], made["note"], made["metadata"]) == (9, "Pro", {"crm": 2})
    assert made["license_template"]["code"] == "pro"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, ("subscription", 3, "1y")),
        ({"max_activations": 9}, ("subscription", 9, "1y")),
        ({"max_activations": None}, ("subscription", 0, "1y")),
        ({"license_type": "perpetual"}, ("perpetual", 3, None)),
        ({"license_type": "time-limited"}, ("time-limited", 3, "30d")),
        ({"valid_duration": "2y"}, ("time-limited", 3, "2y")),
        ({"is_trial": True}, ("time-limited", 3, "14d")),
    ],
)
def test_an_order_and_a_single_license_begin_alike_with_what_the_product_says(
    shop: VendorsServer, said: dict[str, Any], expected: tuple[object, ...]
) -> None:
    terms = {"max_activations": 3, "default_license_type": "subscription", "subscription_duration": "1y"}
    terms |= {"valid_duration": "30d", "trial_days": 14}
    change_product(shop.vendor.code, "viewer", terms, ADMIN, now=clock.now())
    single = make(shop, {"product": "viewer"} | said)
    order: Any = {"id": "S-1", "items": [{"product_code": "viewer", "licenses": [said]}]}
    sold = granted(shop.post("orders/create_order", order), 201)["order_items"][0]["licenses"][0]
    for made in (single, granted(shop.get(f"licenses/{sold['id']}"))):
        assert (made["license_type"], made["max_activations"], made["valid_duration"]) == expected


def test_it_is_maintained_as_long_as_the_product_says_unless_the_call_says_otherwise(shop: VendorsServer) -> None:
    vendor = shop.vendor
    change_product(vendor.code, "viewer", {"maintenance_duration": "1y"}, ADMIN, now=clock.now())
    year, two = (to_iso(add(clock.now(), parse_duration(lasts)))[:10] for lasts in ("1y", "2y"))
    for said, until in (
        ({}, year),
        ({"maintenance_duration": "2y"}, two),
        ({"maintenance_period": "2031-12-31"}, "2031-12-31"),
        ({"enable_maintenance_period": False}, None),
    ):
        single = make(shop, {"product": "viewer"} | said)
        order: Any = {"id": f"S-{single['id']}", "items": [{"product_code": "viewer", "licenses": [said]}]}
        sold = granted(shop.post("orders/create_order", order), 201)["order_items"][0]["licenses"][0]
        for made in (single, *(granted(shop.get(f"licenses/{one['id']}")) for one in (single, sold))):
            found = made["maintenance_period"] and made["maintenance_period"][:10]
            assert (found, made["enable_maintenance_period"]) == (until, until is not None), said


def test_it_joins_an_order_that_is_there_and_is_its_customers(shop: VendorsServer) -> None:
    order = shop.vendor.issue(order_id="A-1").id
    made = make(shop, {"product": "viewer", "order": order})
    assert (made["order_store_id"], made["customer"]["email"]) == ("A-1", CUSTOMER)
    assert refused(shop.post("licenses", {"product": "viewer", "order": order, "customer": customer(shop)}), 409)


def test_the_same_once_more_under_its_key_is_answered_and_makes_none(shop: VendorsServer) -> None:
    body = {"product": "revit", "customer": customer(shop), "max_license_users": 5}
    made = make(shop, body, Idempotency_Key="once")
    assert make(shop, body, Idempotency_Key="once") == made
    assert read_count(shop.vendor.code, "licenses") == 1
    assert make(shop, body)["id"] != made["id"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"product": "none"}, 400, "unknown_product"),
        ({"product": 5}, 404, "product_not_found"),
        ({"product": "viewer", "customer": 5}, 404, "customer_not_found"),
        ({"product": "viewer", "order": 5}, 404, "order_not_found"),
        ({"product": "viewer", "policy_code": "pro"}, 404, "policy_not_found"),
        ({"product": "viewer", "license_type": "perpetual", "validity_period": "2030-01-01"}, 400, "validation_error"),
        ({"product": "viewer", "name": "x" * 500}, 400, "validation_error"),
        ({"product": "revit", "license_key": "OWN-1"}, 400, "validation_error"),
    ],
)
def test_what_is_wrong_is_refused_and_makes_none(shop: VendorsServer, body: Any, status: int, code: str) -> None:
    assert refused(shop.post("licenses", body), status) == code
    assert read_count(shop.vendor.code, "licenses") == 0
