"""The features and the custom fields that a product defines."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain import custom_fields, features
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Event
from chalicelib.store import histories
from chalicelib.store.definitions import Definitions
from chalicelib.usecases.product_features import (
    change_feature,
    create_feature,
    delete_feature,
    find_feature,
    find_features,
)
from chalicelib.usecases.product_fields import change_field, create_field, delete_field, find_field, find_fields
from tests.store.product_cases import PAGES, REGION
from tests.support import ADMIN, DAY, Vendor


def feature(vendor: Vendor, product: str = "viewer", **fields: Any) -> features.ProductFeature:
    return create_feature(vendor.code, product, PAGES | fields, ADMIN, now=vendor.now)


def field(vendor: Vendor, product: str = "viewer", **fields: Any) -> custom_fields.CustomField:
    return create_field(vendor.code, product, REGION | fields, ADMIN, now=vendor.now)


def refused(call: Callable[[], object]) -> tuple[str | None, str]:
    with pytest.raises(SeatkeeperError) as raised:
        call()
    return raised.value.field, raised.value.code


def events(vendor: Vendor, type: str) -> list[Event]:
    return [event for event in histories.company_events(vendor.code) if event.type == type]


def test_features_and_fields_are_found_by_their_product_and_by_their_id(vendor: Vendor) -> None:
    first, last = feature(vendor, metadata={"formats": ["dwg"]}), feature(vendor, code="dwg")
    other, region = feature(vendor, "revit"), field(vendor)
    assert find_features(vendor.code, "viewer") == sorted((first, last), key=lambda one: one.id)
    assert find_features(vendor.code, "revit") == [other]
    assert find_fields(vendor.code, "viewer") == [region]
    assert (find_features(vendor.code, "none"), find_fields(vendor.code, "revit")) == ([], [])
    assert [find_feature(vendor.code, one.id) for one in (first, last, other)] == [first, last, other]
    assert find_field(vendor.code, region.id) == region
    assert refused(lambda: find_feature(vendor.code, region.id)) == (None, "feature_not_found")
    assert refused(lambda: find_field(vendor.code, first.id)) == (None, "field_not_found")
    assert (first.product_id, first.company) == (vendor.products["viewer"].id, vendor.code)


def test_a_product_whose_code_begins_another_has_its_own(vendor: Vendor) -> None:
    vendor.product("viewer-2", "user")
    other = feature(vendor, "viewer-2")
    assert (find_features(vendor.code, "viewer"), find_features(vendor.code, "viewer-2")) == ([], [other])


def test_no_two_features_of_a_product_have_one_code_nor_fields_one_name(vendor: Vendor) -> None:
    feature(vendor), field(vendor)
    other, another = feature(vendor, code="dwg"), field(vendor, name="Country")
    assert refused(lambda: feature(vendor)) == ("code", "already_exists")
    assert refused(lambda: field(vendor)) == ("name", "already_exists")
    for call in (
        lambda: change_feature(vendor.code, other.id, {"code": "pages"}, ADMIN, now=vendor.now),
        lambda: change_field(vendor.code, another.id, {"name": "Region"}, ADMIN, now=vendor.now),
    ):
        assert refused(call)[1] == "already_exists"
    assert change_feature(vendor.code, other.id, {"code": "dxf"}, ADMIN, now=vendor.now).code == "dxf"


def test_of_two_at_once_that_make_one_code_one_is_refused(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was faster is seen by the count of the product, which was read before all of its features."""
    rivals = ["rival"]
    original = Definitions.read_all

    def read_all(self: Any, company: str, product: str = "") -> Any:
        found = original(self, company, product)
        if product and rivals:
            rivals.pop()
            feature(vendor, name="Faster")
        return found

    monkeypatch.setattr(Definitions, "read_all", read_all)
    assert refused(lambda: feature(vendor)) == ("code", "already_exists")
    assert [one.name for one in find_features(vendor.code, "viewer")] == ["Faster"]


def test_a_product_has_a_bounded_number_of_each(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.usecases.product_features.MAX_FEATURES", 2)
    monkeypatch.setattr("chalicelib.usecases.product_fields.MAX_FIELDS", 2)
    for number in range(2):
        feature(vendor, code=f"f{number}"), field(vendor, name=f"f{number}")
    assert refused(lambda: feature(vendor)) == ("code", "too_many_features")
    assert refused(lambda: field(vendor)) == ("name", "too_many_fields")
    feature(vendor, "revit"), field(vendor, "revit")
    delete_feature(vendor.code, find_features(vendor.code, "viewer")[0].id, ADMIN, now=vendor.now)
    assert feature(vendor).code == "pages"


def test_a_change_moves_the_revision_and_history_says_what_it_was(vendor: Vendor) -> None:
    made, later = feature(vendor), vendor.now + DAY
    changes = {"name": "Pages a month", "max_consumption": None, "metadata": {"unit": "A4"}}
    changed = change_feature(vendor.code, made.id, changes, ADMIN, now=later)
    assert (changed.revision, changed.updated_at, changed.created_at) == (1, later, vendor.now)
    assert (find_feature(vendor.code, made.id), find_feature(vendor.code, made.id).revision) == (changed, 1)
    assert (changed.name, changed.max_consumption, changed.metadata) == tuple(changes.values())
    assert change_feature(vendor.code, made.id, changes, ADMIN, now=later + DAY) == changed
    (event,) = events(vendor, "feature_changed")
    assert event.detail == {
        "product": "viewer",
        "feature": "pages",
        "feature_id": made.id,
        "name": "Pages a month",
        "name_before": "Pages",
        "max_consumption": None,
        "max_consumption_before": 100,
        "changed": "metadata",
    }


def test_a_field_is_changed_likewise(vendor: Vendor) -> None:
    made, later = field(vendor), vendor.now + DAY
    changed = change_field(vendor.code, made.id, {"default_value": "US"}, ADMIN, revision=0, now=later)
    assert (changed, changed.revision) == (find_field(vendor.code, made.id), 1)
    assert (changed.default_value, changed.updated_at) == ("US", later)
    (event,) = events(vendor, "field_changed")
    assert (event.detail["default_value"], event.detail["default_value_before"]) == ("US", "EU")


def test_what_has_another_revision_is_not_changed(vendor: Vendor) -> None:
    one, other = feature(vendor), field(vendor)
    for call in (
        lambda: change_feature(vendor.code, one.id, {"name": "X"}, ADMIN, revision=1, now=vendor.now),
        lambda: delete_feature(vendor.code, one.id, ADMIN, revision=1, now=vendor.now),
        lambda: change_field(vendor.code, other.id, {"name": "X"}, ADMIN, revision=1, now=vendor.now),
        lambda: delete_field(vendor.code, other.id, ADMIN, revision=1, now=vendor.now),
    ):
        assert refused(call) == (None, "revision_changed")
    assert (find_feature(vendor.code, one.id), find_field(vendor.code, other.id)) == (one, other)


def test_a_deleted_feature_is_found_by_its_id_and_its_code_is_free(vendor: Vendor) -> None:
    made = feature(vendor)
    gone = delete_feature(vendor.code, made.id, ADMIN, now=vendor.now + DAY)
    assert (gone.is_deleted, find_feature(vendor.code, made.id)) == (True, gone)
    again = feature(vendor)
    assert find_features(vendor.code, "viewer") == [again]
    both = sorted((gone, again), key=lambda one: one.id)
    assert find_features(vendor.code, "viewer", with_deleted=True) == both
    for call in (
        lambda: delete_feature(vendor.code, made.id, ADMIN, now=vendor.now),
        lambda: change_feature(vendor.code, made.id, {"name": "X"}, ADMIN, now=vendor.now),
    ):
        assert refused(call) == (None, "feature_not_found")
    assert len(events(vendor, "feature_deleted")) == 1


def test_of_deleted_features_the_last_are_kept(vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chalicelib.usecases.product_features.MAX_DELETED", 2)
    gone = []
    for number in range(4):
        gone.append(feature(vendor).id)
        delete_feature(vendor.code, gone[-1], ADMIN, now=vendor.now + number)
    kept = find_features(vendor.code, "viewer", with_deleted=True)
    assert {one.id for one in kept} == set(gone[2:])


def test_a_deleted_field_is_gone(vendor: Vendor) -> None:
    made = field(vendor)
    delete_field(vendor.code, made.id, ADMIN, now=vendor.now)
    assert find_fields(vendor.code, "viewer") == []
    assert refused(lambda: delete_field(vendor.code, made.id, ADMIN, now=vendor.now)) == (None, "field_not_found")
    assert [event.detail["field"] for event in events(vendor, "field_deleted")] == ["Region"]


@pytest.mark.parametrize("product", ["none", "a#b", ""])
def test_what_there_is_not_has_no_features(vendor: Vendor, product: str) -> None:
    assert refused(lambda: feature(vendor, product)) == ("product", "unknown_product")
    assert refused(lambda: field(vendor, product)) == ("product", "unknown_product")
