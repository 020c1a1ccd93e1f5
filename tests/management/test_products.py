"""The resources products, product features and product custom fields."""

from typing import Any

import pytest

from chalicelib.store import histories
from chalicelib.usecases.product_features import create_feature, find_features
from chalicelib.usecases.products import show_product
from tests.management.server import VendorsServer, granted, refused
from tests.store.product_cases import PAGES
from tests.support import ADMIN, Vendor

VIEWER = {"product_name": "Viewer", "short_code": "viewer-2", "authorization_method": "license-key"}
FEATURE: dict[str, Any] = {
    "name": "Pages",
    "code": "pages",
    "feature_type": "consumption",
    "max_consumption": 100,
    "allow_overages": False,
    "max_overages": 0,
    "reset_consumption": True,
    "consumption_period": "monthly",
}
FIELD: dict[str, Any] = {"name": "Region", "data_type": "text", "default_value": "EU", "description": "Sold where."}


def product_id(vendor: Vendor, code: str = "viewer") -> int:
    return vendor.products[code].id


def feature(shop: VendorsServer, vendor: Vendor, **fields: Any) -> dict[str, Any]:
    given = FEATURE | {"product": product_id(vendor)} | fields
    made: dict[str, Any] = granted(shop.post("product-features", given))
    return made


def field(shop: VendorsServer, vendor: Vendor, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = granted(shop.post("product-custom-fields", FIELD | {"product": product_id(vendor)} | fields))
    return made


# --- products ------------------------------------------------------------------------------------------------------


def test_a_product_is_made_and_shown(shop: VendorsServer, vendor: Vendor) -> None:
    terms = {"default_license_type": "subscription", "subscription_duration": "1y", "max_activations": 3}
    terms |= {"maintenance_duration": "2y"}
    made = granted(shop.post("products", VIEWER | terms | {"metadata": {"tier": 2}}), 201)
    assert granted(shop.get(f"products/{made['id']}")) == made
    assert made | VIEWER | terms | {"enable_maintenance_period": True} == made
    assert (made["state"], made["active"], made["is_archived"], made["revision"]) == ("active", True, False, 0)
    assert (made["metadata"], made["features"], made["company_id"]) == (
        {"tier": 2},
        [],
        vendor.products["viewer"].company_id,
    )
    assert show_product(vendor.code, "viewer-2").id == made["id"]
    assert refused(shop.post("products", VIEWER), 409) == "already_exists"


def test_products_are_listed_by_id_filtered_and_in_either_order(shop: VendorsServer, vendor: Vendor) -> None:
    ids = sorted(product.id for product in vendor.products.values())
    for order, expected in (("id", ids), ("-created_at", ids[::-1])):
        page = granted(shop.get(f"products?limit=1&order_by={order}"))
        assert (page["count"], [row["id"] for row in page["results"]]) == (2, expected[:1])
        assert [row["id"] for row in granted(shop.get(page["next"]))["results"]] == expected[1:]
        second = granted(shop.get(f"products?limit=1&offset=1&order_by={order}"))
        assert [row["id"] for row in second["results"]] == expected[1:]
    granted(shop.call("PATCH", f"products/{product_id(vendor, 'revit')}", {"state": "archived"}))
    for query, codes in (
        ("is_archived=true", ["revit"]),
        ("is_archived=false", ["viewer"]),
        ("short_code=revit", ["revit"]),
        ("short_code=revit&is_archived=false", []),
    ):
        found = granted(shop.get(f"products?{query}"))
        assert ([row["short_code"] for row in found["results"]], found["count"]) == (codes, len(codes))
    assert refused(shop.get("products?order_by=name"), 400) == "validation_error"
    assert refused(shop.get("products?is_archived=maybe"), 400) == "validation_error"


def test_a_cursor_of_a_filtered_list_is_good_for_that_alone(shop: VendorsServer) -> None:
    following = granted(shop.get("products?limit=1&is_archived=false"))["next"]
    assert len(granted(shop.get(following))["results"]) == 1
    assert refused(shop.get(following.replace("=False", "=True").replace("=false", "=true")), 400) == "cursor_invalid"
    assert refused(shop.get(f"{following}&order_by=-id"), 400) == "cursor_invalid"


def test_what_is_given_of_a_product_changes_and_history_says_so(shop: VendorsServer, vendor: Vendor) -> None:
    path = f"products/{product_id(vendor)}"
    before = granted(shop.get(path))
    changes: dict[str, Any] = {
        "product_name": "Viewer 2",
        "prevent_vm": True,
        "valid_duration": "30d",
    }
    changed = granted(shop.call("PATCH", path, changes))
    assert changed == before | changes | {"revision": 1, "updated_at": changed["updated_at"]}
    assert granted(shop.get(path)) == changed
    assert granted(shop.call("PATCH", path, changes)) == changed
    assert granted(shop.call("PATCH", path, {"valid_duration": None}))["valid_duration"] is None
    events = [event.detail for event in histories.company_events(vendor.code) if event.type == "product_changed"]
    assert [sorted(detail) for detail in events] == [
        ["product", "valid_duration", "valid_duration_before"],
        [
            *("name", "name_before", "prevent_vm", "prevent_vm_before", "product"),
            *("valid_duration", "valid_duration_before"),
        ],
    ]
    assert (events[1]["name"], events[1]["name_before"]) == ("Viewer 2", "Viewer")


def test_all_that_is_wrong_with_a_product_is_told_by_field(shop: VendorsServer, vendor: Vendor) -> None:
    wrong = {"valid_duration": "soon", "max_activations": -1, "trial_days": 10**6, "metadata": {"x": "y" * 20_000}}
    answer = shop.call("PATCH", f"products/{product_id(vendor)}", wrong)
    assert (refused(answer, 400), sorted(answer.json()["errors"])) == ("validation_error", sorted(wrong))


def test_a_product_is_changed_by_its_revision(shop: VendorsServer, vendor: Vendor) -> None:
    path = f"products/{product_id(vendor)}"
    granted(shop.call("PATCH", path, {"prevent_vm": True}, If_Match='"0"'))
    assert refused(shop.call("PATCH", path, {"prevent_vm": False}, If_Match='"0"'), 412) == "revision_changed"
    assert granted(shop.get(path))["prevent_vm"] is True


def test_no_product_is_in_a_bundle_yet(shop: VendorsServer, vendor: Vendor) -> None:
    for end in ("bundle", "in_bundle"):
        assert granted(shop.get(f"products/{product_id(vendor)}/{end}?is_archived=false")) == []
        assert refused(shop.get(f"products/7/{end}"), 404) == "product_not_found"
    assert refused(shop.get("products/7"), 404) == "product_not_found"


# --- features ------------------------------------------------------------------------------------------------------


def test_a_feature_is_made_listed_and_shown_with_its_product(shop: VendorsServer, vendor: Vendor) -> None:
    made = feature(shop, vendor)
    assert made | FEATURE == made
    assert (made["product"], made["is_deleted"], made["allow_unlimited_consumptions"]) == (
        product_id(vendor),
        False,
        False,
    )
    assert granted(shop.get(f"product-features/{made['id']}")) == made
    other = feature(shop, vendor, product=product_id(vendor, "revit"))
    for query, rows in (("", [made, other]), (f"?product={product_id(vendor)}", [made]), ("?product=7", [])):
        page = granted(shop.get(f"product-features{query}"))
        assert (page["results"], page["count"]) == (sorted(rows, key=lambda row: row["id"]), len(rows))
    row = {name: made[name] for name in ("id", "code", "feature_type", "max_consumption", "metadata")}
    assert granted(shop.get(f"products/{product_id(vendor)}"))["features"] == [row]
    listed = granted(shop.get("products?short_code=viewer"))["results"]
    assert [product["features"] for product in listed] == [[row]]


@pytest.mark.parametrize(
    ("sent", "most", "unlimited"),
    [
        ({"max_consumption": None}, 0, True),
        ({"allow_unlimited_consumptions": True}, 0, True),
        ({"allow_unlimited_consumptions": False}, 100, False),
        ({"max_consumption": 0}, 0, False),
    ],
)
def test_a_feature_may_be_unlimited(shop: VendorsServer, vendor: Vendor, sent: Any, most: int, unlimited: bool) -> None:
    made = feature(shop, vendor, **sent)
    assert (made["max_consumption"], made["allow_unlimited_consumptions"]) == (most, unlimited)


def test_a_feature_that_is_not_used_up_takes_what_clients_send_besides(shop: VendorsServer, vendor: Vendor) -> None:
    nothing = {"max_consumption": 0, "reset_consumption": False, "consumption_period": None, "is_floating": False}
    made = feature(shop, vendor, feature_type="activation", floating_users=0, **nothing)
    assert (made["feature_type"], made["allow_unlimited_consumptions"]) == ("activation", False)


def test_a_feature_that_floats_is_not_offered_yet(shop: VendorsServer, vendor: Vendor) -> None:
    sent = FEATURE | {"product": product_id(vendor), "is_floating_cloud": True, "floating_users": 5}
    answer = shop.post("product-features", sent)
    assert (refused(answer, 400), sorted(answer.json()["errors"])) == (
        "validation_error",
        ["floating_users", "is_floating_cloud"],
    )
    assert find_features(vendor.code, "viewer") == []


def test_a_feature_is_changed_and_deleted(shop: VendorsServer, vendor: Vendor) -> None:
    made = feature(shop, vendor)
    path = f"product-features/{made['id']}"
    changed = granted(shop.call("PATCH", path, {"max_consumption": 50, "metadata": {"unit": "A4"}}, If_Match='"0"'))
    expected = made | {"max_consumption": 50, "metadata": {"unit": "A4"}, "revision": 1}
    assert changed == expected | {"updated_at": changed["updated_at"]}
    assert refused(shop.call("DELETE", path, If_Match='"0"'), 412) == "revision_changed"
    granted(shop.call("DELETE", path), 204)
    gone = granted(shop.get(path))
    assert (gone["is_deleted"], gone["code"]) == (True, "pages")
    assert granted(shop.get("product-features"))["results"] == []
    assert refused(shop.call("DELETE", path), 404) == "feature_not_found"
    assert refused(shop.get("product-features/7"), 404) == "feature_not_found"


def test_what_is_wrong_with_a_feature_is_told_by_field(shop: VendorsServer, vendor: Vendor) -> None:
    path = f"product-features/{feature(shop, vendor)['id']}"
    for sent, fields in (
        ({"consumption_period": None}, ["consumption_period"]),
        ({"feature_type": "activation"}, ["consumption_period", "max_consumption", "reset_consumption"]),
        ({"feature_type": "floating"}, ["feature_type"]),
        ({"code": "", "max_overages": -1}, ["code", "max_overages"]),
    ):
        answer = shop.call("PATCH", path, sent)
        assert (refused(answer, 400), sorted(answer.json()["errors"])) == ("validation_error", fields), sent
    create_feature(vendor.code, "viewer", PAGES | {"code": "dwg"}, ADMIN, now=vendor.now)
    assert refused(shop.call("PATCH", path, {"code": "dwg"}), 409) == "already_exists"
    assert refused(shop.post("product-features", FEATURE | {"product": 7}), 404) == "product_not_found"


# --- custom fields -------------------------------------------------------------------------------------------------


def test_a_custom_field_is_made_listed_and_shown(shop: VendorsServer, vendor: Vendor) -> None:
    made = field(shop, vendor)
    assert made | FIELD == made
    assert (made["product"], made["product_custom_field_enums"]) == (product_id(vendor), [])
    assert granted(shop.get(f"product-custom-fields/{made['id']}/")) == made
    other = field(shop, vendor, product=product_id(vendor, "revit"))
    for query, rows in (("", [made, other]), (f"?product={product_id(vendor)}", [made])):
        assert granted(shop.get(f"product-custom-fields{query}"))["results"] == sorted(rows, key=lambda row: row["id"])


def test_a_custom_field_is_changed_and_deleted(shop: VendorsServer, vendor: Vendor) -> None:
    made = field(shop, vendor)
    path = f"product-custom-fields/{made['id']}"
    changed = granted(shop.call("PATCH", path, {"data_type": "number", "default_value": "5", "description": ""}))
    assert (changed["data_type"], changed["default_value"], changed["description"]) == ("number", "5", None)
    answer = shop.call("PATCH", path, {"default_value": "five"})
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["default_value"])
    granted(shop.call("DELETE", path, If_Match='"1"'), 204)
    assert refused(shop.get(path), 404) == "field_not_found"
