"""The use cases that import, as cases of `tests.store.cases`."""

from typing import Any

from chalicelib.domain.events import EventType
from chalicelib.domain.import_files import FileRow
from chalicelib.domain.license_rows import license_row
from chalicelib.domain.types import Json
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


def _customers_file(vendor: Vendor, _: None) -> Any:
    file = "email,city\nada@studio.test,Ulm"
    return import_files.import_customers_file(vendor.code, file, "customers.csv", ADMIN, now=NOW)


def _features_file(vendor: Vendor, key: str) -> Any:
    file = f"license_key,code\n{key},export"
    return import_files.import_features_file(vendor.code, file, "features.csv", ADMIN, now=NOW)


def _licenses_file(vendor: Vendor, _: None) -> Any:
    return import_files.import_licenses_file(
        vendor.code, "license_key,product\nK-1,viewer", "licenses.csv", ADMIN, now=NOW
    )


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
        import_files.import_customers_file,
        lambda _: None,
        _customers_file,
        ("customer_created",),
    ),
    Case(
        "import a file of features",
        import_files.import_features_file,
        lambda v: extras_cases.of_defined(v).license_key,
        _features_file,
        ("license_changed",),
    ),
    Case(
        "import a file of licenses",
        import_files.import_licenses_file,
        lambda _: None,
        _licenses_file,
        ("license_issued",),
    ),
)
