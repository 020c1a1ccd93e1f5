"""What a license carries besides its limits and dates, as cases of `tests.store.cases`."""

from typing import Any

from chalicelib.domain.license import DeviceReport, License
from chalicelib.usecases import check, license_extras, license_fields
from chalicelib.usecases.license_extras import Wanted
from chalicelib.usecases.product_features import create_feature, find_features
from chalicelib.usecases.product_fields import create_field, find_fields
from tests.store.case import Case
from tests.support import ADMIN, HOUR, NOW, Vendor


def of_defined(vendor: Vendor) -> License:
    """A license of a product that defines a feature and a custom field."""
    feature: Any = {"code": "export", "name": "Export", "feature_type": "activation"}
    create_feature(vendor.code, "viewer", feature, ADMIN, now=NOW)
    create_field(vendor.code, "viewer", {"name": "Campus", "data_type": "text"}, ADMIN, now=NOW)
    return vendor.issue()


def _grant(vendor: Vendor, license: License) -> Any:
    return license_extras.grant_features(vendor.code, license.id, [Wanted("export")], ADMIN, now=NOW)


def _set(vendor: Vendor, license: License) -> Any:
    return license_extras.set_fields(vendor.code, license.id, {"Campus": "Zürich"}, ADMIN, now=NOW)


def _granted(vendor: Vendor) -> License:
    license = of_defined(vendor)
    _grant(vendor, license)
    vendor.activate(license, "pc")
    return license


def _check(vendor: Vendor, license: License) -> Any:
    lookup = vendor.lookup(license, "pc")
    return check.check_feature(vendor.code, lookup, "export", DeviceReport("pc"), ADMIN, now=NOW + HOUR)


def _grant_one(vendor: Vendor, license: License) -> Any:
    (feature,) = find_features(vendor.code, "viewer")
    return license_extras.grant_feature(vendor.code, license.id, feature.id, None, {}, ADMIN, now=NOW)


def _grant_otherwise(vendor: Vendor, license: License) -> Any:
    return license_extras.set_feature(vendor.code, license.id, Wanted("export", NOW + HOUR), ADMIN, now=NOW)


def _said(vendor: Vendor) -> tuple[int, int]:
    """A license, and the custom field in which it says something."""
    license = of_defined(vendor)
    _set(vendor, license)
    return license.id, _field(vendor)


def _field(vendor: Vendor) -> int:
    (field,) = find_fields(vendor.code, "viewer")
    return field.id


EXTRAS_CASES = (
    Case("check a feature", check.check_feature, _granted, _check, observes=True),
    Case("grant features", license_extras.grant_features, of_defined, _grant, ("license_changed",)),
    Case("grant a feature", license_extras.grant_feature, of_defined, _grant_one, ("license_changed",)),
    Case("grant a feature otherwise", license_extras.set_feature, _granted, _grant_otherwise, ("license_changed",)),
    Case("set custom fields", license_extras.set_fields, of_defined, _set, ("license_changed",)),
    Case(
        "say something in a custom field",
        license_fields.create_value,
        of_defined,
        lambda v, x: license_fields.create_value(v.code, x.id, _field(v), "Ulm", ADMIN, now=NOW),
        ("license_changed",),
    ),
    Case(
        "say something else in a custom field",
        license_fields.change_value,
        _said,
        lambda v, place: license_fields.change_value(v.code, place[0], place[1], "Ulm", ADMIN, now=NOW),
        ("license_changed",),
    ),
    Case(
        "say nothing in a custom field",
        license_fields.delete_value,
        _said,
        lambda v, place: license_fields.delete_value(v.code, place[0], place[1], ADMIN, now=NOW),
        ("license_changed",),
    ),
)
