"""A license as the Management API answers it."""

from collections.abc import Callable
from typing import Literal

from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import Product
from chalicelib.domain.extras import Extras, FeatureGrant, FieldValue, PolicyOrigin
from chalicelib.domain.features import FeatureType, Period
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import (
    AuthorizationMethod,
    License,
    LicenseType,
    Overage,
    RenewalBasis,
    Status,
    is_expired,
    status,
)
from chalicelib.domain.slots import is_floating
from chalicelib.domain.types import Json
from chalicelib.management.caller import Caller
from chalicelib.usecases.catalog import known_product
from chalicelib.usecases.change_terms import Sold
from chalicelib.usecases.slots import slots_in_use
from chalicelib.web.freshness import Date


class LicensedProductBody(TypedDict):
    """The product of a license."""

    id: int | None
    short_code: str
    product_name: str
    authorization_method: AuthorizationMethod


class GrantedFeatureBody(TypedDict):
    """A feature that a license has, by the product's feature that it began as."""

    id: int
    product_feature: "FeatureNameBody"
    expiry_date: Date | None
    max_consumption: int
    allow_unlimited_consumptions: bool
    total_consumptions: int
    allow_overages: bool
    max_overages: int
    reset_consumption: bool
    consumption_period: Period | None
    metadata: Json


class FeatureNameBody(TypedDict):
    """The product's feature, as it was when it was granted."""

    id: int
    code: str
    name: str
    feature_type: FeatureType


class FieldValueBody(TypedDict):
    """The value of a custom field."""

    id: str
    """Its license and the field (`management.license_fields`)."""
    product_custom_field: int
    name: str
    data_type: str
    value: str


class LicenseTemplateBody(TypedDict):
    """The policy that a license was sold by, or that was applied to it last, as it was then."""

    id: int
    code: str
    version: int


class LicenseBody(TypedDict):
    """A license, with its terms, its counts and what it carries besides."""

    id: int
    license_key: str | None
    license_type: LicenseType
    name: str | None
    note: str
    status: Status
    active: bool
    enabled: bool
    disabled_by: Literal["vendor", "customer"] | None
    is_archived: bool
    is_expired: bool
    is_trial: bool
    created_at: Date
    time_activated: Date | None
    validity_period: Date | None
    valid_duration: str | None
    start_date: Date | None
    allow_grace_period: bool
    grace_period: int
    renewal_basis: RenewalBasis
    enable_maintenance_period: bool
    maintenance_period: Date | None
    max_activations: int
    allow_unlimited_activations: bool
    overage: Overage
    is_floating_cloud: bool
    floating_users: int
    floating_timeout: int
    floating_in_use_devices: int
    times_activated: int
    total_active_devices: int
    max_license_users: int
    users_assigned: int
    max_transfers: int
    transfer_count: int
    free_resets: bool
    order_store_id: str | None
    customer: str | None
    product: LicensedProductBody
    product_features: list[GrantedFeatureBody]
    product_custom_fields: list[FieldValueBody]
    metadata: Json
    license_template: LicenseTemplateBody | None
    """Null: it was sold by none."""
    revision: int


def body_of(caller: Caller) -> Callable[[Sold], LicenseBody]:
    """What makes the body of a license for a caller."""

    def body(sold: Sold) -> LicenseBody:
        product = known_product(caller.company, sold[0].product, now=caller.now)
        return license_body(*sold, product, caller.now)

    return body


def license_body(license: License, extras: Extras, product: Product | None, now: Instant) -> LicenseBody:
    """A license at an instant. 0 in a limit of activations or users is unlimited; of transfers as well."""
    word = status(license, now)
    return {
        "id": license.id,
        "license_key": license.license_key,
        "license_type": license.license_type,
        "name": license.name,
        "note": extras.note,
        "status": word,
        "active": word in ("active", "grace"),
        "enabled": license.enabled,
        "disabled_by": license.disabled_by,
        "is_archived": license.archived_at is not None,
        "is_expired": is_expired(license, now),
        "is_trial": license.is_trial,
        "created_at": to_iso(license.created_at),
        "time_activated": to_iso(license.first_activated_at),
        "validity_period": to_iso(license.validity_period),
        "valid_duration": license.valid_duration,
        "start_date": to_iso(license.start_date),
        "allow_grace_period": license.grace_period > 0,
        "grace_period": license.grace_period,
        "renewal_basis": license.renewal_basis,
        "enable_maintenance_period": extras.maintenance_period is not None,
        "maintenance_period": to_iso(extras.maintenance_period),
        "max_activations": license.max_activations or 0,
        "allow_unlimited_activations": license.max_activations is None,
        "overage": license.overage,
        "is_floating_cloud": is_floating(license),
        "floating_users": license.floating_users,
        "floating_timeout": license.floating_timeout,
        "floating_in_use_devices": slots_in_use(license, now),
        "times_activated": license.times_activated,
        "total_active_devices": license.times_activated,
        "max_license_users": license.max_license_users or 0,
        "users_assigned": license.users_assigned,
        "max_transfers": license.max_transfers,
        "transfer_count": license.transfer_count,
        "free_resets": bool(license.free_resets),
        "order_store_id": license.order_id,
        "customer": license.customer,
        "product": _product(license, product),
        "product_features": [feature_body(grant) for grant in extras.features],
        "product_custom_fields": [_field(license.id, value) for value in extras.custom_fields],
        "metadata": extras.metadata,
        "license_template": None if extras.policy is None else _template(extras.policy),
        "revision": license.revision,
    }


def value_id(license_id: int, field_id: int) -> str:
    """What names the value of a license in a custom field."""
    return f"{license_id}-{field_id}"


def _template(policy: PolicyOrigin) -> LicenseTemplateBody:
    return {"id": policy.id, "code": policy.code, "version": policy.version}


def _product(license: License, product: Product | None) -> LicensedProductBody:
    return {
        "id": None if product is None else product.id,
        "short_code": license.product,
        "product_name": license.product if product is None else product.name,
        "authorization_method": license.authorization_method,
    }


def feature_body(grant: FeatureGrant) -> GrantedFeatureBody:
    """A feature that a license has."""
    return {
        "id": grant.id,
        "product_feature": {
            "id": grant.feature_id,
            "code": grant.code,
            "name": grant.name,
            "feature_type": grant.feature_type,
        },
        "expiry_date": to_iso(grant.expires_at),
        "max_consumption": grant.max_consumption or 0,
        "allow_unlimited_consumptions": grant.max_consumption is None,
        "total_consumptions": 0,
        "allow_overages": grant.allow_overages,
        "max_overages": grant.max_overages,
        "reset_consumption": grant.reset_consumption,
        "consumption_period": grant.consumption_period,
        "metadata": grant.metadata,
    }


def _field(license_id: int, value: FieldValue) -> FieldValueBody:
    return {
        "id": value_id(license_id, value.field_id),
        "product_custom_field": value.field_id,
        "name": value.name,
        "data_type": value.data_type,
        "value": value.value,
    }
