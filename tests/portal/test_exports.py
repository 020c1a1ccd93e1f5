"""Lists as files: the rows of the page, all of them, for spreadsheets and for programs."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.license import License
from chalicelib.portal.exports import LICENSES, OF_LICENSE
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.batch_assign import preview
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.portal_queries.listing import FileQuery
from chalicelib.web import clock
from tests.portal.browser import Browser, at, browser_of
from tests.portal.test_lists import fill
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, issued

ANN, BEN = "ann@customer.test", "ben@customer.test"
FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(now=clock.now())


@pytest.fixture
def license(vendor: Vendor) -> License:
    """Two people, and a device of one of them."""
    license = issued(vendor, "revit", max_activations=9)
    ann = Profile("Ann", FORMULA, "+49 30 1")
    assign_user(vendor.code, license.id, ANN, 2, ADMIN, profile=ann, now=vendor.now)
    _, secret = vendor.assign(license, BEN, 3)
    vendor.activate(BEN, "pc-1", secret, report={"hostname": "Büro", "is_vm": False})
    return license


def rows_of(browser: Browser, path: str, **query: str) -> list[dict[str, str]]:
    """The rows of a CSV file, by their titles."""
    answer = browser.http.get(path, params=query)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def objects_of(browser: Browser, path: str, **query: str) -> list[dict[str, Any]]:
    """The rows of a JSON file."""
    answer = browser.http.get(path, params={"format": "json"} | query)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    found: list[dict[str, Any]] = json.loads(answer.text)
    return found


def test_users_are_taken_away_and_what_looks_like_a_formula_is_none(vendor: Vendor, license: License) -> None:
    browser = browser_of(vendor, MANAGER)
    ann, ben = rows_of(browser, at(license, "/export/users"))
    assert (ann["Email"], ann["First Name"], ann["Last Name"]) == (ANN, "Ann", f"'{FORMULA}")
    assert (ben["Email"], ben["Max activations"], ben["Total activations"]) == (BEN, "3", "1")
    one, two = objects_of(browser, at(license, "/export/users"))
    assert (one["last_name"], two["total_activations"]) == (FORMULA, 1)
    assert two["assigned_at"].endswith("Z")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_file_of_users_can_be_assigned_as_it_is(vendor: Vendor, license: License, language: str) -> None:
    browser = browser_of(vendor, MANAGER)
    file = browser.http.get(at(license, "/export/users"), headers={"Accept-Language": language}).text
    assert ("Vorname" in file) is (language == "de")
    results = preview(vendor.code, license.id, file).results
    assert [result.code for result in results] == ["has_seat", "has_seat"]
    ann = results[0].row
    assert (ann.first_name, ann.last_name, ann.phone_number, ann.max_activations) == ("Ann", FORMULA, "+49 30 1", 2)


def test_devices_and_history_are_taken_away(vendor: Vendor, license: License) -> None:
    browser = browser_of(vendor, MANAGER)
    (device,) = objects_of(browser, at(license, "/export/devices"))
    assert (device["hostname"], device["email"], device["is_vm"], device["state"]) == ("Büro", BEN, False, "active")
    (shown,) = rows_of(browser, at(license, "/export/devices"))
    assert (shown["Virtual machine"], shown["First activated"][:2]) == ("no", "20")
    events = objects_of(browser, at(license, "/export/history"))
    assert {event["type"] for event in events} == {"device_activated", "license_issued", "user_assigned"}


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_table_for_people_has_the_words_of_the_pages_and_a_file_for_programs_those_that_stay(
    vendor: Vendor, license: License, language: str
) -> None:
    change_terms(vendor.code, license.id, {"floating_users": 3, "floating_timeout": 60}, ADMIN, now=vendor.now)
    vendor.check(BEN, "pc-1")
    browser = browser_of(vendor, MANAGER)
    browser.http.headers["Accept-Language"] = language
    files = {
        "/portal/licenses": "/portal/export/licenses",
        at(license, "/devices"): at(license, "/export/devices"),
        at(license, "/history"): at(license, "/export/history"),
    }
    found = set[str]()
    for page, file in files.items():
        words = browser.get(page).words
        for row, table in zip(objects_of(browser, file), rows_of(browser, file), strict=True):
            cells = list(table.values())
            for name in {"license_type", "status", "state", "type"} & row.keys():
                found.add(row[name])
                cell = cells[list(row).index(name)]
                assert cell in words, (name, cell)
                assert cell != row[name] or language == "en"
    of_history = {"slot_taken", "license_changed", "device_activated", "license_issued", "user_assigned"}
    assert found == {"perpetual", "in_use", *of_history}


def test_a_history_is_taken_away_as_it_is_filtered(vendor: Vendor, license: License) -> None:
    browser = browser_of(vendor, MANAGER)
    kinds = {event["type"] for event in objects_of(browser, at(license, "/export/history"), kind="devices")}
    assert kinds == {"device_activated"}
    page = browser.get(at(license, "/history"), kind="devices")
    assert at(license, "/export/history?kind=devices&format=csv") in page.links


def test_a_list_is_taken_away_whole_and_as_it_is_filtered(vendor: Vendor) -> None:
    fill(vendor, MANAGER, 120)
    browser = browser_of(vendor, MANAGER)
    assert len(rows_of(browser, "/portal/export/licenses")) == 120
    assert {row["Product"] for row in rows_of(browser, "/portal/export/licenses")} == {"Viewer"}
    odd = rows_of(browser, "/portal/export/licenses", search="odd")
    assert {row["License id"] for row in odd} == {str(number) for number in range(1, 120, 2)}


def test_a_list_that_is_longer_than_a_file_holds_is_refused_whole(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(vendor, MANAGER, 120)
    monkeypatch.setattr(FileQuery, "size", 119)
    page = browser_of(vendor, MANAGER).get("/portal/export/licenses")
    assert page.status == 400
    assert "The list has more than 119 rows" in page.words
    assert "attachment" not in page.answer.headers.get("Content-Disposition", "")


def test_people_are_taken_away_once_each_with_all_their_licenses(vendor: Vendor, license: License) -> None:
    vendor.assign(issued(vendor), BEN)
    browser = browser_of(vendor, MANAGER)
    query = "/portal/export/people?search=ben&format="
    assert {f"{query}csv", f"{query}json"} <= set(browser.get("/portal/people", search="ben").links)
    (ben,) = rows_of(browser, "/portal/export/people", search="ben")
    used = f"{datetime.fromtimestamp(vendor.now // 1000, UTC):%Y-%m-%d %H:%M:%S}"
    assert ben["Last used"] == used
    assert [row["Last used"] for row in rows_of(browser, at(license, "/export/users"))] == ["", used]
    assert (ben["Email"], ben["Licenses"], ben["Active devices"]) == (BEN, "Revit, Revit", "1")
    assert rows_of(browser, "/portal/export/people", search="nobody") == []
    issued(vendor, "viewer", "other@customer.test")
    assert rows_of(browser_of(vendor, "other@customer.test"), "/portal/export/people") == []


@pytest.mark.parametrize("name", ["licenses", *OF_LICENSE])
def test_each_list_links_to_its_file_with_the_filter_that_is_shown(vendor: Vendor, license: License, name: str) -> None:
    list_path = "/portal/licenses" if name == "licenses" else at(license, f"/{name}")
    query = "?search=e&" if name != "history" else "?"
    file = "/portal/export/licenses" if name == "licenses" else at(license, f"/export/{name}")
    links = browser_of(vendor, MANAGER).get(list_path + query).links
    assert {f"{file}{query}format=csv", f"{file}{query}format=json"} <= set(links)


def test_no_list_of_another_is_taken_away(vendor: Vendor, license: License) -> None:
    issued(vendor, "viewer", "other@customer.test")
    other = browser_of(vendor, "other@customer.test")
    for name in OF_LICENSE:
        assert other.get(at(license, f"/export/{name}")).status == 404
    assert [row["Product"] for row in rows_of(other, "/portal/export/licenses")] == ["Viewer"]
    assert browser_of(vendor, MANAGER).get(at(license, "/export/nothing")).status == 404
    assert Browser().get("/portal/export/licenses").path == "/portal/log-in"


def test_columns_have_names_of_their_own() -> None:
    for export in (LICENSES, *OF_LICENSE.values()):
        assert len({column.name for column in export.columns}) == len(export.columns)
        assert len({column.title for column in export.columns}) == len(export.columns)
