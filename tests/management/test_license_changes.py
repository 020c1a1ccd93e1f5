"""Licenses by the Management API: terms, features, what is enabled and reset, one or many."""

import json
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import from_iso, to_iso
from chalicelib.management.errors import CODES
from chalicelib.management.license_changes import MAX_DETAILS, row_error
from chalicelib.store.idempotency import MAX_ANSWER_BYTES
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.bulk import MAX_ROWS
from chalicelib.usecases.change_license import set_enabled
from chalicelib.web.errors import ERRORS
from tests.management.calls import Made
from tests.management.server import VendorsServer, granted, refused
from tests.support import ADMIN, NOW, Vendor


def change(shop: VendorsServer, id: int, **changes: Any) -> Any:
    return granted(shop.call("PATCH", f"licenses/{id}", changes))


@pytest.mark.parametrize(
    ("sent", "field", "value"),
    [
        ({"max_activations": 9}, "max_activations", 9),
        ({"max_activations": None}, "allow_unlimited_activations", True),
        ({"max_activations": 3, "allow_unlimited_activations": True}, "allow_unlimited_activations", True),
        ({"allow_unlimited_activation": 1}, "allow_unlimited_activations", True),
        ({"max_license_users": 7}, "max_license_users", 7),
        ({"max_license_users": 0}, "max_license_users", 0),
        ({"max_transfers": -1}, "max_transfers", -1),
        ({"free_resets": 1}, "free_resets", True),
        ({"prevent_vm": False}, "prevent_vm", False),
        ({"prevent_vm": 1}, "prevent_vm", True),
        ({"is_trial": True}, "is_trial", True),
        ({"renewal_basis": "now"}, "renewal_basis", "now"),
        ({"renewal_basis": None}, "renewal_basis", "later"),
        ({"overage": "always"}, "overage", "always"),
        ({"validity_period": "2028-02-01"}, "validity_period", "2028-02-01T23:59:59.999Z"),
        ({"validity_period": "2028-02-01T10:00:00Z"}, "validity_period", "2028-02-01T10:00:00.000Z"),
        ({"valid_duration": "6m"}, "valid_duration", "6m"),
        ({"trial_days": 14}, "valid_duration", "14d"),
        ({"start_date": "2026-12-01"}, "start_date", "2026-12-01T00:00:00.000Z"),
        ({"grace_period": 48}, "grace_period", 48),
        ({"grace_period": None}, "grace_period", 0),
        ({"free_resets": None, "prevent_vm": None, "is_trial": None}, "revision", 0),
        ({"grace_period": 48, "allow_grace_period": False}, "grace_period", 0),
        ({"maintenance_period": "2027-01-31"}, "maintenance_period", "2027-01-31T23:59:59.999Z"),
        ({"maintenance_duration": "1y"}, "maintenance_period", to_iso(NOW).replace("2026", "2027")),
        ({"enable_maintenance_period": 0}, "enable_maintenance_period", False),
        ({"name": "Office"}, "name", "Office"),
        ({"note": "by phone"}, "note", "by phone"),
        ({"metadata": {"a": [1]}}, "metadata", {"a": [1]}),
    ],
)
def test_a_term_is_changed_as_it_is_sent(
    shop: VendorsServer, vendor: Vendor, sent: dict[str, Any], field: str, value: object
) -> None:
    license = vendor.issue("revit", license_type="time-limited", validity_period=from_iso("2027-06-01"))
    assert change(shop, license.id, **sent)[field] == value


def test_what_is_not_given_stays_and_null_takes_a_date_away(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue(license_type="time-limited", valid_duration="1y", start_date=NOW)
    body = change(shop, license.id, start_date=None, note="n")
    assert (body["start_date"], body["valid_duration"], body["max_activations"]) == (None, "1y", 5)
    assert change(shop, license.id)["revision"] == body["revision"] == 1


def test_a_date_alone_is_a_day_of_the_companys(shop: VendorsServer, vendor: Vendor) -> None:
    set_branding(vendor.code, None, None, ADMIN, zone="Europe/Zurich", now=NOW)
    license = vendor.issue(license_type="time-limited", valid_duration="1y")
    assert change(shop, license.id, validity_period="2027-01-31")["validity_period"] == "2027-01-31T22:59:59.999Z"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"validity_period": "2028-01-01"}, "validity_period"),
        ({"max_activations": -1}, "max_activations"),
        ({"max_activations": "many"}, "max_activations"),
        ({"max_license_users": 3}, "max_license_users"),
        ({"metadata": []}, "metadata"),
        ({"is_trial": 2}, "is_trial"),
        ({"times_activated": 0}, "times_activated"),
        ({"license_type": "subscription"}, "license_type"),
    ],
)
def test_what_is_wrong_is_named_by_its_field_and_nothing_is_changed(
    shop: VendorsServer, vendor: Vendor, sent: dict[str, Any], field: str
) -> None:
    license = vendor.issue()
    answer = shop.call("PATCH", f"licenses/{license.id}", {"note": "x"} | sent)
    assert refused(answer, 400) == "validation_error"
    assert [*answer.json()["errors"]] == [field]
    assert vendor.stored(license).revision == 0


def test_a_strict_limit_below_what_is_in_use_is_a_conflict(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    for name in "ab":
        vendor.activate(license, name)
    answer = shop.call("PATCH", f"licenses/{license.id}", {"max_activations": 1, "strict": True})
    assert refused(answer, 409) == "limit_below_use"
    assert answer.json()["errors"] == {"max_activations": ["In use: 2, which is more than 1."]}
    assert change(shop, license.id, max_activations=1)["times_activated"] == 2


def test_an_edit_holds_against_edits_and_not_against_activations(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    path, body = f"licenses/{license.id}", {"max_activations": 7}
    assert granted(shop.call("PATCH", path, body, If_Match='"0"'))["revision"] == 1
    assert refused(shop.call("PATCH", path, {"note": "late"}, If_Match='"0"'), 412) == "revision_changed"
    features: Any = {"product_features": []}
    assert refused(shop.post(f"{path}/update_features", features, If_Match='"0"'), 412) == "revision_changed"


def test_a_count_is_set_once_for_its_key_and_held_against_edits(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue(license_type="consumption", max_consumptions=10)
    path, more = f"licenses/{license.id}", {"Idempotency_Key": "anew", "If_Match": '"0"'}
    assert granted(shop.call("PATCH", path, {"total_consumptions": 4}, **more))["total_consumptions"] == 4
    assert change(shop, license.id, total_consumptions=9)["total_consumptions"] == 9
    assert granted(shop.call("PATCH", path, {"total_consumptions": 4}, **more))["total_consumptions"] == 4
    assert change(shop, license.id, max_consumptions=20)["total_consumptions"] == 9
    late = shop.call("PATCH", path, {"total_consumptions": 0}, If_Match='"0"')
    assert refused(late, 412) == "revision_changed"


def test_a_license_has_the_features_of_the_list_and_no_others(shop: VendorsServer) -> None:
    ids = Made.by(shop).ids
    path, code = f"licenses/{ids['license_id']}/update_features", ids["feature"]
    more = {"expiry_date": "2028-12-31", "metadata": {"a": 1}, "total_consumptions": 0}
    (feature,) = granted(shop.post(path, {"product_features": [{"product_feature": code, **more}]}))["product_features"]
    assert feature["product_feature"]["code"] == code
    assert (feature["expiry_date"], feature["metadata"]) == ("2028-12-31T23:59:59.999Z", {"a": 1})
    unknown = shop.post(path, {"product_features": [{"product_feature": "nothing"}]})
    assert refused(unknown, 400) == "unsupported_product_feature"
    assert granted(shop.post(path, {"product_features": []}))["product_features"] == []


def test_a_license_is_disabled_enabled_and_reset(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    said = [granted(shop.post(f"licenses/{license.id}/{verb}"))["message"] for verb in ("disable", "enable", "reset")]
    assert said == ["License disabled.", "License enabled.", "License and all devices reset."]
    stored = vendor.stored(license)
    assert (stored.enabled, stored.times_activated) == (True, 0)
    kinds = [(event.type, event.actor.is_server) for event in vendor.history(license)[-3:]]
    assert {*kinds} == {("license_disabled", True), ("license_enabled", True), ("license_reset", True)}


def test_of_many_each_is_changed_by_itself_and_has_its_result(shop: VendorsServer, vendor: Vendor) -> None:
    licenses = [vendor.issue() for _ in range(3)]
    other = Vendor(now=NOW).issue()
    rows: list[Any] = [{"id": one.id, "max_activations": 10 + n} for n, one in enumerate(licenses)]
    rows.insert(1, {"id": other.id, "max_activations": 1})
    rows.insert(2, {"id": licenses[0].id, "valid_duration": "1y"})
    done = granted(shop.call("PATCH", "licenses/bulk_update", rows))
    assert [(row["id"], row["error"] and row["error"]["code"]) for row in done] == [
        (licenses[0].id, None),
        (other.id, "license_not_found"),
        (licenses[0].id, "validation_error"),
        (licenses[1].id, None),
        (licenses[2].id, None),
    ]
    assert [vendor.stored(one).max_activations for one in licenses] == [10, 11, 12]


def test_of_rows_of_the_same_license_the_last_one_stands(shop: VendorsServer, vendor: Vendor) -> None:
    license, other = vendor.issue(), vendor.issue()
    rows = [{"id": one.id, "max_activations": n} for n in range(20, 4, -1) for one in (license, other)]
    granted(shop.call("PATCH", "licenses/bulk_update", rows))
    assert [vendor.stored(one).max_activations for one in (license, other)] == [5, 5]


@pytest.mark.parametrize("call", ["disable_bulk", "reset_bulk"])
def test_many_are_named_bare_or_in_an_object(shop: VendorsServer, vendor: Vendor, call: str) -> None:
    ids = [vendor.issue().id for _ in range(2)]
    for body in (ids, {"license_ids": ids}):
        assert [row["status"] for row in granted(shop.post(f"licenses/{call}", body))] == ["done", "done"]


def test_more_than_a_thousand_are_refused_before_any_is_touched(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    answer = shop.post("licenses/disable_bulk", [license.id] * 1001)
    assert refused(answer, 400) == "validation_error"
    assert vendor.stored(license).enabled


def test_a_call_for_many_under_a_key_is_answered_as_before(shop: VendorsServer, vendor: Vendor) -> None:
    license = vendor.issue()
    first = shop.post("licenses/disable_bulk", [license.id], Idempotency_Key="night-run")
    set_enabled(vendor.code, license.id, True, ADMIN, now=NOW + 1)
    again = shop.post("licenses/disable_bulk", [license.id], Idempotency_Key="night-run")
    assert (first.content, again.headers["Idempotency-Replayed"]) == (again.content, "true")
    assert vendor.stored(license).enabled


def test_a_thousand_that_are_refused_are_answered_as_before_too(shop: VendorsServer) -> None:
    rows = [{"id": n + 1, "valid_duration": "30d"} for n in range(1000)]
    first, again = (shop.call("PATCH", "licenses/bulk_update", rows, Idempotency_Key="night-run") for _ in range(2))
    assert {row["error"]["code"] for row in granted(first)} == {"license_not_found"}
    assert (len(granted(first)), again.content, again.headers["Idempotency-Replayed"]) == (1000, first.content, "true")


WRONG = {"max_activations": -1, "max_license_users": -1, "max_transfers": -5, "grace_period": -1}


def test_a_refused_row_says_all_that_is_wrong_with_it(shop: VendorsServer, vendor: Vendor) -> None:
    row = {"id": vendor.issue().id, **WRONG}
    alone = shop.call("PATCH", f"licenses/{row['id']}", WRONG)
    assert (refused(alone, 400), alone.json()["errors"].keys()) == ("validation_error", WRONG.keys())
    (of_many,) = granted(shop.call("PATCH", "licenses/bulk_update", [row]))
    assert of_many["error"] == {"code": "validation_error", "detail": alone.json()["detail"]}


def test_of_a_thousand_refused_rows_each_has_whole_sentences(shop: VendorsServer, vendor: Vendor) -> None:
    rows = [{"id": vendor.issue().id, **WRONG}] * 1000
    whole = granted(shop.call("PATCH", "licenses/bulk_update", rows[:1]))[0]["error"]["detail"]
    first, again = (shop.call("PATCH", "licenses/bulk_update", rows, Idempotency_Key="night-run") for _ in range(2))
    (detail,) = {row["error"]["detail"] for row in granted(first)}
    assert detail.endswith(".")
    assert whole.startswith(f"{detail} ")
    assert (again.content, again.headers["Idempotency-Replayed"]) == (first.content, "true")


def test_where_no_sentence_has_room_it_is_that_of_the_code() -> None:
    unknown = Invalid("field_unknown", field="custom_fields", name="\N{SNOWMAN}" * 100)
    share = MAX_DETAILS // MAX_ROWS
    assert row_error(unknown, share) == {"code": "validation_error", "detail": "A field has a wrong type or value."}
    assert row_error(unknown)["detail"].count("\N{SNOWMAN}") == 100
    longest = {"code": max(CODES, key=len), "detail": "x" * share}
    assert MAX_ROWS * len(json.dumps({"id": 2**53, "status": "refused", "error": longest})) < MAX_ANSWER_BYTES
    assert all(len(ERRORS[code][1]) <= share for code in CODES)
