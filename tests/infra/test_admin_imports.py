"""The admin commands that bring in what was sold elsewhere."""

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.license_rows import NAMES, LicenseRow
from chalicelib.usecases import import_rows
from chalicelib.usecases.import_license import RowOutcome, import_license
from infra.admin.imports import TRIES
from tests.infra.operator import Operator
from tests.support import Vendor

HEAD = "license__license_key,product__short_code,license__max_activations,license__validity_period,customer__email"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "licenses.csv"


def line_of(vendor: Vendor, file: Path, *rows: str) -> str:
    """Write a file, and the options that name it."""
    file.write_text("\n".join((HEAD, *rows)))
    return f"--company {vendor.code} {file} --from csv"


def test_a_file_is_planned_brought_in_and_compared(operator: Operator, vendor: Vendor, file: Path) -> None:
    line = line_of(vendor, file, "aBc-1,viewer,5,2030-12-31,ada@studio.test", "XYZ/7,viewer,,,", "XYZ/8,viewer,x,,")
    refused = {"row": 3, "name": None, "verdict": "refused", "license": None}
    why = {"why": "max_activations 'x': give a number in digits alone, such as 5 or 1000."}
    planned = operator.asks(f"import plan {line}")
    assert [planned[name] for name in ("read", "new", "same", "changed", "refused")] == [3, 2, 0, 0, 1]
    assert [row["verdict"] for row in planned["rows"]] == ["new", "new", "refused"]
    assert planned["rows"][2] == refused | why
    assert operator.asks(f"license list --company {vendor.code}")["licenses"] == []

    assert operator.asks(f"import verify {line}", exit_code=1)["new"] == 2
    assert operator.asks(f"import apply {line}", exit_code=1)["new"] == 2
    listed = operator.asks(f"license list --company {vendor.code}")["licenses"]
    assert {row["license_key"]: row["max_activations"] for row in listed} == {"aBc-1": 5, "XYZ/7": 1}

    again = operator.asks(f"import apply {line}", exit_code=1)
    assert (again["same"], again["refused"], again["rows"]) == (2, 1, [refused | why])
    right = line_of(vendor, file, "aBc-1,viewer,7,2030-12-31,ada@studio.test", "XYZ/7,viewer,,,")
    changed = operator.asks(f"import verify {right}", exit_code=1)
    assert [(row["verdict"], row["why"]) for row in changed["rows"]] == [("changed", "max_activations")]
    assert operator.asks(f"import apply {right}")["changed"] == 1
    assert operator.asks(f"import verify {right}")["same"] == 2


COUNTS = (
    *("max_activations", "max_license_users", "grace_period", "max_transfers"),
    *("floating_users", "floating_timeout", "max_consumptions", "max_overages", "total_consumptions"),
)
DATES = ("validity_period", "start_date", "maintenance_period", "valid_duration")
FLAGS = (
    "is_trial",
    "free_resets",
    "prevent_vm",
    "enabled",
    "allow_unlimited_activations",
    "enable_maintenance_period",
    "allow_grace_period",
    "is_floating_cloud",
    *("allow_unlimited_consumptions", "allow_negative_consumptions", "allow_overages", "reset_consumption"),
)
WRONG: dict[str, Any] = {
    **dict.fromkeys((*COUNTS, *DATES, *FLAGS, "license_type", "overage", "renewal_basis", "metadata"), "wr0ng"),
    "consumption_period": "wr0ng",
    "product": "wr0ng",
    "order_store_id": "wr0ng" * 40,
    "product_features": [{"code": "wr0ng"}],
    "product_custom_fields": [{"name": "wr0ng", "value": "x"}],
    "license_users": ["ada@customer.test", {"email": "wr0ng"}],
    "devices": [{"hardware_id": "pc", "email": "wr0ng"}],
    "customer": {"email": "wr0ng"},
}
"""What cannot be, by the name under which a row says it."""


def test_each_sentence_of_a_verdict_names_the_field_and_what_is_wrong_there(
    operator: Operator, vendor: Vendor, tmp_path: Path
) -> None:
    texts = {"id", "license_key", "name", "note", "subscription_id"}
    assert {*NAMES} - {*WRONG} == texts | {"allow_unlimited_license_users"}
    rows = [{"id": f"K-{name}", "product": "revit", name: wrong} for name, wrong in WRONG.items()]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    line = f"import plan --company {vendor.code} {tmp_path / 'rows.json'} --from csv --limit 50"
    for name, row in zip(WRONG, operator.asks(line)["rows"], strict=True):
        assert row["verdict"] == "refused", name
        field, _, sentence = row["why"].partition(" ")
        assert field.rstrip(":").partition(".")[0].removeprefix("product_") in name, row["why"]
        assert "wr0ng" in sentence, row["why"]
    assert row["why"] == "customer 'wr0ng': this is not an email address."


def test_a_plan_knows_whose_an_order_is_by_the_rows_before(operator: Operator, vendor: Vendor, file: Path) -> None:
    line = line_of(vendor, file, "K-1,viewer,,,ada@studio.test", "K-2,viewer,,,bob@studio.test", "K-3,viewer,,,")
    head, *rows = file.read_text().splitlines()
    rows.append("K-4,viewer,,,Ada@studio.test")
    file.write_text("\n".join([f"{head},order__store_id", *(f"{row},S-0" for row in rows)]))
    refused = "order_id: the order S-0 belongs to another customer."
    for command in ("plan", "apply"):
        said = operator.asks(f"import {command} {line}", exit_code=0 if command == "plan" else 1)
        assert (said["new"], said["refused"]) == (2, 2)
        assert [row["why"] for row in said["rows"]] == ["", refused, refused, ""]


def test_columns_that_say_nothing_are_named_beside_the_answer(operator: Operator, vendor: Vendor, file: Path) -> None:
    line = line_of(vendor, file, "K-1,viewer,7,,,x")
    file.write_text(file.read_text().replace("max_activations", "max_activation").replace("__email", "__email,a\tb"))
    note = "Columns that say nothing here: license__max_activation, a\u2409b.\n"
    for command in ("plan", "apply", "verify"):
        assert operator.noted(f"import {command} {line}") == note


def test_products_are_named_as_the_other_system_does(operator: Operator, vendor: Vendor, file: Path) -> None:
    line = line_of(vendor, file, "K-1,7d1f,,,", "K-2,viewer,,,")
    assert operator.asks(f"import apply {line}", exit_code=1)["refused"] == 1
    assert operator.asks(f"import apply {line} --product 7d1f=viewer")["new"] == 1


def test_rows_are_listed_up_to_a_limit_and_all_are_counted(operator: Operator, vendor: Vendor, file: Path) -> None:
    page = operator.asks(f"import plan {line_of(vendor, file, 'K-1,viewer,,,', 'K-2,viewer,,,')} --limit 1")
    assert (page["new"], [row["name"] for row in page["rows"]]) == (2, ["K-1"])


def test_a_file_that_cannot_be_read_ends_it(operator: Operator, vendor: Vendor, tmp_path: Path) -> None:
    line = f"import apply --company {vendor.code} --from csv"
    assert "cannot be read" in operator.refused(f"{line} {tmp_path / 'none.csv'}")
    (tmp_path / "empty.csv").write_text("\n")
    assert operator.refused(f"{line} {tmp_path / 'empty.csv'}") == "file: it has no rows."


def test_while_the_database_is_busy_what_is_not_known_yet_is_begun_again(
    operator: Operator, vendor: Vendor, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, waited = list[str](), list[float]()
    monkeypatch.setattr("infra.admin.imports.time.sleep", waited.append)

    def busy(company: str, row: LicenseRow, *given: Any, **more: Any) -> RowOutcome:
        if len(waited) < {"K-1": 0, "K-2": TRIES - 1, "K-3": 2 * TRIES - 2}[row.name]:
            raise Unavailable("database_busy")
        done.append(row.name)
        return import_license(company, row, *given, **more)

    monkeypatch.setattr(import_rows, "import_license", busy)
    rows = (f"K-{number},viewer,,,ada@studio.test" for number in (1, 2, 3))  # of one customer: in turns
    applied = operator.asks(f"import apply {line_of(vendor, file, *rows)}")
    assert (applied["read"], applied["new"], waited) == (3, 3, [5, 10, 15, 20] * 2)
    assert done == ["K-1", "K-2", "K-3"]  # each once


def test_what_was_done_is_told_where_the_database_stays_busy(
    operator: Operator, vendor: Vendor, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.admin.imports.time.sleep", lambda _seconds: None)

    def busy(company: str, row: LicenseRow, *given: Any, **more: Any) -> RowOutcome:
        if row.name == "K-2":
            raise Unavailable("database_busy")
        return import_license(company, row, *given, **more)

    monkeypatch.setattr(import_rows, "import_license", busy)
    line = line_of(vendor, file, "K-1,viewer,,,", "K-2,viewer,,,")
    applied = operator.asks(f"import apply {line}", exit_code=1)
    assert (applied["new"], [row["name"] for row in applied["rows"]]) == (1, ["K-1"])
    monkeypatch.undo()
    again = operator.asks(f"import apply {line}")
    assert (again["same"], again["new"]) == (1, 1)


def test_a_device_names_the_key_of_its_license_or_else_its_id(operator: Operator, vendor: Vendor, file: Path) -> None:
    devices = file.with_name("devices.csv")
    devices.write_text("license_key,id,hardware_id\nK-1,,pc 1\n,17,pc 2\n,K-1,pc 9\n")
    file.write_text("id,license_key,product__short_code,max_activations\n17,K-1,viewer,5\n")
    done = operator.asks(f"import apply --company {vendor.code} {file} {devices} --from csv", exit_code=1)
    assert (done["new"], [row["row"] for row in done["rows"] if row["verdict"] == "refused"]) == (1, [4])
    (license,) = operator.asks(f"license list --company {vendor.code}")["licenses"]
    listed = operator.asks(f"device list --license {license['license']}")["devices"]
    assert {row["hardware_id"] for row in listed} == {"pc 1", "pc 2"}


def test_a_table_of_devices_comes_beside_that_of_their_licenses(operator: Operator, vendor: Vendor, file: Path) -> None:
    devices, rows = (
        file.with_name("devices.csv"),
        ("K-1,pc 1,studio,,a", "K-1,pc 2,,no,a", "K-2,pc 3,,,b", "K-9,pc 9,,,b"),
    )
    devices.write_text("\n".join(("license_key,hardware_id,hostname,device_active,rack", *rows)))
    line = line_of(vendor, file, "K-1,viewer,5,,", "K-2,viewer,5,,").replace(str(file), f"{file} {devices}")
    done = operator.asks(f"import apply {line}", exit_code=1)
    assert [done[name] for name in ("read", "new", "refused")] == [3, 2, 1]
    assert (done["rows"][2]["row"], done["rows"][2]["why"].partition(":")[0]) == (6, "license_key 'K-9'")
    listed = operator.asks(f"license list --company {vendor.code}")["licenses"]
    named = {row["license_key"]: row["license"] for row in listed}
    (first,) = operator.asks(f"device list --license {named['K-1']}")["devices"]
    assert (first["hardware_id"], first["hostname"], first["legacy"]) == ("pc 1", "studio", True)
    assert [row["hardware_id"] for row in operator.asks(f"device list --license {named['K-2']}")["devices"]] == ["pc 3"]
    code, _, errors = operator.run(f"import apply {line}")
    assert (code, "Columns that say nothing here: rack." in errors) == (1, True)
    assert operator.asks(f"import plan {line}")["same"] == 2
