"""What is exported is brought into an empty company, is audited there, and exported again is the same."""

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.types import Json
from chalicelib.usecases import create
from chalicelib.usecases.import_export import bring_in_export
from infra.admin.export_files import reader_of
from tests.infra.operator import Operator
from tests.support import ADMIN, Vendor
from tests.whole_vendor import ADA, fill

OURS = {
    *("id", "created_at", "updated_at", "revision", "product", "license", "license_user", "company", "company_id"),
    *("label_id", "clabels", "device", "product_custom_field", "managers", "assigned_at", "features"),
    *("is_initial_password", "total_orders", "clabels_all"),
    "legacy",
}
"""What is another one in another company: ids, when something was made there, and that devices come as legacy ones."""
FILES = (
    *(
        "products",
        "product_features",
        "product_custom_fields",
        "license_policies",
        "customer_accounts",
        "customer_labels",
        "customers",
    ),
    *("users", "orders", "licenses", "license_users", "devices", "blocked_devices"),
)


class Empty(Vendor):
    """A company that has nothing but a code."""

    def __post_init__(self) -> None:
        create.create_company(self.code, "Another vendor", ADMIN, now=self.now)


@pytest.fixture
def empty() -> Empty:
    """Where to bring it."""
    return Empty()


def rows(folder: Path, name: str) -> list[Json]:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_ids(one) for name, one in value.items() if name not in OURS}
    return sorted((without_ids(one) for one in value), key=json.dumps) if isinstance(value, list) else value


def content(folder: Path) -> dict[str, list[str]]:
    """All rows, by what they say and not by their ids, in an order of their own."""
    said = {name: rows(folder, name) for name in FILES}
    keys = {row["id"]: row["license_key"] or f"{row['order_store_id']} {row['status']}" for row in said["licenses"]}
    codes = {row["id"]: row["short_code"] for row in said["products"]}
    for row in said["devices"]:
        row["on"] = keys[row["license"]["id"]]
    for name in ("license_users", "blocked_devices"):
        for row in said[name]:
            row["on"] = keys[row["license"]]
    for name in ("product_features", "product_custom_fields", "license_policies"):
        for row in said[name]:
            row["of"] = codes[row["product"]]
    said["devices"] = [row for row in said["devices"] if row["device_active"]]
    for row in said["licenses"]:
        row["of"] = row["product"]["short_code"]
        del row["time_activated"]  # that of a license begins anew
        if row["validity_period"]:  # which a duration has made
            row["valid_duration"] = None
    return {name: sorted(json.dumps(without_ids(row), sort_keys=True) for row in rows) for name, rows in said.items()}


def test_what_is_exported_comes_back_the_same(operator: Operator, vendor: Vendor, empty: Empty, tmp_path: Path) -> None:
    fill(vendor)
    operator.asks(f"export {tmp_path / 'there'} --company {vendor.code}")
    count = sum(len(rows(tmp_path / "there", name)) for name in (*FILES, "licenses", "products"))
    source = f"--company {empty.code} {tmp_path / 'there'} --from seatkeeper"
    planned = operator.asks(f"import plan {source}")
    assert (planned["read"], planned["refused"], planned["changed"]) == (count, 0, 5), planned["rows"]
    assert empty.differences() == []
    done = operator.asks(f"import apply {source}")
    assert (done["read"], done["refused"]) == (count, 0), done["rows"]
    assert empty.differences() == []
    operator.asks(f"export {tmp_path / 'here'} --company {empty.code}")
    there, here = content(tmp_path / "there"), content(tmp_path / "here")
    for name in FILES:
        assert here[name] == there[name], name
    assert operator.asks(f"import verify {source}")["same"] == count
    again = operator.asks(f"import apply {source}")
    assert again["same"] == count


def test_cut_short_anywhere_it_goes_on(vendor: Vendor, empty: Empty, operator: Operator, tmp_path: Path) -> None:
    fill(vendor)
    operator.asks(f"export {tmp_path / 'there'} --company {vendor.code}")
    read = reader_of(tmp_path / "there")
    for done in range(1, 40, 6):
        for _ in islice(bring_in_export(empty.code, read, ADMIN, now=vendor.now + done * 1000), done):
            pass
    results = list(bring_in_export(empty.code, read, ADMIN, now=vendor.now))
    assert [result.error for result in results if result.error is not None] == []
    assert empty.differences() == []
    operator.asks(f"export {tmp_path / 'here'} --company {empty.code}")
    assert content(tmp_path / "here") == content(tmp_path / "there")


def test_what_is_refused_keeps_no_other_row_from_it(
    operator: Operator, vendor: Vendor, empty: Empty, tmp_path: Path
) -> None:
    fill(vendor)
    operator.asks(f"export {tmp_path / 'there'} --company {vendor.code}")
    users = tmp_path / "there" / "license_users.jsonl"
    users.write_text(users.read_text().replace('"license_user"', '"wrong"').replace(ADA, "no address"))
    document = operator.asks(f"import apply --company {empty.code} {tmp_path / 'there'} --from seatkeeper", 1)
    assert document["refused"] > 0
    assert {row["name"].split()[0] for row in document["rows"] if row["verdict"] == "refused"} >= {"license_users"}
    assert [row["email"] for row in operator.asks(f"customer list --company {empty.code}")["customers"]] != []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("{folder}/nothing", "is no folder of a complete export as JSON lines."),
        ("{folder}/table", "is no folder of a complete export as JSON lines."),
        ("{folder}/there {folder}/table", "FILE: name one folder of an export."),
        ("{folder}/there --product a=viewer", "--product: products of a Seatkeeper keep their codes."),
    ],
)
def test_what_is_no_export_is_refused(
    operator: Operator, vendor: Vendor, tmp_path: Path, arguments: str, sentence: str
) -> None:
    operator.asks(f"export {tmp_path / 'there'} --company {vendor.code}")
    operator.asks(f"export {tmp_path / 'table'} --company {vendor.code} --format csv")
    said = operator.refused(
        f"import apply --company {vendor.code} {arguments.format(folder=tmp_path)} --from seatkeeper"
    )
    assert said.endswith(sentence)
