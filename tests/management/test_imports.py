"""Management API: files of licenses, features and customers, and what came of them."""

import csv
import io
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid, NotFound, Unavailable
from chalicelib.domain.import_results import MAX_ROWS
from chalicelib.management import imports
from chalicelib.usecases import import_files
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.find_customer import find_customer_by_email
from chalicelib.usecases.license_list import LicenseFilter, list_licenses
from chalicelib.web import clock
from chalicelib.web.messages import message
from tests.management.server import VendorsServer, granted

LICENSES = "license__license_key,product__short_code,license__max_activations\n"


def result_of(server: VendorsServer, list: str, job: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = granted(server.get(f"{list}/{job['job_id']}"))
    return shown


def test_a_file_of_licenses_is_imported_once_and_what_is_refused_is_named(shop: VendorsServer) -> None:
    file = {"csv_file": f"{LICENSES}old/1,viewer,3\nold/2,none,3\nold/3,viewer,x\n", "file_name": "old.csv"}
    job = granted(shop.post("licenses/import_from_csv", file))
    shown = result_of(shop, "licenses-import-results", job)
    assert (shown["file_name"], shown["status"]) == ("old.csv", "error")
    assert shown["result"] == {
        "total_row_count": 3,
        "valid_row_count": 1,
        "invalid_rows": [
            {"row": 2, "code": "unknown_product", "field": "product", "detail": message(NotFound("unknown_product"))},
            {
                "row": 3,
                "code": "count_malformed",
                "field": "max_activations",
                "detail": message(Invalid("count_malformed")),
            },
        ],
        "done_row_count": 3,
        "created_licenses_count": 1,
        "existed_licenses_count": 0,
        "created_customers_count": 0,
        "existed_customers_count": 0,
        "created_orders_count": 0,
        "existed_orders_count": 0,
        "unknown_columns": [],
    }
    shop.vendor.now += 1000
    again = granted(shop.post("licenses/import_from_csv", {"csv_file": f"{LICENSES}old/1,viewer,3\n"}))
    shown = result_of(shop, "licenses-import-results", again)
    assert (shown["status"], shown["result"]["existed_licenses_count"]) == ("success", 1)
    found = granted(shop.get("licenses?license_key=old/1"))["results"]
    assert [license["max_activations"] for license in found] == [3]
    listed = granted(shop.get("licenses-import-results"))["results"]
    assert [one["id"] for one in listed] == [job["job_id"], again["job_id"]]
    for asked, ids in (
        ("status__iexact=ERROR", [job["job_id"]]),
        ("status_iexact=success", [again["job_id"]]),
        ("status__iexact=pending", []),
        ("status__iexact=error&status_iexact=success", []),
    ):
        listed = granted(shop.get(f"licenses-import-results?{asked}"))["results"]
        assert [one["id"] for one in listed] == ids, asked


def test_what_a_call_has_no_time_for_goes_on_by_itself(shop: VendorsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CALL_SECONDS", 0)
    monkeypatch.setattr(import_files, "ROWS_AT_ONCE", 2)
    file = LICENSES + "".join(f"old/{n},{product},3\n" for n, product in enumerate(["viewer", "none"] * 3))
    job = granted(shop.post("licenses/import_from_csv", {"csv_file": file}))
    shown = result_of(shop, "licenses-import-results", job)
    assert (shown["status"], shown["finished_at"]) == ("running", None)
    assert [shown["result"][f"{rows}_row_count"] for rows in ("total", "done", "valid")] == [6, 2, 1]
    listed = granted(shop.get("licenses-import-results?status__iexact=running"))["results"]
    assert [one["id"] for one in listed] == [job["job_id"]]
    import_files.continue_imports(clock.now, lambda: True)
    shown = result_of(shop, "licenses-import-results", job)
    assert (shown["status"], shown["finished_at"] is not None) == ("error", True)
    assert [row["row"] for row in shown["result"]["invalid_rows"]] == [2, 4, 6]
    assert [shown["result"][f"{rows}_row_count"] for rows in ("total", "done", "valid")] == [6, 6, 3]
    assert shown["result"]["created_licenses_count"] == 3


def test_a_call_goes_on_for_few_rows_beyond_its_time(shop: VendorsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may make fifty people, whose passwords are hashed, and a gateway waits for half a minute."""
    monkeypatch.setattr(imports, "CALL_SECONDS", 0)
    file = LICENSES + "".join(f"old/{n},viewer,3\n" for n in range(60))
    job = granted(shop.post("licenses/import_from_csv", {"csv_file": file}))
    assert result_of(shop, "licenses-import-results", job)["result"]["done_row_count"] <= 25


def test_a_file_is_taken_in_when_the_database_is_busy_behind_it(
    shop: VendorsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Unavailable("database_busy")

    monkeypatch.setattr(import_files, "continue_import", busy)
    job = granted(shop.post("licenses/import_from_csv", {"csv_file": f"{LICENSES}old/1,viewer,3\n"}))
    shown = result_of(shop, "licenses-import-results", job)
    assert (shown["status"], shown["started_at"], shown["result"]["done_row_count"]) == ("pending", None, 0)


def test_a_file_may_be_a_part_of_a_form(shop: VendorsServer) -> None:
    body = (
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n{LICENSES}k,viewer,1\r\n--x--\r\n'
    )
    answer = shop.http.post(
        "/api/v1/licenses/import_from_csv/",
        content=body.encode(),
        headers={"Authorization": f"Api-Key {shop.key}"} | {"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert result_of(shop, "licenses-import-results", granted(answer))["result"]["created_licenses_count"] == 1


def test_features_come_beside_those_that_a_license_has(shop: VendorsServer) -> None:
    license = shop.vendor.issue()
    shop.vendor.grant(license, "beta")
    shop.vendor.grant(license, "export")
    key = license.license_key
    file = f"license_key,code,expiry_date\n{key},beta,2030-12-31\n{key},export,\nno,beta,\n"
    job = granted(shop.post("licenses/import_features_from_csv", {"csv_file": file}))
    result = result_of(shop, "license-features-import-results", job)["result"]
    assert (result["created_license_features"], result["existed_license_features"]) == (1, 1)
    assert result["invalid_rows"] == [
        {
            "row": 3,
            "code": "license_not_found",
            "field": "license_key",
            "detail": message(NotFound("license_not_found")),
        }
    ]
    features = {one.code: one.expires_at for one in find_sold(shop.vendor.code, license.id)[1].features}
    assert features.keys() == {"beta", "export"}
    assert features["beta"] is not None


def test_customers_are_made_or_changed(shop: VendorsServer) -> None:
    granted(shop.post("customers", {"email": "ada@studio.test", "city": "Bonn"}))
    file = "email,city,company_name\nAda@studio.test,Ulm,\nbob@studio.test,,Studio\nnobody,,\n"
    job = granted(shop.post("customers/import_from_csv", {"csv_file": file}))
    result = result_of(shop, "customers-import-results", job)["result"]
    assert (result["created_customers_count"], result["existed_customers_count"]) == (1, 1)
    assert [row["row"] for row in result["invalid_rows"]] == [3]
    ada, bob = (find_customer_by_email(shop.vendor.code, f"{name}@studio.test") for name in ("ada", "bob"))
    assert ada is not None
    assert bob is not None
    assert (ada.city, bob.company_name) == ("Ulm", "Studio")


@pytest.mark.parametrize(
    ("path", "results", "head"),
    [
        ("licenses/import_from_csv", "licenses-import-results", "license__license_key,features"),
        ("licenses/import_features_from_csv", "license-features-import-results", "license_key,code,max_consumption"),
        ("customers/import_from_csv", "customers-import-results", "email,city"),
    ],
)
def test_columns_that_say_nothing_are_named(shop: VendorsServer, path: str, results: str, head: str) -> None:
    job = granted(shop.post(path, {"csv_file": f"{head},cty\n"}))
    assert result_of(shop, results, job)["result"]["unknown_columns"] == ["cty"]


@pytest.mark.parametrize("file", ["", LICENSES + "k,viewer,1\n" * (MAX_ROWS + 1)])
def test_a_file_that_is_empty_or_too_long_is_refused_whole(shop: VendorsServer, file: str) -> None:
    answer = shop.post("licenses/import_from_csv", {"csv_file": file})
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["csv_file"])
    assert not list_licenses(shop.vendor.code, LicenseFilter(), size=1).rows


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('"order_store_id": "' + "o" * 3000 + '"', "name_length"),
        ('"order_store_id": "\\ud83d"', "validation_error"),
        ('"devices": ["\\ud83d"]', "validation_error"),
        ('"metadata": ' + '{"a":' * 70 + "1" + "}" * 70, "metadata_malformed"),
        ('"metadata": {"a": 9007199254740992}', "metadata_malformed"),
    ],
    ids=["long order", "half order", "half device", "deep", "large number"],
)
def test_a_row_that_nothing_can_keep_is_refused_and_the_others_are_imported(
    shop: VendorsServer, row: str, code: str
) -> None:
    text = f'[{{"license_key": "a-1", "product": "viewer", {row}}}, {{"license_key": "a-2", "product": "viewer"}}]'
    job = granted(shop.post("licenses/import_from_csv", {"csv_file": text}))
    result = result_of(shop, "licenses-import-results", job)["result"]
    assert [(one["row"], one["code"]) for one in result["invalid_rows"]] == [(1, code)]
    assert [one["license_key"] for one in granted(shop.get("licenses"))["results"]] == ["a-2"]


def test_what_columns_say_of_an_order_is_kept_and_exported(shop: VendorsServer) -> None:
    said = {
        "order_type": "normal",
        "is_test": "true",
        "is_trial": "true",
        "download_id": "dl-1",
        "language": "de",
        "campaign_params": "utm_source=fair",
    }
    columns = ["order__type", *(f"order__{name}" for name in list(said)[1:])]
    head, line = (
        f"{LICENSES.strip()},order__store_id,{','.join(columns)}",
        f"old/1,viewer,3,A-7,{','.join(said.values())}",
    )
    job = granted(shop.post("licenses/import_from_csv", {"csv_file": f"{head}\n{line}\n"}))
    result = result_of(shop, "licenses-import-results", job)["result"]
    assert (result["created_orders_count"], result["unknown_columns"]) == (1, [])
    names, values = csv.reader(io.StringIO(shop.get("orders/export?range=1d").text))
    exported = dict(zip(names, values, strict=True))
    assert {name: exported[name] for name in said} == said
    again = {f"order__{'type' if name == 'order_type' else name}": exported[name] for name in said}
    file = f"{LICENSES.strip()},{','.join(again)}\nold/1,viewer,3,{','.join(again.values())}\n"
    job = granted(shop.post("licenses/import_from_csv", {"csv_file": file}))
    assert result_of(shop, "licenses-import-results", job)["result"]["existed_licenses_count"] == 1
    assert granted(shop.get("orders"))["results"][0]["revision"] == 0
