"""What `products` answers of each product: all fields of the contract, also of what is not offered yet."""

from typing_extensions import TypedDict

from chalicelib.domain.catalog import Product
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import AuthorizationMethod, LicenseType
from chalicelib.domain.types import Json
from chalicelib.web.freshness import Date


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
    default_license_type: LicenseType
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
    features: list[object]


def listed_product_body(product: Product) -> ListedProductBody:
    """A product as it stands in the list."""
    made = to_iso(product.created_at)
    return {
        "id": product.id,
        "created_at": made,
        "updated_at": made,
        "product_name": product.name,
        "short_code": product.code,
        "active": product.state == "active",
        # What a product cannot say of itself yet: each license says it.
        "valid_duration": None,
        "trial_days": 0,
        "max_activations": 1,
        "hardware_id_required": True,
        "is_upgrade": False,
        "company_id": product.company_id,
        "allow_trial": False,
        "enable_maintenance_period": False,
        "floating_users": 0,
        "is_floating": False,
        "is_floating_cloud": False,
        "is_node_locked": True,
        "is_user_locked": product.authorization_method == "user",
        "maintenance_duration": None,
        "subscription_duration": None,
        "default_license_type": "perpetual",
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
        "metadata": {},
        "features": [],
    }
