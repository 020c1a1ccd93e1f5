"""Management API: licenses, as they are listed, found and shown."""

from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.instants import to_iso
from chalicelib.domain.license import License, Seat
from chalicelib.domain.users import User, shown_names
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.license_body import LicenseBody, body_of, license_body
from chalicelib.management.license_filters import LicensesQuery, guard_filters, license_filter
from chalicelib.management.models import Id, ListBody, Sent, part_of
from chalicelib.management.reach import its_license, itself
from chalicelib.usecases import license_list
from chalicelib.usecases.catalog import known_products
from chalicelib.usecases.change_terms import find_sold
from chalicelib.usecases.license_list import users_of
from chalicelib.web.freshness import Date

MAX_USERS = 100


class LicensePath(Sent):
    """Which license."""

    license_id: Id


class LicenseList(ListBody):
    """A page of licenses."""

    results: list[LicenseBody]


class UserOfLicense(TypedDict):
    """Who has a seat on a license."""

    id: int
    email: str
    true_email: str
    created_at: Date
    """When the seat was given."""
    first_name: str
    last_name: str
    phone_number: str
    is_manager: bool
    is_initial_password: bool
    max_activations: int
    allow_unlimited_activations: bool
    total_activations: int


class WholeLicense(LicenseBody):
    """A license as it is shown by itself."""

    license_users: list[UserOfLicense]
    """The first hundred."""


@endpoint("GET", "/licenses", writes=False, scope="licenses:read", reach=itself)
def list_licenses(query: LicensesQuery, caller: Caller) -> LicenseList:
    """The licenses of the company that a filter lets through, oldest first or newest first."""
    asked = query.model_dump(exclude={"cursor", "offset", "limit"}, exclude_none=True)
    guard_filters(caller, asked)
    wanted = license_filter(asked, caller.company, caller.now).of_products(caller.key.products)
    newest_first = query.order_by.startswith("-")
    rows, page = part_of(
        lambda after, skip, size: license_list.list_licenses(
            caller.company,
            wanted,
            after=int(after) if after else None,
            newest_first=newest_first,
            skip=skip,
            size=size,
        ),
        query,
        caller,
        "licenses",
        license_list.count_licenses(caller.company, wanted),
    )
    known = known_products(caller.company, (license.product for license, _ in rows), now=caller.now)
    bodies = [license_body(license, extras, known.get(license.product), caller.now) for license, extras in rows]
    return {**page, "results": bodies}


@endpoint("GET", "/licenses/{license_id}", writes=False, scope="licenses:read", reach=its_license)
def show_license(path: LicensePath, caller: Caller) -> WholeLicense:
    """One license, with its first users."""
    sold = find_sold(caller.company, path.license_id)
    users = users_of(sold[0], MAX_USERS) if sold[0].users_assigned else []
    return {**body_of(caller)(sold), "license_users": [_user(sold[0], *one) for one in users]}


def _user(license: License, seat: Seat, user: User) -> UserOfLicense:
    first_name, last_name, phone_number = shown_names(seat, user)
    return {
        "id": user.id,
        "email": user.email,
        "true_email": user.email,
        "created_at": to_iso(seat.assigned_at),
        "first_name": first_name,
        "last_name": last_name,
        "phone_number": phone_number,
        "is_manager": user.is_manager,
        "is_initial_password": user.is_initial_password,
        "max_activations": seat.max_activations or 0,
        "allow_unlimited_activations": seat.max_activations is None,
        "total_activations": seat.activations_in(license),
    }
