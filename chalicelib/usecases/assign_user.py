"""Assign a user to a license."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from chalicelib.domain.activation import assign_bucket
from chalicelib.domain.catalog import Order
from chalicelib.domain.customers import wrong_metadata
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import AlreadyExists, Denied, Forbidden, Invalid, NotFound, at_field, raise_all, wrong_in
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.ids import new_epoch
from chalicelib.domain.instants import Instant, whole_seconds
from chalicelib.domain.invitation import new_secret
from chalicelib.domain.license import License, Seat
from chalicelib.domain.limits import LICENSE_USERS
from chalicelib.domain.pasted import one_line
from chalicelib.domain.terms import Terms
from chalicelib.domain.types import Json
from chalicelib.domain.users import User, person_name, phone_number
from chalicelib.store import accounts, activations, seats
from chalicelib.store.orders import Joining
from chalicelib.usecases.chosen_password import guard_chosen
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.give_seat import account_of_seat
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.limit_reached import noting_limits
from chalicelib.usecases.notices import seat_notice
from chalicelib.usecases.retry import decide_and_write


@dataclass(frozen=True, slots=True)
class Profile:
    """Names and phone number of a user, in their normal form; empty where there is none."""

    first_name: str = ""
    last_name: str = ""
    phone_number: str = ""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            object.__setattr__(self, name, one_line(getattr(self, name)))


EMPTY_PROFILE = Profile()


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is said of an account that is made."""

    password: str | None = None
    """The initial one; None: one is generated."""
    profile: Profile = EMPTY_PROFILE
    metadata: Json = field(default_factory=dict, hash=False)


NO_MORE = NewAccount()


@dataclass(frozen=True, slots=True)
class Assigned:
    """A seat that was given, on the license as it was before, and the account of whose it is."""

    license: License
    seat: Seat
    user: User
    new_password: str | None
    """The initial password in clear, where this has made it; None: the account has kept its own."""
    joined: Order | None = None
    """The order that the user has come to manage, as it is by that."""


Managing = Callable[[License, User | None], tuple[User, Joining | None]]
"""Given a license, and the account of a person where there is one: the account as one that manages the order has it,
and how the person comes to manage that; None: the person does already.
"""


@dataclass(frozen=True, slots=True)
class _State:
    license: License
    user: User | None
    seat: Seat | None


class _Granted(NamedTuple):
    seat: Seat
    user: User
    joining: Joining | None


def assign_user(
    company: str,
    license_id: int,
    email: str,
    max_activations: int | None,
    actor: Actor,
    *,
    profile: Profile = EMPTY_PROFILE,
    manager_id: int | None = None,
    invite: bool = False,
    password: str | None = None,
    tell: bool = True,
    managing: Managing | None = None,
    now: Instant,
) -> Assigned:
    """Give a user a seat, and an account with an initial password where the company does not know the email yet.

    `manager_id`: who gives it, None for an operator. What the password of an account opens: `usecases.give_seat`.
    `invite`: mail a link by which the person chooses a password, unless that is done (`domain.invitation`).
    `password`: the initial one of an account that is made, in the place of a generated one.
    `profile` is kept with the seat: what one customer says of somebody is shown to no other. The person is mailed, but
    for `tell`: who has had the seat before, in another system, is told nothing. `managing`: where the person manages
    the order of the license from the same write on (`usecases.assign_manager`).
    Raises `user_already_assigned`, `license_users_limit_reached`, …; `account_closed`, which counts as a seat that is
    given.
    """
    _guard_person(company, license_id, email, max_activations, profile)
    address = known_email(email)
    _guard_password(password, company, address)
    notice, secret = seat_notice(company, actor), new_secret() if invite else ""

    def decide(state: _State) -> _Granted | None:
        """None: the account is closed. Last, for who can give no seat learns nothing of the account."""
        license = state.license
        _guard_room(license, state.seat, max_activations)
        guard_seats_rate(license, actor, 1, now)
        # Made anew each time: the id may be another's.
        user: User | None
        if managing is not None:
            user, joining = managing(license, state.user)
        else:
            user, joining = account_of_seat(state.user, license, address, manager_id, secret, password, now=now), None
        if user is None:
            return None
        seat = Seat(user.id, address, 0, new_epoch(), license.epoch, now, max_activations, **asdict(profile))
        return _Granted(seat, user, joining)

    def write(state: _State, granted: _Granted | None) -> None:
        if granted is None:
            seats.count_refused(state.license, actor, now)
            raise Forbidden("account_closed")
        seat, user, joining = granted
        event = Event.new("user_assigned", actor, now, user=address, user_id=user.id, **way_in(state.user, user))
        mail = notice(user, state.license, secret) if tell else None
        seats.assign(state.license, seat, state.user, user, event, mail, joining)

    read = lambda _: _read(company, license_id, address)  # noqa: E731 - short and local
    with noting_limits(company, license_id, actor, now=now):
        assigned = _assigned(*decide_and_write(read, decide, write, result=_assigned))
    assert assigned is not None  # the write has seen to it
    return assigned


def _assigned(state: _State, granted: _Granted | None) -> Assigned | None:
    if granted is None:
        return None
    seat, user, joining = granted
    is_new = state.user is None or state.user.password_hash != user.password_hash
    joined = None if joining is None else joining.new
    return Assigned(state.license, seat, user, initial_password(user) if is_new else None, joined)


def _read(company: str, license_id: int, address: str) -> _State:
    user_id = accounts.user_of_email(company, address)
    if user_id is None:
        return _State(find_license(company, license_id), None, None)
    # At one instant: with the license of one and the seat of another, a refusal would be right at neither.
    snapshot = activations.read_snapshot(company, license_id, None, user_id, consistent=True)
    if snapshot.license is None:
        raise NotFound("license_not_found")
    return _State(snapshot.license, snapshot.user, snapshot.seat)


def _guard_person(company: str, license_id: int, email: str, max_activations: int | None, profile: Profile) -> None:
    """Raises `Invalid` for a wrong email or name, with one error for each wrong field, the limit among them."""
    if [*wrong_person(email, profile)]:
        raise_all([*wrong_assignment(find_license(company, license_id), email, max_activations, profile)])


def guard_new_account(new: NewAccount, company: str, email: str) -> None:
    """Raises `Invalid`, with one error for each field that no account may have so."""
    wrong: list[Invalid] = []
    if new.password is not None:
        wrong += wrong_in("password", lambda text: guard_chosen(text, company, email), new.password)
    raise_all([*wrong, *wrong_names(new.profile), *wrong_metadata(new.metadata)])


def _guard_password(password: str | None, company: str, address: str) -> None:
    if password is not None:
        with at_field("password"):
            guard_chosen(password, company, address)


def wrong_assignment(
    license: License | Terms, email: str, max_activations: int | None, profile: Profile
) -> Iterator[Invalid]:
    """What is wrong with the fields by which somebody is assigned, whoever it is: one error for each that is."""
    yield from wrong_person(email, profile)
    yield from wrong_in("max_activations", lambda limit: guard_seat_limit(license, limit), max_activations)


def wrong_person(email: str, profile: Profile) -> Iterator[Invalid]:
    """What is wrong with who is to get a seat: one error for each field that is."""
    yield from wrong_in("email", known_email, email)
    yield from wrong_names(profile)


def _guard_room(license: License, seat: Seat | None, max_activations: int | None) -> None:
    """Refuse a seat that the license has not, or that its user has. Raises `SeatkeeperError`."""
    if license.authorization_method != "user":
        raise Invalid("license_has_no_users")
    if seat is not None:
        raise AlreadyExists("user_already_assigned")
    guard_seat_limit(license, max_activations)
    LICENSE_USERS.check(license)


def guard_seats_rate(license: License, actor: Actor, wanted: int, now: Instant) -> None:
    """Raises `Denied`: `rate_limit_exceeded`, where a customer has given too many seats within an hour."""
    bucket = assign_bucket(license, actor)
    if bucket is not None and (wait := bucket.wait_ms(license.seats_full_at, now, wanted)):
        raise Denied("rate_limit_exceeded", of="seats", most=bucket.changes, retry_after=whole_seconds(wait))


def guard_profile(profile: Profile) -> None:
    """Names and numbers are short and can be shown. Raises `Invalid`, with one error for each that is not."""
    raise_all(list(wrong_names(profile)))


def wrong_names(profile: Profile) -> Iterator[Invalid]:
    """What is wrong with them, field by field."""
    for name, value in asdict(profile).items():
        yield from wrong_in(name, phone_number if name == "phone_number" else person_name, value)


def way_in(old: User | None, user: User) -> Json:
    """Among the details of an event: that an account that was there has got a new initial password; that it is invited.

    `old`: the account as it was, None where it is new.
    """
    renewed = {"new_initial_password": 1} if old is not None and old.password_hash != user.password_hash else {}
    before = None if old is None else old.invitation_hash
    return renewed | ({"invited": 1} if user.invitation_hash not in (None, before) else {})


def guard_seat_limit(license: License | Terms, max_activations: int | None) -> None:
    """A seat's own limit cannot be beyond what the license allows in all. Raises `SeatkeeperError`."""
    in_all = license.max_activations
    if max_activations is not None and max_activations < 0:
        raise Invalid("count_negative", field="max_activations")
    if in_all is not None and (max_activations is None or max_activations > in_all):
        raise Invalid("max_activations_too_high", field="max_activations", most=in_all)
