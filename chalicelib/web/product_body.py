"""A product as both APIs answer it: all fields of the contract, also of what is not offered yet."""

from collections.abc import Iterable

from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import Product
from chalicelib.domain.features import FeatureType, ProductFeature
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import AuthorizationMethod, UnmeteredType
from chalicelib.domain.types import Json
from chalicelib.web.freshness import Date


class ListedFeatureBody(TypedDict):
    """A feature of a product in a list."""

    id: int
    code: str
    feature_type: FeatureType
    max_consumption: int
    """0 where it is unlimited, or not used up."""
    metadata: Json


class ListedProductBody(TypedDict):
    """A row of products."""

    id: int
    created_at: Date
    updated_at: Date
    product_name: str
    short_code: str
    active: bool
    valid_duration: str | None
    trial_days: int
    max_activations: int
    hardware_id_required: bool
    is_upgrade: bool
    company_id: int
    allow_trial: bool
    enable_maintenance_period: bool
    floating_users: int
    is_floating: bool
    is_floating_cloud: bool
    is_node_locked: bool
    is_user_locked: bool
    maintenance_duration: str | None
    subscription_duration: str | None
    default_license_type: UnmeteredType
    max_consumptions: int
    authorization_method: AuthorizationMethod
    prevent_vm: bool
    allow_overages: bool
    consumption_period: str | None
    max_overages: int
    reset_consumption: bool
    is_archived: bool
    floating_timeout: int
    is_bundle: bool
    metadata: Json
    features: list[ListedFeatureBody]


def listed_product_body(product: Product, features: Iterable[ProductFeature]) -> ListedProductBody:
    """A product as it stands in the list, with those of the features that are its own."""
    return {
        "id": product.id,
        "created_at": to_iso(product.created_at),
        "updated_at": to_iso(product.changed_at),
        "product_name": product.name,
        "short_code": product.code,
        "active": product.state == "active",
        "valid_duration": product.valid_duration,
        "trial_days": product.trial_days,
        "max_activations": product.max_activations,
        "hardware_id_required": True,
        "is_upgrade": False,
        "company_id": product.company_id,
        "allow_trial": product.allow_trial,
        "enable_maintenance_period": product.maintenance_duration is not None,
        # What a product cannot say of itself yet: each license says it.
        "floating_users": 0,
        "is_floating": False,
        "is_floating_cloud": False,
        "is_node_locked": True,
        "is_user_locked": product.authorization_method == "user",
        "maintenance_duration": product.maintenance_duration,
        "subscription_duration": product.subscription_duration,
        "default_license_type": product.default_license_type,
        "max_consumptions": 0,
        "authorization_method": product.authorization_method,
        "prevent_vm": product.prevent_vm,
        "allow_overages": False,
        "consumption_period": None,
        "max_overages": 0,
        "reset_consumption": False,
        "is_archived": product.state == "archived",
        "floating_timeout": 0,
        "is_bundle": False,
        "metadata": product.metadata,
        "features": [_feature(one) for one in features if one.product == product.code],
    }


def _feature(feature: ProductFeature) -> ListedFeatureBody:
    return {
        "id": feature.id,
        "code": feature.code,
        "feature_type": feature.feature_type,
        "max_consumption": feature.max_consumption or 0,
        "metadata": feature.metadata,
    }
