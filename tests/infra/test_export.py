"""`export`: all that a company has in files, each row once, however often it is cut short."""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.spreadsheet import as_meant, cell_of
from chalicelib.domain.types import Json
from chalicelib.store.accounts import users
from infra.admin import export_files
from infra.admin.export_files import STATE, Export
from infra.admin.export_rows import NOUNS
from tests.infra.operator import Operator
from tests.support import CUSTOMER, Vendor
from tests.whole_vendor import ADA, BOB, FORMULA, fill

FILES = [noun.name for noun in NOUNS]


@pytest.fixture
def folder(tmp_path: Path, vendor: Vendor) -> Path:
    """Where a vendor is to be exported who has something of everything."""
    fill(vendor)
    return tmp_path / "out"


def rows(folder: Path, name: str) -> list[Json]:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()]


def cells(folder: Path, name: str) -> list[list[str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != STATE}


def test_everything_is_in_a_file_of_its_noun(operator: Operator, vendor: Vendor, folder: Path) -> None:
    answer = operator.asks(f"export {folder} --company {vendor.code}")
    assert {path.name for path in folder.iterdir()} == {f"{name}.jsonl" for name in FILES} | {STATE}
    assert {row["file"]: row["rows"] for row in answer["files"]} == {
        f"{name}.jsonl": len(rows(folder, name)) for name in FILES
    }
    assert {row["short_code"] for row in rows(folder, "products")} == {"viewer", "revit", "old"}
    assert sorted(row["code"] for row in rows(folder, "product_features")) == ["beta", "beta", "pages", "pages"]
    assert {row["name"] for row in rows(folder, "product_custom_fields")} == {"Campus", "Seen"}
    customer = next(row for row in rows(folder, "customers") if row["email"] == CUSTOMER)
    assert customer["customer_account"]["code"] == "G-1"
    assert {label["label"] for label in customer["labels"]} == {"key account", "late payer"}
    orders = {row["store_id"]: row for row in rows(folder, "orders")}
    assert (orders["A-2"]["manager_emails"], orders["A-2"]["denied"]) == ([BOB], ["reset_devices"])
    assert {row["email"] for row in rows(folder, "users")} == {ADA, BOB}


def test_a_license_has_all_that_was_sold_and_who_uses_it(operator: Operator, vendor: Vendor, folder: Path) -> None:
    operator.asks(f"export {folder} --company {vendor.code}")
    license = next(row for row in rows(folder, "licenses") if row["license_key"] == "THEIR-OWN-1")
    assert (license["note"], license["metadata"], license["name"]) == (FORMULA, {"a": 1}, "Office")
    assert {one["product_feature"]["code"] for one in license["product_features"]} == {"pages", "beta"}
    assert [one["value"] for one in license["product_custom_fields"]] == [FORMULA]
    found = {row["hardware_id"]: row for row in rows(folder, "devices") if row["license"]["id"] == license["id"]}
    assert {id: (row["device_active"], row["blacklisted"]) for id, row in found.items()} == {
        "desk": (True, False),
        "laptop": (False, True),
        "tablet": (False, False),
    }
    assert {one["variable"]: one["value"] for one in found["desk"]["device_variables"]} == {
        "theme": FORMULA,
        "lang": "de",
    }
    blocked = {row["hardware_id"] for row in rows(folder, "blocked_devices")}
    assert blocked == {"laptop", "never-seen"}
    seats = [(row["email"], row["first_name"], row["max_activations"]) for row in rows(folder, "license_users")]
    assert (ADA, "Ada", 2) in seats
    events = {row["type"] for row in rows(folder, "license_histories") if row["license"] == license["id"]}
    assert events >= {"license_issued", "device_activated", "device_blacklisted"}
    assert "company_created" in {row["type"] for row in rows(folder, "company_history")}


def test_a_table_says_the_same_and_no_spreadsheet_takes_it_for_formulas(
    operator: Operator, vendor: Vendor, tmp_path: Path, folder: Path
) -> None:
    operator.asks(f"export {folder} --company {vendor.code}")
    operator.asks(f"export {tmp_path / 'table'} --company {vendor.code} --format csv")
    for noun in NOUNS:
        header, *body = cells(tmp_path / "table", noun.name)
        said = rows(folder, noun.name)
        assert header == list(noun.columns) == list(said[0])
        assert [[as_meant(cell) for cell in row] for row in body] == [[*map(cell_of, row.values())] for row in said]
    text = (tmp_path / "table" / "licenses.csv").read_text("utf-8")
    assert text.startswith("\ufeff")
    assert re.search(r'[,;\n"]=HYPERLINK', text) is None


def test_no_password_and_nothing_that_is_made_of_one_is_written(
    operator: Operator, vendor: Vendor, folder: Path
) -> None:
    operator.asks(f"export {folder} --company {vendor.code}")
    written = b"".join(contents(folder).values()).decode()
    for user in users(vendor.code):
        assert user.sealed_initial_password is not None
        assert user.password_hash not in written
        assert user.sealed_initial_password not in written
    assert "argon2" not in written
    assert vendor.shared_key not in written
    assert [row["initial_password"] for row in rows(folder, "users")] == [None, None]


def test_what_it_writes_nobody_else_may_read(operator: Operator, vendor: Vendor, folder: Path) -> None:
    operator.asks(f"export {folder} --company {vendor.code}")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


class Crash(BaseException):
    """Ends the process, as far as the export knows."""


@pytest.mark.parametrize(("moment", "format"), [("_write", "csv"), ("_keep", "jsonl")])
def test_cut_short_anywhere_it_goes_on_and_no_row_is_lost_or_doubled(
    operator: Operator,
    vendor: Vendor,
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    format: str,
) -> None:
    """It ends in the middle of each write, and before and behind each time it says how far it is."""
    monkeypatch.setattr(export_files, "ROWS_AT_ONCE", 4)
    command = f"--company {vendor.code} --format {format}"
    operator.asks(f"export {tmp_path / 'whole'} {command}")
    done, crashes = getattr(export_files, moment), _crashes()

    def cut_short(first: Any, *more: Any) -> None:
        when = next(crashes)
        if when == "before":
            raise Crash
        if when == "middle" and moment == "_write":
            first.write(b"half a row" * 1000)
            first.flush()
            raise Crash
        done(first, *more)
        if when == "behind":
            raise Crash

    monkeypatch.setattr(export_files, moment, cut_short)
    ends = 0
    for _ in range(200):
        with suppress(Crash):
            answer = operator.asks(f"export {folder} {command}")
            break
        ends += 1
    assert 10 < ends < 200
    assert contents(folder) == contents(tmp_path / "whole")
    assert answer["files"] == operator.asks(f"export {tmp_path / 'whole'} {command}")["files"]


def _crashes() -> Iterator[str]:
    """The process ends in each way in turn, after none to three steps that are done."""
    while True:
        for steps, when in product(range(4), ("before", "middle", "behind")):
            yield from [""] * steps
            yield when


def test_once_more_it_says_that_all_is_there(operator: Operator, vendor: Vendor, folder: Path) -> None:
    operator.asks(f"export {folder} --company {vendor.code}")
    before = contents(folder)
    vendor.issue()
    said = operator.noted(f"export {folder} --company {vendor.code}")
    assert said == "It was all there before: name another folder for a new export.\n"
    assert contents(folder) == before


def test_a_folder_of_something_else_stays_as_it_is(operator: Operator, vendor: Vendor, folder: Path) -> None:
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear Sir")
    assert operator.refused(f"export {folder} --company {vendor.code}") == (
        f"FOLDER: '{folder}' is not empty, and holds no export."
    )
    assert contents(folder) == {"letter.txt": b"Dear Sir"}


def test_a_folder_of_another_export_is_refused(operator: Operator, vendor: Vendor, folder: Path) -> None:
    operator.asks(f"export {folder} --company {vendor.code}")
    assert operator.refused(f"export {folder} --company {vendor.code} --format csv") == (
        f"FOLDER: '{folder}' holds another export, of {vendor.code} as jsonl."
    )
    other = Vendor()
    assert "holds another export" in operator.refused(f"export {folder} --company {other.code}")
    (folder / STATE).write_text("{}")
    assert "is not as it was written" in operator.refused(f"export {folder} --company {vendor.code}")


def test_a_file_that_was_changed_is_not_gone_on_with(
    operator: Operator, vendor: Vendor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(_: Path, export: Export) -> None:
        if any(file.done for file in export.files.values()):
            raise Crash
        keep(folder, export)

    moment = "_keep"
    keep = getattr(export_files, moment)
    with monkeypatch.context() as patched:
        patched.setattr(export_files, moment, end)
        with pytest.raises(Crash):
            operator.run(f"export {folder} --company {vendor.code}")
    (folder / "products.jsonl").write_text("{}\n")
    assert "is shorter than it was" in operator.refused(f"export {folder} --company {vendor.code}")


def test_two_at_once_do_not_write_into_each_other(operator: Operator, vendor: Vendor, folder: Path) -> None:
    with export_files.open_export(folder, vendor.code, "jsonl", ""):
        assert operator.refused(f"export {folder} --company {vendor.code}") == (
            f"FOLDER: another export is writing to '{folder}'."
        )


def test_a_folder_that_cannot_be_made_is_named(operator: Operator, vendor: Vendor, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "out"
    assert operator.refused(f"export {path} --company {vendor.code}") == (
        f"FOLDER: '{path}' cannot be written: Not a directory."
    )
