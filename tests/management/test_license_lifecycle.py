"""Management API: licenses that are archived, restored and deleted."""

from functools import partial
from unittest.mock import patch

import httpx
import pytest

from chalicelib.usecases import move_license
from tests.management.server import VendorsServer, granted, refused


def test_a_license_is_archived_found_by_that_and_restored(shop: VendorsServer) -> None:
    license, other = shop.vendor.issue(), shop.vendor.issue()
    path = f"licenses/{license.id}"
    assert granted(shop.post(f"{path}/archive")) == {"message": "License archived."}
    shown = granted(shop.get(path))
    assert (shown["is_archived"], shown["status"], shown["active"]) == (True, "disabled", False)
    for is_archived, ids in (("true", [license.id]), ("false", [other.id])):
        assert [row["id"] for row in granted(shop.get(f"licenses?is_archived={is_archived}"))["results"]] == ids
    assert refused(shop.post(f"{path}/enable"), 409) == "license_archived"
    assert granted(shop.post(f"{path}/restore")) == {"message": "License restored."}
    shown = granted(shop.get(path))
    assert (shown["is_archived"], shown["enabled"]) == (False, True)


def test_a_deleted_license_is_found_by_nothing_but_its_history(shop: VendorsServer) -> None:
    license = shop.vendor.issue(order_id="A-1")
    number = granted(shop.get("orders"))["results"][0]["id"]
    path = f"licenses/{license.id}"
    assert refused(shop.call("DELETE", path, If_Match='"7"'), 412) == "revision_changed"
    assert shop.call("DELETE", path).status_code == 204
    for call in (shop.get(path), shop.call("DELETE", path), shop.post(f"{path}/restore")):
        assert refused(call, 404) == "license_not_found"
    assert granted(shop.get("licenses"))["count"] == 0
    assert granted(shop.get(f"licenses?license_key={license.license_key}"))["results"] == []
    assert granted(shop.get(f"license-histories?license={license.id}"))["results"]
    assert granted(shop.get(f"orders/{number}/managers")) == []


@pytest.mark.parametrize("patched", [False, True])
def test_a_license_moves_to_another_order_alone(shop: VendorsServer, patched: bool) -> None:
    license, other = shop.vendor.issue(), shop.vendor.issue(order_id="B-1", customer="buyer@other.test")
    path = f"licenses/{license.id}"
    body = {"order": other.id}

    def move(body: object, **headers: str) -> httpx.Response:
        return shop.call("PATCH", path, body, **headers) if patched else shop.post(f"{path}/move", body, **headers)

    assert refused(move({"order": 5}), 404) == "order_not_found"
    assert refused(move(body, If_Match='"7"'), 412) == "revision_changed"
    if patched:
        assert refused(move(body | {"note": "Sold"}), 400) == "validation_error"
    moved = granted(move(body, Idempotency_Key="once"))
    assert (moved["order_store_id"], moved["customer"]["email"]) == ("B-1", "buyer@other.test")
    assert granted(move(body, Idempotency_Key="once")) == moved
    shown = granted(shop.get(f"orders/{other.id}"))
    assert {one["id"] for item in shown["order_items"] for one in item["licenses"]} == {license.id, other.id}
    assert granted(shop.get(f"orders/{license.id}"))["order_items"] == []


def test_a_replayed_move_finishes_what_was_cut_short(shop: VendorsServer) -> None:
    vendor = shop.vendor
    license, other = vendor.issue("revit", order_id="A-1"), vendor.issue(order_id="B-1", customer="buyer@other.test")
    vendor.assign(license, "ada@customer.test")
    call = partial(shop.post, f"licenses/{license.id}/move", {"order": other.id}, Idempotency_Key="once")
    with patch.object(move_license, "finish_move"):  # as one who dies does
        granted(call())
    assert len(vendor.differences()) == 1
    granted(call())
    assert vendor.differences() == []
