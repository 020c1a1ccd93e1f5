"""Assign many people to a license: a preview, one write that decides, and steps that fill what it has reserved."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from chalicelib import telemetry
from chalicelib.domain.access import buyer
from chalicelib.domain.batch import Pending, Row
from chalicelib.domain.columns import Column
from chalicelib.domain.email import shown_email
from chalicelib.domain.history import Actor, Event
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Seat
from chalicelib.domain.people import User
from chalicelib.domain.people_list import read_list
from chalicelib.domain.refusal import Refused
from chalicelib.domain.spreadsheet import to_csv
from chalicelib.store import accounts, batches
from chalicelib.store.batches import People, Taker
from chalicelib.store.dynamo import Stale
from chalicelib.usecases.assign_user import guard_seat_limit, guard_seats_rate, password_renewed
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.give_seat import with_seat
from chalicelib.usecases.initial_password import initial_password, new_user
from chalicelib.usecases.notices import seat_notice
from chalicelib.usecases.security_events import note_security_event
from chalicelib.usecases.settle import settle

STEP = 16
"""People in one transaction: six items each, of a hundred."""
HASHING_THREADS = 2
_CLOSED = "The vendor has closed this person's account."


@dataclass(frozen=True, slots=True)
class Fate:
    """What will happen to a person of a list, or what came of it. `ok`: a seat is given.

    `fits`: there is a place for it, as far as is known; a list may ask for more than are free.
    """

    row: Row
    told: str
    ok: bool
    password: str | None = None
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Preview:
    """What a list would bring about now."""

    license: License
    fates: list[Fate]
    columns: list[Column]
    problem: str = ""
    """Why nobody of the list can be assigned: its columns have to be chosen first."""

    @property
    def free(self) -> int | None:
        """Places that are free; None: without limit."""
        most = self.license.max_license_users
        return None if most is None else max(0, most - self.license.users_assigned)

    @property
    def wanted(self) -> list[Row]:
        """Who needs a place, in order."""
        return [fate.row for fate in self.fates if fate.ok]

    @property
    def fits(self) -> bool:
        """Whether there is a place for each of them."""
        return self.free is None or len(self.wanted) <= self.free

    @property
    def refused(self) -> list[Row]:
        """Who gets no seat whatever is chosen, each with the reason."""
        return [replace(fate.row, problem=fate.told) for fate in self.fates if not fate.ok]


def preview(company: str, license_id: int, text: str, columns: Mapping[int, str] | None = None) -> Preview:
    """What a list of people would bring about; `columns`: what they mean, by number, where that was chosen.

    Raises `Refused` where the list cannot be read, `license_not_found`, …
    """
    license = _find(company, license_id)
    people = read_list(text, columns)
    rows = people.rows
    ids, seats = batches.seats_of(company, license_id, [row.email for row in rows if not row.problem])

    def fate(row: Row) -> Fate:
        if row.problem:
            return Fate(row, row.problem, ok=False)
        try:
            guard_seat_limit(license, row.max_activations)
        except Refused as refused:
            return Fate(row, refused.detail, ok=False)
        if ids.get(row.email) in seats:
            return Fate(row, "Has a seat already; nothing changes.", ok=False)
        # Nothing of the account, nor that it is closed: it may be another customer's person.
        return Fate(row, "Gets a seat.", ok=True)

    seen = Preview(license, [fate(row) for row in rows], people.columns, people.problem)
    return replace(seen, fates=list(_as_they_fit(seen)))


def start_batch(
    company: str,
    license_id: int,
    text: str,
    everybody: bool,
    actor: Actor,
    *,
    columns: Mapping[int, str] | None = None,
    now: Instant,
) -> int:
    """Reserve places for a list, for everybody or for those that fit; answers the batch's id.

    Raises `Refused`: `license_users_limit_reached` with how many are free; whatever `preview` does.
    """

    def decide(seen: Preview) -> Pending:
        wanted = len(seen.wanted)
        if seen.problem:
            raise Refused("validation_error", seen.problem)
        if not wanted:
            raise Refused("validation_error", "people: nobody on this list needs a place.")
        free = wanted if seen.free is None else seen.free
        if free == 0 or (everybody and wanted > free):
            places = "1 place is" if free == 1 else f"{free} places are"
            told = f"{places} free, and the list needs {wanted}. Nobody was assigned."
            raise Refused("license_users_limit_reached", told)
        taken = min(wanted, free)
        guard_seats_rate(seen.license, actor, taken, now)
        # A new id each time: it may be another's.
        return Pending(new_id(now), taken, 0, taken, actor.name, now)

    def write(seen: Preview, pending: Pending) -> None:
        people = People(seen.wanted, pending.rows, seen.refused)
        batches.keep_people(company, license_id, pending.id, people, now)
        event = Event.new("batch_started", actor, now, people=pending.rows)
        batches.reserve(seen.license, pending, event)

    return settle(lambda _: preview(company, license_id, text, columns), decide, write)[1].id


def go_on(
    company: str,
    license_id: int,
    batch_id: int,
    actor: Actor,
    keep_going: Callable[[], bool],
    *,
    manager_id: int | None = None,
    now: Instant,
) -> Pending | None:
    """Give seats to the next people of a batch while `keep_going()`; answers what is left, None when it is finished.

    `manager_id`: who gives them, None for an operator. Whoever calls it, and however often at once: each person is done
    once. Raises `Refused`: `batch_not_found`.
    """
    people = batches.read_people(company, license_id, batch_id)
    pending = batches.read_pending(company, license_id, batch_id)
    if people is None:
        raise Refused("batch_not_found")
    while pending is not None:
        pending = _step(company, license_id, batch_id, people, actor, manager_id, now)
        if not keep_going():
            return pending
    return None


def end_batch(company: str, license_id: int, batch_id: int, actor: Actor, *, now: Instant) -> None:
    """Give back what is still reserved; who has a seat keeps it. Doing so again changes nothing. Raises `Refused`."""

    def read(_: bool) -> tuple[License, Pending | None]:
        return _find(company, license_id), batches.read_pending(company, license_id, batch_id)

    def write(state: tuple[License, Pending | None], pending: Pending | None) -> None:
        if pending is not None:
            event = Event.new("batch_ended", actor, now, people=pending.position, given_back=pending.reserved)
            batches.end(state[0], pending, event)

    settle(read, lambda state: state[1], write)


def find_batch(company: str, license_id: int, batch_id: int) -> Pending | None:
    """A batch that is under way; None once it is finished or ended. Raises `Refused`: `batch_not_found`."""
    pending = batches.read_pending(company, license_id, batch_id)
    if pending is None and batches.read_people(company, license_id, batch_id) is None:
        raise Refused("batch_not_found")
    return pending


def batch_result(
    company: str, license_id: int, batch_id: int, reader: User, actor: Actor, *, now: Instant
) -> list[Fate]:
    """What came of each person of a batch, with initial passwords: the history of `reader` tells that they were read.

    Raises `Refused`: `batch_not_found`, after a week too.
    """
    people = batches.read_people(company, license_id, batch_id)
    if people is None:
        raise Refused("batch_not_found")
    ids, seats = batches.seats_of(company, license_id, [row.email for row in people.rows])
    users = accounts.read_users(company, list(ids.values()))

    def fate(number: int, row: Row) -> Fate:
        user = users.get(ids.get(row.email, 0))
        if user is None or user.id not in seats:
            why = _CLOSED if _is_closed(users, ids, row) else ""
            if number >= people.places:
                why = "there was no place left."
            return Fate(row, f"Not assigned: {why}" if why else "Not assigned.", ok=False)
        # Whoever has the password is let in wherever else it was given.
        ours = user.batch == batch_id and not user.seats_given and not user.is_manager
        password = initial_password(user) if ours else None
        told = "Assigned, with an initial password." if password else "Assigned; the password is this person's own."
        return Fate(row, told, ok=True, password=password)

    fates = [fate(number, row) for number, row in enumerate(people.rows)]
    fates += [Fate(row, f"Not assigned: {row.problem}", ok=False) for row in people.refused]
    note_security_event(company, reader, "batch_result_read", actor, now, license_id=license_id, batch=batch_id)
    return sorted(fates, key=lambda fate: fate.row.number)


def result_csv(fates: list[Fate]) -> str:
    """The same as a CSV text, with the initial passwords."""
    header = ("email", "first name", "last name", "phone", "max activations", "result", "initial password")
    return to_csv(header, (_cells(fate) for fate in fates))


def _as_they_fit(seen: Preview) -> Iterator[Fate]:
    """The fates of a preview, in which those are marked for whom no place is left."""
    left = len(seen.wanted) if seen.free is None else seen.free
    for fate in seen.fates:
        if fate.ok and left <= 0:
            yield replace(fate, told="No place is left: gets no seat where those are assigned that fit.", fits=False)
            continue
        left -= fate.ok
        yield fate


def _cells(fate: Fate) -> tuple[str, ...]:
    row = fate.row
    person = (shown_email(row.email), row.first_name, row.last_name, row.phone_number, str(row.max_activations))
    return (*person, fate.told, fate.password or "")


def _find(company: str, license_id: int) -> License:
    license = find_license(company, license_id)
    if license.authorization_method != "user":
        raise Refused("validation_error", "license: it is authorized by its key; it has no users.")
    return license


def _is_closed(users: Mapping[int, User], ids: Mapping[str, int], row: Row) -> bool:
    user = users.get(ids.get(row.email, 0))
    return user is not None and user.closed_at is not None


@dataclass(frozen=True, slots=True)
class _Seen:
    license: License
    pending: Pending | None
    rows: list[Row]
    ids: dict[str, int]
    seats: dict[int, Seat]
    users: dict[int, User]


def _step(
    company: str, license_id: int, batch_id: int, people: People, actor: Actor, manager_id: int | None, now: Instant
) -> Pending | None:
    tell = seat_notice(company, actor)
    made: dict[str, User] = {}  # hashing takes its time: once a person, however often the step is tried

    def read(_: bool) -> _Seen:
        license, pending = _find(company, license_id), batches.read_pending(company, license_id, batch_id)
        if pending is None:
            return _Seen(license, None, [], {}, {}, {})
        rows = people.rows[pending.position : min(pending.position + STEP, pending.rows)]
        ids, seats = batches.seats_of(company, license_id, [row.email for row in rows])
        return _Seen(license, pending, rows, ids, seats, accounts.read_users(company, list(ids.values())))

    def decide(seen: _Seen) -> list[Taker]:
        unseated = [row for row in seen.rows if seen.ids.get(row.email) not in seen.seats]
        open_rows = [row for row in unseated if not _is_closed(seen.users, seen.ids, row)]
        unmade = [row for row in open_rows if row.email not in seen.ids and row.email not in made]
        with ThreadPoolExecutor(HASHING_THREADS) as threads:
            new = threads.map(lambda row: new_account(seen.license, row), unmade)
            made.update(zip((row.email for row in unmade), new, strict=True))
            return list(threads.map(telemetry.into_this_line(lambda row: taker(seen, row)), open_rows))

    def taker(seen: _Seen, row: Row) -> Taker:
        old = None if row.email not in seen.ids else seen.users[seen.ids[row.email]]
        user = made[row.email] if old is None else with_seat(old, seen.license, manager_id)
        person = {name: getattr(row, name) for name in ("first_name", "last_name", "phone_number")}
        seat = Seat(user.id, row.email, 0, new_id(now), seen.license.epoch, now, row.max_activations, **person)
        event = Event.new("user_assigned", actor, now, user=row.email, user_id=user.id, **password_renewed(old, user))
        return Taker(seat, old, user, event, tell(user, seen.license))

    def new_account(license: License, row: Row) -> User:
        # A millisecond apart: ids of one millisecond are equal once in 4096.
        user = new_user(company, row.email, frozenset({buyer(license)}), now=now + row.number)
        return replace(
            user,
            created_at=now,
            batch=batch_id,
        )

    def write(seen: _Seen, takers: list[Taker]) -> None:
        if seen.pending is not None:
            left = _after(seen.pending, len(seen.rows))
            try:
                batches.fill(seen.license, seen.pending, left, takers, list(_events(seen, left, takers, actor, now)))
            except Stale:
                made.clear()  # an id may be another's
                raise

    seen, _ = settle(read, decide, write)
    return None if seen.pending is None else _after(seen.pending, len(seen.rows))


def _after(pending: Pending, done: int) -> Pending | None:
    moved = replace(pending, position=pending.position + done, reserved=pending.reserved - done)
    return moved if moved.position < moved.rows else None


def _events(seen: _Seen, left: Pending | None, takers: list[Taker], actor: Actor, now: Instant) -> Iterator[Event]:
    """That it is finished, and how many places nobody needed any more."""
    assert seen.pending is not None
    unneeded = len(seen.rows) - len(takers)
    if unneeded:
        yield Event.new("batch_reduced", actor, now, given_back=unneeded)
    if left is None:
        yield Event.new("batch_finished", actor, now, people=seen.pending.rows)
