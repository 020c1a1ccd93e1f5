"""What client applications are answered. `docs/license-api.md` says the same in prose.

A body is dumped without the fields that were not set: those that do not belong to a license's kind are left out.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, Self

from pydantic import BaseModel

from chalicelib.domain.activation import Snapshot
from chalicelib.domain.catalogue import Order, Product
from chalicelib.domain.email import known_email
from chalicelib.domain.instants import Instant, duration_days, parse_duration, to_iso
from chalicelib.domain.license import (
    HOUR_MS,
    AuthorizationMethod,
    License,
    LicenseType,
    Seat,
    is_activated,
    is_expired,
    status,
)
from chalicelib.domain.types import Json
from chalicelib.domain.users import User, shown_names
from chalicelib.domain.variables import Variable
from chalicelib.licenseapi.requests import LicenseRequest
from chalicelib.signing import Signer, sign_license
from chalicelib.web.freshness import Date, Fresh


class AboutBody(Fresh):
    """GET / and GET /api/v4/: which Seatkeeper answers; `commit` is `unknown` where nobody has noted it."""

    name: str
    api: str
    version: str
    commit: str


class ProductBody(BaseModel):
    """A product, in a license object."""

    product_id: int
    product_name: str
    short_code: str
    authorization_method: AuthorizationMethod
    allow_trial: bool
    trial_days: int
    prevent_vm: bool
    floating_timeout: int
    metadata: Json

    @classmethod
    def of(cls, product: Product, **more: object) -> Self:
        """As it stands in a license object; `more` adds fields."""
        return cls(
            product_id=product.id,
            product_name=product.name,
            short_code=product.code,
            authorization_method=product.authorization_method,
            allow_trial=False,
            trial_days=0,
            prevent_vm=product.prevent_vm,
            floating_timeout=0,
            metadata={},
            **more,
        )


class ProductDetailsBody(ProductBody, Fresh):
    """product_details."""

    company: Json
    latest_version: str | None
    custom_fields: list[object]

    @classmethod
    def alone(cls, product: Product) -> "ProductDetailsBody":
        """As `product_details` answers it."""
        return cls.of(product, company={"id": product.company_id}, latest_version=None, custom_fields=[])


class UserBody(BaseModel):
    """A license user, with the seat on one license."""

    id: int
    email: str
    first_name: str
    last_name: str
    phone_number: str
    is_initial_password: bool
    max_activations: int
    allow_unlimited_activations: bool
    total_activations: int

    @classmethod
    def of(cls, license: License, seat: Seat, user: User, **more: object) -> Self:
        """A user as seen from a license; `more` adds fields."""
        first_name, last_name, phone_number = shown_names(seat, user)
        return cls(
            id=user.id,
            email=user.email,
            first_name=first_name,
            last_name=last_name,
            phone_number=phone_number,
            is_initial_password=user.is_initial_password,
            max_activations=seat.max_activations or 0,
            allow_unlimited_activations=seat.max_activations is None,
            total_activations=seat.activations_in(license),
            **more,
        )


class CustomerBody(BaseModel):
    """Who has bought. Of a customer only the e-mail is known yet."""

    email: str
    company_name: str
    reference: str
    phone: str
    first_name: str
    last_name: str
    address: str
    postcode: str
    city: str
    country: str
    state: str
    customer_account: Json | None
    metadata: Json

    @classmethod
    def of(cls, email: str | None) -> "CustomerBody":
        """The customer with this e-mail; None: nobody."""
        fields: Json = dict.fromkeys(cls.model_fields, "")
        return cls(**fields | {"email": email or "", "customer_account": None, "metadata": {}})


class VariableBody(BaseModel):
    """A device variable; its id only in get_device_variables."""

    id: int = 0
    variable: str
    value: str
    device_id: int
    created_at: Date

    @classmethod
    def of(cls, variable: Variable, device_id: int, **more: object) -> "VariableBody":
        """A variable of a device; `more` adds fields."""
        created_at = to_iso(variable.created_at)
        return cls(variable=variable.name, value=variable.value, device_id=device_id, created_at=created_at, **more)


class LicenseBody(Fresh):
    """The license object."""

    # Each group of fields has a function of its own below.
    # who
    id: int
    license_key: str | None = None
    username: str | None = None
    user: UserBody | None = None
    # state
    license_type: LicenseType
    license_active: bool
    license_enabled: bool
    active: bool
    is_expired: bool
    validity_period: Date | None
    start_date: Date | None
    enable_maintenance_period: bool = False
    maintenance_period: Date | None = None
    allow_grace_period: bool
    grace_period: int
    is_trial: bool
    trial_days: int
    # limits
    max_activations: int
    times_activated: int
    allow_unlimited_activations: bool
    max_license_users: int | None = None
    transfer_count: int
    max_transfers: int
    # floating: none yet
    is_floating: bool
    is_floating_cloud: bool
    floating_users: int
    floating_timeout: int
    floating_in_use_devices: int
    can_borrow: bool
    max_borrow_time: int
    is_borrowed: bool
    borrowed_until: Date | None
    # what the product and the order say
    prevent_vm: bool
    allow_offline_activation: bool
    is_air_gapped: bool
    is_hardware_key_auth: bool
    product_details: ProductBody
    product_features: list[object]
    custom_fields: list[object]
    metadata: Json
    customer: CustomerBody
    company: dict[str, int]
    order_store_id: str | None
    license_template_id: int | None
    # this device, this call
    device_id: int | None = None
    hardware_id: str | None = None
    variables: list[VariableBody] | None = None
    request: Literal["activation"] | None = None
    license_signature: str | None = None
    # check only: the newest installer
    version: str | None = None
    installation_file: str | None = None
    release_date: Date | None = None
    hash_md5: str | None = None
    environment: str | None = None
    eula_link: str | None = None
    release_notes_link: str | None = None
    size: str | None = None
    requires_version: str | None = None
    channel: str | None = None

    @classmethod
    def of(cls, snapshot: Snapshot, now: Instant, **more: object) -> "LicenseBody":
        """The license of a snapshot at `now`; `more` adds fields."""
        license, device, product = snapshot.license, snapshot.device, snapshot.product
        assert license is not None  # an activation has one
        assert product is not None  # the call has looked it up
        fields = _who(snapshot, license) | _state(license, now) | _limits(license) | _NOT_FLOATING
        fields |= _product(product) | _order(license, product)
        if device is not None:
            fields |= {"device_id": device.id, "hardware_id": device.hardware_id}
        return cls(**fields, **more)


CHECK_FIELDS: dict[str, None] = dict.fromkeys(
    [
        "version",
        "installation_file",
        "release_date",
        "hash_md5",
        "environment",
        "eula_link",
        "release_notes_link",
        "size",
        "requires_version",
        "channel",
    ]
)
"""What check_license adds: the newest installer, of which there is none yet."""


class UserLicenseBody(BaseModel):
    """A row of user_licenses."""

    license: LicenseBody
    user: UserBody | None

    @classmethod
    def of(cls, snapshot: Snapshot, now: Instant) -> "UserLicenseBody":
        """A license of a user, with the user as seen from it."""
        body = LicenseBody.of(snapshot, now)
        return cls(license=body, user=body.user)


class CustomerUserBody(UserBody):
    """A row of customer_license_users: a user, and the license that the seat is on."""

    initial_password: Literal[""]
    """An API key must not read passwords."""
    is_active: bool
    license_id: int
    order_store_id: str | None
    order_id: int | None
    """None: of an order of before orders had numbers."""


class CustomerUsersBody(Fresh):
    """customer_license_users."""

    company: dict[str, int]
    customer: CustomerBody
    users: list[CustomerUserBody]
    next_cursor: str | None = None
    """Of the next page, where pages were asked for; None on the last."""

    @classmethod
    def of(
        cls, product: Product, email: str, rows: Iterable[tuple[License, Order | None, Seat, User]], **more: str | None
    ) -> "CustomerUsersBody":
        """The users of a customer's licenses, one row a seat. `more`: `next_cursor`, where a page was asked for."""
        users = [
            CustomerUserBody.of(
                license,
                seat,
                user,
                initial_password="",
                is_active=True,
                license_id=license.id,
                order_store_id=license.order_id,
                order_id=None if order is None else order.number,
            )
            for license, order, seat, user in rows
        ]
        company, customer = {"id": product.company_id}, CustomerBody.of(known_email(email))
        return cls(company=company, customer=customer, users=users, **more)


_BEGINS_A_BODY = re.compile(r'[\x00-\x20\ufeff]*+[\[{][^"]*+"')
"""Not a GUID in braces: JSON that says anything has quotation marks."""

_NOT_FLOATING: Json = {
    "is_floating": False,
    "is_floating_cloud": False,
    "floating_users": 0,
    "floating_timeout": 0,
    "floating_in_use_devices": 0,
    "can_borrow": False,
    "max_borrow_time": 0,
    "is_borrowed": False,
    "borrowed_until": None,
}


def _who(snapshot: Snapshot, license: License) -> Json:
    if license.license_key is not None:
        return {"id": license.id, "license_key": license.license_key}
    if snapshot.user is None or snapshot.seat is None:
        return {"id": license.id}
    user = UserBody.of(license, snapshot.seat, snapshot.user)
    return {"id": license.id, "username": snapshot.user.email, "user": user}


def _state(license: License, now: Instant) -> Json:
    return {
        "license_type": license.license_type,
        "license_active": is_activated(license),
        "license_enabled": license.enabled,
        "active": status(license, now) in ("active", "grace"),
        "is_expired": is_expired(license, now),
        "validity_period": to_iso(license.validity_period),
        "start_date": to_iso(license.start_date),
        "enable_maintenance_period": False,
        "maintenance_period": None,
        "allow_grace_period": license.grace_period > 0,
        "grace_period": license.grace_period,
        "is_trial": license.is_trial,
        "trial_days": _trial_days(license),
    }


def _limits(license: License) -> Json:
    users = {} if license.authorization_method == "license-key" else {"max_license_users": license.max_license_users}
    return users | {
        "max_activations": license.max_activations or 0,
        "times_activated": license.times_activated,
        "allow_unlimited_activations": license.max_activations is None,
        "transfer_count": license.transfer_count,
        "max_transfers": license.max_transfers,
    }


def _product(product: Product) -> Json:
    return {
        "prevent_vm": product.prevent_vm,
        "allow_offline_activation": False,
        "is_air_gapped": False,
        "is_hardware_key_auth": False,
        "product_details": ProductBody.of(product),
        "product_features": [],
    }


def _order(license: License, product: Product) -> Json:
    return {
        "custom_fields": [],
        "metadata": {},
        "customer": CustomerBody.of(license.customer),
        "company": {"id": product.company_id},
        "order_store_id": license.order_id,
        "license_template_id": None,
    }


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


def license_signature(snapshot: Snapshot, lookup: LicenseRequest, signer: Signer) -> str | None:
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
