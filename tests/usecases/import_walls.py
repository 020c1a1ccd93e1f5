"""Attempts of one company to import to, or to read, what is another's, for tests/usecases/test_access.py."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chalicelib.domain.errors import AlreadyExists
from chalicelib.domain.import_files import FileRow
from chalicelib.domain.import_results import ImportKind
from chalicelib.domain.license_rows import LicenseRow, license_row
from chalicelib.domain.terms import Terms
from chalicelib.usecases.create_order import NewLicense, guard_license
from chalicelib.usecases.import_export import SYSTEM, bring_in_export
from chalicelib.usecases.import_files import (
    continue_import,
    find_import_result,
    find_import_results,
    start_import,
)
from chalicelib.usecases.import_license import import_license, plan_license
from chalicelib.usecases.import_rows import RowResult, import_rows, plan_rows
from chalicelib.usecases.issue_license import guard_names
from chalicelib.usecases.license_extras import Wanted, set_feature
from chalicelib.usecases.rows_of_products import guard_license_row, guard_named_license
from tests.store.adoption_cases import UNTIL
from tests.support import ADMIN, NOW
from tests.usecases.support import there

OWN = {"license_key": "K-1", "product": "own"}
"""Of a product that only the victim has."""
TERMS = Terms("perpetual", 1)


def _row() -> LicenseRow:
    return license_row(OWN, "")


def _first(results: Iterator[RowResult]) -> None:
    """Raises what the first row was refused for."""
    error = next(results).error
    if error is not None:
        raise error


def _file_of(victim: Any) -> int:
    """The id of a file that the victim has imported."""
    return start_import(victim.vendor.code, "customers", "email\nbob@b.test", "", ADMIN, now=NOW).id


def _imported(company: str, kind: ImportKind, file: str) -> int:
    """How many rows of a file are imported."""
    started = start_import(company, kind, file, "", ADMIN, now=NOW)
    done = continue_import(company, kind, started.id, lambda: NOW, lambda: True)
    valid: int = done.result["valid_row_count"]
    return valid


def _features(company: str, victim: Any) -> None:
    """That a feature comes to the victim's license by its key."""
    file = f"license_key,code\n{victim.by_key.license_key},pages"
    there(_imported(company, "features", file))


def _licenses(company: str, _: Any) -> None:
    """That a license is made of the victim's product."""
    there(_imported(company, "licenses", "license_key,product\nK-1,own"))


def _is_taken(company: str, victim: Any) -> bool:
    try:
        guard_names(company, Terms("perpetual", 1, license_key=victim.by_key.license_key), None)
    except AlreadyExists:
        return True
    return False


def _export(company: str, victim: Any) -> None:
    """That a device is blocked on what the victim has made of a row of the same export."""
    row = replace(license_row({"license_key": "K-7", "product": "viewer"}, ""), name="7")
    import_license(victim.vendor.code, row, SYSTEM, ADMIN, adopt_until=UNTIL, now=NOW)
    rows = {"blocked_devices": [{"license": 7, "hardware_id": "pc"}]}
    _first(bring_in_export(company, lambda name: rows.get(name, []), ADMIN, now=NOW))


OF_IMPORTS: list[tuple[Any, str, list[Any]]] = [
    (plan_license, "unknown_product", [lambda c, _v: plan_license(c, _row(), "csv", now=NOW)]),
    (
        import_license,
        "unknown_product",
        [lambda c, _v: import_license(c, _row(), "csv", ADMIN, adopt_until=UNTIL, now=NOW)],
    ),
    (plan_rows, "unknown_product", [lambda c, _v: _first(plan_rows(c, [FileRow(1, OWN)], "csv", now=NOW))]),
    (import_rows, "unknown_product", [lambda c, _v: _first(import_rows(c, [FileRow(1, OWN)], "csv", ADMIN, now=NOW))]),
    (guard_license, "unknown_product", [lambda c, _v: guard_license(c, NewLicense("own", TERMS), now=NOW)]),
    (
        guard_license_row,
        "unknown_product",
        [lambda c, v: guard_license_row(c, _row(), "csv", frozenset(v.vendor.products) - {"own"})],
    ),
    (
        guard_named_license,
        "license_not_found",
        [lambda c, v: guard_named_license(c, v.by_key.id, frozenset({v.by_key.product}))],
    ),
    (guard_names, "license_not_found", [lambda c, v: there(_is_taken(c, v))]),
    (set_feature, "license_not_found", [lambda c, v: set_feature(c, v.by_key.id, Wanted("pages"), ADMIN, now=NOW)]),
    (bring_in_export, "license_not_found", [_export]),
    (start_import, "license_not_found", [_features, _licenses]),
    (
        continue_import,
        "import_result_not_found",
        [lambda c, v: continue_import(c, "customers", _file_of(v), lambda: NOW, lambda: True)],
    ),
    (
        find_import_result,
        "import_result_not_found",
        [lambda c, v: find_import_result(c, "customers", _file_of(v))],
    ),
    (
        find_import_results,
        "license_not_found",
        [lambda c, v: there(_file_of(v) and [*find_import_results(c, "customers", None, "", 9)[0]])],
    ),
]
