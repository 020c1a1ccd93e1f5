"""The license users of a company, as its vendor sees them: all, those of one license, or one."""

from collections.abc import Iterator

from chalicelib.domain.email import known_email
from chalicelib.domain.license import Seat
from chalicelib.domain.users import User
from chalicelib.store import accounts, batches, licenses
from chalicelib.store.counts import read_count
from chalicelib.usecases.find_license import find_license


def users_of_email(company: str, email: str) -> list[User]:
    """The account of an email, or none. Raises `Invalid` where it is none."""
    user_id = accounts.user_of_email(company, known_email(email))
    user = None if user_id is None else accounts.read_user(company, user_id)
    return [] if user is None else [user]


def users_of_ids(company: str, user_ids: list[int]) -> dict[int, User]:
    """Accounts by their ids, those that there are."""
    return accounts.read_users(company, user_ids)


def all_users(company: str, *, after: int | None = None, limit: int) -> Iterator[User]:
    """The accounts of a company behind the user `after`, at most `limit`."""
    return accounts.users(company, after=after, limit=limit)


def count_users(company: str) -> int | None:
    """How many accounts there are; None where they were never counted (`store.counts`)."""
    return read_count(company, "users")


def seats_of_license(company: str, license_id: int, *, after: int | None = None, limit: int) -> list[tuple[Seat, int]]:
    """The seats on a license behind that of the user `after`, at most `limit`, each with its activations that count.

    Raises `NotFound`: `license_not_found`.
    """
    license = find_license(company, license_id)
    return [(s, s.activations_in(license)) for s in licenses.seats(company, license_id, after=after, limit=limit)]


def seat_of(company: str, license_id: int, user_id: int) -> tuple[Seat, int] | None:
    """A user's seat on a license, with its activations that count; None where there is none.

    Raises `NotFound`: `license_not_found`.
    """
    found = seats_of_license(company, license_id, after=user_id - 1, limit=1)
    return found[0] if found and found[0][0].user_id == user_id else None


def count_seats(company: str, license_id: int) -> int:
    """How many seats on a license are given; those that a batch under way has reserved are not yet.

    Raises `NotFound`: `license_not_found`.
    """
    reserved = sum(batch.reserved for batch in batches.all_pending(company, license_id))
    return find_license(company, license_id).users_assigned - reserved


def count_licenses(company: str, user_id: int) -> int:
    """On how many licenses a user has a seat."""
    return len(accounts.held_license_ids(company, user_id))
