"""The users of a license: the list, and one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.access import opens
from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.email import display_email, known_email
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import InvitationState, invitation_state
from chalicelib.domain.license import License, Seat
from chalicelib.domain.paging import Page, Rows, cut
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User, shown_names
from chalicelib.store import accounts, batch_reads, batches, licenses
from chalicelib.store.batch_reads import ReadRequest
from chalicelib.store.seats import read_seat
from chalicelib.usecases.portal_queries.listing import ListQuery, has_words, list_page, page_with
from chalicelib.usecases.portal_queries.principal import LicenseView, fields, guard_manager

SEATS_AT_ONCE = 250
"""Users of a license in one read: so many are sorted, and searched at a time."""
_SORTS: dict[str, Callable[[Seat], Any]] = {  # what can be compared
    "newest": lambda seat: (-seat.assigned_at, seat.email),
    "activations": lambda seat: (-seat.activations, seat.email),
}


@dataclass(frozen=True, slots=True)
class UserRow:
    """A license user in a list."""

    seat: Seat
    user: User
    taken: int
    first_name: str
    last_name: str
    phone_number: str
    opened: bool
    """Whether the account's password opens the license; else the seat waits for a mailed code."""
    invitation: InvitationState


@dataclass(frozen=True, slots=True)
class UsersView(LicenseView):
    """The users of a license."""

    page: Page[UserRow]
    pending: list[BatchProgress]
    """Batches that are under way; of a list that is too long to be counted, on its first page."""


@dataclass(frozen=True, slots=True)
class UserView(LicenseView):
    """One user of a license."""

    row: UserRow


def license_users(claims: SessionClaims, license_id: int, list_query: ListQuery, *, now: Instant) -> UsersView:
    """A page of the users of a license that the user manages, by e-mail, where they are few enough to be sorted.

    Two reads; three where batches may be under way, or a whole e-mail is searched for, and more where a search looks
    on. Raises `session_expired`, `license_not_found`.
    """
    searched = bool(list_query.search.strip())

    def read(after: str, backwards: bool, limit: int) -> tuple[list[Seat], bool]:
        behind = int(after) if after else None
        seats = licenses.seats(claims.company, license_id, after=behind, backwards=backwards, limit=limit + 1)
        return cut(seats, limit)

    def keep(seats: list[Seat]) -> list[Seat]:
        return [seat for seat in seats if has_words((seat.email, display_email(seat.email)), list_query.search)]

    def arrange(seats: list[Seat]) -> list[Seat]:
        return sorted(seats, key=_SORTS.get(list_query.sort, lambda seat: seat.email))

    rows = Rows(read, lambda seat: str(seat.user_id), SEATS_AT_ONCE, SEATS_AT_ONCE)
    first = not (list_query.after or list_query.before)
    named = _named(claims.company, license_id, list_query.search) if first and searched else []
    page = Page(named, 1, 1) if named else list_page(rows, list_query, keep if searched else None, arrange)
    wanted = ReadRequest(managed=license_id, licenses=[license_id], users=[seat.user_id for seat in page.rows])
    found = batch_reads.batch_read(claims, wanted, now)
    base = guard_manager(claims, found, license_id, now)
    shown = [_user_row(base.license, s, found.users[s.user_id], now) for s in page.rows if s.user_id in found.users]
    may_be = not named and _may_have_batches(base.license, page, searched=searched)
    pending = list(batches.all_pending(claims.company, license_id)) if may_be else []
    return UsersView(*fields(base), page_with(page, shown), pending)


def license_user(claims: SessionClaims, license_id: int, user_id: int, *, now: Instant) -> UserView:
    """One user of a license that the user manages. Raises as `license_users`, and `user_not_found`."""
    seats, users = [(license_id, user_id)], [user_id]
    found = batch_reads.batch_read(
        claims, ReadRequest(managed=license_id, licenses=[license_id], seats=seats, users=users), now
    )
    base = guard_manager(claims, found, license_id, now)
    seat, user = found.seats.get((license_id, user_id)), found.users.get(user_id)
    if seat is None or user is None:
        raise NotFound("user_not_found")
    return UserView(*fields(base), _user_row(base.license, seat, user, now))


def _named(company: str, license_id: int, search: str) -> list[Seat]:
    """The seat of the user whom the search names by the whole e-mail, if there is one: found by that, in two reads."""
    try:
        user_id = accounts.user_of_email(company, known_email(search))
    except Invalid:
        return []
    seat = None if user_id is None else read_seat(company, license_id, user_id)
    return [] if seat is None else [seat]


def _may_have_batches(license: License, page: Page[Seat], *, searched: bool) -> bool:
    """Whether batches are to be looked for: seats that they have reserved are assigned, and nobody's yet."""
    if page.total is None:
        return not page.before
    return searched or license.users_assigned > page.total


def _user_row(license: License, seat: Seat, user: User, now: Instant) -> UserRow:
    names, invitation = shown_names(seat, user), invitation_state(user, now)
    return UserRow(seat, user, seat.activations_in(license), *names, opens(user, license), invitation)
