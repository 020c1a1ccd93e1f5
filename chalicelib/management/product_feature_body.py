"""A feature of a product as the Management API answers it, also in a license that was granted it."""

from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.features import FeatureType, ProductFeature
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import Period
from chalicelib.domain.types import Json
from chalicelib.web.freshness import Date


class ProductFeatureBody(TypedDict):
    """A feature of a product."""

    id: int
    created_at: Date
    updated_at: Date
    name: str
    code: str
    is_deleted: bool
    feature_type: FeatureType
    max_consumption: int
    """0 where it is unlimited, or not used up."""
    allow_unlimited_consumptions: bool
    allow_overages: bool
    max_overages: int
    reset_consumption: bool
    consumption_period: Period | None
    is_floating: bool
    is_floating_cloud: bool
    floating_users: int
    floating_timeout: int
    metadata: Json
    product: int
    revision: int


def feature_body(feature: ProductFeature) -> ProductFeatureBody:
    """A feature as it is answered."""
    is_unlimited = feature.feature_type == "consumption" and feature.max_consumption is None
    return {
        "id": feature.id,
        "created_at": to_iso(feature.created_at),
        "updated_at": to_iso(feature.updated_at),
        "name": feature.name,
        "code": feature.code,
        "is_deleted": feature.is_deleted,
        "feature_type": feature.feature_type,
        "max_consumption": feature.max_consumption or 0,
        "allow_unlimited_consumptions": is_unlimited,
        "allow_overages": feature.allow_overages,
        "max_overages": feature.max_overages,
        "reset_consumption": feature.reset_consumption,
        "consumption_period": feature.consumption_period,
        "is_floating": False,
        "is_floating_cloud": False,
        "floating_users": 0,
        "floating_timeout": 0,
        "metadata": feature.metadata,
        "product": feature.product_id,
        "revision": feature.revision,
    }
