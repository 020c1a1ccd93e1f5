"""Assign many people to a license: a preview, one write that decides, and steps that fill what it has reserved."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count

from chalicelib.domain.access import buyer
from chalicelib.domain.batch import BatchProgress, Row
from chalicelib.domain.columns import Column
from chalicelib.domain.errors import Invalid, LimitReached, NotFound
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.ids import new_epoch, new_id
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import invitation_state, new_secret, with_invitation
from chalicelib.domain.license import License, Seat
from chalicelib.domain.limits import LICENSE_USERS
from chalicelib.domain.people_list import read_list
from chalicelib.domain.users import User
from chalicelib.store import accounts, batches
from chalicelib.store.batches import Assignment, People
from chalicelib.store.database import ConditionFailed
from chalicelib.threads import ThreadPool
from chalicelib.usecases.assign_user import guard_seat_limit, guard_seats_rate, way_in
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.give_seat import with_seat
from chalicelib.usecases.initial_password import initial_password, new_user
from chalicelib.usecases.limit_reached import noting_limits
from chalicelib.usecases.notices import seat_notice
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.security_events import note_security_event

ROWS_PER_TRANSACTION = 11
"""People in one transaction: eight items each, of a hundred."""
HASHING_THREADS = 2


@dataclass(frozen=True, slots=True)
class RowResult:
    """What will happen to a person of a list, or what came of it. `ok`: a seat is given.

    `fits`: there is a seat for it, as far as is known; a list may ask for more than are free.
    """

    row: Row
    code: str
    ok: bool
    password: str | None = None
    fits: bool = True


@dataclass(frozen=True, slots=True)
class Preview:
    """What a list would bring about now."""

    license: License
    results: list[RowResult]
    columns: list[Column]
    problem: Invalid | None = None
    """Why nobody of the list can be assigned: its columns have to be chosen first."""

    @property
    def free(self) -> int | None:
        """Seats that are free; None: without limit."""
        return LICENSE_USERS.room(self.license)

    @property
    def wanted(self) -> list[Row]:
        """Who needs a seat, in order."""
        return [result.row for result in self.results if result.ok]

    @property
    def fits(self) -> bool:
        """Whether there is a seat for each of them."""
        return self.free is None or len(self.wanted) <= self.free

    @property
    def refused(self) -> list[Row]:
        """Who gets no seat whatever is chosen, each with the reason."""
        return [replace(result.row, problem=result.code) for result in self.results if not result.ok]


def preview(company: str, license_id: int, text: str, columns: Mapping[int, str] | None = None) -> Preview:
    """What a list of people would bring about; `columns`: what they mean, by number, where that was chosen.

    Raises `SeatkeeperError` where the list cannot be read, `license_not_found`, …
    """
    license = _find(company, license_id)
    people = read_list(text, columns)
    rows = people.rows
    ids, seats = batches.seats_of(company, license_id, [row.email for row in rows if not row.problem])

    def result(row: Row) -> RowResult:
        if row.problem:
            return RowResult(row, row.problem, ok=False)
        try:
            guard_seat_limit(license, row.max_activations)
        except Invalid as error:
            return RowResult(row, error.code, ok=False)
        if ids.get(row.email) in seats:
            return RowResult(row, "has_seat", ok=False)
        # Nothing of the account, nor that it is closed: it may be another customer's person.
        return RowResult(row, "gets_seat", ok=True)

    state = Preview(license, [result(row) for row in rows], people.columns, people.problem)
    return replace(state, results=list(_as_they_fit(state)))


def start_batch(
    company: str,
    license_id: int,
    text: str,
    everybody: bool,
    actor: Actor,
    *,
    columns: Mapping[int, str] | None = None,
    invite: bool = False,
    now: Instant,
) -> int:
    """Reserve seats for a list, for everybody or for those that fit; answers the batch's id.

    `invite`: as in `assign_user`.

    Raises `LimitReached`: `license_users_limit_reached` with how many are free; whatever `preview` does.
    """

    def decide(state: Preview) -> BatchProgress:
        wanted = len(state.wanted)
        if state.problem:
            raise state.problem
        if not wanted:
            raise Invalid("list_needs_no_seat", field="people")
        free = wanted if state.free is None else state.free
        if free == 0 or (everybody and wanted > free):
            limit, used = state.license.max_license_users or 0, state.license.users_assigned
            raise LimitReached(
                "license_users_limit_reached", of="list", limit=limit, used=used, free=free, wanted=wanted
            )
        taken = min(wanted, free)
        guard_seats_rate(state.license, actor, taken, now)
        # A new id each time: it may be another's.
        return BatchProgress(new_id(now), taken, 0, taken, actor.name, now, invite)

    def write(state: Preview, pending: BatchProgress) -> None:
        people = People(state.wanted, pending.rows, state.refused)
        batches.store_list(company, license_id, pending.id, people, now)
        event = Event.new("batch_started", actor, now, people=pending.rows)
        batches.reserve(state.license, pending, event)

    look = lambda _: preview(company, license_id, text, columns)  # noqa: E731 - short and local
    with noting_limits(company, license_id, actor, now=now):
        return decide_and_write(look, decide, write, result=lambda _, pending: pending.id)[1].id


def continue_batch(
    company: str,
    license_id: int,
    batch_id: int,
    actor: Actor,
    keep_going: Callable[[], bool],
    *,
    manager_id: int | None = None,
    now: Instant,
) -> BatchProgress | None:
    """Give seats to the next people of a batch while `keep_going()`; answers what is left, None when it is finished.

    `manager_id`: who gives them, None for an operator. Whoever calls it, and however often at once: each person is done
    once. Raises `NotFound`: `batch_not_found`.
    """
    people = batches.read_people(company, license_id, batch_id, now)
    pending = batches.read_pending(company, license_id, batch_id)
    if people is None:
        raise NotFound("batch_not_found")
    for step in count():  # a millisecond apart, so that the history keeps their order
        if pending is None:
            break
        pending = _step(company, license_id, batch_id, people, actor, manager_id, now + step)
        if not keep_going():
            return pending
    return None


def end_batch(company: str, license_id: int, batch_id: int, actor: Actor, *, now: Instant) -> None:
    """Give back what is still reserved; who has a seat keeps it. Doing so again changes nothing. Raises `NotFound`."""

    def read(_: bool) -> tuple[License, BatchProgress | None]:
        return _find(company, license_id), batches.read_pending(company, license_id, batch_id)

    def write(state: tuple[License, BatchProgress | None], pending: BatchProgress | None) -> None:
        if pending is not None:
            event = Event.new("batch_ended", actor, now, people=pending.position, given_back=pending.reserved)
            batches.end(state[0], pending, event)

    decide_and_write(read, lambda state: state[1], write, result=lambda *_: None)


def find_batch(company: str, license_id: int, batch_id: int, *, now: Instant) -> BatchProgress | None:
    """A batch that is under way; None once it is finished or ended. Raises `NotFound`: `batch_not_found`, as below."""
    pending = batches.read_pending(company, license_id, batch_id)
    if pending is None and batches.read_people(company, license_id, batch_id, now) is None:
        raise NotFound("batch_not_found")
    return pending


def batch_result(
    company: str, license_id: int, batch_id: int, reader: User, actor: Actor, *, now: Instant
) -> list[RowResult]:
    """What came of each person of a batch, with initial passwords: the history of `reader` tells that they were read.

    Raises `NotFound`: `batch_not_found`, after a week too.
    """
    people = batches.read_people(company, license_id, batch_id, now)
    if people is None:
        raise NotFound("batch_not_found")
    ids, seats = batches.seats_of(company, license_id, [row.email for row in people.rows])
    users = accounts.read_users(company, list(ids.values()))

    def result(number: int, row: Row) -> RowResult:
        user = users.get(ids.get(row.email, 0))
        if user is None or user.id not in seats:
            code = "account_closed" if _is_closed(users, ids, row) else "not_assigned"
            return RowResult(row, "seat_gone" if number >= people.places else code, ok=False)
        if invitation_state(user, now) != "none":
            return RowResult(row, "assigned_invited", ok=True)
        # Whoever has the password is let in wherever else it was given.
        ours = user.batch == batch_id and not user.access_revision and not user.is_manager
        password = initial_password(user) if ours else None
        return RowResult(row, "assigned_with_password" if password else "assigned", ok=True, password=password)

    results = [result(number, row) for number, row in enumerate(people.rows)]
    results += [RowResult(row, row.problem, ok=False) for row in people.refused]
    note_security_event(company, reader, "batch_result_read", actor, now, license_id=license_id, batch=batch_id)
    return sorted(results, key=lambda result: result.row.number)


def _as_they_fit(state: Preview) -> Iterator[RowResult]:
    """The results of a preview, in which those are marked for whom no seat is left."""
    left = len(state.wanted) if state.free is None else state.free
    for result in state.results:
        if result.ok and left <= 0:
            yield replace(result, code="no_seat_left", fits=False)
            continue
        left -= result.ok
        yield result


def _find(company: str, license_id: int) -> License:
    license = find_license(company, license_id)
    if license.authorization_method != "user":
        raise Invalid("license_has_no_users")
    return license


def _is_closed(users: Mapping[int, User], ids: Mapping[str, int], row: Row) -> bool:
    user = users.get(ids.get(row.email, 0))
    return user is not None and user.closed_at is not None


@dataclass(frozen=True, slots=True)
class _State:
    license: License
    pending: BatchProgress | None
    rows: list[Row]
    ids: dict[str, int]
    seats: dict[int, Seat]
    users: dict[int, User]


def _step(
    company: str, license_id: int, batch_id: int, people: People, actor: Actor, manager_id: int | None, now: Instant
) -> BatchProgress | None:
    tell = seat_notice(company, actor)
    made: dict[str, User] = {}  # hashing takes its time: once a person, however often the step is tried

    def read(_: bool) -> _State:
        license, pending = _find(company, license_id), batches.read_pending(company, license_id, batch_id)
        if pending is None:
            return _State(license, None, [], {}, {}, {})
        rows = people.rows[pending.position : min(pending.position + ROWS_PER_TRANSACTION, pending.rows)]
        ids, seats = batches.seats_of(company, license_id, [row.email for row in rows])
        return _State(license, pending, rows, ids, seats, accounts.read_users(company, list(ids.values())))

    def decide(state: _State) -> list[Assignment]:
        unseated = [row for row in state.rows if state.ids.get(row.email) not in state.seats]
        open_rows = [row for row in unseated if not _is_closed(state.users, state.ids, row)]
        unmade = [row for row in open_rows if row.email not in state.ids and row.email not in made]
        with ThreadPool(HASHING_THREADS) as threads:
            new = threads.map(lambda row: new_account(state.license, row), unmade)
            made.update(zip((row.email for row in unmade), new, strict=True))
            return list(threads.map(lambda row: assignment(state, row), open_rows))

    def assignment(state: _State, row: Row) -> Assignment:
        old = None if row.email not in state.ids else state.users[state.ids[row.email]]
        user = made[row.email] if old is None else with_seat(old, state.license, manager_id)
        secret = new_secret() if state.pending is not None and state.pending.invites else ""
        user, seat = with_invitation(user, secret, now), _seat(row, user.id, state.license, now)
        event = Event.new("user_assigned", actor, now, user=row.email, user_id=user.id, **way_in(old, user))
        return Assignment(seat, old, user, event, tell(user, state.license, secret))

    def new_account(license: License, row: Row) -> User:
        # A millisecond apart: ids of one millisecond are equal once in 4096.
        user = new_user(company, row.email, frozenset({buyer(license)}), now=now + row.number)
        return replace(user, created_at=now, batch=batch_id)

    def write(state: _State, assignments: list[Assignment]) -> None:
        if state.pending is not None:
            left = _after(state.pending, len(state.rows))
            try:
                batches.fill(
                    state.license, state.pending, left, assignments, list(_events(state, left, assignments, actor, now))
                )
            except ConditionFailed:
                made.clear()  # an id may be another's
                raise

    state, _ = decide_and_write(read, decide, write)
    return None if state.pending is None else _after(state.pending, len(state.rows))


def _seat(row: Row, user_id: int, license: License, now: Instant) -> Seat:
    profile = {name: getattr(row, name) for name in ("first_name", "last_name", "phone_number")}
    return Seat(user_id, row.email, 0, new_epoch(), license.epoch, now, row.max_activations, **profile)


def _after(pending: BatchProgress, done: int) -> BatchProgress | None:
    moved = replace(pending, position=pending.position + done, reserved=pending.reserved - done)
    return moved if moved.position < moved.rows else None


def _events(
    state: _State, left: BatchProgress | None, assignments: list[Assignment], actor: Actor, now: Instant
) -> Iterator[Event]:
    """That it is finished, and how many seats nobody needed any more."""
    assert state.pending is not None
    unneeded = len(state.rows) - len(assignments)
    if unneeded:
        yield Event.new("batch_reduced", actor, now, given_back=unneeded)
    if left is None:
        yield Event.new("batch_finished", actor, now, people=state.pending.rows)
