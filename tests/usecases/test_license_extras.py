"""Features, custom fields, metadata and a note of a license: set by whoever sells, kept in one item."""

from typing import Any

import pytest

from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.extras import MAX_BYTES, MAX_NOTE
from chalicelib.domain.license import License
from chalicelib.usecases.change_terms import change_terms, find_sold
from chalicelib.usecases.license_extras import Wanted, grant_feature, grant_features, set_fields
from chalicelib.usecases.policies import create_policy
from chalicelib.usecases.product_features import create_feature, delete_feature
from chalicelib.usecases.product_fields import change_field, create_field, find_fields
from tests.store.seam import Request, intercepted
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.support import kinds, refused


@pytest.fixture
def license(vendor: Vendor) -> License:
    """Of a product with two features and two custom fields."""
    for code in ("export", "import"):
        fields: Any = {"code": code, "name": code, "feature_type": "activation", "metadata": {"a": 1}}
        create_feature(vendor.code, "viewer", fields, ADMIN, now=NOW)
    for name, kind in (("Campus", "text"), ("Seats", "number")):
        create_field(vendor.code, "viewer", {"name": name, "data_type": kind}, ADMIN, now=NOW)
    return vendor.issue()


def features(vendor: Vendor, license: License) -> dict[str, Any]:
    return {grant.code: grant for grant in find_sold(vendor.code, license.id)[1].features}


def test_a_list_of_features_is_the_whole_truth_and_one_that_stays_keeps_its_id(
    vendor: Vendor, license: License
) -> None:
    grant_features(vendor.code, license.id, [Wanted("export"), Wanted("import")], ADMIN, now=NOW)
    before = features(vendor, license)
    grant_features(vendor.code, license.id, [Wanted("import", expires_at=NOW + DAY)], ADMIN, now=NOW + 1)
    after = features(vendor, license)
    assert [*after] == ["import"]
    assert (after["import"].id, after["import"].expires_at) == (before["import"].id, NOW + DAY)
    event = vendor.history(license)[-1]
    assert (event.detail["features"], event.detail["features_before"]) == ("import", "export, import")


def test_a_grant_begins_as_the_products_feature_and_goes_its_own_way(vendor: Vendor, license: License) -> None:
    wanted = [Wanted("export"), Wanted("import", more={"metadata": {"b": 2}})]
    _, extras = grant_features(vendor.code, license.id, wanted, ADMIN, now=NOW)
    assert [grant.metadata for grant in extras.features] == [{"a": 1}, {"b": 2}]
    delete_feature(vendor.code, extras.features[0].feature_id, ADMIN, now=NOW)
    grant_features(vendor.code, license.id, wanted, ADMIN, now=NOW)
    assert [*features(vendor, license)] == ["export", "import"], "who has it keeps it"
    other = vendor.issue()
    with refused("unsupported_product_feature"):
        grant_features(vendor.code, other.id, [Wanted("export")], ADMIN, now=NOW)


def test_fields_are_set_by_name_an_empty_one_goes_and_others_stay(vendor: Vendor, license: License) -> None:
    set_fields(vendor.code, license.id, {"Campus": "Zürich", "Seats": "12"}, ADMIN, now=NOW)
    _, extras = set_fields(vendor.code, license.id, {"Campus": " "}, ADMIN, now=NOW)
    assert [(one.name, one.value) for one in extras.custom_fields] == [("Seats", "12")]
    with refused("field_unknown"):
        set_fields(vendor.code, license.id, {"Kampus": "x"}, ADMIN, now=NOW)
    with refused("number_malformed"):
        set_fields(vendor.code, license.id, {"Seats": "many"}, ADMIN, now=NOW)
    assert find_sold(vendor.code, license.id)[1] == extras


def test_a_field_that_its_product_calls_otherwise_since_has_one_value(vendor: Vendor, license: License) -> None:
    set_fields(vendor.code, license.id, {"Campus": "Ulm", "Seats": "3"}, ADMIN, now=NOW)
    campus = next(one for one in find_fields(vendor.code, "viewer") if one.name == "Campus")
    change_field(vendor.code, campus.id, {"name": "Site"}, ADMIN, now=NOW)
    _, extras = set_fields(vendor.code, license.id, {"Site": "Jena"}, ADMIN, now=NOW)
    assert [(one.name, one.value) for one in extras.custom_fields] == [("Seats", "3"), ("Site", "Jena")]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"note": "x" * (MAX_NOTE + 1)}, "text_too_long"),
        ({"metadata": {"a": "x" * 20_000}}, "metadata_too_large"),
    ],
)
def test_what_is_too_long_is_refused_and_nothing_is_changed(
    vendor: Vendor, license: License, changes: Any, code: Any
) -> None:
    with refused(code):
        change_terms(vendor.code, license.id, changes | {"max_activations": 1}, ADMIN, now=NOW)
    assert (vendor.stored(license), kinds(vendor, license)) == (license, [])


def test_all_that_a_license_carries_has_a_limit(vendor: Vendor, license: License) -> None:
    for n in range(20):
        fields: Any = {"code": f"f{n}", "name": "x", "feature_type": "activation", "metadata": {"a": "x" * 4000}}
        create_feature(vendor.code, "viewer", fields, ADMIN, now=NOW)
    assert MAX_BYTES < 20 * 4000
    with pytest.raises(SeatkeeperError) as error:
        grant_features(vendor.code, license.id, [Wanted(f"f{n}") for n in range(20)], ADMIN, now=NOW)
    assert error.value.code == "license_too_large"


def test_a_feature_carries_no_metadata_that_no_list_could_answer(vendor: Vendor, license: License) -> None:
    fields: Any = {"code": "deep", "name": "x", "feature_type": "activation"}
    made, deep = create_feature(vendor.code, "viewer", fields, ADMIN, now=NOW), {"a": 2**60}
    policy = {"code": "p", "name": "P", "license_type": "perpetual", "features": {"deep": {"metadata": deep}}}
    for grant, field in (
        (
            lambda: grant_features(vendor.code, license.id, [Wanted("deep", None, {"metadata": deep})], ADMIN, now=NOW),
            "product_features",
        ),
        (lambda: grant_feature(vendor.code, license.id, made.id, None, {"metadata": deep}, ADMIN, now=NOW), "metadata"),
        (lambda: create_policy(vendor.code, "viewer", policy, ADMIN, now=NOW), "product_features"),
    ):
        with pytest.raises(Invalid) as error:
            grant()
        assert (error.value.code, error.value.field) == ("metadata_malformed", field)
    assert find_sold(vendor.code, license.id)[1].features == ()


def test_one_revision_guards_terms_and_what_is_carried_besides(vendor: Vendor, license: License) -> None:
    sold, _ = change_terms(vendor.code, license.id, {"note": "a", "max_activations": 9}, ADMIN, now=NOW)
    assert sold.revision == 1
    assert change_terms(vendor.code, license.id, {"note": "b"}, ADMIN, revision=1, now=NOW)[0].revision == 2
    with refused("revision_changed"):
        change_terms(vendor.code, license.id, {"max_activations": 8}, ADMIN, revision=1, now=NOW)
    change_terms(vendor.code, license.id, {"note": "b"}, ADMIN, now=NOW)
    assert kinds(vendor, license) == ["license_changed"] * 2, "the same again changes nothing"


def test_of_two_changes_at_once_neither_is_lost(vendor: Vendor, license: License) -> None:
    is_first = True

    def between(request: Request, send: Any) -> Any:
        nonlocal is_first
        if request.operation == "TransactWriteItems" and is_first:
            is_first = False
            set_fields(vendor.code, license.id, {"Seats": "12"}, ADMIN, now=NOW)
        return send(request)

    with intercepted(between):
        set_fields(vendor.code, license.id, {"Campus": "Zürich"}, ADMIN, now=NOW)
    _, extras = find_sold(vendor.code, license.id)
    assert {one.name: one.value for one in extras.custom_fields} == {"Seats": "12", "Campus": "Zürich"}


def test_metadata_is_kept_as_it_was_written_and_history_does_not_tell_it(vendor: Vendor, license: License) -> None:
    metadata = {"ä": [1, 2.5, None, True, {"b": ""}], "": {}}
    change_terms(vendor.code, license.id, {"metadata": metadata}, ADMIN, now=NOW + 1)
    assert find_sold(vendor.code, license.id)[1].metadata == metadata
    assert vendor.history(license)[-1].detail == {"metadata": "set", "metadata_before": ""}
