"""What client applications are answered. `docs/license-api.md` says the same in prose.

A body is a plain dict, with its fields in the order of its class, in which they are sent. Nothing is checked while one
is made: mypy holds the functions below to the classes, and the tests the answers to the document written of them.
"""

from collections.abc import Iterable
from typing import Literal, NotRequired

from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.catalog import Order, Product
from chalicelib.domain.custom_fields import CustomField, DataType
from chalicelib.domain.email import known_email
from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import AuthorizationMethod, License, Seat
from chalicelib.domain.types import Json
from chalicelib.domain.users import User, shown_names
from chalicelib.domain.variables import Variable
from chalicelib.web.freshness import Date, Fresh


class AboutBody(Fresh):
    """GET / and GET /api/v4/: which Seatkeeper answers; `commit` is `unknown` where nobody has noted it."""

    name: str
    api: str
    version: str
    commit: str


class ProductBody(TypedDict):
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


class DefinedFieldBody(TypedDict):
    """A custom field of a product, with what it is of a license that says nothing else."""

    name: str
    data_type: DataType
    value: str


class ProductDetailsBody(ProductBody, Fresh):
    """product_details."""

    company: Json
    latest_version: str | None
    """Null until versions are offered."""
    custom_fields: list[DefinedFieldBody]
    """Of the product, where they were asked for."""


class UserBody(TypedDict):
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


class CustomerBody(TypedDict):
    """Who has bought. Of a customer only the email is known yet."""

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


class VariableBody(TypedDict):
    """A device variable; its id only in get_device_variables."""

    id: NotRequired[int]
    variable: str
    value: str
    device_id: int
    created_at: Date


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
    next_cursor: NotRequired[str | None]
    """Of the next page, where pages were asked for; None on the last."""


def product_body(product: Product) -> ProductBody:
    """A product as it stands in a license object."""
    return {
        "product_id": product.id,
        "product_name": product.name,
        "short_code": product.code,
        "authorization_method": product.authorization_method,
        "allow_trial": product.allow_trial,
        "trial_days": product.trial_days,
        "prevent_vm": product.prevent_vm,
        "floating_timeout": 0,
        "metadata": product.metadata,
    }


def product_details_body(product: Product, fields: Iterable[CustomField]) -> ProductDetailsBody:
    """A product as `product_details` answers it, with these custom fields of it."""
    custom_fields: list[DefinedFieldBody] = [
        {"name": one.name, "data_type": one.data_type, "value": one.default_value} for one in fields
    ]
    company = {"id": product.company_id}
    return {**product_body(product), "company": company, "latest_version": None, "custom_fields": custom_fields}


def user_body(license: License, seat: Seat, user: User) -> UserBody:
    """A user as seen from a license."""
    first_name, last_name, phone_number = shown_names(seat, user)
    return {
        "id": user.id,
        "email": user.email,
        "first_name": first_name,
        "last_name": last_name,
        "phone_number": phone_number,
        "is_initial_password": user.is_initial_password,
        "max_activations": seat.max_activations or 0,
        "allow_unlimited_activations": seat.max_activations is None,
        "total_activations": seat.activations_in(license),
    }


def customer_body(email: str | None) -> CustomerBody:
    """The customer with this email; None: nobody."""
    return {
        "email": email or "",
        "company_name": "",
        "reference": "",
        "phone": "",
        "first_name": "",
        "last_name": "",
        "address": "",
        "postcode": "",
        "city": "",
        "country": "",
        "state": "",
        "customer_account": None,
        "metadata": {},
    }


def variable_body(variable: Variable, device_id: int) -> VariableBody:
    """A variable of a device, without its id."""
    return {
        "variable": variable.name,
        "value": variable.value,
        "device_id": device_id,
        "created_at": to_iso(variable.created_at),
    }


def customer_users_body(
    product: Product, email: str, rows: Iterable[tuple[License, Order | None, Seat, User]]
) -> CustomerUsersBody:
    """The users of a customer's licenses, one row a seat."""
    users: list[CustomerUserBody] = [
        {
            **user_body(license, seat, user),
            "initial_password": "",
            "is_active": True,
            "license_id": license.id,
            "order_store_id": license.order_id,
            "order_id": None if order is None else order.number,
        }
        for license, order, seat, user in rows
    ]
    return {"company": {"id": product.company_id}, "customer": customer_body(known_email(email)), "users": users}
