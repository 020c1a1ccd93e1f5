"""A license as the Management API answers it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import Product
from chalicelib.domain.extras import FeatureGrant, FieldValue, PolicyOrigin
from chalicelib.domain.features import CHANGEABLE, ProductFeature
from chalicelib.domain.ids import made_at
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import (
    MAX_LISTED_USERS,
    AuthorizationMethod,
    License,
    LicenseType,
    Overage,
    Period,
    RenewalBasis,
    Seat,
    Status,
    is_expired,
    status,
)
from chalicelib.domain.meters import Meter, is_metered
from chalicelib.domain.slots import is_floating
from chalicelib.domain.types import Json
from chalicelib.domain.users import User, shown_names
from chalicelib.management.caller import Caller
from chalicelib.management.customers import CustomerBody, NamedCustomer, buyer_body, sees_customers
from chalicelib.management.product_feature_body import ProductFeatureBody
from chalicelib.management.product_feature_body import feature_body as defined_feature_body
from chalicelib.usecases.catalog import known_product
from chalicelib.usecases.change_terms import Sold
from chalicelib.usecases.license_relations import read_relations
from chalicelib.usecases.meters import read_meters
from chalicelib.usecases.product_features import find_granted
from chalicelib.usecases.slots import slots_in_use
from chalicelib.web.freshness import Date

MAX_USERS = 100
"""Users that a license has where it is answered alone."""

Features = Mapping[int, ProductFeature]


class LicensedProductBody(TypedDict):
    """The product of a license."""

    id: int | None
    short_code: str
    product_name: str
    authorization_method: AuthorizationMethod


class GrantedFeatureBody(TypedDict):
    """A feature that a license has, by the product's feature that it began as."""

    id: int
    product_feature: ProductFeatureBody
    """As the product defines it by now, but under the code, the name and the type that were granted."""
    expiry_date: Date | None
    max_consumption: int
    allow_unlimited_consumptions: bool
    total_consumptions: int
    allow_overages: bool
    max_overages: int
    reset_consumption: bool
    consumption_period: Period | None
    metadata: Json


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


class UserOfLicense(TypedDict):
    """Who has a seat on a license."""

    id: int
    last_login: Date | None
    """At the portal; None: never, or of before it was kept."""
    email: str
    true_email: str
    created_at: Date
    """When the seat was given."""
    updated_at: Date
    """When the account was changed last."""
    is_admin: Literal[False]
    is_staff: Literal[False]
    is_active: bool
    first_name: str
    last_name: str
    phone_number: str
    subscribed_to_email: Literal[False]
    """Of the public API, as `is_admin`, `is_staff` and `acquired_consent`, and of no use here."""
    acquired_consent: Literal[False]
    is_manager: bool
    initial_password: None
    """It is answered when it is made, and then no more."""
    is_initial_password: bool
    max_activations: int
    allow_unlimited_activations: bool
    total_activations: int


class LicenseFacts(TypedDict):
    """A license, with its terms, its counts and what it carries besides."""

    id: int
    license_key: str | None
    license_type: LicenseType
    name: str | None
    note: str
    subscription_id: str
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
    max_consumptions: int
    """0: none, or unlimited, or its uses are not counted."""
    allow_unlimited_consumptions: bool
    allow_negative_consumptions: bool
    allow_overages: bool
    max_overages: int
    reset_consumption: bool
    consumption_period: Period | None
    total_consumptions: int
    """In this period."""
    times_activated: int
    total_active_devices: int
    active_up_to_date_devices: int
    """The same: none has a date of its own."""
    max_license_users: int
    users_assigned: int
    max_transfers: int
    transfer_count: int
    free_resets: bool
    prevent_vm: bool | None
    """Null: as its product says."""
    order_store_id: str | None
    product: LicensedProductBody
    product_features: list[GrantedFeatureBody]
    product_custom_fields: list[FieldValueBody]
    metadata: Json
    license_template: LicenseTemplateBody | None
    """Null: it was sold by none."""
    revision: int


class LicenseBody(LicenseFacts):
    """A license, with who has bought it, and who has a seat."""

    customer: CustomerBody | NamedCustomer | None
    license_users: list[UserOfLicense]
    """Ten of them; where one license is answered, the first hundred."""


def body_of(caller: Caller) -> Callable[[Sold], LicenseBody]:
    """What makes the body of a license for a caller."""
    return lambda sold: bodies_of(caller, [sold], MAX_USERS)[0]


def bodies_of(caller: Caller, some: Sequence[Sold], users: int = MAX_LISTED_USERS) -> list[LicenseBody]:
    """The bodies of licenses, each with so many of its users. Meters take a read, if there are any."""
    sees = sees_customers(caller)
    found = read_relations(caller.company, some, customers=sees, users=users)
    meters = read_meters([license for license, _ in some], caller.now)
    return [
        {
            **license_facts((license, extras), found.products.get(license.product), found.features, meter, caller.now),
            "customer": buyer_body(license.customer, found.customers),
            "license_users": [_user(license, *one, caller) for one in found.users.get(license.id, ())],
        }
        for (license, extras), meter in zip(some, meters, strict=True)
    ]


def license_facts(
    sold: Sold, product: Product | None, features: Features, meter: Meter | None, now: Instant
) -> LicenseFacts:
    """A license at an instant; 0 in a limit is unlimited. `features`: as their product defines them, by their ids."""
    license, extras = sold
    return {
        "id": license.id,
        "license_key": license.license_key,
        "license_type": license.license_type,
        "name": license.name,
        "note": extras.note,
        "subscription_id": extras.subscription_id,
        "status": (word := status(license, now)),
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
        **_counted(license, meter, now),
        "times_activated": license.times_activated,
        "total_active_devices": license.times_activated,
        "active_up_to_date_devices": license.times_activated,
        "max_license_users": license.max_license_users or 0,
        "users_assigned": license.users_assigned,
        "max_transfers": license.max_transfers,
        "transfer_count": license.transfer_count,
        "free_resets": bool(license.free_resets),
        "prevent_vm": license.prevent_vm,
        "order_store_id": license.order_id,
        "product": _product(license, product),
        "product_features": [feature_body(one, features.get(one.feature_id), product) for one in extras.features],
        "product_custom_fields": [_field(license.id, value) for value in extras.custom_fields],
        "metadata": extras.metadata,
        "license_template": None if extras.policy is None else _template(extras.policy),
        "revision": license.revision,
    }


class _Counted(TypedDict):
    is_floating_cloud: bool
    floating_users: int
    floating_timeout: int
    floating_in_use_devices: int
    max_consumptions: int
    allow_unlimited_consumptions: bool
    allow_negative_consumptions: bool
    allow_overages: bool
    max_overages: int
    reset_consumption: bool
    consumption_period: Period | None
    total_consumptions: int


def _counted(license: License, meter: Meter | None, now: Instant) -> _Counted:
    """How often a license may be used, at once and in all, and is."""
    return {
        "is_floating_cloud": is_floating(license),
        "floating_users": license.floating_users,
        "floating_timeout": license.floating_timeout,
        "floating_in_use_devices": slots_in_use(license, now),
        "max_consumptions": license.max_consumptions or 0,
        "allow_unlimited_consumptions": is_metered(license) and license.max_consumptions is None,
        "allow_negative_consumptions": license.allow_negative_consumptions,
        "allow_overages": license.allow_overages,
        "max_overages": license.max_overages,
        "reset_consumption": license.consumption_period is not None,
        "consumption_period": license.consumption_period,
        "total_consumptions": 0 if meter is None else meter.total,
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


def last_feature_body(caller: Caller, sold: Sold) -> GrantedFeatureBody:
    """The feature that a license was granted last."""
    license, grant = sold[0], sold[1].features[-1]
    defined = find_granted(caller.company, [(license.product, grant.feature_id)]).get(grant.feature_id)
    return feature_body(grant, defined, known_product(caller.company, license.product, now=caller.now))


def feature_body(grant: FeatureGrant, defined: ProductFeature | None, product: Product | None) -> GrantedFeatureBody:
    """A feature that a license has. Of one that its product remembers no more, what was granted is all we know."""
    feature: ProductFeatureBody = {
        **defined_feature_body(defined or _forgotten(grant, product)),
        "code": grant.code,
        "name": grant.name,
        "feature_type": grant.feature_type,
    }
    return {
        "id": grant.id,
        "product_feature": feature,
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


def _forgotten(grant: FeatureGrant, product: Product | None) -> ProductFeature:
    made = made_at(grant.feature_id)
    terms: Json = {term: getattr(grant, term) for term in CHANGEABLE}
    product_id = 0 if product is None else product.id
    return ProductFeature(
        "", "", product_id, grant.feature_id, **terms, created_at=made, updated_at=made, is_deleted=True
    )


def _user(license: License, seat: Seat, user: User, caller: Caller) -> UserOfLicense:
    """Who has a seat; when the person has logged in says nothing of one product."""
    first_name, last_name, phone_number = shown_names(seat, user)
    return {
        "id": user.id,
        "last_login": None if caller.key.products else to_iso(user.last_login_at),
        "email": user.email,
        "true_email": user.email,
        "created_at": to_iso(seat.assigned_at),
        "updated_at": to_iso(user.changed_at),
        "is_admin": False,
        "is_staff": False,
        "is_active": user.closed_at is None,
        "first_name": first_name,
        "last_name": last_name,
        "phone_number": phone_number,
        "subscribed_to_email": False,
        "acquired_consent": False,
        "is_manager": user.is_manager,
        "initial_password": None,
        "is_initial_password": user.is_initial_password,
        "max_activations": seat.max_activations or 0,
        "allow_unlimited_activations": seat.max_activations is None,
        "total_activations": seat.activations_in(license),
    }


def _field(license_id: int, value: FieldValue) -> FieldValueBody:
    return {
        "id": value_id(license_id, value.field_id),
        "product_custom_field": value.field_id,
        "name": value.name,
        "data_type": value.data_type,
        "value": value.value,
    }
