"""Files that a key imports which is limited to products: no row comes to anything of other products."""

import json
from typing import Any

import pytest

from chalicelib.domain.errors import AlreadyExists, Forbidden, NotFound
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.order_managers import find_order
from chalicelib.web.messages import message
from tests.management.server import VendorsServer, granted, refused
from tests.management.test_reach import limited
from tests.support import Vendor

UNKNOWN = {"code": "unknown_product", "field": "product", "detail": message(NotFound("unknown_product"))}
ORDER_OF_OTHERS = AlreadyExists("already_exists", of="order_of_others")
CUSTOMER_OF_ALL = Forbidden("management_key_product_not_allowed", of="customer")
COLUMNS = (
    "license__license_key,product__short_code,license__max_activations,order__store_id,customer__email,customer__city\n"
)
RESULTS = "licenses-import-results"


@pytest.fixture
def viewer(shop: VendorsServer, vendor: Vendor) -> VendorsServer:
    """A server whose key is for one product of two."""
    vendor.product("cad", "license-key")
    return limited(shop, "viewer")


def imported(server: VendorsServer, rows: str, columns: str = COLUMNS) -> Any:
    """What came of a file of licenses."""
    job = granted(server.post("licenses/import_from_csv", {"csv_file": columns + rows}))
    return granted(server.get(f"{RESULTS}/{job['job_id']}"))["result"]


def refusals(result: Any) -> list[tuple[int, str, str | None]]:
    return [(row["row"], row["code"], row["field"]) for row in result["invalid_rows"]]


def test_a_row_of_another_product_is_refused_as_one_of_a_product_that_there_is_not(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    """And nothing is counted that would tell of an email or an order whether it is known."""
    result = imported(viewer, "k/1,viewer,3,,,\nk/2,cad,3,,,\nk/3,none,3,,,\n")
    assert result["invalid_rows"] == [{"row": 2, **UNKNOWN}, {"row": 3, **UNKNOWN}]
    assert result["created_licenses_count"] == 1
    counts = {"created_customers_count", "existed_customers_count", "created_orders_count", "existed_orders_count"}
    assert counts & result.keys() == set()
    assert counts <= imported(shop, "k/1,viewer,3,,,\n").keys()
    assert [row["license_key"] for row in granted(shop.get("licenses"))["results"]] == ["k/1"]
    assert imported(viewer, "k/1,viewer,4,,,\n")["existed_licenses_count"] == 1
    assert vendor.differences() == []


def test_a_row_changes_no_license_of_another_product(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    imported(shop, "k/1,cad,3,,ada@customer.test,\n")
    (there,) = granted(shop.get("licenses"))["results"]
    for rows in ("k/1,viewer,9,,,\n", "k/1,viewer,9,,ada@customer.test,\n", "k/1,viewer,9,,ben@customer.test,\n"):
        assert refusals(imported(viewer, rows)) == [(1, "already_exists", "product")]
    assert refusals(imported(viewer, "k/1,cad,9,,,\n")) == [(1, "unknown_product", "product")]
    assert granted(shop.get("licenses"))["results"] == [there]


def test_a_row_joins_no_order_with_another_product_and_changes_no_record_of_a_customer(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    imported(shop, "k/1,viewer,1,MIXED,ada@customer.test,Ulm\nk/2,cad,1,MIXED,ada@customer.test,\n")
    own = imported(viewer, "k/3,viewer,1,OWN,ada@customer.test,\nk/4,viewer,1,OWN,ada@customer.test,\n")
    assert (own["created_licenses_count"], refusals(own)) == (2, [])
    rows = "k/5,viewer,1,MIXED,ada@customer.test,\nk/6,viewer,1,,ada@customer.test,Bonn\n"
    rows += "k/7,viewer,1,,ben@customer.test,Bonn\n"
    not_its = "management_key_product_not_allowed"
    result = imported(viewer, rows)
    assert refusals(result) == [
        (1, "already_exists", "order_id"),
        (2, not_its, "customer"),
        (3, not_its, "customer"),
    ]
    taken, refused, _ = (row["detail"] for row in result["invalid_rows"])
    assert (taken, refused) == (message(ORDER_OF_OTHERS), message(CUSTOMER_OF_ALL))
    customer = find_customer_by_email(vendor.code, "ada@customer.test")
    assert customer is not None
    assert customer.city == "Ulm"
    assert find_customer_by_email(vendor.code, "ben@customer.test") is None
    assert imported(viewer, "k/1,viewer,8,MIXED,ada@customer.test,\n")["existed_licenses_count"] == 1
    assert {row["license_key"]: row["max_activations"] for row in granted(viewer.get("licenses"))["results"]} == {
        "k/1": 8,
        "k/3": 1,
        "k/4": 1,
    }


def test_a_manager_is_added_by_a_row_to_no_order_with_another_product(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    imported(shop, "k/1,viewer,1,MIXED,,\nk/2,cad,1,MIXED,,\nk/3,viewer,1,OWN,,\n")
    users = [{"email": "eve@customer.test", "is_manager": True}]
    rows = [{"license_key": key, "product": "viewer", "license_users": users} for key in ("k/1", "k/3")]
    result = imported(viewer, json.dumps(rows), "")
    assert refusals(result) == [(1, "already_exists", "order_id")]
    assert [len(find_order(vendor.code, name).managers) for name in ("MIXED", "OWN")] == [0, 1]


def test_what_came_of_a_file_is_shown_to_keys_for_all_products_of_who_sent_it(
    shop: VendorsServer, viewer: VendorsServer
) -> None:
    both, cad = limited(shop, "viewer", "cad"), limited(shop, "cad")
    jobs = {
        name: granted(server.post("licenses/import_from_csv", {"csv_file": f"{COLUMNS}{name},viewer,1,,,\n"}))["job_id"]
        for name, server in (("shop", shop), ("viewer", viewer), ("both", both))
    }
    for server, seen in ((shop, "shop viewer both"), (viewer, "viewer"), (both, "viewer both"), (cad, "")):
        page, ids = granted(server.get(RESULTS)), [jobs[name] for name in seen.split()]
        assert ([row["id"] for row in page["results"]], page["count"]) == (ids, len(ids))
        for id in jobs.values():
            answer = server.get(f"{RESULTS}/{id}")
            assert granted(answer)["id"] == id if id in ids else refused(answer, 404) == "import_result_not_found"


def test_features_are_given_to_licenses_of_its_products_alone(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    for product in ("viewer", "cad"):
        given = {"name": "Export", "code": "export", "feature_type": "activation"}
        granted(shop.post("product-features", given | {"product": vendor.products[product].id}))
    own, other = vendor.issue(), vendor.issue("cad")
    rows = "".join(f"{key},export\n" for key in (own.license_key, other.license_key, "none"))
    job = granted(viewer.post("licenses/import_features_from_csv", {"csv_file": f"license_key,code\n{rows}"}))
    result = granted(viewer.get(f"license-features-import-results/{job['job_id']}"))["result"]
    assert refusals(result) == [(row, "license_not_found", "license_key") for row in (2, 3)]
    assert [len(find_sold(vendor.code, license.id)[1].features) for license in (own, other)] == [1, 0]


def test_nor_does_it_say_anything_of_an_order_with_another_product(
    shop: VendorsServer, viewer: VendorsServer, vendor: Vendor
) -> None:
    rows = ("k/1,viewer,1,MIXED,ada@customer.test,\n", "k/2,cad,1,MIXED,ada@customer.test,\n")
    imported(shop, "".join(rows))
    columns = f"{COLUMNS.strip()},order__reference\n"
    assert refusals(imported(viewer, f"{rows[0].strip()},PO-1\n", columns)) == [(1, "already_exists", "order_id")]
    assert find_order(vendor.code, "MIXED").reference == ""
    assert refusals(imported(shop, f"{rows[0].strip()},PO-1\n", columns)) == []
    assert find_order(vendor.code, "MIXED").reference == "PO-1"
