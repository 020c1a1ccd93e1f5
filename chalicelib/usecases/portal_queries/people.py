"""Everyone who has a seat on a license that somebody manages, once, with all these licenses.

Seats lie with their licenses, so each license with users is a read, and the people are shown in parts (`parts`): who
has seats in several is in each of them, with the licenses of that part.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import NotFound
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import InvitationState, invitation_state
from chalicelib.domain.license import License, Seat, license_title
from chalicelib.domain.paging import Page, cut
from chalicelib.domain.permissions import Permission
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User, shown_names
from chalicelib.store import accounts, batch_reads, licenses
from chalicelib.store.batch_reads import ReadRequest
from chalicelib.usecases.catalog import known_product
from chalicelib.usecases.portal_queries.listing import ListQuery, has_words, is_idle, page_of_all, page_with
from chalicelib.usecases.portal_queries.overview import read_of_each
from chalicelib.usecases.portal_queries.parts import MAX_READS, Part, asked_part, page_of_part, read_part
from chalicelib.usecases.portal_queries.principal import Principal, authenticate

SEATS_AT_ONCE = 1000
"""Seats of one license that count as one read."""
MAX_SEATS = MAX_READS * SEATS_AT_ONCE
"""Seats of one license that are looked at."""
MAX_HELD = 500
"""Seats of one person that are looked at."""


@dataclass(frozen=True, slots=True)
class HeldSeat:
    """A seat of a person, and the license that it is on."""

    license: License
    title: str
    seat: Seat
    denied: frozenset[Permission]
    """What the vendor does not allow whoever asks to do with the license."""

    @property
    def removable(self) -> bool:
        """Whether he may remove its users."""
        return "remove_users" not in self.denied

    @property
    def devices(self) -> int:
        """How many devices of the person are active there."""
        return self.seat.activations_in(self.license)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person, with the seats on licenses of whoever asks; those alone."""

    user: User
    seats: list[HeldSeat]
    first_name: str
    last_name: str
    phone_number: str
    invitation: InvitationState

    @property
    def devices(self) -> int:
        """How many devices are active on all these licenses."""
        return sum(held.devices for held in self.seats)

    @property
    def last_used_at(self) -> Instant | None:
        """When the person was last heard of on any of them; None: never."""
        return _last_use(self.seats)

    @property
    def invited_on(self) -> License | None:
        """The license for which whoever asks may invite the person again; None where the vendor allows it on none."""
        return next((held.license for held in self.seats if "assign_users" not in held.denied), None)


@dataclass(frozen=True, slots=True)
class PeopleView:
    """The people of the licenses that somebody manages."""

    principal: Principal
    page: Page[PersonRow]
    is_all: bool
    """Whether they are of all licenses."""
    is_first: bool
    """Whether they are of the newest ones."""
    counts: dict[str, int]
    """How many people each of `PEOPLE_FILTERS` lets through; empty where there are others."""


@dataclass(frozen=True, slots=True)
class PersonView:
    """One of these people."""

    principal: Principal
    row: PersonRow
    is_all: bool
    """Whether all seats of the person were looked at."""


PEOPLE_FILTERS: Mapping[str, Callable[[list[HeldSeat], Instant], bool]] = {
    "using": lambda seats, _now: any(held.devices for held in seats),
    "idle": lambda seats, now: is_idle(max(held.seat.unused_since for held in seats), now),
}
"""Which people, by all their seats, a `ListQuery.status` lets through."""


def managed_people(claims: SessionClaims, list_query: ListQuery, *, now: Instant) -> PeopleView:
    """A page of the people, by email or by last use, as they are searched for by name, email or phone number.

    Three reads, and one for each license with users of the part. Raises `session_expired`, `password_change_required`.
    """
    start, asked = asked_part(list_query)
    part, held = _seats_of_part(claims, start, list_query, now)
    people = list(held.values())
    counts = {name: sum(passes(seats, now) for seats in people) for name, passes in PEOPLE_FILTERS.items()}
    page = page_of_part(_page(people, asked, now), part)
    rows = read_rows(claims, page.rows, now)
    is_all = all_seats(part)
    return PeopleView(part.managed.principal, page_with(page, rows), is_all, not part.start, counts if is_all else {})


def _seats_of_part(
    claims: SessionClaims, start: str, list_query: ListQuery, now: Instant
) -> tuple[Part, dict[int, list[HeldSeat]]]:
    """The part that is asked for, with its people as `read_seats` answers them; for a file, all parts as one."""
    part = read_part(claims, start, seat_reads, now)
    held = read_seats(part)
    until = time.monotonic() + list_query.seconds
    while list_query.is_file and part.behind and time.monotonic() < until:
        part = read_part(claims, part.behind, seat_reads, now)
        for user_id, seats in read_seats(part).items():
            held[user_id] = held.get(user_id, []) + seats
    return (replace(part, start="") if list_query.is_file else part), held


def managed_person(claims: SessionClaims, user_id: int, *, now: Instant) -> PersonView:
    """A person by the account's id, with all seats on licenses that the user manages: the newest `MAX_HELD` of all.

    Two reads for 31 seats, and one more for each further 33. Raises as `managed_people`, and `user_not_found`: also
    where there is such an account, without such a seat.
    """
    ids, more = cut(accounts.held_license_ids(claims.company, user_id, newest_first=True, limit=MAX_HELD + 1), MAX_HELD)
    wanted = ReadRequest(managed=ids, licenses=ids, seats=[(id, user_id) for id in ids], users=[user_id])
    found = batch_reads.batch_read(claims, wanted, now)
    principal, user = authenticate(claims, found, now), found.users.get(user_id)
    held = [
        HeldSeat(license, title_of(license, now), seat, sold.denied)
        for id in ids
        if (sold := found.managed.get(id)) is not None
        and (license := found.licenses.get(id)) is not None
        and (seat := found.seats.get((id, user_id))) is not None
    ]
    if not held or user is None:
        raise NotFound("user_not_found", of="person")
    return PersonView(principal, person_row(user, held, now), not more)


def seat_reads(license: License) -> int:
    """How many reads its seats take: none where nobody has one."""
    return math.ceil(license.users_assigned / SEATS_AT_ONCE)


def all_seats(part: Part) -> bool:
    """Whether a part has all seats of a manager's licenses: it is the only one, and no license has too many."""
    return part.is_all and all(seat_reads(license) <= MAX_READS for license in part.licenses)


def read_seats(part: Part) -> dict[int, list[HeldSeat]]:
    """The seats of each person on the licenses of a part, by the account's id. A read for each license with users.

    Of one with more seats than a part has reads for, the first ones.
    """
    with_users = [license for license in part.licenses if seat_reads(license)]
    seats = read_of_each(with_users, lambda one: list(licenses.seats(one.company, one.id, limit=MAX_SEATS)))
    held: dict[int, list[HeldSeat]] = defaultdict(list)
    for license, some in zip(with_users, seats, strict=True):
        title, denied = part.managed.title(license), part.managed.denied[license.id]
        for seat in some:
            held[seat.user_id].append(HeldSeat(license, title, seat, denied))
    return held


def read_rows(claims: SessionClaims, people: list[list[HeldSeat]], now: Instant) -> list[PersonRow]:
    """People by their seats, with what their accounts say."""
    users = batch_reads.batch_read(claims, ReadRequest(users=[seats[0].seat.user_id for seats in people]), now).users
    return [person_row(users[s[0].seat.user_id], s, now) for s in people if s[0].seat.user_id in users]


def person_row(user: User, seats: list[HeldSeat], now: Instant) -> PersonRow:
    """A person by the account and these seats."""
    return PersonRow(user, seats, *shown_names(seats[0].seat, user), invitation_state(user, now))


def names_person(seats: list[HeldSeat], search: str) -> bool:
    """Whether each word that is searched for stands in a name, the email or a phone number of a person."""
    return has_words(_texts(seats), search)


def title_of(license: License, now: Instant) -> str:
    """What people call a license, by what the process knows of its product."""
    product = known_product(license.company, license.product, now=now)
    return license_title(license.product if product is None else product.name, license)


def _last_use(seats: list[HeldSeat]) -> Instant | None:
    return max((held.seat.last_used_at for held in seats if held.seat.last_used_at is not None), default=None)


def _page(people: list[list[HeldSeat]], list_query: ListQuery, now: Instant) -> Page[list[HeldSeat]]:
    """The people who are asked for."""
    if (passes := PEOPLE_FILTERS.get(list_query.status)) is not None:
        people = [seats for seats in people if passes(seats, now)]
    people.sort(key=lambda seats: seats[0].seat.email)
    if list_query.sort == "unused":
        people.sort(key=lambda seats: _last_use(seats) or 0)
    key = lambda seats: str(seats[0].seat.user_id)  # noqa: E731 - short and local
    return page_of_all(people, key, list_query, lambda seats: names_person(seats, list_query.search))


def _texts(seats: list[HeldSeat]) -> list[str]:
    said = [
        (seat.email, display_email(seat.email), seat.first_name, seat.last_name, seat.phone_number)
        for seat in (held.seat for held in seats)
    ]
    return [text for texts in said for text in texts if text]
