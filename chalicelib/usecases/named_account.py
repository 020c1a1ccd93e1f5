"""The account that is named by who has proved nothing yet: the same is read whether there is one or not."""

from chalicelib.domain.catalog import company_code
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.users import User
from chalicelib.store import accounts

NO_USER = 0
"""The id of no user."""


def account_name(company: str, email: str) -> tuple[str, str] | None:
    """Company and email, as typed, in the forms in which they are stored; None where there can be no such account."""
    try:
        return company_code(company), known_email(email)
    except Invalid:
        return None


def named_user_id(company: str, email: str) -> int:
    """The id of the user with this email, as it is stored; `NO_USER` where there is none."""
    return accounts.user_of_email(company, email) or NO_USER


def named_user(company: str, email: str) -> User | None:
    """The user with this email, as it is stored; None also where the account is closed. Two reads in any case."""
    return named_user_of(company, email, named_user_id(company, email))


def named_user_of(company: str, email: str, user_id: int | None) -> User | None:
    """As `named_user`, where it was read already who has the email. One read in any case."""
    user = accounts.read_user(company, user_id or NO_USER)
    return None if user is None or user.closed_at is not None or user.email != email else user
