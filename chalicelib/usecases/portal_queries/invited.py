"""Who was invited to choose a password, and has never logged in: of the people of a manager's licenses.

They are among those who have a seat and no active device, and only an account says who was invited. So they are looked
for in parts, as people are (`parts`), and of a part with many such people some at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import may_invite_at
from chalicelib.domain.paging import PAGE_SIZE, cut
from chalicelib.domain.session import SessionClaims
from chalicelib.store import batch_reads
from chalicelib.store.batch_reads import ReadRequest
from chalicelib.usecases.portal_queries.parts import read_part
from chalicelib.usecases.portal_queries.people import (
    HeldSeat,
    PersonRow,
    all_seats,
    person_row,
    read_rows,
    read_seats,
    seat_reads,
    title_of,
)
from chalicelib.usecases.portal_queries.principal import Principal, authenticate

MAX_ASKED = 90
"""Accounts that one page looks at: what fits into one read."""


@dataclass(frozen=True, slots=True)
class InvitedView:
    """Those of some people who were invited and have never logged in."""

    principal: Principal
    rows: list[PersonRow]
    """Who was invited longest ago comes first."""
    is_first: bool
    """Whether the newest licenses were looked at."""
    is_all: bool
    """Whether all people without a device, of all licenses, were looked at."""
    behind: str
    """Where the search goes on; empty where nobody is left to be looked at."""

    def due(self, now: Instant) -> list[PersonRow]:
        """Who may be invited again now, as many as one form is about."""
        return [row for row in self.rows if may_invite_at(row.user) <= now and row.invited_on is not None][:PAGE_SIZE]


@dataclass(frozen=True, slots=True)
class ChosenInvitedView:
    """Those of whom a form is about who still wait."""

    principal: Principal
    rows: list[PersonRow]


def managed_invited(claims: SessionClaims, after: str = "", *, now: Instant) -> InvitedView:
    """Those of the people behind the position `after` who were invited: among the next `MAX_ASKED` without a device.

    Three reads, and one for each license with users of the part. Raises `session_expired`, `password_change_required`.
    """
    start, _, last = after.partition("/")
    part = read_part(claims, start, seat_reads, now)
    idle = [seats for seats in read_seats(part).values() if not any(held.devices for held in seats)]
    idle.sort(key=_place, reverse=True)
    if last:
        passed = [int(number) for number in last.split()]
        idle = [seats for seats in idle if _place(seats) < passed]
    asked, more = cut(idle, MAX_ASKED)
    behind = f"{start}/{' '.join(map(str, _place(asked[-1])))}" if more else part.behind
    rows = [row for row in read_rows(claims, asked, now) if row.invitation != "none"]
    rows.sort(key=lambda row: (row.user.invited_at or 0, row.user.email))
    is_all = not (after or behind) and all_seats(part)
    return InvitedView(part.managed.principal, rows, not after, is_all, behind)


def chosen_invited(claims: SessionClaims, chosen: Sequence[tuple[int, int]], *, now: Instant) -> ChosenInvitedView:
    """Those of some people who were invited and have never logged in: each by a license of the user's, and the account.

    One read, or two where they are on many licenses. Raises as `managed_invited`.
    """
    ids = list(dict.fromkeys(license_id for license_id, _ in chosen))
    wanted = ReadRequest(managed=ids, licenses=ids, seats=chosen, users=dict.fromkeys(user_id for _, user_id in chosen))
    found = batch_reads.batch_read(claims, wanted, now)
    principal = authenticate(claims, found, now)
    rows = [
        person_row(user, [HeldSeat(license, title_of(license, now), seat, sold.denied)], now)
        for license_id, user_id in chosen
        if (sold := found.managed.get(license_id)) is not None
        and (license := found.licenses.get(license_id)) is not None
        and (seat := found.seats.get((license_id, user_id))) is not None
        and (user := found.users.get(user_id)) is not None
    ]
    return ChosenInvitedView(principal, [row for row in rows if row.invitation != "none"])


def _place(seats: list[HeldSeat]) -> list[int]:
    """Where a person without a device stands in a part: who got a seat last comes first."""
    return [max(held.seat.assigned_at for held in seats), seats[0].seat.user_id]
