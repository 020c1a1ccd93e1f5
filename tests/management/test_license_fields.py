"""What licenses say in custom fields, by the Management API; and a feature that is granted beside others."""

from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.usecases import license_fields
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.license_extras import set_fields
from chalicelib.usecases.product_features import change_feature, create_feature
from chalicelib.usecases.product_fields import create_field, delete_field
from tests.management.server import VendorsServer, granted, refused
from tests.support import ADMIN, NOW, Vendor
from tests.usecases.support import before_write


def define(vendor: Vendor, name: str, kind: str = "text", product: str = "viewer") -> int:
    return create_field(vendor.code, product, {"name": name, "data_type": kind}, ADMIN, now=vendor.now).id


def say(shop: VendorsServer, license: License, field: int, value: str = "Ulm") -> Any:
    body = {"license": license.id, "product_custom_field": field, "value": value}
    return granted(shop.post("license-custom-fields", body), 201)


def walked(shop: VendorsServer, query: str) -> list[list[str]]:
    """The values of each page."""
    pages, address = [], f"license-custom-fields?{query}"
    while address:
        page = granted(shop.get(address))
        pages.append([row["value"] for row in page["results"]])
        address = page["next"]
    return pages


def test_a_value_is_made_listed_shown_changed_and_deleted(shop: VendorsServer, vendor: Vendor) -> None:
    license, field = vendor.issue(), define(vendor, "Campus")
    made = say(shop, license, field)
    assert (made["license"], made["product_custom_field"], made["name"]) == (license.id, field, "Campus")
    assert (made["value"], made["data_type"], made["revision"]) == ("Ulm", "text", 1)
    path = f"license-custom-fields/{made['id']}"
    assert granted(shop.get(path)) == made
    assert granted(shop.get("license-custom-fields"))["results"] == [made]
    (shown,) = granted(shop.get(f"licenses/{license.id}"))["product_custom_fields"]
    assert shown["id"] == made["id"], "one object has one id"
    changed = granted(shop.call("PATCH", path, {"value": "Jena"}, If_Match='"1"'))
    assert changed == made | {"value": "Jena", "revision": 2}
    assert refused(shop.call("DELETE", path, If_Match='"1"'), 412) == "revision_changed"
    granted(shop.call("DELETE", path), 204)
    for method in ("GET", "DELETE"):
        assert refused(shop.call(method, path), 404) == "field_not_found"
    assert refused(shop.call("PATCH", path, {"value": "Bonn"}), 404) == "field_not_found"
    said = [event.detail["custom_fields"] for event in vendor.history(license) if "custom_fields" in event.detail]
    assert said == ["Campus: Ulm", "Campus: Jena", ""]


@pytest.mark.parametrize("id", ["7", "0-0", "7-7", "x-7", "7-" + "9" * 17])
def test_an_id_that_names_nothing_is_not_found(shop: VendorsServer, id: str) -> None:
    assert shop.get(f"license-custom-fields/{id}").status_code == 404


def test_a_license_says_one_thing_in_a_field_of_its_product(shop: VendorsServer, vendor: Vendor) -> None:
    license, field, number = vendor.issue(), define(vendor, "Campus"), define(vendor, "Seats", "number")
    elsewhere = define(vendor, "Campus", product="revit")
    say(shop, license, field)

    def why(of: int, value: str, status: int) -> tuple[str, list[str]]:
        body = {"license": license.id, "product_custom_field": of, "value": value}
        answer = shop.post("license-custom-fields", body)
        return refused(answer, status), [*answer.json()["errors"]]

    assert why(field, "Bonn", 409) == ("already_exists", ["product_custom_field"])
    assert why(elsewhere, "Bonn", 400) == ("validation_error", ["product_custom_field"])
    assert why(7, "Bonn", 400) == ("validation_error", ["product_custom_field"])
    assert why(number, "many", 400) == ("validation_error", ["value"])
    assert why(number, "", 400) == ("missing_parameters", ["value"])
    gone = {"license": 7, "product_custom_field": field, "value": "Bonn"}
    assert refused(shop.post("license-custom-fields", gone), 404) == "license_not_found"
    assert [one.value for one in find_sold(vendor.code, license.id)[1].custom_fields] == ["Ulm"]


def test_of_two_who_say_something_at_once_one_does(shop: VendorsServer, vendor: Vendor) -> None:
    license, field = vendor.issue(), define(vendor, "Campus")

    def rival() -> None:
        set_fields(vendor.code, license.id, {"Campus": "Jena"}, ADMIN, now=NOW)

    body = {"license": license.id, "product_custom_field": field, "value": "Ulm"}
    with before_write(3, rival) as done:  # behind the two that note the key and count the call
        assert refused(shop.post("license-custom-fields", body), 409) == "already_exists"
    assert done()
    assert [one.value for one in find_sold(vendor.code, license.id)[1].custom_fields] == ["Jena"]


def test_what_a_license_says_stays_its_own_where_the_product_defines_the_field_no_more(
    shop: VendorsServer, vendor: Vendor
) -> None:
    license, field = vendor.issue(), define(vendor, "Seats", "number")
    path = f"license-custom-fields/{say(shop, license, field, '3')['id']}"
    delete_field(vendor.code, field, ADMIN, now=NOW)
    assert granted(shop.call("PATCH", path, {"value": "5"}))["value"] == "5"
    answer = shop.call("PATCH", path, {"value": "many"})
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["value"])


def test_values_are_walked_page_by_page_and_each_comes_once(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = [define(vendor, name) for name in ("A", "B", "C")]
    licenses = []
    for n in range(4):
        vendor.now += 1
        licenses.append(vendor.issue())
        for field in fields if n != 1 else []:
            say(shop, licenses[-1], field, f"{n}{'ABC'[fields.index(field)]}")
    in_order = [f"{n}{'ABC'[k]}" for n in (0, 2, 3) for k in sorted(range(3), key=fields.__getitem__)]
    behind = granted(shop.get("license-custom-fields?offset=4"))["results"]
    assert [row["value"] for row in behind] == in_order[4:]
    for bound in (800, 1):
        monkeypatch.setattr(license_fields, "MOST", bound)
        for limit in (1, 2, 3, 20):
            pages = walked(shop, f"limit={limit}")
            assert [value for page in pages for value in page] == in_order
            assert max(map(len, pages)) <= limit
    assert walked(shop, f"license={licenses[2].id}") == [in_order[3:6]]
    assert granted(shop.get(f"license-custom-fields?license={licenses[2].id}"))["count"] == 3
    assert refused(shop.get("license-custom-fields?license=7"), 404) == "license_not_found"


# --- features one by one -------------------------------------------------------------------------------------------


def test_a_feature_is_granted_beside_those_that_the_license_has(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    made = [
        create_feature(vendor.code, "viewer", {"code": code, "name": code, "feature_type": kind}, ADMIN, now=NOW)
        for code, kind in (("export", "activation"), ("pages", "consumption"))
    ]
    for feature in made:
        body = {"license": license.id, "product_feature": feature.id, "expiry_date": "2030-01-31"}
        granted_one = granted(shop.post("license-product-features", body), 201)
        assert (granted_one["license"], granted_one["product_feature"]["id"]) == (license.id, feature.id)
        assert granted_one["expiry_date"] == "2030-01-31T23:59:59.999Z"
    assert [one.code for one in find_sold(vendor.code, license.id)[1].features] == ["export", "pages"]
    assert refused(shop.post("license-product-features", body), 409) == "already_exists"
    answer = shop.post("license-product-features", body | {"product_feature": 7})
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["product_feature"])
    assert refused(shop.post("license-product-features", body | {"license": 7}), 404) == "license_not_found"
    change_feature(vendor.code, made[0].id, {"code": "dxf"}, ADMIN, now=NOW)
    again = granted(shop.post("license-product-features", body | {"product_feature": made[0].id}), 201)
    assert again["product_feature"]["code"] == "dxf", "the license is asked for the other code since"
