"""What a vendor says of a product, and what its licenses begin with."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.catalog import Product
from chalicelib.domain.errors import Invalid
from chalicelib.domain.metadata import MAX_METADATA
from chalicelib.domain.products import MAX_ACTIVATIONS, MAX_TRIAL_DAYS, checked_product, with_product_terms
from tests.domain.samples import NOW

VIEWER = Product("ACME", 1, "viewer", 2, "Viewer", "license-key", NOW)
RENTED = replace(
    VIEWER,
    default_license_type="subscription",
    max_activations=3,
    valid_duration="30d",
    subscription_duration="1y",
    maintenance_duration="2y",
    allow_trial=True,
    trial_days=14,
)


def test_what_is_right_stays_as_it_is() -> None:
    for product in (VIEWER, RENTED, replace(VIEWER, max_activations=MAX_ACTIVATIONS, trial_days=MAX_TRIAL_DAYS)):
        assert checked_product(product) == product
    assert checked_product(replace(VIEWER, name=" Viewer ")) == VIEWER
    assert (VIEWER.changed_at, replace(VIEWER, updated_at=NOW + 1).changed_at) == (NOW, NOW + 1)


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"code": "a b", "name": ""}, {"code": "product_code_malformed", "name": "name_length"}),
        ({"valid_duration": "1x"}, {"valid_duration": "duration_malformed"}),
        ({"subscription_duration": "9999y"}, {"subscription_duration": "duration_too_long"}),
        ({"maintenance_duration": "1w"}, {"maintenance_duration": "duration_malformed"}),
        ({"max_activations": -1}, {"max_activations": "count_out_of_range"}),
        ({"trial_days": MAX_TRIAL_DAYS + 1}, {"trial_days": "count_out_of_range"}),
        ({"metadata": {"x": "y" * MAX_METADATA}}, {"metadata": "metadata_too_large"}),
    ],
)
def test_all_that_is_wrong_is_told_by_field(fields: Any, codes: Any) -> None:
    with pytest.raises(Invalid) as raised:
        checked_product(replace(VIEWER, **fields))
    assert {error.field: error.code for error in raised.value.errors} == codes


@pytest.mark.parametrize(
    ("product", "given", "terms"),
    [
        (VIEWER, {}, {"license_type": "perpetual", "max_activations": 1}),
        (VIEWER, {"max_activations": None}, {"license_type": "perpetual", "max_activations": None}),
        (RENTED, {}, {"license_type": "subscription", "max_activations": 3, "valid_duration": "1y"}),
        (
            RENTED,
            {"license_type": "time-limited", "max_activations": 9},
            {"license_type": "time-limited", "max_activations": 9, "valid_duration": "30d"},
        ),
        (RENTED, {"license_type": "perpetual"}, {"license_type": "perpetual", "max_activations": 3}),
        (
            RENTED,
            {"validity_period": NOW, "valid_duration": None},
            {"license_type": "subscription", "max_activations": 3, "validity_period": NOW, "valid_duration": None},
        ),
        (
            RENTED,
            {"valid_duration": "2y"},
            {"license_type": "subscription", "max_activations": 3, "valid_duration": "2y"},
        ),
        (
            RENTED,
            {"is_trial": True},
            {"license_type": "time-limited", "max_activations": 3, "valid_duration": "14d", "is_trial": True},
        ),
        (
            replace(RENTED, trial_days=0),
            {"is_trial": True},
            {"license_type": "time-limited", "max_activations": 3, "valid_duration": "30d", "is_trial": True},
        ),
        (
            replace(RENTED, subscription_duration=None),
            {},
            {"license_type": "subscription", "max_activations": 3, "valid_duration": "30d"},
        ),
    ],
)
def test_a_license_begins_with_what_its_product_says_and_its_issue_does_not(
    product: Product, given: Any, terms: Any
) -> None:
    assert with_product_terms(product, given) == terms
