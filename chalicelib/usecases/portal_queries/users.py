"""The users of a license: the list, and one of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.access import opens
from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.email import display_email, known_email
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import InvitationState, invitation_state, may_invite_at
from chalicelib.domain.license import License, Seat
from chalicelib.domain.paging import Page, Rows, cut
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User, shown_names
from chalicelib.store import accounts, batch_reads, batches, licenses
from chalicelib.store.batch_reads import BatchRead, ReadRequest
from chalicelib.usecases.portal_queries.listing import CHUNK, ListQuery, has_words, is_idle, list_page, page_with
from chalicelib.usecases.portal_queries.principal import LicenseView, fields, guard_manager

SEATS_AT_ONCE = 250
"""Users of a license in one read: so many are sorted, and searched at a time."""
_SORTS: dict[str, Callable[[Seat], Any]] = {  # what can be compared
    "newest": lambda seat: (-seat.assigned_at, seat.email),
    "activations": lambda seat: (-seat.activations, seat.email),
    "unused": lambda seat: (seat.last_used_at or 0, seat.email),
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
    is_due: bool
    """Whether who was invited waits, and may be mailed another link now."""


@dataclass(frozen=True, slots=True)
class UsersView(LicenseView):
    """The users of a license."""

    page: Page[UserRow]
    pending: list[BatchProgress]
    """Batches that are under way; of a list that is too long to be counted, on its first page."""
    counts: dict[str, int]
    """How many users each of `FILTERS` lets through; empty where the users are too many to be looked at."""


@dataclass(frozen=True, slots=True)
class UserView(LicenseView):
    """One user of a license."""

    row: UserRow


@dataclass(frozen=True, slots=True)
class ChosenView(LicenseView):
    """Some users of one license."""

    rows: list[UserRow]


FILTERS: Mapping[str, Callable[[UserRow, Instant], bool]] = {
    "invited": lambda row, _now: row.invitation != "none",
    "using": lambda row, _now: row.taken > 0,
    "idle": lambda row, now: is_idle(row.seat.unused_since, now),
}
"""Which users a `ListQuery.status` lets through."""


@dataclass(slots=True)
class _Users:
    """The users of one license, and what was read of them."""

    claims: SessionClaims
    license_id: int
    list_query: ListQuery
    now: Instant
    whole: list[Seat] | None = None
    """All seats, where they are few enough to be read at once."""
    view: LicenseView | None = None
    rows: dict[int, UserRow] = field(default_factory=dict)

    def read(self, after: str, backwards: bool, limit: int) -> tuple[list[Seat], bool]:
        behind = int(after) if after else None
        company = self.claims.company
        found = licenses.seats(company, self.license_id, after=behind, backwards=backwards, limit=limit + 1)
        seats, more = cut(found, limit)
        if not (after or more):
            self.whole = seats
        return seats, more

    def keep(self, seats: list[Seat]) -> list[Seat]:
        """Those that are searched for; by what they do, each is looked at."""
        found = [seat for seat in seats if has_words(_texts(seat), self.list_query.search)]
        passes = FILTERS.get(self.list_query.status)
        if passes is None or not found:
            return found
        return [row.seat for row in self.look_at(found) if passes(row, self.now)]

    def arrange(self, seats: list[Seat]) -> list[Seat]:
        return sorted(seats, key=_SORTS.get(self.list_query.sort, lambda seat: seat.email))

    def named(self) -> list[Seat]:
        """The seat of the user whom the search names by the whole email, if there is one: found by that."""
        try:
            user_id = accounts.user_of_email(self.claims.company, known_email(self.list_query.search))
        except Invalid:
            return []
        if user_id is None:
            return []
        found = self._read([user_id], seats=[(self.license_id, user_id)])
        self._note(found, list(found.seats.values()))
        return [row.seat for row in self.rows.values()]

    def look_at(self, seats: list[Seat]) -> list[UserRow]:
        """The rows of these seats. Of a short list all are read with them, in one BatchGet, and so can be counted."""
        asked = self.whole if self.whole is not None and len(self.whole) <= CHUNK else seats
        unknown = [seat for seat in asked if seat.user_id not in self.rows]
        if unknown or self.view is None:
            self._note(self._read([seat.user_id for seat in unknown]), unknown)
        return [self.rows[seat.user_id] for seat in seats if seat.user_id in self.rows]

    def counts(self) -> dict[str, int]:
        """As `UsersView.counts`."""
        if self.whole is None or any(seat.user_id not in self.rows for seat in self.whole):
            return {}
        return {name: sum(passes(row, self.now) for row in self.rows.values()) for name, passes in FILTERS.items()}

    def _read(self, user_ids: list[int], seats: list[tuple[int, int]] | None = None) -> BatchRead:
        wanted = ReadRequest(managed=[self.license_id], licenses=[self.license_id], users=user_ids, seats=seats or ())
        return batch_reads.batch_read(self.claims, wanted, self.now)

    def _note(self, found: BatchRead, seats: list[Seat]) -> None:
        """Keep what was found of users, once it is proved who asks."""
        self.view = guard_manager(self.claims, found, self.license_id, self.now)
        for seat in seats:
            if (user := found.users.get(seat.user_id)) is not None:
                self.rows[user.id] = _user_row(self.view.license, seat, user, self.now)


def license_users(claims: SessionClaims, license_id: int, list_query: ListQuery, *, now: Instant) -> UsersView:
    """A page of the users of a license that the user manages, by email, where they are few enough to be sorted.

    Two reads: of the seats, or of the account of a whole email that is searched for; and of who asks and the users. One
    more of the batches, where some may be under way; more where a search or a filter looks on. Raises
    `session_expired`, `license_not_found`.
    """
    users = _Users(claims, license_id, list_query, now)
    searched = bool(list_query.search.strip())
    first = not (list_query.after or list_query.before)
    named = users.named() if first and searched and not list_query.status else []
    rows = Rows(users.read, lambda seat: str(seat.user_id), SEATS_AT_ONCE, SEATS_AT_ONCE)
    keep = users.keep if searched or list_query.status in FILTERS else None
    page = Page(named, 1, 1) if named else list_page(rows, list_query, keep, users.arrange)
    shown = users.look_at(page.rows)
    base = users.view
    assert base is not None  # it is read with the rows
    may_be = not named and (_has_batches(base.license, users.whole) if users.whole is not None else not page.before)
    pending = list(batches.all_pending(claims.company, license_id)) if may_be else []
    return UsersView(*fields(base), page_with(page, shown), pending, users.counts())


def license_user(claims: SessionClaims, license_id: int, user_id: int, *, now: Instant) -> UserView:
    """One user of a license that the user manages. Raises as `license_users`, and `user_not_found`."""
    seats, users = [(license_id, user_id)], [user_id]
    found = batch_reads.batch_read(
        claims, ReadRequest(managed=[license_id], licenses=[license_id], seats=seats, users=users), now
    )
    base = guard_manager(claims, found, license_id, now)
    seat, user = found.seats.get((license_id, user_id)), found.users.get(user_id)
    if seat is None or user is None:
        raise NotFound("user_not_found")
    return UserView(*fields(base), _user_row(base.license, seat, user, now))


def chosen_users(claims: SessionClaims, license_id: int, user_ids: list[int], *, now: Instant) -> ChosenView:
    """Those of some users who have a seat on a license that the user manages: one read. Raises as `license_users`."""
    seats = [(license_id, user_id) for user_id in user_ids]
    wanted = ReadRequest(managed=[license_id], licenses=[license_id], seats=seats, users=user_ids)
    found = batch_reads.batch_read(claims, wanted, now)
    base = guard_manager(claims, found, license_id, now)
    there = [(found.seats.get((license_id, user_id)), found.users.get(user_id)) for user_id in user_ids]
    rows = [_user_row(base.license, seat, user, now) for seat, user in there if seat is not None and user is not None]
    return ChosenView(*fields(base), rows)


def _texts(seat: Seat) -> tuple[str, ...]:
    return seat.email, display_email(seat.email), seat.first_name or "", seat.last_name or ""


def _has_batches(license: License, seats: list[Seat]) -> bool:
    """Whether batches are under way: seats that they have reserved are assigned, and nobody's yet."""
    return license.users_assigned > len(seats)


def _user_row(license: License, seat: Seat, user: User, now: Instant) -> UserRow:
    names, invitation = shown_names(seat, user), invitation_state(user, now)
    is_due = invitation != "none" and may_invite_at(user) <= now
    return UserRow(seat, user, seat.activations_in(license), *names, opens(user, license), invitation, is_due)
