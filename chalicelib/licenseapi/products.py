"""What `products` answers of each product: all fields of the contract, also of what is not offered yet."""

from pydantic import BaseModel

from chalicelib.domain.catalogue import Product
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import AuthorizationMethod, LicenseType
from chalicelib.domain.types import Json
from chalicelib.web.freshness import Date


class ListedProductBody(BaseModel):
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

    @classmethod
    def of(cls, product: Product) -> "ListedProductBody":
        """A product as it stands in the list."""
        made = to_iso(product.created_at)
        return cls(
            **_NOT_OFFERED,
            id=product.id,
            created_at=made,
            updated_at=made,
            product_name=product.name,
            short_code=product.code,
            active=product.state == "active",
            is_archived=product.state == "archived",
            company_id=product.company_id,
            authorization_method=product.authorization_method,
            is_user_locked=product.authorization_method == "user",
            prevent_vm=product.prevent_vm,
        )


_NOT_OFFERED: Json = {
    "valid_duration": None,
    "trial_days": 0,
    "max_activations": 1,
    "hardware_id_required": True,
    "is_upgrade": False,
    "allow_trial": False,
    "enable_maintenance_period": False,
    "floating_users": 0,
    "is_floating": False,
    "is_floating_cloud": False,
    "is_node_locked": True,
    "maintenance_duration": None,
    "subscription_duration": None,
    "default_license_type": "perpetual",
    "max_consumptions": 0,
    "allow_overages": False,
    "consumption_period": None,
    "max_overages": 0,
    "reset_consumption": False,
    "floating_timeout": 0,
    "is_bundle": False,
    "metadata": {},
    "features": [],
}
"""What a product cannot say of itself yet: each license says it."""
