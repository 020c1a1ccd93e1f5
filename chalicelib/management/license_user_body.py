"""A license user as the Management API answers it, and a seat on a license."""

from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import Seat
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.management.customers import AccountOfCustomer
from chalicelib.web.freshness import Date


class SeatBody(TypedDict):
    """The seat on the license that was asked for."""

    license: int
    max_activations: int | None
    """None: unlimited."""
    total_activations: int
    assigned_at: Date
    first_name: str | None
    """Names and number as the customer gives them; None: never given."""
    last_name: str | None
    phone_number: str | None
    revision: int


class LicenseUserBody(TypedDict):
    """A license user. Names and number are those of the account."""

    id: int
    last_login: Date | None
    """At the portal; None: never, or of before it was kept."""
    email: str
    true_email: str
    first_name: str
    last_name: str
    phone_number: str
    created_at: Date
    updated_at: Date
    """When `revision` moved last."""
    is_active: bool
    is_manager: bool
    is_initial_password: bool
    initial_password: None
    """It is answered when it is made, and then no more."""
    metadata: Json
    revision: int


class LicenseUserRow(LicenseUserBody):
    """In a list."""

    seat: SeatBody | None


class ShownLicenseUser(LicenseUserBody):
    """Alone, with how many licenses it has a seat on, and whose."""

    total_licenses: int
    customer_accounts: list[AccountOfCustomer]
    """Those of the first hundred of these licenses, and of the customer with the user's email."""


def user_body(user: User) -> LicenseUserBody:
    """A license user as it is answered."""
    return {
        "id": user.id,
        "last_login": to_iso(user.last_login_at),
        "email": user.email,
        "true_email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "phone_number": user.phone_number,
        "created_at": to_iso(user.created_at),
        "updated_at": to_iso(user.changed_at),
        "is_active": user.closed_at is None,
        "is_manager": user.is_manager,
        "is_initial_password": user.is_initial_password,
        "initial_password": None,
        "metadata": user.metadata,
        "revision": user.revision,
    }


def seat_body(seat: Seat, license_id: int, used: int) -> SeatBody:
    """The seat of a user on a license, with the activations that count."""
    return {
        "license": license_id,
        "max_activations": seat.max_activations,
        "total_activations": used,
        "assigned_at": to_iso(seat.assigned_at),
        "first_name": seat.first_name,
        "last_name": seat.last_name,
        "phone_number": seat.phone_number,
        "revision": seat.revision,
    }
