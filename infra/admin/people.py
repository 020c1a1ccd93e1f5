"""The commands for accounts of people, whatever licenses they have."""

from functools import partial

from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License, Seat, status
from chalicelib.domain.types import Json
from chalicelib.domain.users import User
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.close_account import close_account, reopen_account
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.license_list import LicenseFilter, list_licenses
from chalicelib.usecases.license_users import change_user, count_users
from chalicelib.usecases.order_managers import find_order
from chalicelib.usecases.second_factor import remove_second_factor
from chalicelib.usecases.unlock import unlock
from chalicelib.usecases.user_list import UserFilter, find_named_user, list_users, seats_of_user
from infra.admin.command import NotGiven
from infra.admin.command_result import CommandResult
from infra.admin.license_lists import license_row
from infra.admin.operator_name import operator
from infra.admin.pages import full_page


def user_list(
    company: str,
    license: int | None,
    managers: bool,
    closed: bool,
    limit: int,
    after: int | None,
    *,
    now: Instant,  # noqa: ARG001 - a list has no time
) -> CommandResult:
    wanted = UserFilter(license, managers_only=managers, closed_only=closed)
    count = count_users(company) if wanted == UserFilter() else None
    rows, behind = full_page(partial(list_users, company, wanted), after, limit)
    return CommandResult({"company": company, "count": count, "after": behind, "users": [*map(_row, rows)]})


def user_find(company: str, text: str, limit: int, after: int | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    named = find_named_user(company, text)
    if named is not None:
        return CommandResult({"text": text, "after": None, "users": [_row(named)]})
    rows, behind = full_page(partial(list_users, company, UserFilter(text=text)), after, limit)
    return CommandResult({"text": text, "after": behind, "users": [*map(_row, rows)]})


def user_show(company: str, email: str, limit: int, *, now: Instant) -> CommandResult:
    user = find_account(company, email)
    seats, more_seats = seats_of_user(user.company, user.id, limit)
    managed = list_licenses(user.company, LicenseFilter(manager=user.email), newest_first=True, size=limit)
    state = {
        "is_initial_password": user.is_initial_password,
        "email_verified": user.email_verified,
        "second_factor": user.has_second_factor,
        "invited_at": to_iso(user.invited_at),
        "language": user.language or None,
        "time_zone": user.time_zone or None,
        "revision": user.revision,
    }
    rows: Json = {
        "licenses": [_held(license, seat, now) for license, seat in seats],
        "managed_licenses": [license_row(license, now) for license, _ in managed.rows],
    }
    is_more = {"licenses": more_seats, "managed licenses": managed.after is not None}
    more = " and ".join(name for name, is_cut in is_more.items() if is_cut)
    note = f"There are more {more}: --limit shows them." if more else ""
    return CommandResult({"company": user.company} | _row(user) | state | rows, note)


def user_unlock(company: str, email: str, *, now: Instant) -> CommandResult:
    user = unlock(company, email, operator(), now=now)
    return CommandResult({"email": user.email, "user_id": user.id, "unlocked": True})


def user_remove_second_factor(company: str, email: str, *, now: Instant) -> CommandResult:
    user = remove_second_factor(company, email, operator(), now=now)
    return CommandResult({"email": user.email, "user_id": user.id, "second_factor": user.has_second_factor})


def user_close(company: str, email: str, *, now: Instant) -> CommandResult:
    closed = close_account(company, email, operator(), now=now)
    alone = [order for order in closed.orders if not find_order(company, order).managers]
    document = {"email": closed.user.email, "user_id": closed.user.id, "closed": True}
    note = f"Nobody manages these orders any more: {', '.join(alone)}." if alone else ""
    return CommandResult(document | {"seats": closed.seats, "orders": closed.orders}, note)


def user_reopen(company: str, email: str, *, now: Instant) -> CommandResult:
    user = reopen_account(company, email, operator(), now=now)
    return CommandResult({"email": user.email, "user_id": user.id, "closed": False})


def user_set(
    company: str,
    email: str,
    *,
    now: Instant,
    **names: object,  # texts, or `NotGiven`
) -> CommandResult:
    given = {"phone_number" if name == "phone" else name: str(text) for name, text in names.items() if text != NotGiven}
    user = change_user(company, find_account(company, email).id, given, operator(), now=now)
    names = {name: getattr(user, name) for name in ("first_name", "last_name", "phone_number")}
    return CommandResult({"email": user.email, "user_id": user.id} | names)


def user_change_email(company: str, email: str, new_email: str, *, now: Instant) -> CommandResult:
    user = change_email(company, None, email, new_email, operator(), manager_id=None, now=now)
    return CommandResult({"email": user.email, "user_id": user.id})


def _row(user: User) -> Json:
    """An account in a list. Names and number are those of the account."""
    names = {name: getattr(user, name) or None for name in ("first_name", "last_name", "phone_number")}
    dates = {"created_at": to_iso(user.created_at), "closed_at": to_iso(user.closed_at)}
    return {"id": user.id, "email": user.email} | names | {"is_manager": user.is_manager} | dates


def _held(license: License, seat: Seat, now: Instant) -> Json:
    """A license with what its user has of it."""
    return {
        "license": license.id,
        "product": license.product,
        "status": status(license, now),
        "order": license.order_id,
        "customer": license.customer,
        "activations": seat.activations_in(license),
        "max_activations": seat.max_activations,
    }
