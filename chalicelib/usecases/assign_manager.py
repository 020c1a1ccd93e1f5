"""Give a person a seat on a license, and let him manage the order that it was sold in.

Two writes, for neither has room for the other: the order with its manager, and then the seat. An account that is made
is made by the first, with all that the second needs. Cut short between them, the person manages the order, and the same
call gives the seat.

An account that is there keeps its password, whoever has made it: else whoever may give seats could lock a person out,
or be told a password. Where somebody else may know it, the person would not be alone in managing the order: that is
refused.
"""

from dataclasses import replace

from chalicelib.domain.catalog import Order
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.store import accounts
from chalicelib.usecases.assign_user import (
    EMPTY_PROFILE,
    Assigned,
    NewAccount,
    Profile,
    assign_user,
    guard_assignment,
)
from chalicelib.usecases.find_license import find_license
from chalicelib.usecases.idempotency import in_steps
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.order_managers import add_manager, find_order_of


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
    """Give a user a seat as `assign_user` does, who manages the order of the license from then on.

    `new_password` is that of an account that is made, and of no other. Nothing is done where the seat cannot be given,
    as it stands before. Raises as `assign_user` and `add_manager`, and `Invalid`: `password_known_to_others`.
    """
    license = guard_assignment(company, license_id, email, max_activations, profile, password)
    order = _order_of(license)
    new = NewAccount(password)
    with in_steps():
        user = add_manager(company, order.number or order.id, email, actor, new=new, keep_password=True, now=now)
        seated = assign_user(company, license_id, email, max_activations, actor, profile=profile, now=now)
    is_new = user.created_at == now
    return replace(seated, new_password=initial_password(user) if is_new else None)


def manages(company: str, license_id: int, email: str) -> bool:
    """Whether a person manages the order of a license. Raises `NotFound`: `license_not_found`."""
    order = _order_of(find_license(company, license_id))
    return accounts.user_of_email(company, known_email(email)) in order.managers


def _order_of(license: License) -> Order:
    """As it is called now. Raises `NotFound`: `license_not_found`, where that is deleted by now."""
    order = find_order_of(license)
    if order is None:
        raise NotFound("license_not_found")
    return order
