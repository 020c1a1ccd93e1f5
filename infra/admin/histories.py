"""The commands that read history: of a license, of a company with its people and orders, and of one account."""

from collections.abc import Iterable
from itertools import islice

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.types import Json
from chalicelib.store import accounts, licenses
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_license import find_account, find_license, find_owner
from infra.admin.command_result import CommandResult


def license_history(license: int, company: str | None, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    found = find_license(find_owner(license, company), license)
    return _page({"license": license}, licenses.events(found.company, found.id, after=after, limit=limit + 1), limit)


def company_history(code: str, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    company = find_company(code).code
    return _page({"company": company}, accounts.company_events(company, after=after, limit=limit + 1), limit)


def user_history(company: str, email: str, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    user = find_account(company, email)
    document = {"email": user.email, "user_id": user.id, "closed_at": to_iso(user.closed_at)}
    return _page(document, accounts.account_events(user, after=after), limit)


def _page(document: Json, events: Iterable[Event], limit: int) -> CommandResult:
    """The newest events, and the key to go on behind; None on the last page."""
    read = list(islice(events, limit + 1))
    shown = read[:limit]
    more = shown[-1].key if shown and len(read) > limit else None
    return CommandResult(document | {"after": more, "events": [_row(event) for event in shown]})


def _row(event: Event) -> Json:
    """Where it stands for several events of one kind: `at` and `ip` are of the first, the others of the rest."""
    detail = ", ".join(f"{name}={value}" for name, value in event.detail.items())
    again = {
        "times": event.repeats + 1,
        "last_at": None if event.last_at is None else to_iso(event.last_at),
        "also_from": ", ".join(event.also_from) or None,
    }
    details = {"user": event.user, "hardware_id": event.hardware_id, "detail": detail or None}
    return {"at": to_iso(event.at), "type": event.type, "by": event.actor.name, "ip": event.actor.ip} | again | details
