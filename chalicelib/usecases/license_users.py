"""The license users of a company, as its vendor sees them: all, those of one license, or one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace

from chalicelib.domain.customers import CustomerAccount, wrong_metadata
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import raise_all
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Seat
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.store import accounts, batches, company_objects, customers, licenses
from chalicelib.store.counts import read_count
from chalicelib.usecases.assign_user import Profile, wrong_names
from chalicelib.usecases.find_license import find_account_by_id, find_license
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.revisions import guard_revision, revised

_MOST = 100
"""Licenses, and customers, that are read at once."""


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


def change_user(
    company: str,
    user_id: int,
    names: Mapping[str, str],
    actor: Actor,
    *,
    metadata: Json | None = None,
    revision: int | None = None,
    now: Instant,
) -> User:
    """Change names or the phone number of an account (fields of `Profile`), or its metadata; what is not given stays.

    The same again changes nothing. Raises `Invalid`, `NotFound`: `user_not_found`, `Denied`: `revision_changed`.
    """

    def decide(user: User) -> User:
        guard_revision(user, revision)
        profile = Profile(**{name: getattr(user, name) for name in Profile.__dataclass_fields__} | dict(names))
        raise_all([*wrong_names(profile), *wrong_metadata(metadata)])
        return replace(user, **asdict(profile), metadata=user.metadata if metadata is None else metadata)

    def stored(old: User, new: User) -> User:
        return new if new == old else replace(revised(old, new), updated_at=now)

    def write(old: User, new: User) -> None:
        if old != new:
            accounts.update_user(old, new, Event.new("person_changed", actor, now, user=old.email, user_id=old.id))

    find = lambda _: find_account_by_id(company, user_id)  # noqa: E731 - short and local
    return stored(*decide_and_write(find, decide, write, result=stored))


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


def licenses_held(company: str, user_id: int) -> list[int]:
    """The licenses on which a user has a seat, oldest first."""
    return accounts.held_license_ids(company, user_id)


def customer_accounts_of(company: str, user: User, held: Sequence[int]) -> list[CustomerAccount]:
    """The customer accounts that a user belongs to: of the customers of the licenses `held`, of the first hundred, and
    of the customer with the user's email; oldest first. Two reads, and up to two more.
    """
    some = licenses.read_some(company, list(held[:_MOST]))
    emails = {user.email, *(one.customer for one in some if one.customer is not None)}
    found = customers.read_by_emails(company, sorted(emails)[:_MOST]).values()
    ids = sorted({one.account for one in found if one.account is not None})
    accounts_found = company_objects.read_some(CustomerAccount, company, ids)
    return [accounts_found[id] for id in ids if id in accounts_found]
