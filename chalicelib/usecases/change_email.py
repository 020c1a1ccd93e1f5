"""Change the email of an account."""

from contextlib import nullcontext
from dataclasses import replace

from chalicelib.domain.email import normalize_email
from chalicelib.domain.errors import AlreadyExists, Invalid, at_field
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import invitation_state, new_secret, with_invitation, without_invitation
from chalicelib.domain.license import License
from chalicelib.domain.users import User, guard_open
from chalicelib.store import accounts
from chalicelib.usecases.account_access import guard_account, read_holdings
from chalicelib.usecases.assign_user import guard_seats_rate
from chalicelib.usecases.bounded_probes import bounded_probe
from chalicelib.usecases.find_license import find_account, find_license_user
from chalicelib.usecases.notices import email_notices, seat_notice
from chalicelib.usecases.retry import decide_and_write

MAX_SEATS = 90
"""Seats whose email is changed with the account's, in one transaction."""


def change_email(
    company: str,
    license_id: int | None,
    email: str,
    new_email: str,
    actor: Actor,
    *,
    manager_id: int | None,
    now: Instant,
) -> User:
    """Give an account another email, on all its licenses; the password stays.

    `license_id`: of the license where it is asked for, and whose user it must be; None for any account.

    Nobody has proved that he reads the new one: the password opens what the account has now, and nothing to come.
    `manager_id`: who asks, None for an operator. The same email again changes nothing. An invitation that nobody has
    used is void; where it is asked for on a license, another one is mailed to the new email.
    Raises `user_not_found`, `not_your_user`, `not_allowed_by_vendor`, `account_closed`, `already_exists`, `Invalid`,
    and `rate_limit_exceeded` of a manager who has come upon many emails that others have (`domain.probes`), and of a
    customer who changes them faster than seats may be given.
    """
    with at_field("new_email"):
        address = normalize_email(new_email)
    secret = "" if license_id is None else new_secret()

    def read(_: bool) -> tuple[License | None, User, list[int]]:
        if license_id is None:
            license, user = None, find_account(company, email)
        else:
            license, user = find_license_user(company, license_id, email)
        guard_open(user)
        if manager_id is not None:
            guard_account(manager_id, user)
        return license, user, accounts.held_license_ids(company, user.id)

    def decide(state: tuple[License | None, User, list[int]]) -> User:
        license, user, held = state
        if user.email == address:
            return user
        _guard_change(company, address, held)
        if license is not None:
            guard_seats_rate(license, actor, 1, now)  # somebody else has the seat then, and is mailed
        return _moved(user, address, secret, now)

    def write(state: tuple[License | None, User, list[int]], changed: User) -> None:
        license, user, held = state
        if user.email != address:
            event, on_license = (
                Event.new("email_changed", actor, now, user=user.email, user_id=user.id, email=address)
                for _ in range(2)
            )
            asked_on = None if license is None else (license, on_license)
            to_old, to_new = email_notices(user, changed, actor)
            if license is not None and changed.invitation_hash is not None:
                to_new = seat_notice(company, actor)(changed, license, secret)
            accounts.change_email(user, changed, held, event, (to_old, to_new), asked_on)

    bound = nullcontext() if manager_id is None else bounded_probe(company, address, manager_id, actor, now=now)
    with bound:
        return decide_and_write(read, decide, write, result=lambda _, changed: changed)[1]


def _moved(user: User, address: str, secret: str, now: Instant) -> User:
    """The account with an email of which nobody has proved that he reads it; invited anew there, if it was invited."""
    scope = read_holdings(user).buyers if user.email_verified else user.password_scope
    moved = replace(user, email=address, email_verified=False, password_scope=scope or user.password_scope)
    is_invited = invitation_state(user, now) != "none"
    return with_invitation(without_invitation(moved), secret if is_invited else "", now)


def _guard_change(company: str, address: str, held: list[int]) -> None:
    if accounts.user_of_email(company, address) is not None:
        raise AlreadyExists("already_exists", of="email", field="new_email")
    if len(held) > MAX_SEATS:
        raise Invalid("email_on_too_many_licenses", field="new_email", most=MAX_SEATS)
