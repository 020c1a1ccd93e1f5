"""The products of a company: found, and changed."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.store import histories
from chalicelib.usecases.catalog import find_product
from chalicelib.usecases.products import change_product, find_product_by_id, list_products, show_product
from tests.support import ADMIN, DAY, Vendor

MINUTE = 60_000


def test_products_are_found_by_their_codes_and_ids_oldest_first(vendor: Vendor) -> None:
    products = sorted(vendor.products.values(), key=lambda product: product.id)
    assert list_products(vendor.code) == products
    for product in products:
        assert show_product(vendor.code, product.code) == find_product_by_id(vendor.code, product.id) == product
    for code in ("none", "a#b"):
        with pytest.raises(SeatkeeperError) as refused:
            show_product(vendor.code, code)
        assert refused.value.code == "unknown_product"


def test_a_change_moves_the_revision_and_history_says_what_it_was(vendor: Vendor) -> None:
    changes: dict[str, Any] = {"name": "Viewer 2", "metadata": {"line": "cad"}, "valid_duration": "1y"}
    later = vendor.now + DAY
    changed = change_product(vendor.code, "viewer", changes, ADMIN, revision=0, now=later)
    assert changed == replace(vendor.products["viewer"], **changes, updated_at=later)
    assert (show_product(vendor.code, "viewer"), changed.revision) == (changed, 1)
    assert change_product(vendor.code, "viewer", changes, ADMIN, now=later + DAY) == changed
    (event,) = [one for one in histories.company_events(vendor.code) if one.type == "product_changed"]
    assert event.detail == {
        "product": "viewer",
        "name": "Viewer 2",
        "name_before": "Viewer",
        "valid_duration": "1y",
        "valid_duration_before": None,
        "changed": "metadata",
    }


def test_a_product_that_somebody_else_has_changed_is_not_changed(vendor: Vendor) -> None:
    with pytest.raises(SeatkeeperError) as refused:
        change_product(vendor.code, "viewer", {"state": "archived"}, ADMIN, revision=1, now=vendor.now)
    assert refused.value.code == "revision_changed"
    assert show_product(vendor.code, "viewer").state == "active"


def test_a_disabled_product_is_refused_within_a_minute_and_one_that_is_enabled_again_at_once(vendor: Vendor) -> None:
    license = vendor.issue()
    vendor.activate(license, "pc")
    change_product(vendor.code, "viewer", {"state": "disabled"}, ADMIN, now=vendor.now)
    with pytest.raises(SeatkeeperError) as refused:
        vendor.check(license, "pc", now=vendor.now + MINUTE)
    assert refused.value.code == "disabled_product"
    change_product(vendor.code, "viewer", {"state": "active"}, ADMIN, now=vendor.now)
    assert find_product(vendor.code, "viewer", now=vendor.now + MINUTE).state == "active"
    assert vendor.check(license, "pc", now=vendor.now + MINUTE).device


def test_a_change_leaves_licenses_that_were_issued_as_they_are(vendor: Vendor) -> None:
    license = vendor.issue()
    terms = {"default_license_type": "subscription", "max_activations": 9, "valid_duration": "30d"}
    change_product(vendor.code, "viewer", terms, ADMIN, now=vendor.now)
    assert vendor.stored(license) == license
