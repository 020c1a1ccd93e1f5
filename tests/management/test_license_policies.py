"""The resource license-policies, and orders that name one."""

from typing import Any

import pytest

from chalicelib.domain.types import Json
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.web import clock
from tests.management.server import VendorsServer, granted, refused
from tests.support import ADMIN, Vendor

PRO: Json = {
    "code": "pro",
    "name": "Viewer Pro",
    "license_type": "subscription",
    "is_trial": False,
    "max_activations": 5,
    "max_transfers": 3,
    "free_resets": True,
    "prevent_vm": True,
    "grace_period": 48,
    "valid_duration": "1y",
    "expiry_basis": "activation",
    "renewal_basis": "end",
    "overage": "1.25x",
    "maintenance_duration": "2y",
    "note": "",
    "metadata": {"tier": "pro"},
    "product_features": [{"code": "export", "valid_duration": "30d"}],
    "custom_fields": [{"name": "Campus", "value": "Zürich"}],
}


@pytest.fixture
def product(vendor: Vendor) -> int:
    """With a feature and a custom field; its id."""
    now = clock.now()
    fields: Any = {"code": "export", "name": "Export", "feature_type": "activation"}
    create_feature(vendor.code, "viewer", fields, ADMIN, now=now)
    create_field(vendor.code, "viewer", {"name": "Campus", "data_type": "text"}, ADMIN, now=now)
    return vendor.products["viewer"].id


def made(shop: VendorsServer, product: int, **fields: Any) -> Any:
    return granted(shop.post("license-policies", PRO | {"product": product} | fields), 201)


def order(**license: Any) -> Json:
    return {"id": "S-1", "items": [{"product_code": "viewer", "licenses": [license]}]}


def sell(shop: VendorsServer, **license: Any) -> int:
    answer = granted(shop.post("orders/create_order", order(**license)), 201)
    id: int = answer["order_items"][0]["licenses"][0]["id"]
    return id


def test_a_policy_is_made_shown_listed_changed_and_deleted(shop: VendorsServer, product: int) -> None:
    policy = made(shop, product)
    assert policy | PRO == policy
    expected = {"version": 1, "revision": 0, "product": product, "validity_period": None, "max_license_users": 0}
    assert policy | expected | {"allow_unlimited_activations": False} == policy
    path = f"license-policies/{policy['id']}"
    assert granted(shop.get(path)) == policy
    assert granted(shop.get(f"license-policies?product={product}"))["results"] == [policy]
    assert granted(shop.get("license-policies"))["count"] == 1
    assert granted(shop.get("license-policies?product=7"))["results"] == []
    changed = granted(shop.call("PATCH", path, {"max_activations": None, "product_features": []}, If_Match='"0"'))
    new = {"max_activations": 0, "allow_unlimited_activations": True, "product_features": []}
    assert changed == policy | new | {"version": 2, "revision": 1, "updated_at": changed["updated_at"]}
    assert refused(shop.call("DELETE", path, If_Match='"0"'), 412) == "revision_changed"
    granted(shop.call("DELETE", path), 204)
    assert refused(shop.get(path), 404) == "policy_not_found"


def test_what_clients_may_send_of_limits_and_dates(shop: VendorsServer, product: int) -> None:
    sent = {"allow_unlimited_activations": True, "valid_duration": None, "validity_period": "2031-12-31"}
    policy = made(shop, product, **sent)
    assert (policy["max_activations"], policy["allow_unlimited_activations"]) == (0, True)
    assert policy["validity_period"] == "2031-12-31T23:59:59.999Z"
    revit = shop.vendor.products["revit"].id
    plain: Json = {"product_features": [], "custom_fields": []}
    for users, answered in ((5, 5), (0, 0), (None, 0)):
        policy = made(shop, revit, **plain, code=f"users-{users}", max_license_users=users)
        assert policy["max_license_users"] == answered


def test_what_is_wrong_is_told_by_field(shop: VendorsServer, product: int) -> None:
    path = f"license-policies/{made(shop, product)['id']}"
    for sent, fields in (
        ({"license_type": "perpetual"}, ["valid_duration"]),
        ({"max_activations": -1, "valid_duration": "soon"}, ["max_activations", "valid_duration"]),
        ({"expiry_basis": "check"}, ["expiry_basis"]),
        ({"product_features": [{"code": "export", "price": 5}]}, ["product_features.0.price"]),
        ({"max_user": 5}, ["max_user"]),
    ):
        answer = shop.call("PATCH", path, sent)
        assert (refused(answer, 400), sorted(answer.json()["errors"])) == ("validation_error", fields), sent
    missing = shop.call("PATCH", path, {"product_features": [{"code": "none"}]})
    assert refused(missing, 400) == "unsupported_product_feature"
    assert refused(shop.post("license-policies", PRO | {"product": product}), 409) == "already_exists"
    assert refused(shop.post("license-policies", PRO | {"product": 7}), 404) == "product_not_found"


@pytest.mark.parametrize("name", ["policy_code", "license_template_code", "license_template"])
def test_an_order_names_a_policy(shop: VendorsServer, vendor: Vendor, product: int, name: str) -> None:
    policy = made(shop, product)
    named = {name: policy["id"] if name == "license_template" else "pro"}
    license, extras = find_sold(vendor.code, sell(shop, max_transfers=9, note="by phone", **named))
    assert (license.max_activations, license.max_transfers, license.license_type) == (5, 9, "subscription")
    assert (license.valid_duration, license.grace_period, license.free_resets, license.prevent_vm) == (
        "1y",
        48,
        True,
        True,
    )
    assert ([one.code for one in extras.features], extras.note) == (["export"], "by phone")
    assert extras.policy is not None
    shown = granted(shop.get(f"licenses/{license.id}"))
    assert shown["license_template"] == {"id": policy["id"], "code": "pro", "version": 1}


def test_what_an_order_says_stands_instead_of_its_policy(shop: VendorsServer, vendor: Vendor, product: int) -> None:
    made(shop, product)
    fields = {"code": "import", "name": "Import", "feature_type": "activation"}
    granted(shop.post("product-features", fields | {"product": product}))
    said = {"custom_fields": [{"name": "Campus", "value": "Bern"}], "product_features": [{"code": "import"}]}
    id = sell(shop, policy_code="pro", license_type="perpetual", metadata={"crm": 1}, **said)
    license, extras = find_sold(vendor.code, id)
    assert (license.license_type, license.valid_duration, license.grace_period) == ("perpetual", None, 0)
    assert ([one.code for one in extras.features], extras.custom_fields[0].value) == (["import"], "Bern")
    assert (extras.metadata, extras.policy is not None) == ({"crm": 1}, True)


def test_an_order_by_no_policy_that_there_is_sells_nothing(shop: VendorsServer, product: int) -> None:
    policy = made(shop, product)
    for named, status, code in (
        ({"policy_code": "none"}, 404, "policy_not_found"),
        ({"license_template": 7}, 404, "policy_not_found"),
        ({"license_template": policy["id"], "policy_code": "pro"}, 400, "validation_error"),
    ):
        assert refused(shop.post("orders/create_order", order(**named)), status) == code
    of_revit = order(license_template=policy["id"]) | {"id": "S-2"}
    of_revit["items"][0]["product_code"] = "revit"
    assert refused(shop.post("orders/create_order", of_revit), 409) == "policy_of_other_product"
    assert granted(shop.get("licenses"))["results"] == []


def test_a_repeated_order_is_answered_alike_though_its_policy_is_deleted(shop: VendorsServer, product: int) -> None:
    policy, body = made(shop, product), order(policy_code="pro")
    first = granted(shop.post("orders/create_order", body, Idempotency_Key="one"), 201)
    granted(shop.call("DELETE", f"license-policies/{policy['id']}"), 204)
    assert granted(shop.post("orders/create_order", body, Idempotency_Key="one"), 201) == first


def test_licenses_are_listed_by_their_policy(shop: VendorsServer, vendor: Vendor, product: int) -> None:
    policy = made(shop, product)
    id = sell(shop, policy_code="pro")
    vendor.issue()
    for query in (f"license_template={policy['id']}", "license_template__code=pro"):
        assert [row["id"] for row in granted(shop.get(f"licenses?{query}"))["results"]] == [id]
    for query in ("license_template=7", "license_template__code=none"):
        assert granted(shop.get(f"licenses?{query}"))["results"] == []


def test_a_policy_is_previewed_and_applied_license_by_license(
    shop: VendorsServer, vendor: Vendor, product: int
) -> None:
    id, other = sell(shop, valid_duration="1y", max_activations=1), vendor.issue("revit").id
    policy = made(shop, product, product_features=[])
    path, body = f"license-policies/{policy['id']}", {"license_ids": [id, other, 7]}
    previewed = granted(shop.post(f"{path}/preview", body))
    assert [row["status"] for row in previewed] == ["changed", "refused", "refused"]
    assert previewed[0]["changes"]["max_activations"] == {"before": 1, "after": 5}
    codes = [row["error"]["code"] for row in previewed[1:]]
    assert codes == ["policy_of_other_product", "license_not_found"]
    assert find_sold(vendor.code, id)[0].max_activations == 1, "nothing is written"
    rows = granted(shop.post(f"{path}/apply", body))
    assert [row["status"] for row in rows] == ["done", "refused", "refused"]
    license, extras = find_sold(vendor.code, id)
    assert (license.max_activations, extras.policy is not None) == (5, True)
    assert granted(shop.post(f"{path}/preview", {"license_ids": [id]}))[0]["status"] == "unchanged"
