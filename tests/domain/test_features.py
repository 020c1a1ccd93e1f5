"""Features of a product: what may be said of one."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.features import (
    MAX_CODE,
    MAX_CONSUMPTION,
    MAX_METADATA,
    ProductFeature,
    checked_feature,
    feature_code,
)
from tests.domain.samples import NOW

EXPORT = ProductFeature("ACME", "viewer", 1, 2, "export", "Export", "activation", NOW, NOW)
PAGES = replace(EXPORT, code="pages", name="Pages", feature_type="consumption", max_consumption=100)


def wrong(feature: ProductFeature, **fields: Any) -> dict[str | None, str]:
    """The code of what is wrong with each field."""
    with pytest.raises(Invalid) as raised:
        checked_feature(replace(feature, **fields))
    return {error.field: error.code for error in raised.value.errors}


@pytest.mark.parametrize(
    "feature",
    [
        EXPORT,
        PAGES,
        replace(PAGES, max_consumption=None),
        replace(PAGES, max_consumption=0, allow_overages=True, max_overages=MAX_CONSUMPTION),
        replace(PAGES, reset_consumption=True, consumption_period="monthly"),
        replace(EXPORT, metadata={"formats": ["dwg", "ifc"]}),
    ],
)
def test_what_is_right_stays_as_it_is(feature: ProductFeature) -> None:
    assert checked_feature(feature) == feature


def test_names_are_tidied_and_a_client_may_send_zero_of_what_is_not_used_up() -> None:
    sent = replace(EXPORT, code=" export ", name=" Export ", max_consumption=0, max_overages=0)
    assert checked_feature(sent) == EXPORT


@pytest.mark.parametrize(
    ("feature", "fields", "codes"),
    [
        (EXPORT, {"code": " ", "name": ""}, {"code": "name_length", "name": "name_length"}),
        (EXPORT, {"code": "a\x00"}, {"code": "name_length"}),
        (EXPORT, {"code": "x" * (MAX_CODE + 1)}, {"code": "name_length"}),
        (EXPORT, {"max_consumption": 5}, {"max_consumption": "feature_without_consumption"}),
        (
            EXPORT,
            {"allow_overages": True, "consumption_period": "daily"},
            {"allow_overages": "feature_without_consumption", "consumption_period": "feature_without_consumption"},
        ),
        (PAGES, {"max_consumption": -1}, {"max_consumption": "count_out_of_range"}),
        (PAGES, {"max_overages": MAX_CONSUMPTION + 1}, {"max_overages": "count_out_of_range"}),
        (PAGES, {"reset_consumption": True}, {"consumption_period": "consumption_period_missing"}),
        (EXPORT, {"metadata": {"x": "é" * MAX_METADATA}}, {"metadata": "metadata_too_large"}),
    ],
)
def test_all_that_is_wrong_is_told_by_field(feature: Any, fields: Any, codes: Any) -> None:
    assert wrong(feature, **fields) == codes


def test_metadata_is_measured_in_bytes_of_json_without_spaces() -> None:
    least = len('{"x":""}')
    fits = replace(EXPORT, metadata={"x": "a" * (MAX_METADATA - least)})
    assert checked_feature(fits) == fits
    assert wrong(EXPORT, metadata={"x": "a" * (MAX_METADATA - least + 1)}) == {"metadata": "metadata_too_large"}
    assert wrong(EXPORT, metadata={"x": "é" * (MAX_METADATA // 2)}) == {"metadata": "metadata_too_large"}


def test_a_code_may_have_up_to_a_hundred_characters() -> None:
    assert feature_code("x" * MAX_CODE) == "x" * MAX_CODE
