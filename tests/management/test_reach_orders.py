"""Orders, as a key that is limited to products reaches them: those all of whose licenses are of these."""

import csv
import io
from itertools import chain
from typing import Any

import pytest

from chalicelib.management import exports
from chalicelib.usecases import order_products
from chalicelib.usecases.move_license import move_license
from tests.management.server import VendorsServer, granted, refused
from tests.management.test_reach import limited
from tests.support import ADMIN, Vendor
from tests.usecases.support import before_call

ORDERS = {"A": ["viewer"], "B": ["viewer", "revit"], "C": ["revit"], "D": ["viewer", "viewer"], "E": ["cad", "viewer"]}


@pytest.fixture
def sold(shop: VendorsServer, vendor: Vendor) -> dict[str, Any]:
    """Orders by their names, as they were made."""
    vendor.product("cad", "license-key")
    return {name: sell(shop, name, *products) for name, products in ORDERS.items()}


def sell(shop: VendorsServer, name: str, *products: str, append: bool = False) -> Any:
    items = [{"product_code": product, "licenses": [{}]} for product in products]
    customer = {"email": f"{name.lower()}@customer.test"}
    given = {"id": name, "customer": customer, "items": items, "append": append}
    return granted(shop.post("orders/create_order", given), 201)


def listed(server: VendorsServer, query: str = "") -> list[list[str]]:
    """The names of orders, page by page."""
    pages, address = [], f"orders{query}"
    while address:
        page = granted(server.get(address))
        pages.append([row["store_id"] for row in page["results"]])
        address = page["next"]
    return pages


def test_orders_are_listed_that_are_of_its_products_alone(
    shop: VendorsServer, sold: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, both, cad = limited(shop, "viewer"), limited(shop, "viewer", "cad"), limited(shop, "cad")
    assert (listed(viewer), listed(both), listed(cad)) == ([["A", "D"]], [["A", "D", "E"]], [[]])
    assert listed(viewer, "?order_by=-store_id") == [["D", "A"]]
    assert listed(both, "?limit=2") == [["A", "D"], ["E"]]
    assert [granted(both.get(f"orders?{asked}"))["count"] for asked in ("", "limit=2", "offset=1")] == [3, None, 3]
    assert listed(viewer, "?offset=1")[0] == ["D"]
    monkeypatch.setattr(order_products, "CHUNK", 1)
    monkeypatch.setattr(order_products, "MOST", 2)
    assert list(chain(*listed(both))) == list(chain(*listed(both, "?offset=0&limit=1"))) == ["A", "D", "E"]
    assert list(chain(*listed(both, "?order_by=-store_id"))) == ["E", "D", "A"]
    assert list(chain(*listed(both, "?offset=2"))) == ["E"]


def test_an_order_with_a_license_of_another_product_is_answered_as_one_that_there_is_not(
    shop: VendorsServer, sold: dict[str, Any]
) -> None:
    viewer, denied = limited(shop, "viewer"), {"denied": ["set_passwords"]}
    missing = sold["A"]["id"] - 1
    for name in ("B", "C", "E"):
        for method, path, body in (
            ("GET", "orders/{}", None),
            ("GET", "orders/{}/export", None),
            ("PATCH", "orders/{}", denied),
        ):
            for id in (sold[name]["id"], missing):
                answer = viewer.call(method, path.format(id), body)
                assert (refused(answer, 404), answer.json()["detail"]) == (
                    "order_not_found",
                    f"There is no order {id}.",
                )
    shown = granted(viewer.get(f"orders/{sold['D']['id']}"))
    assert [item["product_code"] for item in shown["order_items"]] == ["viewer"]
    assert granted(viewer.call("PATCH", f"orders/{sold['D']['id']}", denied))["denied"] == ["set_passwords"]


def test_an_order_is_of_what_is_in_it_now(shop: VendorsServer, sold: dict[str, Any]) -> None:
    viewer, mixed = limited(shop, "viewer"), sold["B"]
    revit = mixed["order_items"][1]["licenses"][0]["id"]
    granted(shop.post(f"licenses/{revit}/move", {"order": sold["C"]["id"]}))
    assert granted(viewer.get(f"orders/{mixed['id']}"))["store_id"] == "B"
    sell(shop, "A", "revit", append=True)
    assert refused(viewer.get(f"orders/{sold['A']['id']}"), 404) == "order_not_found"
    assert listed(viewer) == [["B", "D"]]


@pytest.mark.parametrize("how", ["moved", "sold"])
@pytest.mark.parametrize("call", range(1, 9))
@pytest.mark.parametrize("path", ["orders/{}", "orders/{}/export"])
def test_no_license_of_another_product_is_shown_that_comes_into_an_order_while_it_is_read(
    shop: VendorsServer, vendor: Vendor, sold: dict[str, Any], path: str, call: int, how: str
) -> None:
    viewer, order, other = limited(shop, "viewer"), sold["D"], sold["C"]
    revit = other["order_items"][0]["licenses"][0]["id"]
    granted(viewer.call("GET", f"orders/{order['id']}"))

    def come() -> None:
        if how == "moved":
            move_license(vendor.code, revit, order["id"], ADMIN, now=vendor.now)
        else:
            vendor.issue("revit", order_id="D", customer="d@customer.test")

    with before_call(call, come):
        answer = viewer.get(path.format(order["id"]))
    assert "revit" not in answer.text
    assert answer.status_code == 200 or refused(answer, 404) == "order_not_found"


@pytest.mark.parametrize("how", ["moved", "deleted"])
def test_an_order_without_licenses_is_of_what_it_began_with(
    shop: VendorsServer, sold: dict[str, Any], how: str
) -> None:
    for name, product, other in (("A", "viewer", "D"), ("C", "revit", "B")):
        id = sold[name]["id"]
        if how == "moved":
            granted(shop.post(f"licenses/{id}/move", {"order": sold[other]["id"]}))
        else:
            granted(shop.call("DELETE", f"licenses/{id}"), 204)
        assert granted(limited(shop, product).get(f"orders/{id}"))["order_items"] == []
        assert refused(limited(shop, "cad").get(f"orders/{id}"), 404) == "order_not_found"
    assert listed(limited(shop, "cad")) == [[]]


def test_orders_are_exported_that_are_of_its_products_alone(
    shop: VendorsServer, sold: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = limited(shop, "viewer")
    for most in (exports.MAX_READ_EACH, 1):
        monkeypatch.setattr(exports, "MAX_READ_EACH", most)
        rows, address = list[dict[str, str]](), "orders/export?range=24h"
        while address:
            answer = viewer.get(address)
            rows += csv.DictReader(io.StringIO(answer.text))
            address = answer.links.get("next", {}).get("url", "")
        assert [row["store_id"] for row in rows] == ["A", "D"]
    answer = viewer.get(f"orders/{sold['D']['id']}/export")
    assert [row["id"] for row in csv.DictReader(io.StringIO(answer.text))] == [
        str(license["id"]) for item in sold["D"]["order_items"] for license in item["licenses"]
    ]


def test_a_manager_is_added_by_no_such_key(shop: VendorsServer, sold: dict[str, Any]) -> None:
    """It would be told the names and the number of whoever has the email."""
    viewer, order = limited(shop, "viewer"), f"orders/{sold['A']['id']}"
    given: list[tuple[str, str, Any]] = [
        ("GET", f"{order}/managers", None),
        ("POST", f"{order}/add_manager", {"email": "ada@customer.test"}),
        ("POST", f"{order}/add_managers", [{"email": "ada@customer.test"}]),
        ("POST", f"{order}/remove_manager", {"license_user_id": 1}),
    ]
    for method, path, body in given:
        assert refused(viewer.call(method, path, body), 403) == "management_key_product_not_allowed"
