"""Reports by the Management API: sums in parts, which come to what there is."""

from collections import Counter
from typing import Any

import pytest

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
