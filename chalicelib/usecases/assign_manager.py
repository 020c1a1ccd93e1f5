"""Give a person a seat on a license, and let him manage the order that it was sold in, by one write.

An account that is there keeps its password, whoever has made it: else whoever may give seats could lock a person out,
or be told a password. Where somebody else may know it, the person would not be alone in managing the order: that is
refused.
"""

from contextlib import suppress

from chalicelib.domain.catalog import Order, with_manager
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import AlreadyExists, NotFound, Unavailable
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.store import accounts
from chalicelib.store.orders import Joining
from chalicelib.usecases.assign_user import EMPTY_PROFILE, Assigned, NewAccount, Profile, assign_user
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.issue_license import account_of_manager
from chalicelib.usecases.notices import manager_notice
from chalicelib.usecases.order_managers import find_order_of, show_all


def assign_manager(
    company: str,
    license_id: int,
    email: str,
    max_activations: int | None,
    actor: Actor,
    *,
    profile: Profile = EMPTY_PROFILE,
    password: str | None = None,
    now: Instant,
) -> Assigned:
    """Give a user a seat as `assign_user` does, who manages the order of the license from the same write on.

    `new_password` is that of an account that is made, and of no other. All else that was sold in the order is shown to
    the person behind that write: cut short there, it is when the call is made again, though that is refused, by
    `finish_joining`, and with whatever else changes the order. Raises as `assign_user` and `add_manager`, and
    `Invalid`: `password_known_to_others`.
    """

    def managing(license: License, known: User | None) -> tuple[User, Joining | None]:
        old = _order_of(license)
        made, address = NewAccount(password), known_email(email)
        user = account_of_manager(known, license, company, address, made, keep_password=True, now=now)
        new = with_manager(old, user.id)
        if new == old:
            return user, None
        event = Event.new("manager_added", actor, now, user=address, user_id=user.id, order=old.id)
        return user, Joining(old, new, event, manager_notice(user, license, company, actor))

    given: Json = {"profile": profile, "password": password, "managing": managing, "now": now}
    try:
        assigned = assign_user(company, license_id, email, max_activations, actor, **given)
    except AlreadyExists:  # perhaps by the same call, cut short
        _show_rest(company, license_id)
        raise
    if assigned.joined is not None:
        with suppress(Unavailable):  # it is given; who joins is shown the rest as he is when the call was cut short
            show_all(assigned.joined)
    return assigned


def finish_joining(company: str, license_id: int) -> None:
    """Show who has come to manage the order of a license all that was sold in it, where that was cut short.

    Repeating is safe.
    """
    with suppress(NotFound):  # the license was deleted since
        _show_rest(company, license_id)


def manages(company: str, license_id: int, email: str) -> bool:
    """Whether a person manages the order of a license. Raises `NotFound`: `license_not_found`."""
    order = _order_of(find_license(company, license_id))
    return accounts.user_of_email(company, known_email(email)) in order.managers


def _show_rest(company: str, license_id: int) -> None:
    """Raises `NotFound`: `license_not_found`."""
    show_all(_order_of(find_license(company, license_id)))


def _order_of(license: License) -> Order:
    """As it is called now. Raises `NotFound`: `license_not_found`, where that is deleted by now."""
    order = find_order_of(license)
    if order is None:
        raise NotFound("license_not_found")
    return order
