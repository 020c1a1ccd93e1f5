"""The use cases that change products and what they define, each in a small state of its own."""

from typing import Any

from chalicelib.usecases import policies, product_features, product_fields, products
from tests.store.case import Case
from tests.support import ADMIN, Vendor

PAGES = {"code": "pages", "name": "Pages", "feature_type": "consumption", "max_consumption": 100}
REGION = {"name": "Region", "default_value": "EU"}
PRO = {"code": "pro", "name": "Pro", "max_activations": 5, "metadata": {"tier": "pro"}}


def create_feature(vendor: Vendor, _: None) -> Any:
    return product_features.create_feature(vendor.code, "viewer", PAGES, ADMIN, now=vendor.now)


def feature(vendor: Vendor) -> int:
    vendor.now += 1000
    return product_features.create_feature(vendor.code, "viewer", PAGES, ADMIN, now=vendor.now - 1000).id


def create_field(vendor: Vendor, _: None) -> Any:
    return product_fields.create_field(vendor.code, "viewer", REGION, ADMIN, now=vendor.now)


def field(vendor: Vendor) -> int:
    vendor.now += 1000
    return product_fields.create_field(vendor.code, "viewer", REGION, ADMIN, now=vendor.now - 1000).id


def policy(vendor: Vendor) -> int:
    vendor.now += 1000
    return policies.create_policy(vendor.code, "viewer", PRO, ADMIN, now=vendor.now - 1000).id


def create_policy(vendor: Vendor, _: None) -> Any:
    return policies.create_policy(vendor.code, "viewer", PRO, ADMIN, now=vendor.now)


PRODUCT_CASES = (
    Case(
        "change a product",
        products.change_product,
        lambda _: None,
        lambda v, _: products.change_product(v.code, "viewer", {"prevent_vm": True}, ADMIN, now=v.now),
        ("product_changed",),
        True,
    ),
    Case(
        "create a feature",
        product_features.create_feature,
        lambda _: None,
        create_feature,
        ("feature_created",),
        True,
    ),
    Case(
        "change a feature",
        product_features.change_feature,
        feature,
        lambda v, id: product_features.change_feature(v.code, id, {"max_consumption": 50}, ADMIN, now=v.now),
        ("feature_changed",),
        True,
    ),
    Case(
        "delete a feature",
        product_features.delete_feature,
        feature,
        lambda v, id: product_features.delete_feature(v.code, id, ADMIN, now=v.now),
        ("feature_deleted",),
        True,
    ),
    Case("create a field", product_fields.create_field, lambda _: None, create_field, ("field_created",), True),
    Case(
        "change a field",
        product_fields.change_field,
        field,
        lambda v, id: product_fields.change_field(v.code, id, {"default_value": "US"}, ADMIN, now=v.now),
        ("field_changed",),
        True,
    ),
    Case(
        "delete a field",
        product_fields.delete_field,
        field,
        lambda v, id: product_fields.delete_field(v.code, id, ADMIN, now=v.now),
        ("field_deleted",),
        True,
    ),
    Case("create a policy", policies.create_policy, lambda _: None, create_policy, ("policy_created",), True),
    Case(
        "change a policy",
        policies.change_policy,
        policy,
        lambda v, id: policies.change_policy(v.code, id, {"max_activations": 9}, ADMIN, now=v.now),
        ("policy_changed",),
        True,
    ),
    Case(
        "delete a policy",
        policies.delete_policy,
        policy,
        lambda v, id: policies.delete_policy(v.code, id, ADMIN, now=v.now),
        ("policy_deleted",),
        True,
    ),
)
