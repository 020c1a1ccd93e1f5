"""The commands for who uses a license."""

from chalicelib.domain.access import opens
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Seat
from chalicelib.domain.users import User
from chalicelib.usecases import change_seat
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.find_license import find_owner, find_seat
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.replace_user import replace_user
from infra.admin.command_result import CommandResult
from infra.admin.inputs import read_password
from infra.admin.operator_name import operator


def user_assign(
    license: int,
    company: str | None,
    email: str,
    max_activations: int | None,
    invite: bool,
    *,
    now: Instant,
    **person: str | None,  # as `_profile` has it
) -> CommandResult:
    given = (find_owner(license, company), license, email, max_activations, operator())
    assigned = assign_user(*given, profile=_profile(**person), invite=invite, now=now)
    return _seated(assigned.license, assigned.seat, assigned.user, invite)


def user_replace(
    license: int,
    company: str | None,
    email: str,
    by: str,
    invite: bool,
    *,
    now: Instant,
    **person: str | None,  # as `_profile` has it
) -> CommandResult:
    given = (find_owner(license, company), license, email, by, operator())
    return _seated(*replace_user(*given, profile=_profile(**person), invite=invite, now=now), invite)


def _profile(first_name: str | None, last_name: str | None, phone: str | None) -> Profile:
    return Profile(first_name or "", last_name or "", phone or "")


def _seated(license: License, seat: Seat, user: User, invite: bool) -> CommandResult:
    """Somebody who has got a seat, and how the person gets in."""
    document = {"license": license.id, "email": seat.email, "user_id": user.id, "max_activations": seat.max_activations}
    if invite and user.is_initial_password:
        return CommandResult(document | {"initial_password": None, "invited": True})
    password = initial_password(user) if opens(user, license) else None
    known = "" if password else "The user has an account already, and has chosen a password."
    if not opens(user, license):
        known = (
            "The account's password is for other licenses: a mailed code, or set-password, sets one that opens this."
        )
    return CommandResult(document | {"initial_password": password}, known)


def user_remove(license: int, company: str | None, email: str, *, now: Instant) -> CommandResult:
    change_seat.remove_user(find_owner(license, company), license, email, operator(), now=now)
    return CommandResult({"license": license, "email": email, "removed": True})


def user_set_password(
    license: int, company: str | None, email: str, password_stdin: bool, *, now: Instant
) -> CommandResult:
    owner = find_owner(license, company)
    given = read_password() if password_stdin else None
    user, password = change_seat.set_password(owner, license, email, given, operator(), now=now)
    return CommandResult({"email": user.email, "user_id": user.id} | ({} if given else {"initial_password": password}))


def user_set_max_activations(
    license: int, company: str | None, email: str, max_activations: int | None, *, now: Instant
) -> CommandResult:
    owner = find_owner(license, company)
    change_seat.set_max_activations(owner, license, email, max_activations, operator(), now=now)
    return _seat(owner, license, email)


def user_reset_activations(license: int, company: str | None, email: str, *, now: Instant) -> CommandResult:
    owner = find_owner(license, company)
    change_seat.reset_activations(owner, license, email, operator(), now=now)
    return _seat(owner, license, email)


def _seat(company: str, license_id: int, email: str) -> CommandResult:
    license, seat = find_seat(company, license_id, email)
    used, limit = seat.activations_in(license), seat.max_activations
    over = limit is not None and used > limit
    return CommandResult(
        {"license": license_id, "email": email, "max_activations": limit, "activations": used},
        "More devices are active than that; they stay so until they are reset." if over else "",
    )
