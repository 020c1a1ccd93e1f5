"""Features, custom fields, metadata and maintenance of a license, as applications are answered them."""

from typing import Any

import pytest

from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.license_extras import Wanted, grant_features, set_fields
from chalicelib.usecases.policies import changes_of, create_policy
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.web import clock
from tests.licenseapi.objects import granted, refused
from tests.support import ADMIN, DAY, Application, Vendor


@pytest.fixture
def license(vendor: Vendor) -> License:
    """With a feature, one that is over, one that is used up, and a custom field."""
    now = clock.now()
    for code, kind in (("export", "activation"), ("beta", "activation"), ("renders", "consumption")):
        more = {"max_consumption": 100, "consumption_period": "monthly"} if kind == "consumption" else {}
        fields: Any = {"code": code, "name": code.title(), "feature_type": kind, "metadata": {"of": code}, **more}
        create_feature(vendor.code, "viewer", fields, ADMIN, now=now)
    create_field(vendor.code, "viewer", {"name": "Campus", "data_type": "text"}, ADMIN, now=now)
    license = vendor.issue()
    wanted = [Wanted("export"), Wanted("beta", expires_at=now - 1), Wanted("renders", more={"max_consumption": 7})]
    grant_features(vendor.code, license.id, wanted, ADMIN, now=now)
    set_fields(vendor.code, license.id, {"Campus": "Zürich"}, ADMIN, now=now)
    more = {"metadata": {"crm": 17}, "maintenance_period": now + DAY, "note": "for our eyes alone"}
    change_terms(vendor.code, license.id, more, ADMIN, now=now)
    return license


@pytest.fixture
def lookup(license: License) -> dict[str, Any]:
    """IDENT of a device."""
    return {"product": "viewer", "license_key": license.license_key, "hardware_id": "hw-1"}


def codes(body: Any) -> list[str]:
    return [feature["code"] for feature in body["product_features"]]


def test_a_license_shows_what_it_carries_and_the_vendors_note_to_nobody(
    application: Application, lookup: dict[str, Any]
) -> None:
    activated = granted(application.post("activate_license", **lookup))
    checked = granted(application.get("check_license", **lookup))
    for body in (activated, checked):
        assert codes(body) == ["export", "renders"]
        assert body["custom_fields"] == [{"name": "Campus", "data_type": "text", "value": "Zürich"}]
        assert body["metadata"] == {"crm": 17}
        assert body["enable_maintenance_period"]
        assert body["maintenance_period"] is not None
        assert "for our eyes alone" not in str(body)


def test_a_license_says_which_policy_its_terms_came_from(
    application: Application, lookup: dict[str, Any], license: License
) -> None:
    assert granted(application.post("activate_license", **lookup))["license_template_id"] is None
    code, now = license.company, clock.now()
    policy = create_policy(code, "viewer", {"code": "pro", "name": "Pro"}, ADMIN, now=now)
    change_terms(code, license.id, changes_of(policy, now=now), ADMIN, now=now)
    assert granted(application.get("check_license", **lookup))["license_template_id"] == policy.id


def test_features_that_are_over_are_shown_to_who_asks_for_them(
    application: Application, lookup: dict[str, Any]
) -> None:
    granted(application.post("activate_license", **lookup))
    for asked, shown in (("true", ["export", "beta", "renders"]), ("false", ["export", "renders"])):
        assert codes(granted(application.get("check_license", **lookup, include_expired_features=asked))) == shown


def test_a_feature_is_checked_by_itself(application: Application, lookup: dict[str, Any], license: License) -> None:
    assert refused(application.get("check_license_feature", **lookup, feature="export")) == "device_not_found"
    granted(application.post("activate_license", **lookup))
    body = granted(application.get("check_license_feature", **lookup, feature="export"))
    known = {name: body[name] for name in ("code", "name", "feature_type", "expiry_date", "metadata", "license_id")}
    assert known == {
        "code": "export",
        "name": "Export",
        "feature_type": "activation",
        "expiry_date": None,
        "metadata": {"of": "export"},
        "license_id": license.id,
    }
    assert "max_consumption" not in body
    used_up = granted(application.get("check_license_feature", **lookup, feature="renders"))
    assert (used_up["max_consumption"], used_up["total_consumptions"]) == (7, 0)
    assert (used_up["consumption_period"], used_up["allow_unlimited_consumptions"]) == ("monthly", False)


def test_a_feature_that_is_over_says_so_by_its_date(application: Application, lookup: dict[str, Any]) -> None:
    granted(application.post("activate_license", **lookup))
    body = granted(application.get("check_license_feature", **lookup, feature="beta"))
    assert body["expiry_date"] < to_iso(clock.now())


def test_a_feature_that_the_license_has_not_is_refused(application: Application, lookup: dict[str, Any]) -> None:
    granted(application.post("activate_license", **lookup))
    answer = application.get("check_license_feature", **lookup, feature="nothing")
    assert refused(answer) == "invalid_license_feature_code"
    assert refused(application.get("check_license_feature", **lookup)) == "missing_parameters"


def test_what_a_user_s_own_licenses_and_a_device_s_carry_is_shown(
    application: Application, vendor: Vendor, lookup: dict[str, Any]
) -> None:
    granted(application.post("activate_license", **lookup))
    (row,) = granted(application.get("device_licenses", hardware_id="hw-1"))
    assert codes(row) == ["export", "renders"]
    license = vendor.issue("revit")
    _, password = vendor.assign(license, "ann@customer.test")
    change_terms(vendor.code, license.id, {"metadata": {"crm": 18}}, ADMIN, now=clock.now())
    asked = {"product": "revit", "username": "ann@customer.test", "password": password}
    assert granted(application.get("user_licenses", **asked))[0]["license"]["metadata"] == {"crm": 18}
