"""The commands for accounts of people, whatever licenses they have."""

from chalicelib.domain.instants import Instant
from chalicelib.usecases.change_email import change_email
from chalicelib.usecases.close_account import close_account, reopen_account
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.license_users import change_user
from chalicelib.usecases.order_managers import find_order
from chalicelib.usecases.second_factor import remove_second_factor
from chalicelib.usecases.unlock import unlock
from infra.admin.command import NotGiven
from infra.admin.command_result import CommandResult
from infra.admin.operator_name import operator


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
