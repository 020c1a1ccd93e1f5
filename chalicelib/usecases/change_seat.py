"""Change a seat: its limit, its activations, its end; and set the user's password."""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.domain.access import buyer
from chalicelib.domain.activation import counts_as_release, guard_reset
from chalicelib.domain.errors import Denied, NotFound, at_field
from chalicelib.domain.events import Actor, Event, of_seat
from chalicelib.domain.ids import new_epoch, new_initial_password
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Seat
from chalicelib.domain.users import User, guard_open, guard_still_closed
from chalicelib.store import accounts, seats
from chalicelib.usecases.account_access import guard_password, read_holdings
from chalicelib.usecases.assign_user import guard_seat_limit
from chalicelib.usecases.chosen_password import guard_chosen
from chalicelib.usecases.find_license import find_account_by_id, find_license, find_seat
from chalicelib.usecases.initial_password import with_initial_password
from chalicelib.usecases.notices import password_notice
from chalicelib.usecases.retry import decide_and_write

_State = tuple[License, Seat]


def remove_user(
    company: str, license_id: int, email: str, actor: Actor, *, revision: int | None = None, now: Instant
) -> None:
    """Take the seat away and switch its devices off, in one write. Raises `NotFound`: `user_not_found`, …

    Their activations are released as in `reset_activations`. `revision`: of the seat that is meant; `revision_changed`
    where it has another.
    """

    def write(license: License, seat: Seat) -> None:
        _remove(license, seat, actor, now)

    _give_up(company, license_id, email, actor, write, revision)


def remove_account(
    company: str, license_id: int, user_id: int, actor: Actor, *, closed_at: Instant | None = None, now: Instant
) -> None:
    """As `remove_user`, of an account by its id. Doing so again changes nothing. Raises `SeatkeeperError`.

    `closed_at`: only while the account is closed since then; else `user_not_found`.
    """

    def read(_: bool) -> tuple[License, Seat | None]:
        if closed_at is not None:
            guard_still_closed(accounts.read_user(company, user_id), closed_at)
        return find_license(company, license_id), seats.read_seat(company, license_id, user_id)

    def decide(state: tuple[License, Seat | None]) -> tuple[License, Seat | None]:
        license, seat = state
        guard_reset(license, actor, 0 if seat is None else seat.activations_in(license))
        return state

    def write(license: License, seat: Seat | None) -> None:
        if seat is not None:
            _remove(license, seat, actor, now, closed_at)

    decide_and_write(read, decide, lambda _, state: write(*state))


def reset_activations(company: str, license_id: int, email: str, actor: Actor, *, now: Instant) -> None:
    """Switch off all devices of one user on this license, in one write. Raises `SeatkeeperError`.

    Whether their activations count as released: `domain.activation.counts_as_release`.
    """

    def write(license: License, seat: Seat) -> None:
        event = Event.new("user_activations_reset", actor, now, **of_seat(seat), devices=seat.activations_in(license))
        seats.reset_activations(license, seat, new_epoch(), event, released=counts_as_release(license, actor))

    _give_up(company, license_id, email, actor, write)


def set_max_activations(
    company: str, license_id: int, email: str, limit: int | None, actor: Actor, *, now: Instant
) -> None:
    """Change the seat's own limit; devices that are active stay so. Raises `Invalid`: `max_activations_too_high`."""

    def write(license: License, seat: Seat) -> None:
        event = Event.new("user_limit_changed", actor, now, **of_seat(seat), max_activations=limit)
        seats.update(license, seat, replace(seat, max_activations=limit), event)

    def decide(state: _State) -> _State:
        guard_seat_limit(state[0], limit)
        return state

    find = lambda _: find_seat(company, license_id, email)  # noqa: E731 - short and local
    decide_and_write(find, decide, lambda _, state: write(*state), result=lambda *_: None)


def set_password(
    company: str,
    license_id: int,
    email: str,
    password: str | None,
    actor: Actor,
    *,
    manager_id: int | None = None,
    now: Instant,
) -> tuple[User, str]:
    """Set a user's password, or generate one; the user has to choose another at the next log-in.

    Raises `SeatkeeperError`.

    `manager_id`: who asks, None for an operator, whose password opens all that the account has; a manager's opens this
    license and what the one before has opened. `not_your_user` where that is not only his to touch, and
    `not_allowed_by_vendor` where he is denied it there.
    """
    if password is not None:
        guard_chosen(password, company, email)
    initial = password or new_initial_password()

    def read(_: bool) -> tuple[User, frozenset[str]]:
        license, seat = find_seat(company, license_id, email)
        user = accounts.read_user(company, seat.user_id)
        if user is None:
            raise NotFound("user_not_found")
        guard_open(user)
        if manager_id is None:
            return user, read_holdings(user).buyers
        held = guard_password(manager_id, user)
        return user, frozenset({buyer(license)}) | held.opened_buyers(user)

    return _set_password(read, initial, actor, now)


def set_account_password(
    company: str, user_id: int, password: str, actor: Actor, *, revision: int | None = None, now: Instant
) -> User:
    """As `set_password` for an operator, of an account by its id, with or without licenses.

    `revision`: of the account that is meant; `revision_changed` where it has another. Raises `user_not_found`, …
    """
    with at_field("password"):
        guard_chosen(password, company, find_account_by_id(company, user_id).email)

    def read(_: bool) -> tuple[User, frozenset[str]]:
        user = find_account_by_id(company, user_id)
        guard_open(user)
        if revision not in (None, user.revision):
            raise Denied("revision_changed")
        return user, read_holdings(user).buyers or user.password_scope or frozenset()  # without any it stays

    return _set_password(read, password, actor, now)[0]


def _set_password(
    read: Callable[[bool], tuple[User, frozenset[str]]], initial: str, actor: Actor, now: Instant
) -> tuple[User, str]:
    """Set it as that of the account that `read` finds, for the licenses that it says."""

    def decide(state: tuple[User, frozenset[str]]) -> User:
        return with_initial_password(state[0], initial, state[1])

    def write(state: tuple[User, frozenset[str]], new: User) -> None:
        event = Event.new("password_set", actor, now, user=new.email, user_id=new.id)
        notice = password_notice(new, actor)
        accounts.change_password(state[0], new, event, still_theirs=True, mail=notice)

    user = decide_and_write(read, decide, write, result=lambda _, new: (new, initial))[1]
    return user, initial


def _remove(license: License, seat: Seat, actor: Actor, now: Instant, closed_at: Instant | None = None) -> None:
    event = Event.new("user_removed", actor, now, **of_seat(seat), devices=seat.activations_in(license))
    seats.remove(license, seat, event, released=counts_as_release(license, actor), closed_at=closed_at)


def _give_up(
    company: str,
    license_id: int,
    email: str,
    actor: Actor,
    write: Callable[[License, Seat], None],
    revision: int | None = None,
) -> None:
    """End all the activations of a seat, unless nobody could take them again."""

    def decide(state: _State) -> _State:
        license, seat = state
        if revision not in (None, seat.revision):
            raise Denied("revision_changed")
        guard_reset(license, actor, seat.activations_in(license))
        return state

    find = lambda _: find_seat(company, license_id, email)  # noqa: E731 - short and local
    decide_and_write(find, decide, lambda _, state: write(*state), result=lambda *_: None)
