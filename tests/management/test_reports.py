"""Reports by the Management API: sums in parts, which come to what there is."""

from collections import Counter
from typing import Any

import pytest

from chalicelib.domain.days import day_of
from chalicelib.domain.refusals import Refusal
from chalicelib.store.refusals import observe_refusal
from chalicelib.usecases import reports
from chalicelib.web import clock
from tests.management.server import VendorsServer, granted, refused
from tests.support import DAY, HOUR, Vendor


def parts(shop: VendorsServer, path: str) -> list[list[Any]]:
    """The rows of each part."""
    found, address = [], path
    while address:
        page = granted(shop.get(address))
        assert page["count"] is None
        found.append(page["results"])
        address = page["next"]
    return found


def test_licenses_come_to_the_same_in_one_part_and_in_many(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        vendor.now += 1
        end = clock.now() + (20 + 10 * n) * DAY
        license = vendor.issue(license_type="time-limited", validity_period=end)
        if n < 2:
            vendor.activate(license, "pc")
    vendor.issue("revit")
    ((revit, viewer),) = parts(shop, "reports/licenses")
    assert (revit["product_code"], revit["licenses"], revit["never_used"]) == ("revit", 1, 1)
    assert (viewer["licenses"], viewer["by_status"]) == (5, {"active": 2, "inactive": 3})
    assert (viewer["never_used"], viewer["ending_soon"], viewer["active_devices"]) == (3, 2, 2)
    (rows,) = parts(shop, "reports/licenses?ending_days=41")
    assert rows[1]["ending_soon"] == 3
    monkeypatch.setattr(reports, "MOST_SUMMED", 2)
    few = parts(shop, "reports/licenses")
    assert len(few) > 2
    assert sum(row["licenses"] for rows in few for row in rows) == 6
    for wrong in ("0", "91", "x"):
        assert refused(shop.get(f"reports/licenses?ending_days={wrong}"), 400) == "validation_error"


def test_refusals_are_summed_up_by_day_product_and_code(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    license, now = vendor.issue(), clock.now()
    for n, at in enumerate((now - 2 * DAY, now - 2 * HOUR, now)):
        one: Any = {"call": "activate_license", "code": "license_expired", "product": "viewer"}
        for _ in range(n + 1):
            observe_refusal(vendor.code, Refusal(**one, at=at, license_id=license.id))
    (rows,) = parts(shop, "reports/refusals")
    assert sum(row["times"] for row in rows) == 6
    assert (rows[-1]["times"], rows[-1]["code"], rows[-1]["product_code"]) == (1, "license_expired", "viewer")
    monkeypatch.setattr(reports, "MOST_SUMMED", 1)
    sums: Counter[str] = Counter()
    for part in parts(shop, "reports/refusals"):
        for row in part:
            sums[row["day"]] += row["times"]
    assert sums == Counter({row["day"]: row["times"] for row in rows})
    assert sum(row["times"] for part in parts(shop, "reports/refusals?days=2") for row in part) == 5


def test_activations_are_summed_up_by_day_and_product_in_one_part_and_in_many(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.now = clock.now()
    for product in ("viewer", "viewer", "revit"):
        license = vendor.issue(product, max_license_users=5 if product == "revit" else None)
        if product == "viewer":
            vendor.activate(license, "pc")
            vendor.activate(license, "tablet")
            vendor.deactivate(license, "pc")
    today = day_of(clock.now(), "UTC").isoformat()
    wanted = Counter({(today, "viewer", "activated"): 4, (today, "viewer", "freed"): 2})
    monkeypatch.setattr(reports, "_AT_ONCE", 1)
    for most, events, count in ((100, 10_000, 1), (1, 10_000, 4), (100, 4, 2)):
        monkeypatch.setattr(reports, "MOST_HISTORIES", most)
        monkeypatch.setattr(reports, "MOST_EVENTS", events)
        found = parts(shop, "reports/activations?days=2")
        assert len(found) == count
        sums: Counter[tuple[str, ...]] = Counter()
        for row in (row for rows in found for row in rows):
            sums[row["day"], row["product_code"], row["what"]] += row["times"]
        assert sums == wanted
    assert refused(shop.get("reports/activations?days=91"), 400) == "validation_error"


def test_of_the_licenses_with_the_most_devices_each_part_names_the_first(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_devices = {}
    for count in (2, 0, 3, 1):
        vendor.now += 1
        license = vendor.issue()
        with_devices[license.id] = count
        for n in range(count):
            vendor.activate(license, f"pc {n}")
    wanted = sorted(((n, id_) for id_, n in with_devices.items() if n), reverse=True)
    (rows,) = parts(shop, "reports/most-devices")
    assert [(row["active_devices"], row["id"]) for row in rows] == wanted
    (first,) = parts(shop, "reports/most-devices?limit=2")
    assert [(row["active_devices"], row["id"]) for row in first] == wanted[:2]
    monkeypatch.setattr(reports, "MOST_SUMMED", 2)
    found = parts(shop, "reports/most-devices?limit=1")
    assert [[row["active_devices"] for row in rows] for rows in found] == [[2], [3], []]
