"""Customers, orders and what was sold in one as CSV: each row once, in answers of a bounded size."""

import csv
import io
from typing import Any

import pytest

from chalicelib.domain.spreadsheet import as_meant
from chalicelib.management import exports, models
from chalicelib.usecases.customers import create_customer
from tests.management.server import VendorsServer, granted, refused
from tests.support import ADMIN, DAY, Vendor
from tests.whole_vendor import BOB, FORMULA, fill

NOBODY = "nobody@customer.test"


def rows(shop: VendorsServer, address: str) -> list[list[dict[str, str]]]:
    """The rows of each answer, as far as its link leads."""
    answers = []
    while address:
        answer = shop.get(address)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        answers.append(list(csv.DictReader(io.StringIO(answer.text))))
        address = answer.links.get("next", {}).get("url", "").partition("/api/v1/")[2]
    return answers


def test_customers_are_exported_as_they_are_listed(shop: VendorsServer, vendor: Vendor) -> None:
    fill(vendor)
    listed = granted(shop.get("customers"))["results"]
    (exported,) = rows(shop, "customers/export/")
    assert [int(row["id"]) for row in exported] == [row["id"] for row in listed]
    assert list(exported[0]) == list(listed[0])
    (found,) = rows(shop, "customers/export?company_name__icontains=hyperlink")
    assert [as_meant(row["company_name"]) for row in found] == [FORMULA]
    assert found[0]["company_name"].startswith("'=")
    assert refused(shop.get("customers/export?limit=5"), 400) == "validation_error"


def test_an_answer_holds_so_many_rows_and_the_link_leads_on(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "MAX_EXPORTED", 3)
    monkeypatch.setattr(exports, "MAX_EXPORTED", 5)
    ids = [create_customer(vendor.code, f"{n}@c.test", {}, ADMIN, now=vendor.now + n).id for n in range(8)]
    assert [[int(row["id"]) for row in rows] for rows in rows(shop, "customers/export")] == [
        ids[:3],
        ids[3:6],
        ids[6:],
    ]
    monkeypatch.setattr(models, "MAX_CHARACTERS", 1)
    monkeypatch.setattr(models, "MAX_EXPORTED", 1000)
    assert [[int(row["id"]) for row in rows] for rows in rows(shop, "customers/export")] == [[id] for id in ids]


def test_a_link_is_good_for_its_filter_alone(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "MAX_EXPORTED", 1)
    for number in range(3):
        create_customer(vendor.code, f"{number}@c.test", {}, ADMIN, now=vendor.now + number)
    cursor = shop.get("customers/export").links["next"]["url"].partition("cursor=")[2]
    assert refused(shop.get(f"customers/export?email__icontains=c&cursor={cursor}"), 400) == "cursor_invalid"
    assert refused(shop.get(f"orders/export?range=1d&cursor={cursor}"), 400) == "cursor_invalid"


def test_orders_of_a_time_are_exported(shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    now = vendor.now
    for number, age in enumerate((400, 40, 20, 0)):
        vendor.now = now - age * DAY
        vendor.issue(order_id=f"A-{number}", manager=BOB)
    vendor.now = now
    (found,) = rows(shop, "orders/export/?from=2026-10-01&to=2026-11-20")
    assert [(row["store_id"], row["created_at"][:10]) for row in found] == [
        ("A-1", "2026-10-15"),
        ("A-2", "2026-11-04"),
    ]
    assert found[0]["manager_emails"] == f'["{BOB}"]'
    assert [
        row["store_id"] for row in rows(shop, "orders/export?from=2026-11-04T06:00:00Z&to=2026-11-04T06:00:00Z")[0]
    ] == ["A-2"]
    monkeypatch.setattr(exports, "MAX_LOOKED_AT", 2)
    parts = rows(shop, "orders/export?from=2026-11-01&to=2026-12-01")
    assert [[row["store_id"] for row in part] for part in parts] == [[], ["A-2", "A-3"]]


def test_orders_up_to_now_are_exported(shop: VendorsServer, vendor: Vendor, change_runtime: Any) -> None:
    now = vendor.now
    for number, age in enumerate((40, 20, 0)):
        vendor.now = now - age * DAY
        vendor.issue(order_id=f"A-{number}")
    change_runtime(clock=lambda: now)
    assert [row["store_id"] for row in rows(shop, "orders/export?range=30d")[0]] == ["A-1", "A-2"]
    assert [row["store_id"] for row in rows(shop, "orders/export?range=2m")[0]] == ["A-0", "A-1", "A-2"]


@pytest.mark.parametrize(
    "query", ["", "?from=2026-10-01", "?to=2026-10-01", "?range=1d&from=2026-10-01&to=2026-10-02", "?range=soon"]
)
def test_orders_are_not_exported_without_a_time(shop: VendorsServer, query: str) -> None:
    assert refused(shop.get(f"orders/export{query}"), 400) == "validation_error"


def test_what_was_sold_in_an_order_is_exported(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    licenses = []
    for _ in range(5):
        vendor.now += 1
        licenses.append(vendor.issue(order_id="A-1"))
    vendor.issue(order_id="A-2")
    monkeypatch.setattr(models, "MAX_EXPORTED", 3)
    parts = rows(shop, f"orders/{licenses[0].id}/export/")
    assert [[row["license_key"] for row in part] for part in parts] == [
        [license.license_key for license in licenses[:3]],
        [license.license_key for license in licenses[3:]],
    ]
    listed = granted(shop.get("licenses"))["results"][0]
    assert parts[0][0].keys() - listed.keys() == {"allow_unlimited_license_users"}
    assert refused(shop.get("orders/1/export"), 404) == "order_not_found"
