"""track_device_variables and get_device_variables, product_details, and what anybody may ask."""

from typing import Any

import httpx
import pytest

from chalicelib.usecases.change_license import set_enabled
from chalicelib.usecases.product_fields import create_field
from chalicelib.usecases.products import change_product
from chalicelib.version import VERSION, commit
from tests.licenseapi.objects import granted, plain_text, product_object, refused, verify
from tests.store.product_cases import REGION
from tests.support import ADMIN, Application, Vendor


@pytest.fixture
def lookup(application: Application, vendor: Vendor) -> dict[str, Any]:
    """IDENT of a device that is active on a license of its own."""
    license = vendor.issue()
    given = {"product": "viewer", "license_key": license.license_key, "hardware_id": "hw-1"}
    granted(application.post("activate_license", **given))
    return given


def test_variables_are_set_by_name_and_others_stay(application: Application, lookup: dict[str, Any]) -> None:
    application.post("track_device_variables", **lookup, variables={"a": "1", "b": "2"})
    rows = granted(application.post("track_device_variables", **lookup, variables={"b": "3", "ä": "4"}))
    assert [(row["variable"], row["value"]) for row in rows] == [("b", "3"), ("ä", "4")]
    assert set(rows[0]) == {"variable", "value", "device_id", "created_at"}
    found = granted(application.get("get_device_variables", **lookup))
    assert [(row["id"], row["variable"], row["value"]) for row in found] == [
        (1, "a", "1"),
        (2, "b", "3"),
        (3, "ä", "4"),
    ]
    assert set(found[0]) == {"id", "variable", "value", "device_id", "created_at"}


def test_variables_need_a_device_that_is_active(application: Application, lookup: dict[str, Any]) -> None:
    stranger = lookup | {"hardware_id": "hw-2"}
    answer = application.post("track_device_variables", **stranger, variables={"a": "1"})
    assert refused(answer) == "device_not_found"
    assert refused(application.get("get_device_variables", **stranger)) == "device_not_found"
    assert refused(application.post("track_device_variables", **lookup)) == "missing_parameters"


def test_the_last_words_of_a_device_are_kept(application: Application, lookup: dict[str, Any]) -> None:
    for value in ("first", "a repeat says nothing new"):
        assert (
            plain_text(application.post("deactivate_license", **lookup, variables={"bye": value}))
            == "license_deactivated"
        )
    granted(application.post("activate_license", **lookup))
    assert [row["value"] for row in granted(application.get("get_device_variables", **lookup))] == ["first"]


def test_the_hundred_and_first_variable_is_refused_and_the_others_stay(
    application: Application, lookup: dict[str, Any]
) -> None:
    application.post("track_device_variables", **lookup, variables={f"v{n}": "x" for n in range(100)})
    answer = application.post("track_device_variables", **lookup, variables={"one more": "x"})
    assert refused(answer) == "validation_error"
    assert len(granted(application.get("get_device_variables", **lookup))) == 100


def test_an_activation_whose_variables_cannot_be_kept_takes_no_place(application: Application, vendor: Vendor) -> None:
    license = vendor.issue()
    lookup = {"product": "viewer", "license_key": license.license_key, "hardware_id": "new"}
    too_much = {f"n{n}": "x" * 512 for n in range(90)}
    assert refused(application.post("activate_license", **lookup, variables=too_much)) == "validation_error"
    assert vendor.stored(license).times_activated == 0
    body = granted(application.post("activate_license", **lookup, variables={"a": "1"}))
    assert [(row["variable"], row["value"]) for row in body["variables"]] == [("a", "1")]


def test_variables_of_an_activation_are_kept_on_the_license_that_has_granted_it(
    application: Application, vendor: Vendor
) -> None:
    older = vendor.issue("revit", max_license_users=1)
    _, password = vendor.assign(older, "ada@customer.test")
    vendor.now += 1000
    newer = vendor.issue("revit", max_license_users=1)
    vendor.assign(newer, "ada@customer.test")
    lookup = {"product": "revit", "username": "ada@customer.test", "password": password, "hardware_id": "pc"}
    assert granted(application.post("activate_license", **lookup))["id"] == newer.id
    set_enabled(vendor.code, newer.id, False, ADMIN, now=vendor.now)
    body = granted(application.post("activate_license", **lookup, variables={"a": "1"}))
    assert (body["id"], [row["variable"] for row in body["variables"]]) == (older.id, ["a"])
    assert vendor.stored(older).times_activated == 1


def test_product_details_answers_the_product(application: Application, vendor: Vendor) -> None:
    body = granted(application.get("product_details", product="revit", include_latest_version="true"))
    assert body == product_object(vendor, "revit") | {
        "company": {"id": vendor.products["revit"].company_id},
        "latest_version": None,
        "custom_fields": [],
    }
    assert refused(application.get("product_details", product="none")) == "unknown_product"


def test_product_details_answers_custom_fields_where_they_are_asked_for(
    application: Application, vendor: Vendor
) -> None:
    create_field(vendor.code, "viewer", REGION, ADMIN, now=vendor.now)
    for asked, fields in (("true", [{"name": "Region", "data_type": "text", "value": "EU"}]), ("false", [])):
        body = granted(application.get("product_details", product="viewer", include_custom_fields=asked))
        assert body["custom_fields"] == fields


def test_what_a_product_says_of_itself_is_in_its_details_and_in_those_of_its_licenses(
    application: Application, vendor: Vendor
) -> None:
    said = {"metadata": {"line": "cad", "size": 2}, "allow_trial": True, "trial_days": 14}
    change_product(vendor.code, "viewer", said, ADMIN, now=vendor.now)
    details = granted(application.get("product_details", product="viewer"))
    license = vendor.issue()
    sent = {"product": "viewer", "license_key": license.license_key, "hardware_id": "pc"}
    of_license = granted(application.post("activate_license", **sent))["product_details"]
    for body in (details, of_license):
        assert body | said == body


def test_anybody_may_ask_whether_the_server_is_there(http: httpx.Client) -> None:
    for path in ("/", "/api/v4", "/api/v4/"):
        about = granted(http.get(path))
        assert about == {"name": "Seatkeeper", "api": "v4", "version": VERSION, "commit": about["commit"]}
        assert about["commit"].removesuffix("-dirty") == commit().removesuffix("-dirty")


def test_anybody_may_have_the_public_key(http: httpx.Client) -> None:
    for path in ("/api/v4/public_key", "/api/v4/public_key/"):
        assert plain_text(http.get(path)).startswith("-----BEGIN PUBLIC KEY-----")


def test_a_text_is_signed_too(application: Application, lookup: dict[str, Any]) -> None:
    answer = application.post("deactivate_license", **lookup)
    verify(b"license_deactivated", answer.headers["LicenseSignature"])
