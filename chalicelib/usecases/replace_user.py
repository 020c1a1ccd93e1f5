"""Replace a license user by another person, in one step.

Who leaves loses the seat with all its activations, and who comes gets one of the same limit: one transaction, so that
nobody else takes the seat in between, and a refusal changes nothing. It costs the same however many devices there are.

Guards run in this order; the first that fails is the answer:

1. `license_not_found`
2. `user_not_found`: who leaves has no seat
3. `user_already_assigned`: who comes is who leaves, or has a seat
4. `device_transfer_not_allowed`, `device_transfer_limit_reached`: the devices could not be freed (`guard_reset`)
5. `rate_limit_exceeded`: the customer has given too many seats within an hour
6. `account_closed`: that of who comes; it counts as a seat that is given

As where somebody is removed or assigned, it matters not whether the license is enabled, or has ended.
"""

from dataclasses import asdict, dataclass

from chalicelib.domain.activation import counts_as_release, guard_reset
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import AlreadyExists, Forbidden, NotFound, raise_all
from chalicelib.domain.events import Actor, Event, of_seat
from chalicelib.domain.ids import new_epoch
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import new_secret
from chalicelib.domain.license import License, Seat
from chalicelib.domain.users import User
from chalicelib.store import accounts, activations, seats
from chalicelib.usecases.assign_user import EMPTY_PROFILE, Profile, guard_seats_rate, way_in, wrong_person
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.give_seat import account_of_seat
from chalicelib.usecases.notices import seat_notice
from chalicelib.usecases.retry import decide_and_write


@dataclass(frozen=True, slots=True)
class _State:
    license: License
    seat: Seat
    """Of who leaves."""
    user: User | None
    """Who comes, where there is such an account."""
    taken: Seat | None
    """The seat that it has already."""


def replace_user(
    company: str,
    license_id: int,
    email: str,
    by: str,
    actor: Actor,
    *,
    profile: Profile = EMPTY_PROFILE,
    manager_id: int | None = None,
    invite: bool = False,
    now: Instant,
) -> tuple[License, Seat, User]:
    """Take the seat of `email`, and give one of the same limit to `by`; answers that seat, with the account.

    `profile`, `manager_id` and `invite` are of who comes, as in `assign_user`, and is mailed. The activations of who
    leaves are released as in `remove_user`. Done again, it is refused, and changes nothing. Raises `SeatkeeperError`.
    """
    raise_all([*wrong_person(by, profile)])
    address = known_email(by)
    tell, secret = seat_notice(company, actor), new_secret() if invite else ""

    def decide(state: _State) -> tuple[Seat, User] | None:
        """None: the account is closed."""
        license, old = state.license, state.seat
        if state.taken == old:
            raise AlreadyExists("user_already_assigned", of="replaced")
        if state.taken is not None:
            raise AlreadyExists("user_already_assigned")
        guard_reset(license, actor, old.activations_in(license))
        guard_seats_rate(license, actor, 1, now)
        user = account_of_seat(state.user, license, address, manager_id, secret, now=now)
        if user is None:
            return None
        limit = old.max_activations
        return Seat(user.id, address, 0, new_epoch(), license.epoch, now, limit, **asdict(profile)), user

    def write(state: _State, granted: tuple[Seat, User] | None) -> None:
        license, old = state.license, state.seat
        if granted is None:
            seats.count_refused(license, actor, now)
            raise Forbidden("account_closed")
        seat, user = granted
        came = {"replaced_by": seat.email, "replaced_by_id": user.id, **way_in(state.user, user)}
        event = Event.new("user_replaced", actor, now, **of_seat(old), devices=old.activations_in(license), **came)
        mail, released = tell(user, license, secret), counts_as_release(license, actor)
        seats.replace_user(license, old, seat, state.user, user, event, mail, released=released)

    def result(state: _State, granted: tuple[Seat, User] | None) -> tuple[License, Seat, User] | None:
        return None if granted is None else (state.license, *granted)

    read = lambda _: _read(company, license_id, known_email(email), address)  # noqa: E731 - short and local
    replaced = result(*decide_and_write(read, decide, write, result=result))
    assert replaced is not None  # the write has seen to it
    return replaced


def _read(company: str, license_id: int, email: str, address: str) -> _State:
    leaving, coming = accounts.user_of_email(company, email), accounts.user_of_email(company, address)
    if leaving is None:
        find_license(company, license_id)
        raise NotFound("user_not_found")
    # At one instant: of two who put the same person there, the second would find both seats taken.
    wanted = [(license_id, user_id) for user_id in (leaving, coming) if user_id is not None]
    old, *new = activations.read_snapshots(company, wanted, None, consistent=True)
    if old.license is None:
        raise NotFound("license_not_found")
    if old.seat is None:
        raise NotFound("user_not_found")
    return _State(old.license, old.seat, *((new[0].user, new[0].seat) if new else (None, None)))
