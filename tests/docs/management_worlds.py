"""What the pages of docs/management/ take to be there, by the names of the pages."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.usecases.product_features import create_feature
from chalicelib.web import clock
from tests.support import ADMIN, Vendor


def _licenses(vendor: Vendor) -> dict[str, str]:
    """Two licenses of a product with a feature."""
    now = clock.now()
    fields: Any = {"code": "export", "name": "Export to IFC", "feature_type": "activation"}
    create_feature(vendor.code, "viewer", fields, ADMIN, now=now)
    terms: Any = {"order_id": "A-17", "license_type": "time-limited", "valid_duration": "1y", "max_activations": 5}
    first, second = (vendor.issue(**terms) for _ in range(2))
    return {"891540000000031": str(first.id), "891540000000032": str(second.id)}


def _with_a_product(vendor: Vendor) -> dict[str, str]:
    return {"891540000000031": str(vendor.products["viewer"].id)}


WORLDS: Mapping[str, Callable[[Vendor], dict[str, str]]] = {
    "licenses": _licenses,
    "product-features": _with_a_product,
    "product-custom-fields": _with_a_product,
}
"""Makes it, and answers what there is in the place of what stands in the page: an id, a key."""
