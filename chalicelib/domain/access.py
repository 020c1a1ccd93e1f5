"""What an account's password opens.

Accounts belong to the company, and one person may use licenses of several of its customers. A password is *proved* once
it was chosen with a code that was mailed to the account's address: it opens all that the account has. Any other was
handed out by somebody: a license manager made it, or was near when the person chose another one in its place. So it
opens the licenses of the customers it was given for (`User.password_scope`), and no others that the account may have.
"""

from hashlib import sha256

from chalicelib.domain.catalog import LicenseSummary
from chalicelib.domain.errors import Unauthenticated
from chalicelib.domain.license import License
from chalicelib.domain.users import User

MAX_SCOPE = 100
"""Customers that an unproved password may be for."""


def buyer(license: License | LicenseSummary) -> str:
    """A short name for whose license it is: its customer's, and where none is named, its order's.

    A customer who gets another email, or is merged into another one, stays who it was here: what a password opens, and
    who may set one, moves by neither.
    """
    customer = license.bought_as or license.customer
    text = f"customer {customer}" if customer else f"order {license.order_id or ''}"
    return sha256(text.encode()).hexdigest()[:16]


def opens_all(user: User) -> bool:
    """Whether the account's password opens whatever its user has. One of before there were scopes does."""
    return user.email_verified or user.password_scope is None


def opens(user: User, license: License) -> bool:
    """Whether the account's password lets its user use this license."""
    return opens_all(user) or buyer(license) in (user.password_scope or ())


def guard_opens(user: User, license: License) -> None:
    """Raises `Unauthenticated`: `invalid_credentials`, which says what to do."""
    if not opens(user, license):
        raise Unauthenticated("invalid_credentials", of="other_licenses")
