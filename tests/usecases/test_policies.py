"""Policies: terms of a product under a code, copied to licenses at their issue, and applied to some that were sold."""

from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.domain.events import Event
from chalicelib.domain.extras import PolicyOrigin
from chalicelib.domain.instants import add, parse_duration, to_iso
from chalicelib.domain.license import License
from chalicelib.domain.policies import MAX_POLICIES, Policy, counted_from
from chalicelib.store import histories
from chalicelib.store.definitions import Definitions
from chalicelib.usecases.change_license import extend
from chalicelib.usecases.change_terms import change_terms, find_sold, preview_terms
from chalicelib.usecases.issue_license import issue_license, terms_of
from chalicelib.usecases.license_extras import Wanted, grant_features, set_fields
from chalicelib.usecases.policies import (
    change_policy,
    changes_of,
    create_policy,
    delete_policy,
    extras_of,
    find_all_policies,
    find_policies,
    find_policy,
    find_policy_by_code,
)
from chalicelib.usecases.product_features import create_feature, delete_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.usecases.products import change_product
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.support import kinds, refused

YEAR = parse_duration("1y")
TERMS: dict[str, Any] = {
    "license_type": "subscription",
    "max_activations": 5,
    "max_transfers": 3,
    "grace_period": 48,
    "renewal_basis": "end",
    "overage": "2x",
    "valid_duration": "1y",
}
EXTRAS: dict[str, Any] = {
    "maintenance_duration": "2y",
    "note": "sold by the shop",
    "metadata": {"tier": "pro"},
    "features": {"export": {"valid_duration": "30d"}, "pages": {"max_consumption": 500}},
    "custom_fields": {"Campus": "Zürich"},
}


@pytest.fixture
def product(vendor: Vendor) -> str:
    """With two features and a custom field."""
    export: Any = {"code": "export", "name": "Export", "feature_type": "activation"}
    pages: Any = {"code": "pages", "name": "Pages", "feature_type": "consumption", "max_consumption": 100}
    for fields in (export, pages):
        create_feature(vendor.code, "viewer", fields, ADMIN, now=NOW)
    create_field(vendor.code, "viewer", {"name": "Campus", "data_type": "text"}, ADMIN, now=NOW)
    return "viewer"


def made(vendor: Vendor, **fields: Any) -> Policy:
    given = {"code": "pro", "name": "Viewer Pro"} | TERMS | EXTRAS | fields
    return create_policy(vendor.code, "viewer", given, ADMIN, now=vendor.now)


def sold(vendor: Vendor, policy: Policy, **given: Any) -> License:
    terms = terms_of(vendor.code, "viewer", given, policy, now=vendor.now)
    return issue_license(vendor.code, "viewer", terms, None, ADMIN, policy=policy, now=vendor.now)[0]


def applied(vendor: Vendor, policy: Policy, license: License, *, now: int = NOW + DAY) -> Any:
    changes = changes_of(policy, now=now)
    preview = preview_terms(vendor.code, license.id, changes, now=now)
    after = change_terms(vendor.code, license.id, changes, ADMIN, now=now)
    assert preview_terms(vendor.code, license.id, changes, now=now) == {}, "to apply it again changes nothing"
    return preview, *after


def events(vendor: Vendor, type: str) -> list[Event]:
    return [event for event in histories.company_events(vendor.code) if event.type == type]


def test_a_license_is_sold_with_all_of_its_policy(vendor: Vendor, product: str) -> None:
    policy = made(vendor)
    license = sold(vendor, policy)
    stored, extras = find_sold(vendor.code, license.id)
    assert {name: getattr(stored, name) for name in TERMS} == TERMS
    assert (extras.note, extras.metadata) == ("sold by the shop", {"tier": "pro"})
    assert extras.maintenance_period == add(vendor.now, parse_duration("2y"))
    assert {grant.code: (grant.expires_at, grant.max_consumption) for grant in extras.features} == {
        "export": (add(vendor.now, parse_duration("30d")), None),
        "pages": (None, 500),
    }
    assert [(value.name, value.value) for value in extras.custom_fields] == [("Campus", "Zürich")]
    assert extras.policy == PolicyOrigin(policy.id, "pro", 1)
    (issued,) = vendor.history(license)
    assert (issued.detail["policy"], issued.detail["policy_version"]) == ("pro", 1)


def test_what_is_said_at_the_issue_stands_instead_of_the_policy(vendor: Vendor, product: str) -> None:
    policy, end = made(vendor), NOW + 100 * DAY
    for given, expected in (
        ({"max_activations": 9}, {"max_activations": 9, "valid_duration": "1y"}),
        ({"validity_period": end}, {"validity_period": end, "valid_duration": None, "grace_period": 48}),
        ({"license_type": "perpetual"}, {"valid_duration": None, "grace_period": 0, "max_activations": 5}),
        ({"max_activations": None}, {"max_activations": None}),
    ):
        license = sold(vendor, policy, **given)
        assert {name: getattr(license, name) for name in expected} == expected, given


def test_a_duration_counts_from_the_first_activation_or_from_the_issue(vendor: Vendor, product: str) -> None:
    later = sold(vendor, made(vendor, expiry_basis="activation"))
    assert (later.valid_duration, later.validity_period) == ("1y", None)
    at_once = sold(vendor, made(vendor, code="now", expiry_basis="issue"))
    assert (at_once.valid_duration, at_once.validity_period) == (None, add(vendor.now, YEAR))
    fixed = sold(vendor, made(vendor, code="fixed", valid_duration=None, validity_period=NOW + 10 * DAY))
    assert (fixed.valid_duration, fixed.validity_period) == (None, NOW + 10 * DAY)


def test_no_change_of_a_policy_moves_what_was_sold(vendor: Vendor, product: str) -> None:
    policy = made(vendor)
    license = sold(vendor, policy)
    changed = change_policy(
        vendor.code, policy.id, {"max_activations": 1, "features": {}}, ADMIN, revision=0, now=NOW + DAY
    )
    assert (changed.version, changed.updated_at, changed.created_at) == (2, NOW + DAY, policy.created_at)
    assert find_policy(vendor.code, policy.id) == changed
    stored, extras = find_sold(vendor.code, license.id)
    assert (stored.max_activations, len(extras.features), extras.policy) == (5, 2, policy.origin)
    (event,) = events(vendor, "policy_changed")
    assert event.detail | {"max_activations": 1, "max_activations_before": 5, "policy": "pro"} == event.detail
    assert (event.detail["features"], event.detail["features_before"]) == ("", "export, pages")
    assert change_policy(vendor.code, policy.id, {"max_activations": 1}, ADMIN, now=NOW + 2 * DAY) == changed
    fixed = {"valid_duration": None, "validity_period": NOW + DAY, "metadata": {"tier": "team"}}
    change_policy(vendor.code, policy.id, fixed, ADMIN, now=NOW + 3 * DAY)
    event = events(vendor, "policy_changed")[0]
    assert (event.detail["validity_period"], event.detail["changed"]) == (to_iso(NOW + DAY), "metadata")
    delete_policy(vendor.code, policy.id, ADMIN, now=NOW + DAY)
    assert find_sold(vendor.code, license.id) == (stored, extras)


def test_a_policy_is_found_by_id_and_by_code_until_it_is_deleted(vendor: Vendor, product: str) -> None:
    first, last = made(vendor), made(vendor, code="basic")
    assert find_policies(vendor.code, "viewer") == sorted((first, last), key=lambda one: one.id)
    assert find_all_policies(vendor.code) == find_policies(vendor.code, "viewer")
    assert find_policies(vendor.code, "revit") == []
    assert find_policy_by_code(vendor.code, "viewer", "basic") == last
    delete_policy(vendor.code, last.id, ADMIN, now=NOW)
    (event,) = events(vendor, "policy_deleted")
    assert event.detail == {"product": "viewer", "policy": "basic", "policy_id": last.id}
    for call in (
        lambda: find_policy(vendor.code, last.id),
        lambda: find_policy_by_code(vendor.code, "viewer", "basic"),
        lambda: change_policy(vendor.code, last.id, {"name": "X"}, ADMIN, now=NOW),
        lambda: delete_policy(vendor.code, last.id, ADMIN, now=NOW),
    ):
        with refused("policy_not_found"):
            call()
    assert made(vendor, code="basic").id != last.id


def test_type_devices_end_and_maintenance_that_are_not_given_are_the_products(vendor: Vendor, product: str) -> None:
    defaults = {"default_license_type": "subscription", "subscription_duration": "6m", "max_activations": 7}
    change_product(vendor.code, "viewer", defaults | {"maintenance_duration": "2y"}, ADMIN, now=NOW)
    policy = create_policy(vendor.code, "viewer", {"code": "plain", "name": "Plain"}, ADMIN, now=NOW)
    assert (policy.license_type, policy.valid_duration, policy.max_activations) == ("subscription", "6m", 7)
    assert policy.maintenance_duration == "2y"


def test_a_policy_says_all_of_the_maintenance_and_the_product_where_there_is_none(vendor: Vendor, product: str) -> None:
    change_product(vendor.code, "viewer", {"maintenance_duration": "1y"}, ADMIN, now=NOW)
    for said, lasts in (("2y", "2y"), (None, None)):
        license = sold(vendor, made(vendor, code=f"for {said}", maintenance_duration=said))
        assert find_sold(vendor.code, license.id)[1].maintenance_period == counted_from(vendor.now, lasts)
    plain = vendor.issue()
    assert find_sold(vendor.code, plain.id)[1].maintenance_period == counted_from(vendor.now, "1y")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"code": ""}, "name_length"),
        ({"license_type": "perpetual"}, "perpetual_has_no_end"),
        ({"validity_period": NOW}, "end_twice"),
        ({"valid_duration": "soon"}, "duration_malformed"),
        ({"max_activations": -1}, "count_out_of_range"),
        ({"max_license_users": 5}, "product_has_no_users"),
        ({"note": "x" * 1001}, "text_too_long"),
        ({"maintenance_duration": "soon"}, "duration_malformed"),
        ({"features": {"export": {"valid_duration": "soon"}}}, "duration_malformed"),
        ({"features": {"none": {}}}, "unsupported_product_feature"),
        ({"custom_fields": {"none": "1"}}, "field_unknown"),
        ({"metadata": {"long": "x" * 8192}}, "policy_too_large"),
        ({"code": "pro"}, "already_exists"),
    ],
)
def test_what_cannot_be_sold_is_no_policy(vendor: Vendor, product: str, fields: Any, code: Any) -> None:
    made(vendor)
    other = made(vendor, code="other")
    with refused(code):
        made(vendor, **({"code": "third"} | fields))
    with refused(code):
        change_policy(vendor.code, other.id, fields, ADMIN, now=NOW)
    assert len(find_policies(vendor.code, "viewer")) == 2
    assert find_policy(vendor.code, other.id) == other


def test_a_product_has_a_bounded_number_of_them(vendor: Vendor, product: str) -> None:
    with patch("chalicelib.usecases.policies.MAX_POLICIES", 1):
        made(vendor)
        with refused("too_many_policies"):
            made(vendor, code="other")
    assert MAX_POLICIES == 100


def test_of_two_at_once_with_one_code_one_is_refused(vendor: Vendor, product: str) -> None:
    """Whoever was faster is seen by the count of the product, which was read before all of its policies."""
    rivals, original = ["rival"], Definitions.read_all
    plain: dict[str, Any] = {"features": {}, "custom_fields": {}}

    def read_all(self: Any, company: str, product: str = "") -> Any:
        found = original(self, company, product)
        if rivals and rivals.pop():
            made(vendor, name="Faster", **plain)
        return found

    with patch.object(Definitions, "read_all", read_all), refused("already_exists"):
        made(vendor, **plain)
    assert [one.name for one in find_policies(vendor.code, "viewer")] == ["Faster"]


def test_a_policy_of_another_revision_is_not_changed(vendor: Vendor, product: str) -> None:
    policy = made(vendor)
    with refused("revision_changed"):
        change_policy(vendor.code, policy.id, {"name": "X"}, ADMIN, revision=1, now=NOW)
    with refused("revision_changed"):
        delete_policy(vendor.code, policy.id, ADMIN, revision=1, now=NOW)


def test_a_policy_sells_no_other_product_and_nothing_that_its_product_defines_no_more(
    vendor: Vendor, product: str
) -> None:
    policy = made(vendor)
    with refused("policy_of_other_product"):
        extras_of(policy, vendor.products["revit"], now=NOW)
    granted = extras_of(policy, vendor.products["viewer"], now=NOW).features
    delete_feature(vendor.code, granted[0].feature_id, ADMIN, now=NOW)
    with refused("unsupported_product_feature"):
        sold(vendor, policy)


def test_to_apply_a_policy_changes_limits_and_features_and_not_what_was_paid_for(vendor: Vendor, product: str) -> None:
    license = sold(vendor, made(vendor, note="", metadata={"tier": "pro", "seats": 1}))
    vendor.activate(license, "pc")
    extend(vendor.code, license.id, NOW + 500 * DAY, None, ADMIN, now=NOW)
    change_terms(vendor.code, license.id, {"note": "by phone", "metadata": {"crm": 7}}, ADMIN, now=NOW)
    before, carried = find_sold(vendor.code, license.id)
    other = made(vendor, code="team", max_activations=50, grace_period=0, features={"pages": {}}, valid_duration="30d")
    preview, after, extras = applied(vendor, other, license)
    assert (after.max_activations, after.grace_period) == (50, 0)
    assert (after.validity_period, after.valid_duration) == (before.validity_period, before.valid_duration)
    assert (extras.note, extras.metadata) == ("by phone", {"crm": 7, "tier": "pro"})
    assert extras.maintenance_period == carried.maintenance_period
    (pages,) = extras.features
    assert (pages.code, pages.max_consumption) == ("pages", 100), "as the policy says, not as the one before"
    assert pages.id == next(grant.id for grant in carried.features if grant.code == "pages")
    assert extras.policy == other.origin
    assert (preview["max_activations"], preview["max_activations_before"]) == (50, 5)
    assert (preview["policy"], preview["policy_before"]) == ("team, version 1", "pro, version 1")
    assert kinds(vendor, license)[-1] == "license_changed"


def test_a_feature_that_stays_keeps_its_end_and_fields_that_are_not_named_their_values(
    vendor: Vendor, product: str
) -> None:
    create_field(vendor.code, "viewer", {"name": "Room", "data_type": "text"}, ADMIN, now=NOW)
    license = vendor.issue()
    grant_features(vendor.code, license.id, [Wanted("export", NOW + 9 * DAY)], ADMIN, now=NOW)
    set_fields(vendor.code, license.id, {"Room": "4.12", "Campus": "Bern"}, ADMIN, now=NOW)
    before = find_sold(vendor.code, license.id)[1]
    policy = made(vendor, license_type="perpetual", valid_duration=None, grace_period=0)
    _, _, extras = applied(vendor, policy, license)
    ends = {grant.code: grant.expires_at for grant in extras.features}
    assert ends == {"export": NOW + 9 * DAY, "pages": None}
    assert {value.name: value.value for value in extras.custom_fields} == {"Room": "4.12", "Campus": "Zürich"}
    assert {one.name: one.id for one in extras.custom_fields} == {one.name: one.id for one in before.custom_fields}


def test_a_policy_is_applied_to_licenses_of_its_product_alone(vendor: Vendor, product: str) -> None:
    policy = made(vendor, license_type="perpetual", valid_duration=None, grace_period=0)
    other = vendor.issue("revit")
    changes = changes_of(policy, now=NOW)
    with refused("policy_of_other_product"):
        change_terms(vendor.code, other.id, changes, ADMIN, now=NOW)
    with refused("policy_of_other_product"):
        preview_terms(vendor.code, other.id, changes, now=NOW)
