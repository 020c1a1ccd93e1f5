"""products and device_licenses, as an application sees them."""

from typing import Any

import httpx

from chalicelib.domain.instants import to_iso
from chalicelib.usecases.create import create_api_key
from chalicelib.usecases.product_features import create_feature, delete_feature
from chalicelib.web import clock
from tests.licenseapi.objects import customer_object, granted, refused
from tests.store.product_cases import PAGES
from tests.support import ADMIN, Application, Vendor

EMAIL = "don.joe@qbitec.com"
FIELDS = """
id created_at updated_at product_name short_code active valid_duration trial_days max_activations hardware_id_required
is_upgrade company_id allow_trial enable_maintenance_period floating_users is_floating is_floating_cloud is_node_locked
is_user_locked maintenance_duration subscription_duration default_license_type max_consumptions authorization_method
prevent_vm allow_overages consumption_period max_overages reset_consumption is_archived floating_timeout is_bundle
metadata features
"""
"""Of a product in the list, copied from the wire contract."""


def test_products_lists_the_products_of_the_key(application: Application, vendor: Vendor, http: httpx.Client) -> None:
    metal = vendor.product("metal", "license-key", prevent_vm=True)
    rows = granted(application.get("products"))
    assert [row["short_code"] for row in rows] == ["metal", "revit", "viewer"]
    assert all(set(row) == set(FIELDS.split()) for row in rows)
    assert (rows[0]["id"], rows[0]["product_name"], rows[0]["prevent_vm"]) == (metal.id, metal.name, True)
    assert (rows[0]["active"], rows[0]["is_archived"], rows[0]["company_id"]) == (True, False, metal.company_id)
    assert rows[0]["created_at"] == to_iso(metal.created_at)
    assert [row["is_user_locked"] for row in rows] == [False, True, False]
    key, shared_key = create_api_key(vendor.code, frozenset({"revit"}), True, ADMIN, now=clock.now())
    limited = granted(Application(key.api_key, shared_key, http).get("products"))
    assert [row["short_code"] for row in limited] == ["revit"]


def test_a_listed_product_has_its_features(application: Application, vendor: Vendor) -> None:
    made = create_feature(vendor.code, "viewer", PAGES, ADMIN, now=vendor.now)
    gone = create_feature(vendor.code, "viewer", PAGES | {"code": "dwg"}, ADMIN, now=vendor.now)
    delete_feature(vendor.code, gone.id, ADMIN, now=vendor.now)
    row = {"id": made.id, "code": "pages", "feature_type": "consumption", "max_consumption": 100, "metadata": {}}
    rows = {product["short_code"]: product["features"] for product in granted(application.get("products"))}
    assert rows == {"viewer": [row], "revit": []}


def test_device_licenses_lists_where_the_device_is_active_and_tells_neither_key_nor_people(
    application: Application, vendor: Vendor, http: httpx.Client
) -> None:
    by_key, by_user = vendor.issue(customer=EMAIL), vendor.issue("revit", max_license_users=2)
    _, password = vendor.assign(by_user, EMAIL)
    vendor.activate(by_key, "hw-1")
    vendor.activate(EMAIL, "hw-1", password)
    rows = granted(application.get("device_licenses", hardware_id="hw-1"))
    assert {row["id"] for row in rows} == {by_key.id, by_user.id}
    for row in rows:
        assert (row["hardware_id"], row["customer"]) == ("hw-1", customer_object(""))
        assert not {"license_key", "username", "user"} & set(row)
    one = granted(application.get("device_licenses", hardware_id="hw-1", product="revit"))
    assert [row["id"] for row in one] == [by_user.id]
    assert granted(application.get("device_licenses", hardware_id="hw-2")) == []
    assert refused(application.get("device_licenses", product="revit")) == "missing_hardware_id"
    assert refused(application.get("device_licenses", hardware_id="hw-1", product="none")) == "unknown_product"
    key, shared_key = create_api_key(vendor.code, frozenset({"viewer"}), True, ADMIN, now=clock.now())
    limited = Application(key.api_key, shared_key, http)
    assert [row["id"] for row in granted(limited.get("device_licenses", hardware_id="hw-1"))] == [by_key.id]
    denied = limited.get("device_licenses", hardware_id="hw-1", product="revit")
    assert refused(denied) == "api_key_product_not_allowed"


def test_an_application_that_has_lost_all_goes_on_by_what_the_list_tells(
    application: Application, vendor: Vendor
) -> None:
    license = vendor.issue()
    vendor.activate(license, "hw-1")
    (row,) = granted(application.get("device_licenses", hardware_id="hw-1"))
    lookup: dict[str, Any] = {"product": "viewer", "hardware_id": "hw-1", "license_id": row["id"]}
    checked = granted(application.get("check_license", **lookup))
    assert (checked["id"], "license_key" in checked) == (license.id, False)


def test_a_field_that_is_missing_is_named_as_the_product_needs_it(application: Application) -> None:
    for product, code, field in (("viewer", "license_key_required", ""), ("revit", "missing_parameters", "username")):
        answer = application.get("check_license", product=product, hardware_id="hw-1")
        assert refused(answer) == code
        assert field in answer.json()["message"]
