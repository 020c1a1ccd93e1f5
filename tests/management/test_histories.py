"""The histories of licenses: what happened to activations, and all that happened; shown, counted and exported."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.management.histories import TEXTS
from chalicelib.usecases import license_events
from chalicelib.usecases.change_device import reset_device
from chalicelib.usecases.change_license import reset_license
from chalicelib.usecases.deactivate import deactivate
from chalicelib.usecases.delete_license import delete_license
from tests.management.server import VendorsServer, granted, refused
from tests.management.test_devices import activate, rows
from tests.support import ADMIN, HOUR, NOW, Vendor

ADA = "ada@customer.test"


def moved(vendor: Vendor) -> License:
    """A license that goes from one device to another, an hour each, and is reset."""
    license = vendor.issue(max_activations=1)
    for number, hardware_id in enumerate(("old", "new", "newest")):
        vendor.now = NOW + number * HOUR
        activate(vendor, license, hardware_id)
        if hardware_id != "newest":
            deactivate(vendor.code, vendor.lookup(license, hardware_id), ADMIN, now=vendor.now)
    vendor.now = NOW + 3 * HOUR
    reset_device(vendor.code, license.id, "newest", ADMIN, now=vendor.now)
    return license


def test_what_happened_to_activations_is_listed_newest_first(shop: VendorsServer, vendor: Vendor) -> None:
    license = moved(vendor)
    found = rows(shop, f"license-activation-histories?license={license.id}&limit=2")
    assert [row["ts"] for row in found] == sorted((row["ts"] for row in found), reverse=True)
    assert sorted((row["action"], row["hardware_id"], row["transfer"]) for row in found) == [
        ("activation", "new", True),
        ("activation", "newest", True),
        ("activation", "old", False),
        ("deactivation", "new", False),
        ("deactivation", "old", False),
        ("reset", "newest", False),
    ]
    device = next(row["device"] for row in found if row["hardware_id"] == "new")
    assert (device["hardware_id"], device["device_active"], device["license"]) == ("new", False, license.id)
    assert granted(shop.get(f"devices/{device['id']}"))["hardware_id"] == "new"
    (reset,) = rows(shop, f"license-activation-histories?license={license.id}&action=reset&limit=1")
    assert granted(shop.get(f"license-activation-histories/{reset['id']}")) == reset
    assert refused(shop.get(f"license-activation-histories?license={license.id}&action=x"), 400) == "validation_error"


def test_what_is_of_several_devices_names_none(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    activate(vendor, license, "pc")
    reset_license(vendor.code, license.id, ADMIN, now=NOW + 1)
    (row,) = rows(shop, f"license-activation-histories?license={license.id}&action=license_reset")
    assert (row["device"], row["hardware_id"]) == (None, None)


def test_all_that_happened_is_listed_by_its_text_and_its_time(shop: VendorsServer, vendor: Vendor) -> None:
    license, of = moved(vendor), f"license-histories?license={vendor.issue().id}"
    assert [row["text"] for row in rows(shop, of)] == ["License created"]
    of = f"license-histories?license={license.id}"
    assert len(rows(shop, f"{of}&limit=3")) == 7
    assert {row["text"] for row in rows(shop, f"{of}&text=Device reset")} == {"Device reset"}
    assert {row["text"] for row in rows(shop, f"{of}&text__icontains=ACTIVATED")} == {
        "Device activated",
        "Device deactivated",
    }
    for asked, count in (
        ("ts__gte=2026-11-24T07:00Z", 4),
        ("ts__lte=2026-11-24T07:00Z", 5),
        ("ts__gte=2026-11-24T07:00Z&ts__lte=2026-11-24T07:00Z", 2),
        ("ts__date__gte=2026-11-24&ts__date__lte=2026-11-24", 7),
        ("ts__date__gte=2026-11-25", 0),
        ("ts__lte=2026-11-23", 0),
        ("ts__lte=2500-01-01", 7),
        ("ts__gte=2026-11-24T08:00Z&ts__date__gte=2026-11-24", 2),
        ("text=nothing", 0),
    ):
        assert len(rows(shop, f"{of}&{asked}&limit=2")) == count, asked


def test_an_event_is_shown_by_its_id_alone(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue("revit", max_license_users=1)
    user, password = vendor.assign(license, ADA)
    device = vendor.activate(ADA, "pc", password).device
    assert device is not None
    found = {row["text"]: row for row in rows(shop, f"license-histories?license={license.id}")}
    row = found["Device activated"]
    assert granted(shop.get(f"license-histories/{row['id']}")) == row
    assert (row["device"], row["license_user"], row["license"]) == (device.id, user.id, license.id)
    assert (row["source"], row["level"], row["data"]["hardware_id"], row["data"]["user"]) == (
        "admin",
        "info",
        "pc",
        ADA,
    )
    assert found["User assigned"]["device"] is None
    of_user = found["User assigned"]["id"]
    assert refused(shop.get(f"license-activation-histories/{of_user}"), 404) == "event_not_found"
    for id in (
        row["id"][:-1],
        f"1{row['id']}",
        "1-1-A",
        "x",
        f"{row['id'][:-1]}{'A' if row['id'][-1] != 'A' else 'B'}",
    ):
        assert refused(shop.get(f"license-histories/{id}"), 404) == "event_not_found"


def test_transfers_are_counted_ever_and_within_a_time(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = f"license-activation-histories/transfer_count?license={moved(vendor).id}"
    assert granted(shop.get(of)) == {"transfer_count": 2, "part_count": 2, "next": None}
    assert granted(shop.get(f"{of}&ts__gte=2026-11-24T08:00Z")) == {"transfer_count": 1, "part_count": 1, "next": None}
    assert granted(shop.get(f"{of}&ts__date__lte=2026-11-23")) == {"transfer_count": 0, "part_count": 0, "next": None}
    monkeypatch.setattr(license_events, "MAX_COUNTED", 3)
    answer = shop.get(f"{of}&ts__date__gte=2026-11-24")
    assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["ts__gte"])


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_history_is_exported_in_parts(shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    license, found = moved(vendor), list[dict[str, str]]()
    monkeypatch.setattr("chalicelib.management.histories.MAX_ROWS", 3)
    answer, parts = shop.get(f"licenses/export_history?license={license.id}"), 1
    found += table(answer)
    while "Link" in answer.headers:
        answer, parts = shop.get(answer.headers["Link"].removeprefix("<").partition(">")[0]), parts + 1
        found += table(answer)
    assert (len(found), parts) == (7, 3)
    assert list(found[0]) == [
        *("ts", "source", "sdk_version", "level", "text", "data", "license_id", "device_id", "license_user_id")
    ]
    listed = rows(shop, f"license-histories?license={license.id}")
    assert [(row["ts"], row["text"], row["device_id"]) for row in found] == [
        (row["ts"], row["text"], str(row["device"] or "")) for row in listed
    ]


def test_an_export_of_a_time_is_of_a_day_at_most(shop: VendorsServer, vendor: Vendor) -> None:
    license = moved(vendor)
    of = f"license-histories/export?license={license.id}"
    day = f"{of}&ts__gte=2026-11-24T06:30:00.000Z&ts__lte=2026-11-25T06:30:00.000Z"
    assert len(table(shop.get(day))) == 4
    for more in ("", "&ts__gte=2026-11-24", "&ts__lte=2026-11-24", "&ts__gte=2026-11-24&ts__lte=2026-11-25"):
        answer = shop.get(of + more)
        assert (refused(answer, 400), [*answer.json()["errors"]]) == ("validation_error", ["ts__gte"])


def test_histories_of_all_licenses_are_listed_license_by_license(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    licenses = [moved(vendor), vendor.issue(), moved(vendor)]
    vendor.now += 1
    deleted = vendor.issue("revit")
    delete_license(vendor.code, deleted.id, ADMIN, now=vendor.now)
    all_of_them = sorted((one.id for one in (*licenses, deleted)), reverse=True)
    each = [row for id in all_of_them for row in rows(shop, f"license-histories?license={id}")]
    changes = [row for id in all_of_them for row in rows(shop, f"license-activation-histories?license={id}")]
    assert (len(each), len(changes)) == (17, 12)
    for most in (1, license_events.MOST_READS):
        monkeypatch.setattr(license_events, "MOST_READS", most)
        for limit in (1, 3, 100):
            assert rows(shop, f"license-histories?limit={limit}") == each
            assert rows(shop, f"license-activation-histories?limit={limit}") == changes
            within = rows(shop, f"license-activation-histories?limit={limit}&ts__gte=2026-11-24T08:00Z&action=reset")
            assert within == [row for row in changes if row["action"] == "reset"]
    assert granted(shop.get("license-histories"))["count"] == 17
    assert rows(shop, "license-histories?offset=15") == each[15:]
    assert [row["license_id"] for row in table(shop.get("licenses/export_history"))] == [
        str(row["license"]) for row in each
    ]
    day = "license-histories/export?ts__gte=2026-11-24&ts__lte=2026-11-24"
    assert len(table(shop.get(day))) == 17


def test_histories_are_listed_of_some_products(shop: VendorsServer, vendor: Vendor) -> None:
    viewer, revit, gone = vendor.issue(), vendor.issue("revit"), vendor.issue("revit")
    delete_license(vendor.code, gone.id, ADMIN, now=vendor.now)
    ids = {code: product.id for code, product in vendor.products.items()}
    for asked, found in (
        (f"{ids['revit']}", {revit.id, gone.id}),
        (f"{ids['viewer']},5", {viewer.id}),
        (f"{ids['viewer']},{ids['revit']}", {viewer.id, revit.id, gone.id}),
        ("5", set[int]()),
    ):
        for limit in (1, 20):
            listed = rows(shop, f"license-histories?product__in={asked}&limit={limit}")
            assert {row["license"] for row in listed} == found, asked
    of_license = f"license-histories?license={viewer.id}&product__in="
    assert (len(rows(shop, f"{of_license}{ids['viewer']}")), rows(shop, f"{of_license}{ids['revit']}")) == (1, [])


def test_transfers_of_all_licenses_are_counted_in_parts(
    shop: VendorsServer, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    issues: tuple[Callable[[Vendor], object], ...] = (moved, Vendor.issue, moved, Vendor.issue)
    for number, issue in enumerate(issues):
        vendor.now = NOW + number  # licenses of one millisecond are in any order
        issue(vendor)
    of = "license-activation-histories/transfer_count"
    late = "ts__gte=2026-11-24T08:00Z"
    assert granted(shop.get(of)) == {"transfer_count": 4, "part_count": 4, "next": None}
    assert granted(shop.get(f"{of}?{late}")) == {"transfer_count": 2, "part_count": 2, "next": None}
    for asked, count, parts, bounds in (
        ("", 4, {4}, {"MOST_SUMMED": 1}),
        (f"?{late}", 2, {4}, {"MOST_SUMMED": 1, "MOST_READS": 1}),
        (f"?{late}", 2, {2}, {"MAX_COUNTED": 3}),
    ):
        counts, address = list[int](), f"{of}{asked}"
        with monkeypatch.context() as patched:
            for name, most in bounds.items():
                patched.setattr(license_events, name, most)
            while address:
                part = granted(shop.get(address))
                assert part["transfer_count"] is None
                counts.append(part["part_count"])
                address = part["next"]
        assert sum(counts) == count
        assert len(counts) in parts


@pytest.mark.parametrize(
    "path",
    [
        "license-histories?",
        "license-activation-histories?",
        "license-activation-histories/transfer_count?",
        "licenses/export_history?",
        "license-histories/export?ts__gte=2026-11-24&ts__lte=2026-11-24&",
    ],
)
def test_a_history_of_an_unknown_license_is_not_found(shop: VendorsServer, path: str) -> None:
    assert refused(shop.get(f"{path}license=5"), 404) == "license_not_found"


def test_every_type_of_event_has_a_text_of_its_own() -> None:
    assert len(set(TEXTS.values())) == len(TEXTS)
