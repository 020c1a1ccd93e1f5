"""The use cases that import, as cases of `tests.store.cases`."""

from typing import Any

from chalicelib.domain.events import EventType
from chalicelib.domain.import_files import FileRow
from chalicelib.domain.import_results import ImportKind, ImportResult
from chalicelib.domain.license_rows import license_row
from chalicelib.domain.types import Json
from chalicelib.store import import_results
from chalicelib.usecases import import_files, import_license, import_rows
from tests.store import extras_cases
from tests.store.adoption_cases import UNTIL
from tests.store.case import Case
from tests.support import ADMIN, NOW, Vendor

ROW: Json = {
    "license_key": "K-1",
    "product": "viewer",
    "order_store_id": "A-17",
    "customer": {"email": "ada@studio.test", "city": "Ulm"},
    "devices": [{"hardware_id": "pc"}],
    "enabled": False,
}
"""Without users and managers: how these come to a license are cases of their own."""
NEWS: Json = ROW | {
    "max_activations": 9,
    "product_features": [{"code": "export"}],
    "product_custom_fields": [{"name": "Campus", "value": "Ulm"}],
    "customer": {"email": "ada@studio.test", "city": "Bonn"},
    "devices": [{"hardware_id": "pc"}, {"hardware_id": "mac"}],
    "enabled": True,
}
"""What the row says later."""


def _import(vendor: Vendor, row: Json) -> Any:
    return import_license.import_license(
        vendor.code, license_row(row, ""), "csv", ADMIN, adopt_until=UNTIL, now=vendor.now
    )


def _import_rows(vendor: Vendor, _: None) -> Any:
    rows = import_rows.import_rows(vendor.code, [FileRow(1, ROW)], "csv", ADMIN, adopt_until=UNTIL, now=NOW)
    return [(row.outcome, row.error) for row in rows]


def _imported(vendor: Vendor) -> None:
    """A license of the row, which says other things since; and what these are is defined."""
    extras_cases.of_defined(vendor)
    _import(vendor, ROW)
    vendor.now += 1000


CUSTOMERS = "email,city\nada@studio.test,Ulm"


def _start(vendor: Vendor, kind: ImportKind, text: str) -> ImportResult:
    return import_files.start_import(vendor.code, kind, text, "a.csv", ADMIN, now=vendor.now)


def _continue(vendor: Vendor, kind: ImportKind) -> Any:
    """What becomes of the file of a kind."""
    (started,) = import_results.read_page(vendor.code, kind, after=None, limit=1)
    return import_files.continue_import(vendor.code, kind, started.id, lambda: vendor.now, lambda: True).result


def _features(vendor: Vendor) -> None:
    key = extras_cases.of_defined(vendor).license_key
    _start(vendor, "features", f"license_key,code\n{key},export")


def _continue_all(vendor: Vendor) -> Any:
    """Of the files of this company alone: other tests may have left some."""
    failed = import_files.continue_imports(lambda: vendor.now, lambda: True)["imports_failed"]
    return [failed, _continue(vendor, "customers")]


_MADE: tuple[EventType, ...] = (
    *("customer_created", "license_issued", "customer_changed"),
    *("legacy_devices_added", "license_disabled"),
)
"""Of a row that is new: each step is a use case of its own, with its event."""
_BROUGHT_UP: tuple[EventType, ...] = (
    *("license_changed", "license_changed", "license_changed"),
    *("customer_changed", "legacy_devices_added", "license_enabled"),
)
"""Of one that is not: the terms, the features and the custom fields are changed one after the other."""
IMPORT_CASES = (
    Case(
        "import a license",
        import_license.import_license,
        lambda _: None,
        lambda v, _: _import(v, ROW),
        _MADE,
    ),
    Case(
        "import a license again",
        import_license.import_license,
        _imported,
        lambda v, _: _import(v, NEWS),
        _BROUGHT_UP,
    ),
    Case("import rows", import_rows.import_rows, lambda _: None, _import_rows, _MADE),
    Case(
        "import a file of customers",
        import_files.continue_import,
        lambda v: _start(v, "customers", CUSTOMERS),
        lambda v, _: _continue(v, "customers"),
        ("customer_created",),
    ),
    Case(
        "import a file of features",
        import_files.continue_import,
        _features,
        lambda v, _: _continue(v, "features"),
        ("license_changed",),
    ),
    Case(
        "import a file of licenses",
        import_files.continue_import,
        lambda v: _start(v, "licenses", "license_key,product\nK-1,viewer"),
        lambda v, _: _continue(v, "licenses"),
        ("license_issued",),
    ),
    Case(
        "import what is left",
        import_files.continue_imports,
        lambda v: _start(v, "customers", CUSTOMERS),
        lambda v, _: _continue_all(v),
        ("customer_created",),
    ),
    Case(
        "take in a file",
        import_files.start_import,
        lambda _: None,
        lambda v, _: _start(v, "customers", CUSTOMERS).result,
        ("import_started",),
    ),
)
