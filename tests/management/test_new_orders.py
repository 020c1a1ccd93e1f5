"""Orders by the Management API: all that the public API's body says of them, of who buys, and of what is sold."""

import json
from typing import Any

import pytest

from chalicelib.domain.orders import TEXTS
from chalicelib.domain.types import Json
from chalicelib.store import histories
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.customer_accounts import create_customer_account
from chalicelib.usecases.customers import create_customer
from chalicelib.usecases.order_managers import find_order
from chalicelib.usecases.policies import create_policy
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.management.test_orders import ANN, CUSTOMER, NOTHING_SAID, licenses_in, made_in, order, sell
from tests.support import ADMIN, Vendor

SAID: Json = {
    "is_test": True,
    "created": "2026-11-20T09:30:00Z",
    "order_type": "normal",
    "reference": "PO-77",
    "language": "de",
    "campaign_params": "utm_source=fair&utm_medium=flyer",
    "download_id": "dl-118",
    "metadata": '{"crm": {"deal": 7}}',
}
"""What a shop says of an order, as the public API takes it."""
KEPT = SAID | {"is_trial": False, "created": "2026-11-20T09:30:00.000Z", "metadata": {"crm": {"deal": 7}}}
"""And as it is answered."""
PROFILE = {
    "first_name": "Olga",
    "last_name": "Fischer",
    "phone": "+49 731 1",
    "reference": "CRM-1",
    "address": "Am Ring 1",
}


@pytest.fixture
def account(vendor: Vendor) -> int:
    """A customer account."""
    return create_customer_account(vendor.code, {"name": "Group"}, ADMIN, now=vendor.now).id


@pytest.fixture
def catalog(vendor: Vendor) -> None:
    """What the product has that the body names."""
    feature: Any = {"code": "pages", "name": "Pages", "feature_type": "consumption", "max_consumption": 100}
    create_feature(vendor.code, "viewer", feature, ADMIN, now=vendor.now)
    create_field(vendor.code, "viewer", {"name": "room", "data_type": "text"}, ADMIN, now=vendor.now)
    create_policy(vendor.code, "viewer", {"code": "pro", "name": "Pro", "max_transfers": 3}, ADMIN, now=vendor.now)


BY_KEY: Json = {
    "key": "OWN-KEY-1",
    "max_activations": 7,
    "license_type": "time-limited",
    "max_consumptions": 0,
    "valid_duration": "1y",
    "enable_maintenance_period": True,
    "maintenance_duration": "2y",
    "product_features": [{"code": "pages", "max_consumption": 5}],
    "custom_fields": [{"name": "room", "value": "4.12"}],
    "is_trial": True,
    "note": "by phone",
    "subscription_id": "SUB-7",
    "active": True,
    "enabled": False,
    "allow_grace_period": True,
    "grace_period": 48,
    "allow_unlimited_activations": False,
    "allow_unlimited_consumptions": False,
    "allow_negative_consumptions": False,
    "allow_overages": False,
    "max_overages": 0,
    "reset_consumption": False,
    "can_borrow": False,
    "max_borrow_time": 0,
    "is_floating": False,
    "is_floating_cloud": True,
    "floating_users": 2,
    "floating_timeout": 60,
    "is_air_gapped": False,
    "is_hardware_key_auth": False,
    "max_transfers": 4,
    "metadata": {"seat": "front"},
    "start_date": "2026-01-01",
}
"""All that it may say of a license, with what is not offered here as not so."""


def public_body(account: int) -> Json:
    """All that the public API's body may say."""
    users = [{"email": ANN, "is_manager": True, "max_activations": 1}]
    by_user = {"users": users, "max_activations": 2, "max_license_users": 5, "validity_period": "2030-12-31"}
    items = [
        {
            "product_code": "viewer",
            "note": "of the item",
            "subscription_id": "SUB-1",
            "active": True,
            "license_policy": "pro",
            "customer_account_id": account,
            "licenses": [BY_KEY, {"max_activations": 3}],
        },
        {"product_code": "revit", "licenses": [by_user]},
    ]
    of_order = {"is_bundle": False, "customer_account_id": account, "add_to_customer_account": True}
    of_order |= {"include_metadata_string": False, "append": False}
    customer = {"email": CUSTOMER, "company_name": "Office", "is_manager": True, **PROFILE}
    return {"id": "S-1", "customer": customer, "items": items, **of_order, **SAID}


@pytest.mark.usefixtures("catalog")
def test_the_whole_body_of_the_public_api_is_taken_and_answered(
    shop: VendorsServer, vendor: Vendor, account: int
) -> None:
    answer = sell(shop, public_body(account))
    first, second, third = made_in(answer)
    keys = [find_sold(vendor.code, id)[0].license_key for id in (first, second, third)]
    assert keys[0] == "OWN-KEY-1"
    items = [
        {
            "product_code": "viewer",
            "licenses": [{"id": first, "license_key": keys[0]}, {"id": second, "license_key": keys[1]}],
        },
        {"product_code": "revit", "licenses": [{"id": third, "license_key": None}]},
    ]
    assert answer == {"id": first, "store_id": "S-1", "customer": CUSTOMER, "order_items": items, **KEPT}
    shown = granted(shop.get(f"orders/{first}"))
    assert {name: shown[name] for name in KEPT} == KEPT
    assert granted(shop.get("orders"))["results"] == [
        {name: value for name, value in shown.items() if name not in ("order_items", "has_more_licenses")}
    ]
    assert len(shown["managers"]) == 2
    (customer,) = granted(shop.get(f"customers?email={CUSTOMER}"))["results"]
    assert {name: customer[name] for name in PROFILE} == PROFILE
    assert (customer["company_name"], customer["customer_account"]["id"]) == ("Office", account)
    assert (customer["total_orders"], customer["total_licenses"]) == (1, 3)


@pytest.mark.usefixtures("catalog")
def test_each_license_of_it_is_as_it_says(shop: VendorsServer, vendor: Vendor, account: int) -> None:
    made = made_in(sell(shop, public_body(account)))
    first, second, third = (granted(shop.get(f"licenses/{id}")) for id in made)
    assert (first["enabled"], first["disabled_by"], first["note"]) == (False, "vendor", "by phone")
    assert (first["max_transfers"], first["license_template"]["code"]) == (4, "pro")
    assert (first["grace_period"], first["floating_users"], first["metadata"]) == (48, 2, {"seat": "front"})
    assert (first["product_features"][0]["max_consumption"], first["product_custom_fields"][0]["value"]) == (5, "4.12")
    assert (second["enabled"], second["note"], second["max_transfers"]) == (True, "of the item", 3)
    assert (third["note"], third["license_template"], third["users_assigned"]) == ("", None, 1)
    assert [one["subscription_id"] for one in (first, second, third)] == ["SUB-7", "SUB-1", ""]
    found = granted(shop.get("licenses?subscription_id=SUB-1"))["results"]
    assert [one["id"] for one in found] == [made[1]]


def test_an_order_of_which_no_more_is_said_is_as_one_of_before(shop: VendorsServer, vendor: Vendor) -> None:
    answer = sell(shop, order({}))
    assert {name: answer[name] for name in NOTHING_SAID} == NOTHING_SAID
    assert find_order(vendor.code, "S-1").revision == 0


@pytest.mark.parametrize(
    "more",
    [
        {"is_bundle": True},
        {"add_to_customer_account": False},
        {"include_metadata_string": True},
        {"customer_account_id": 1},
        {"created": "soon"},
        {"metadata": "no object"},
        {"metadata": "[1]"},
        {"metadata": {"deep": "x" * 16_384}},
        *({name: "x" * (most + 1)} for name, most in TEXTS.items()),
        {"reference": "two\x00parts"},
        {"language": 7},
    ],
)
def test_what_is_wrong_with_it_is_refused_by_its_name(shop: VendorsServer, vendor: Vendor, more: Json) -> None:
    answer = shop.post("orders/create_order", order({}, **more))
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", [*more])
    assert licenses_in(vendor) == []


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"licenses": [{"active": False}]}, "items.0.licenses.0.active"),
        ({"licenses": [{"max_consumptions": 3}]}, "items.0.licenses.0.max_consumptions"),
        ({"licenses": [{"can_borrow": True}]}, "items.0.licenses.0.can_borrow"),
        ({"licenses": [{"is_floating": True}]}, "items.0.licenses.0.is_floating"),
        ({"licenses": [{"subscription_id": "x" * 201}]}, "items.0.licenses.0.subscription_id"),
        ({"licenses": [{}, {"note": "x" * 1001}]}, "items.0.licenses.1.note"),
        ({"licenses": [{}, {"name": "x\x00"}]}, "items.0.licenses.1.name"),
        ({"licenses": [{}, {"metadata": {"a": "x" * 16_384}}]}, "items.0.licenses.1.metadata"),
        ({"active": False}, "items.0.active"),
        ({"key": "K-1", "licenses": [{}, {}]}, "items.0.licenses"),
        ({"customer_account_id": 2}, "items.0.customer_account_id"),
    ],
)
def test_so_is_what_an_item_says(shop: VendorsServer, vendor: Vendor, account: int, item: Json, field: str) -> None:
    of_viewer = {"product_code": "viewer", "licenses": [{}]}
    answer = shop.post("orders/create_order", order(customer_account_id=account, items=[of_viewer | item]))
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", [field])
    assert licenses_in(vendor) == []


def test_all_that_is_wrong_with_an_order_is_said_at_once(shop: VendorsServer, vendor: Vendor, account: int) -> None:
    """Of each of its licenses, whatever is wrong with another, with the customer, or with the order."""
    first = {"note": "x" * 1001, "maintenance_duration": "soon", "grace_period": -1}
    seats = [{"email": "no email"}, {"email": "ada@customer.test", "max_activations": 9}]
    wrong = order(
        {"is_floating_cloud": True},
        {"subscription_id": "x" * 201, "valid_duration": "9999y"},
        customer={"email": CUSTOMER, "phone": "1\x002"},
        customer_account_id=account,
        reference="x" * 201,
    )
    wrong["items"] += [
        {
            "product_code": "revit",
            "customer_account_id": account + 1,
            "licenses": [{"max_activations": 3, "users": seats}],
        },
        {"product_code": "viewer", "licenses": [first | {"maintenance_duration": None}]},
    ]
    answer = shop.post("orders/create_order", wrong)
    assert (refused(answer, 400), {*answer.json()["errors"]}) == (
        "validation_error",
        {
            *("customer.phone", "reference", "items.0.licenses.0.floating_users", "items.1.customer_account_id"),
            *("items.0.licenses.1.subscription_id", "items.0.licenses.1.valid_duration"),
            *("items.1.licenses.0.users.0.email", "items.1.licenses.0.users.1.max_activations"),
            *("items.2.licenses.0.grace_period", "items.2.licenses.0.note"),
        },
    )
    assert licenses_in(vendor) == []


@pytest.mark.parametrize(
    ("customer", "field"),
    [({"first_name": "x" * 101}, "customer.first_name"), ({"phone": "1\x002"}, "customer.phone")],
)
def test_so_is_what_is_said_of_the_customer(shop: VendorsServer, vendor: Vendor, customer: Json, field: str) -> None:
    answer = shop.post("orders/create_order", order({}, customer={"email": CUSTOMER} | customer))
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", [field])
    assert licenses_in(vendor) == []


def test_an_account_is_of_a_customer(shop: VendorsServer, account: int) -> None:
    answer = shop.post("orders/create_order", order({}, customer=None, customer_account_id=account))
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("missing_parameters", ["customer"])


def test_the_key_of_an_item_is_that_of_its_one_license(shop: VendorsServer, vendor: Vendor) -> None:
    item = {"product_code": "viewer", "key": "OWN-KEY-7", "enabled": 0, "licenses": [{}]}
    (made,) = made_in(sell(shop, order(items=[item])))
    license, _ = find_sold(vendor.code, made)
    assert (license.license_key, license.enabled) == ("OWN-KEY-7", False)


def test_an_order_says_of_virtual_machines_what_its_licenses_do_not(shop: VendorsServer, vendor: Vendor) -> None:
    sell(shop, order({}, {"prevent_vm": False}, {"prevent_vm": None}, prevent_vm=True))
    said = [find_sold(vendor.code, id)[0].prevent_vm for id in licenses_in(vendor)]
    assert sorted(said, key=str) == [False, None, True]


def test_a_customer_who_is_there_keeps_what_is_not_said(shop: VendorsServer, vendor: Vendor) -> None:
    create_customer(vendor.code, CUSTOMER, {"first_name": "Old", "city": "Ulm"}, ADMIN, now=vendor.now)
    sell(shop, order({}, customer={"email": CUSTOMER.upper(), "first_name": "Olga", "company": "Office"}))
    (customer,) = granted(shop.get(f"customers?email={CUSTOMER}"))["results"]
    assert (customer["first_name"], customer["city"], customer["company_name"]) == ("Olga", "Ulm", "Office")


def test_the_same_order_again_says_nothing_of_the_customer_once_more(shop: VendorsServer, vendor: Vendor) -> None:
    body = order({}, customer={"email": CUSTOMER, "first_name": "Olga"})
    first = sell(shop, body)
    (customer,) = granted(shop.get(f"customers?email={CUSTOMER}"))["results"]
    granted(shop.call("PATCH", f"customers/{customer['id']}", {"first_name": "Olivia"}))
    assert sell(shop, body) == first
    (customer,) = granted(shop.get(f"customers?email={CUSTOMER}"))["results"]
    assert customer["first_name"] == "Olivia"


def test_who_may_not_write_customers_says_no_more_of_one_than_the_email(shop: VendorsServer, vendor: Vendor) -> None:
    seller = VendorsServer(new_key(vendor, "orders:write"), shop.http)
    answer = seller.post("orders/create_order", order({}, customer={"email": CUSTOMER, "city": "Ulm"}))
    assert refused(answer, 403) == "management_key_scope_missing"
    assert licenses_in(vendor) == []
    sell(seller, order({}))


@pytest.mark.parametrize("more", [{"customer": {"email": CUSTOMER, "city": "Ulm"}}, {"customer_account_id": 1}])
def test_nor_does_a_key_for_some_products(shop: VendorsServer, vendor: Vendor, more: Json) -> None:
    seller = VendorsServer(new_key(vendor, products=frozenset({"viewer"})), shop.http)
    answer = seller.post("orders/create_order", order({}, **more))
    assert refused(answer, 403) == "management_key_product_not_allowed"
    assert licenses_in(vendor) == []
    sell(seller, order({}))


def test_what_an_append_says_of_the_order_holds_from_then_on(shop: VendorsServer, vendor: Vendor) -> None:
    sell(shop, order({}, **SAID))
    more = sell(shop, order({}, append=True, reference="PO-78", is_test=False))
    changed = KEPT | {"reference": "PO-78", "is_test": False}
    assert {name: more[name] for name in KEPT} == changed
    assert sell(shop, order({}, append=True, reference="PO-78", is_test=False)) == more


def test_it_is_changed_with_what_is_given_and_stands_in_the_history(shop: VendorsServer, vendor: Vendor) -> None:
    path = f"orders/{sell(shop, order({}, **SAID))['id']}"
    before = granted(shop.get("orders"))["results"][0]
    change = {
        "reference": "PO-78",
        "metadata": {"crm": 8},
        "download_id": None,
        "created": "2026-11-21",
        "denied": ["set_passwords"],
    }
    assert refused(shop.call("PATCH", path, change, If_Match='"77"'), 412) == "revision_changed"
    changed = granted(shop.call("PATCH", path, change, If_Match=f'"{before["revision"]}"'))
    said = change | {"download_id": "", "created": "2026-11-21T00:00:00.000Z"}
    assert changed == before | said | {"revision": before["revision"] + 1}
    assert granted(shop.call("PATCH", path, change)) == changed
    assert granted(shop.get("orders"))["results"] == [changed]
    (event,) = [one for one in histories.company_events(vendor.code) if one.type == "order_changed"]
    detail = event.detail
    assert (detail["reference"], detail["reference_before"], detail["changed"]) == ("PO-78", "PO-77", "metadata")
    assert (detail["denied"], detail["order"]) == ("set_passwords", "S-1")


def test_a_repeat_of_a_change_is_answered_as_then(shop: VendorsServer, vendor: Vendor) -> None:
    path = f"orders/{sell(shop, order({}))['id']}"
    first = granted(shop.call("PATCH", path, {"reference": "A"}, Idempotency_Key="one"))
    granted(shop.call("PATCH", path, {"reference": "B"}))
    again = shop.call("PATCH", path, {"reference": "A"}, Idempotency_Key="one")
    assert (granted(again), again.headers["Idempotency-Replayed"]) == (first, "true")
    assert find_order(vendor.code, "S-1").reference == "B"


def test_wrong_details_are_named_together(shop: VendorsServer, vendor: Vendor) -> None:
    path = f"orders/{sell(shop, order({}))['id']}"
    answer = shop.call("PATCH", path, {"reference": "x" * 300, "language": "\x07", "metadata": {"a": "x" * 20_000}})
    assert refused(answer, 400) == "validation_error"
    assert {*answer.json()["errors"]} == {"reference", "language", "metadata"}


def test_the_export_has_what_is_said_of_orders(shop: VendorsServer, vendor: Vendor) -> None:
    sell(shop, order({}, **SAID))
    answer = shop.get("orders/export?range=1d")
    head, line = answer.text.splitlines()
    assert {"reference", "is_test", "created", "metadata"} <= {*head.split(",")}
    assert "PO-77" in line
    assert json.dumps(KEPT["metadata"]).replace('"', '""') in line


def test_metadata_are_null_as_a_text_as_well(shop: VendorsServer) -> None:
    order: Any = {"id": "S-1", "items": [{"product_code": "viewer", "licenses": [{}]}], "metadata": '{"deal": 7}'}
    made = granted(shop.post("orders/create_order", order), 201)
    assert granted(shop.get(f"orders/{made['id']}"))["metadata"] == {"deal": 7}
    assert granted(shop.call("PATCH", f"orders/{made['id']}", {"metadata": "null"}))["metadata"] == {}
    assert refused(shop.call("PATCH", f"orders/{made['id']}", {"metadata": "7"}), 400) == "validation_error"
