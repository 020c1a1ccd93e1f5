"""The accounts of a company as operators look for them: page by page, by what is known of a person; and their seats.

An id, a whole email and a license lead to accounts by their keys. What no key serves is looked for among all of them,
within a bound.
"""

from dataclasses import dataclass

from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid
from chalicelib.domain.license import License, Seat
from chalicelib.domain.paging import cut, search
from chalicelib.domain.users import User
from chalicelib.store import accounts, activations, licenses
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_license import find_license

_Row = tuple[int, User | None]
"""The id of an account, and the account where it is there."""


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which accounts: those to whom all of this applies."""

    license_id: int | None = None
    """Who has a seat on it."""
    text: str = ""
    """Part of the email, of the name or of the phone number; large and small letters are alike."""
    managers_only: bool = False
    closed_only: bool = False

    def lets_through(self, user: User) -> bool:
        """Whether all applies of it that no key serves."""
        said = (user.email, f"{user.first_name} {user.last_name}", user.phone_number)
        is_meant = any(self.text.casefold() in text.casefold() for text in said)
        is_closed = user.closed_at is not None
        return is_meant and (user.is_manager or not self.managers_only) and (is_closed or not self.closed_only)


def list_users(company: str, wanted: UserFilter, after: int | None, limit: int) -> tuple[list[User], int | None]:
    """At most `limit` accounts behind the one with the id `after`, by their ids, and the id to go on behind.

    That is None where there are no more. Names and phone number are those of the account. Raises `company_not_found`,
    `license_not_found`.
    """
    owner = find_company(company).code
    if wanted.license_id is not None:
        find_license(owner, wanted.license_id)

    def read(after: str, limit: int) -> tuple[list[_Row], bool]:
        behind = int(after) if after else None
        if wanted.license_id is None:
            users, more = cut(accounts.users(owner, after=behind, limit=limit + 1), limit)
            return [(user.id, user) for user in users], more
        seats, more = cut(licenses.seats(owner, wanted.license_id, after=behind, limit=limit + 1), limit)
        known = accounts.read_users(owner, [seat.user_id for seat in seats])
        return [(seat.user_id, known.get(seat.user_id)) for seat in seats], more

    def keep(rows: list[_Row]) -> list[_Row]:
        return [(id, user) for id, user in rows if user is not None and wanted.lets_through(user)]

    behind = "" if after is None else str(after)
    found, further = search(read, lambda row: str(row[0]), behind, limit, None if wanted == UserFilter() else keep)
    return [user for _, user in found if user is not None], int(further) if further else None


def find_named_user(company: str, text: str) -> User | None:
    """The account whose id or whole email a text is; None where there is none. Raises `company_not_found`."""
    owner = find_company(company).code
    if text.isascii() and text.isdigit():
        return accounts.read_user(owner, int(text))
    try:
        user_id = accounts.user_of_email(owner, known_email(text))
    except Invalid:  # it is no email
        return None
    return None if user_id is None else accounts.read_user(owner, user_id)


def seats_of_user(company: str, user_id: int, limit: int) -> tuple[list[tuple[License, Seat]], bool]:
    """The newest licenses on which a user has a seat, at most `limit`, each with that, and whether there are more."""
    ids, more = cut(accounts.held_license_ids(company, user_id, newest_first=True, limit=limit + 1), limit)
    held = activations.read_snapshots(company, [(id, user_id) for id in ids], None, consistent=True)
    return [(one.license, one.seat) for one in held if one.license is not None and one.seat is not None], more
