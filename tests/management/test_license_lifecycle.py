"""Management API: licenses that are archived, restored and deleted."""

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
