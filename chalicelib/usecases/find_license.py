"""Find a license, a seat on it, or an account, for those who manage them."""

from chalicelib.domain.email import known_email
from chalicelib.domain.errors import NotFound
from chalicelib.domain.license import License, Seat
from chalicelib.domain.users import User
from chalicelib.store import accounts, deleted_licenses, licenses, seats


def find_license(company: str, license_id: int) -> License:
    """Raises `NotFound`: `license_not_found`, for another company's id too."""
    license = licenses.read_license(company, license_id)
    if license is None:
        raise NotFound("license_not_found")
    return license


def product_of_license(company: str, license_id: int) -> str | None:
    """The product of a license, also of one that was deleted; None: there is none, or it is another company's."""
    license = licenses.read_license(company, license_id) or deleted_licenses.read(company, license_id)
    return None if license is None else license.product


def guard_known(company: str, license_id: int) -> None:
    """That there is such a license, or was: its history stays. Raises `NotFound`: `license_not_found`."""
    if product_of_license(company, license_id) is None:
        raise NotFound("license_not_found")


def find_owner(license_id: int, company: str | None) -> str:
    """The company of a license, for operators; where they name one, it must be that. Raises `SeatkeeperError`."""
    owner = licenses.company_of(license_id)
    if owner is None or company not in (None, owner):
        of = "all" if company is None else "company"
        raise NotFound("license_not_found", of=of, license=license_id, company=company)
    return owner


def find_seat(company: str, license_id: int, email: str) -> tuple[License, Seat]:
    """A license and a user's seat on it. Raises `NotFound`: `license_not_found`, `user_not_found`."""
    license = find_license(company, license_id)
    user_id = accounts.user_of_email(company, known_email(email))
    seat = None if user_id is None else seats.read_seat(company, license_id, user_id)
    if seat is None:
        raise NotFound("user_not_found")
    return license, seat


def find_user(company: str, license_id: int, email: str) -> User:
    """The account of a license user. Raises `NotFound`: `license_not_found`, `user_not_found`."""
    return find_license_user(company, license_id, email)[1]


def find_license_user(company: str, license_id: int, email: str) -> tuple[License, User]:
    """A license and the account of one of its users. Raises as `find_user`."""
    license, seat = find_seat(company, license_id, email)
    user = accounts.read_user(company, seat.user_id)
    if user is None:
        raise NotFound("user_not_found")
    return license, user


def find_account(company: str, email: str) -> User:
    """The account of an email, open or closed. Raises `NotFound`: `user_not_found`."""
    user_id = accounts.user_of_email(company, known_email(email))
    user = None if user_id is None else accounts.read_user(company, user_id)
    if user is None:
        raise NotFound("user_not_found", of="account")
    return user


def find_account_by_id(company: str, user_id: int) -> User:
    """The account with an id, open or closed. Raises `NotFound`: `user_not_found`."""
    user = accounts.read_user(company, user_id)
    if user is None:
        raise NotFound("user_not_found", of="account")
    return user
