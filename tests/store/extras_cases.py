"""What a license carries besides its limits and dates, as cases of `tests.store.cases`."""

from typing import Any

from chalicelib.domain.license import DeviceReport, License
from chalicelib.usecases import check, license_extras
from chalicelib.usecases.license_extras import Wanted
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from tests.store.case import Case
from tests.support import ADMIN, HOUR, NOW, Vendor


def _of_defined(vendor: Vendor) -> License:
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
    license = _of_defined(vendor)
    _grant(vendor, license)
    vendor.activate(license, "pc")
    return license


def _check(vendor: Vendor, license: License) -> Any:
    lookup = vendor.lookup(license, "pc")
    return check.check_feature(vendor.code, lookup, "export", DeviceReport("pc"), ADMIN, now=NOW + HOUR)


EXTRAS_CASES = (
    Case("check a feature", check.check_feature, _granted, _check, observes=True),
    Case("grant features", license_extras.grant_features, _of_defined, _grant, ("license_changed",)),
    Case("set custom fields", license_extras.set_fields, _of_defined, _set, ("license_changed",)),
)
