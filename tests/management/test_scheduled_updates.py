"""The resource scheduled updates: each call, through the use cases that the admin commands use."""

from typing import Any

from chalicelib.domain.instants import from_iso, to_iso
from chalicelib.domain.metadata import MAX_LEVELS
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.scheduled_updates import find_update
from chalicelib.usecases.sweep import sweep
from tests.management.server import VendorsServer, granted, new_key, refused
from tests.support import ADMIN, DAY, NOW, Vendor

AT = "2051-03-01T10:30:00.000Z"


def given(license_id: int, at: str = AT, **changes: Any) -> dict[str, Any]:
    item = {"action": "license-update", "update_data": changes}
    return {"license": license_id, "scheduled_at": at, "scheduled_update_data": [item]}


def make(shop: VendorsServer, license_id: int, at: str = AT, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = granted(shop.post("scheduled-updates", given(license_id, at, **changes)), 201)
    return made


def data(update: dict[str, Any]) -> dict[str, Any]:
    """What it changes, as it is answered."""
    (item,) = update["scheduled_update_data"]
    found: dict[str, Any] = item["update_data"]
    return found


def test_an_update_is_answered_as_it_was_scheduled(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    more = {"name": "Renewal", "note": "By phone"}
    made = granted(shop.post("scheduled-updates", given(license.id, max_activations=9, strict=True) | more), 201)
    shown = {name: made[name] for name in ("license", "scheduled_at", "status", "revision", *more)}
    assert shown == {"license": license.id, "scheduled_at": AT, "status": "pending", "revision": 0} | more
    assert [made[name] for name in ("applied_at", "cancelled_at", "failed_at", "error_code")] == [None] * 4
    assert data(made) == {"max_activations": 9, "strict": True}
    assert granted(shop.get(f"scheduled-updates/{made['id']}")) == made
    assert granted(shop.get("scheduled-updates"))["results"] == [made]


def test_a_date_is_the_first_instant_of_a_day_of_the_companys_and_an_end_its_last(
    shop: VendorsServer, vendor: Vendor
) -> None:
    set_branding(vendor.code, None, None, ADMIN, zone="Europe/Berlin", now=NOW)
    license = vendor.issue(license_type="time-limited", validity_period=NOW + 9000 * DAY)
    made = make(shop, license.id, "2051-01-01", validity_period="2051-12-31", maintenance_duration="1y")
    assert made["scheduled_at"] == "2050-12-31T23:00:00.000Z"
    assert data(made)["validity_period"] == "2051-12-31T22:59:59.999Z"
    assert data(made)["maintenance_period"].startswith(str(int(to_iso(license.created_at)[:4]) + 1))


def test_what_was_answered_as_its_change_can_be_sent_to_the_license(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", validity_period=NOW + 9000 * DAY)
    changes: dict[str, Any] = {"max_activations": None, "max_transfers": -1, "note": "Paid", "metadata": {"crm": 7}}
    made = make(shop, license.id, validity_period="2052-12-31", maintenance_period=None, **changes)
    granted(shop.call("PATCH", f"licenses/{license.id}", data(made)))
    granted(shop.post(f"scheduled-updates/{made['id']}/apply"))
    sold, extras = find_sold(vendor.code, license.id)
    assert sold.revision == 1, "the update changed nothing more"
    assert (sold.max_activations, extras.note, extras.metadata) == (None, "Paid", {"crm": 7})


def test_a_sweep_makes_it_and_it_says_so(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    done, failed = make(shop, license.id, max_activations=9), make(shop, license.id, max_activations=0, strict=True)
    vendor.activate(license, "pc")
    sweep(now=from_iso(AT))
    done, failed = (granted(shop.get(f"scheduled-updates/{one['id']}")) for one in (done, failed))
    assert (done["status"], done["applied_at"], done["revision"]) == ("applied", AT, 1)
    assert (failed["status"], failed["failed_at"], failed["error_code"]) == ("failed", AT, "limit_below_use")
    assert failed["scheduled_update_data"][0]["error_message"] == "In use: 1, which is more than 0."
    assert granted(shop.get(f"licenses/{license.id}"))["max_activations"] == 9
    assert granted(shop.get("scheduled-updates?status=applied"))["results"] == [done]


def test_one_that_is_pending_is_changed(shop: VendorsServer, vendor: Vendor) -> None:
    made = make(shop, vendor.issue().id, max_activations=9, strict=True)
    path = f"scheduled-updates/{made['id']}"
    body = granted(shop.call("PATCH", path, {"scheduled_at": "2052-01-01", "note": "By phone", "name": None}))
    said = {"scheduled_at": "2052-01-01T00:00:00.000Z", "note": "By phone", "revision": 1}
    assert body == made | said == granted(shop.get(path))
    items = given(0, max_activations=None)["scheduled_update_data"]
    body = granted(shop.call("PATCH", path, {"scheduled_update_data": items}, If_Match='"1"'))
    assert (data(body), body["revision"]) == ({"max_activations": None, "strict": True}, 2)
    assert granted(shop.call("PATCH", path, {"scheduled_update_data": items}))["revision"] == 2
    more = given(0, max_transfers=3, strict=False)["scheduled_update_data"]
    body = granted(shop.call("PATCH", path, {"scheduled_update_data": more}))
    assert data(body) == {"max_activations": None, "max_transfers": 3}, "what is not given stays as it was scheduled"
    assert refused(shop.call("PATCH", path, {"note": ""}, If_Match='"1"'), 412) == "revision_changed"
    wrong = given(0, max_activations=-1)["scheduled_update_data"]
    answer = shop.call("PATCH", path, {"scheduled_update_data": wrong})
    assert (refused(answer, 400), [*answer.json()["errors"]]) == (
        "validation_error",
        ["scheduled_update_data.0.update_data.max_activations"],
    )
    assert [*shop.call("PATCH", path, {"scheduled_at": "2020-01-01"}).json()["errors"]] == ["scheduled_at"]
    granted(shop.post(f"{path}/apply"))
    assert refused(shop.call("PATCH", path, {"note": ""}), 409) == "scheduled_update_over"


def test_it_is_canceled_or_deleted(shop: VendorsServer, vendor: Vendor) -> None:
    made = make(shop, vendor.issue().id, max_activations=9)
    path = f"scheduled-updates/{made['id']}"
    canceled = granted(shop.post(f"{path}/cancel"))
    assert (canceled["status"], canceled["cancelled_at"] is None) == ("cancelled", False)
    assert granted(shop.post(f"{path}/cancel")) == canceled
    assert refused(shop.post(f"{path}/apply"), 409) == "scheduled_update_over"
    assert refused(shop.call("DELETE", path, None, If_Match='"0"'), 412) == "revision_changed"
    granted(shop.call("DELETE", path, None, If_Match='"1"'), 204)
    assert refused(shop.get(path), 404) == "scheduled_update_not_found"


def test_lists_are_of_a_license_and_of_a_status_page_by_page(shop: VendorsServer, vendor: Vendor) -> None:
    license, other = vendor.issue(), vendor.issue()
    made = [make(shop, one.id, max_activations=n)["id"] for n, one in enumerate((license, other, license, license))]
    granted(shop.post(f"scheduled-updates/{made[2]}/cancel"))
    for query, ids in (
        ("", made),
        (f"license={license.id}", [made[0], *made[2:]]),
        (f"license={license.id}&status=pending", [made[0], made[3]]),
        ("status=cancelled", [made[2]]),
        ("license=1", []),
    ):
        found, url = list[int](), f"scheduled-updates?limit=1&{query}"
        while url:
            page = granted(shop.get(url))
            found += [row["id"] for row in page["results"]]
            url = page["next"] or ""
        assert sorted(found) == sorted(ids), query
    assert granted(shop.get("scheduled-updates"))["count"] == 4


def test_what_is_wrong_is_told_at_its_field(shop: VendorsServer, vendor: Vendor) -> None:
    license_id = vendor.issue().id
    good = given(license_id, max_activations=9)
    for wrong, where in (
        (good | {"scheduled_at": "2020-01-01"}, "scheduled_at"),
        (good | {"scheduled_update_data": []}, "scheduled_update_data"),
        (good | {"name": "x" * 256}, "name"),
        (given(license_id, max_activations=-1), "scheduled_update_data.0.update_data.max_activations"),
        (given(license_id), "scheduled_update_data.0.update_data"),
    ):
        answer = shop.post("scheduled-updates", wrong)
        assert (refused(answer, 400) != "", list(answer.json()["errors"])) == (True, [where]), wrong
    reset = good | {"scheduled_update_data": [{"action": "license-reset", "update_data": {}}]}
    assert refused(shop.post("scheduled-updates", reset), 400) == "validation_error"
    moved = given(license_id, order=7)
    assert refused(shop.post("scheduled-updates", moved), 400) == "validation_error"
    assert refused(shop.post("scheduled-updates", given(1, max_activations=9)), 404) == "license_not_found"
    assert granted(shop.get("scheduled-updates"))["results"] == []


def test_a_key_for_some_products_reaches_those_of_their_licenses(shop: VendorsServer, vendor: Vendor) -> None:
    own, foreign = vendor.issue(), vendor.issue("revit")
    mine, other = make(shop, own.id, max_activations=9), make(shop, foreign.id, max_activations=9)
    limited = VendorsServer(new_key(vendor, products=frozenset({"viewer"})), shop.http)
    assert granted(limited.get(f"scheduled-updates?license={own.id}"))["results"] == [mine]
    assert refused(limited.get("scheduled-updates"), 403) == "management_key_product_not_allowed"
    assert refused(limited.post("scheduled-updates", given(foreign.id, max_activations=1)), 404) == "license_not_found"
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("POST", "/apply")):
        path = f"scheduled-updates/{other['id']}{rest}"
        assert refused(limited.call(method, path), 404) == "scheduled_update_not_found"
    assert find_update(vendor.code, other["id"]).is_pending


def test_metadata_as_deep_as_may_be_is_listed_everywhere(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    metadata: dict[str, Any] = {"a": 1}
    for _ in range(MAX_LEVELS - 1):
        metadata = {"a": metadata}
    made = make(shop, license.id, metadata=metadata)
    assert granted(shop.get("scheduled-updates"))["results"] == [made]
    granted(shop.post(f"scheduled-updates/{made['id']}/apply"))
    assert [one["metadata"] for one in granted(shop.get("licenses"))["results"]] == [metadata]
    deeper = given(license.id, metadata={"a": metadata})
    assert refused(shop.post("scheduled-updates", deeper), 400) == "validation_error"
