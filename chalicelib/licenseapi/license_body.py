"""The license object, which most calls answer: its fields in groups, each with a function of its own.

As in `bodies`, a body is a plain dict, with its fields in the order of its class.
"""

import re
from dataclasses import replace
from typing import Literal, NotRequired

from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.catalog import Product
from chalicelib.domain.extras import Extras, living_features
from chalicelib.domain.instants import Instant, duration_days, parse_duration, to_iso
from chalicelib.domain.license import (
    HOUR_MS,
    License,
    LicenseType,
    Period,
    is_activated,
    is_expired,
    prevents_vm,
    status,
)
from chalicelib.domain.meters import Meter, is_metered
from chalicelib.domain.slots import is_floating
from chalicelib.domain.types import Json
from chalicelib.licenseapi.bodies import (
    CustomerBody,
    ProductBody,
    UserBody,
    VariableBody,
    customer_body,
    product_body,
    user_body,
)
from chalicelib.licenseapi.features import CustomFieldBody, FeatureBody, custom_field_body, feature_body
from chalicelib.signing import Signer, sign_license
from chalicelib.usecases.license_lookup import LicenseLookup
from chalicelib.web.freshness import Date, Fresh


class _Who(TypedDict):
    id: int
    license_key: NotRequired[str]
    username: NotRequired[str]
    user: NotRequired[UserBody]


class _State(TypedDict):
    license_type: LicenseType
    license_active: bool
    license_enabled: bool
    active: bool
    is_expired: bool
    validity_period: Date | None
    start_date: Date | None
    enable_maintenance_period: bool
    maintenance_period: Date | None
    allow_grace_period: bool
    grace_period: int
    is_trial: bool
    trial_days: int


class _LicenseUsers(TypedDict, total=False):
    max_license_users: int | None


class _Limits(TypedDict):
    max_activations: int
    times_activated: int
    allow_unlimited_activations: bool
    max_license_users: NotRequired[int | None]
    transfer_count: int
    max_transfers: int


class _Floating(TypedDict):
    is_floating: bool
    is_floating_cloud: bool
    floating_users: int
    floating_timeout: int
    floating_in_use_devices: int
    can_borrow: bool
    max_borrow_time: int
    is_borrowed: bool
    borrowed_until: Date | None


class ConsumptionFields(TypedDict):
    """What is said of uses that are counted; of all but these two the value is never null."""

    max_consumptions: int
    total_consumptions: int
    allow_unlimited_consumptions: bool
    allow_negative_consumptions: bool
    allow_overages: bool
    max_overages: int
    reset_consumption: bool
    consumption_period: Period | None


class _Consumption(TypedDict, total=False):
    """The same, of a license that is sold by consumption."""

    max_consumptions: int
    total_consumptions: int
    allow_unlimited_consumptions: bool
    allow_negative_consumptions: bool
    allow_overages: bool
    max_overages: int
    reset_consumption: bool
    consumption_period: Period | None


class _Id(TypedDict):
    id: int


class ConsumptionBody(_Id, ConsumptionFields, Fresh):
    """add_consumption: the meter after it."""

    company: dict[str, int]


class _Sold(TypedDict):
    prevent_vm: bool
    allow_offline_activation: bool
    is_air_gapped: bool
    is_hardware_key_auth: bool
    product_details: ProductBody
    product_features: list[FeatureBody]
    custom_fields: list[CustomFieldBody]
    metadata: Json
    customer: CustomerBody
    company: dict[str, int]
    order_store_id: str | None
    license_template_id: int | None


class _Device(TypedDict, total=False):
    device_id: int
    hardware_id: str


class CallFields(TypedDict, total=False):
    """Of a license object, what the call adds that is answered."""

    variables: list[VariableBody]
    request: Literal["activation"]
    license_signature: str | None


class InstallerFields(TypedDict, total=False):
    """What check_license adds to a license object: the newest installer."""

    version: str | None
    installation_file: str | None
    release_date: Date | None
    hash_md5: str | None
    environment: str | None
    eula_link: str | None
    release_notes_link: str | None
    size: str | None
    requires_version: str | None
    channel: str | None


class LicenseBody(_Who, _State, _Limits, _Floating, _Consumption, _Sold, _Device, CallFields, InstallerFields, Fresh):
    """The license object. Those of its fields are left out that do not belong to a license's kind, or to the call."""


class UserLicenseBody(TypedDict):
    """A row of user_licenses."""

    license: LicenseBody
    user: UserBody | None


NO_INSTALLER: InstallerFields = {
    "version": None,
    "installation_file": None,
    "release_date": None,
    "hash_md5": None,
    "environment": None,
    "eula_link": None,
    "release_notes_link": None,
    "size": None,
    "requires_version": None,
    "channel": None,
}
"""As long as there is none."""

_BEGINS_A_BODY = re.compile(r'[\x00-\x20\ufeff]*+[\[{][^"]*+"')
"""Not a GUID in braces: JSON that says anything has quotation marks."""


def license_body(snapshot: Snapshot, now: Instant, *, expired_features: bool = False) -> LicenseBody:
    """The license of a snapshot at `now`; with `expired_features`, those of its features that are over as well."""
    license, product = snapshot.license, snapshot.product
    assert license is not None  # an activation has one
    assert product is not None  # the call has looked it up
    return {
        **_who(snapshot, license),
        **_state(license, snapshot.extras, now),
        **_limits(license),
        **_floating(license, snapshot.slots_in_use),
        **_consumption(license, snapshot.meter),
        **_sold(license, product, snapshot.extras, None if expired_features else now),
        **_device(snapshot),
    }


def user_license_body(snapshot: Snapshot, now: Instant) -> UserLicenseBody:
    """A license of a user, with the user as seen from it."""
    body = license_body(snapshot, now)
    return {"license": body, "user": body.get("user")}


def _who(snapshot: Snapshot, license: License) -> _Who:
    if license.license_key is not None:
        return {"id": license.id, "license_key": license.license_key}
    if snapshot.user is None or snapshot.seat is None:
        return {"id": license.id}
    user = user_body(license, snapshot.seat, snapshot.user)
    return {"id": license.id, "username": snapshot.user.email, "user": user}


def _state(license: License, extras: Extras, now: Instant) -> _State:
    return {
        "license_type": license.license_type,
        "license_active": is_activated(license),
        "license_enabled": license.enabled,
        "active": status(license, now) in ("active", "grace"),
        "is_expired": is_expired(license, now),
        "validity_period": to_iso(license.validity_period),
        "start_date": to_iso(license.start_date),
        "enable_maintenance_period": extras.maintenance_period is not None,
        "maintenance_period": to_iso(extras.maintenance_period),
        "allow_grace_period": license.grace_period > 0,
        "grace_period": license.grace_period,
        "is_trial": license.is_trial,
        "trial_days": _trial_days(license),
    }


def _limits(license: License) -> _Limits:
    by_key = license.authorization_method == "license-key"
    users: _LicenseUsers = {} if by_key else {"max_license_users": license.max_license_users}
    return {
        "max_activations": license.max_activations or 0,
        "times_activated": license.times_activated,
        "allow_unlimited_activations": license.max_activations is None,
        **users,
        "transfer_count": license.transfer_count,
        "max_transfers": license.max_transfers,
    }


def _floating(license: License, in_use: int) -> _Floating:
    floats = is_floating(license)
    return {
        "is_floating": False,  # of a floating server in the client's own network
        "is_floating_cloud": floats,
        "floating_users": license.floating_users,
        "floating_timeout": license.floating_timeout if floats else 0,
        "floating_in_use_devices": in_use,
        "can_borrow": False,
        "max_borrow_time": 0,
        "is_borrowed": False,
        "borrowed_until": None,
    }


def _consumption(license: License, meter: Meter | None) -> _Consumption:
    if not is_metered(license):
        return {}
    fields = consumption_fields(license, meter)
    return {**fields}


def consumption_fields(license: License, meter: Meter | None) -> ConsumptionFields:
    """What a meter says, with the terms of its license; one that is gone with its license says nothing."""
    return {
        "max_consumptions": license.max_consumptions or 0,
        "total_consumptions": 0 if meter is None else meter.total,
        "allow_unlimited_consumptions": license.max_consumptions is None,
        "allow_negative_consumptions": license.allow_negative_consumptions,
        "allow_overages": license.allow_overages,
        "max_overages": license.max_overages,
        "reset_consumption": license.consumption_period is not None,
        "consumption_period": license.consumption_period,
    }


def _sold(license: License, product: Product, extras: Extras, living_at: Instant | None) -> _Sold:
    """`living_at`: of features those that are not over then; None: all."""
    features = extras.features if living_at is None else living_features(extras, living_at)
    return {
        "prevent_vm": prevents_vm(license, product.prevent_vm),
        "allow_offline_activation": False,
        "is_air_gapped": False,
        "is_hardware_key_auth": False,
        "product_details": product_body(product),
        "product_features": [feature_body(grant) for grant in features],
        "custom_fields": [custom_field_body(value) for value in extras.custom_fields],
        "metadata": extras.metadata,
        "customer": customer_body(license.customer),
        "company": {"id": product.company_id},
        "order_store_id": license.order_id,
        "license_template_id": None if extras.policy is None else extras.policy.id,
    }


def _device(snapshot: Snapshot) -> _Device:
    device = snapshot.device
    return {} if device is None else {"device_id": device.id, "hardware_id": device.hardware_id}


def _trial_days(license: License) -> int:
    if not license.is_trial:
        return 0
    if license.valid_duration is not None:
        return duration_days(parse_duration(license.valid_duration))
    if license.validity_period is None:
        return 0
    return max(0, license.validity_period - license.created_at) // (24 * HOUR_MS)


def by_ids_alone(snapshot: Snapshot) -> Snapshot:
    """The snapshot as shown to who names the license by its id or its device: without people, and without the key.

    Ids are no secrets, and app keys are public. A device that is active needs no more than the ids.
    """
    license = snapshot.license
    assert license is not None  # an activation has one
    return replace(snapshot, user=None, license=replace(license, customer=None, license_key=None))


def license_signature(snapshot: Snapshot, lookup: LicenseLookup, signer: Signer) -> str | None:
    """The field of this name, for the request that is answered.

    None where the hardware id, which the client chooses, begins as a body does: by the same key it would be signed as
    one, and a reader who does not mind what follows an object would take it for our answer.
    """
    if _BEGINS_A_BODY.match(lookup.hardware_id):
        return None
    license = snapshot.license
    assert license is not None  # an activation has one
    if lookup.username is not None:
        name = lookup.username.split("|", 1)[0]
    elif snapshot.user is not None:  # named by its id alone: the user who holds the device
        name = snapshot.user.email
    else:  # as it was sent, for the client verifies with what it has
        name = lookup.license_key or license.license_key or ""
    return sign_license(signer, lookup.hardware_id, name, to_iso(license.validity_period) or "")
