"""The commands that read history: of a license; of a company with all that is of no license; of a product, an order, a
customer and an account, each as a part of that.
"""

from dataclasses import replace

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.public_events import told_detail
from chalicelib.domain.types import Json
from chalicelib.usecases import operator_queries
from chalicelib.usecases.operator_queries import EventPage
from infra.admin.command_result import CommandResult

SOLD = "What was sold in it stands in the history of its licenses: order show names them."


def license_history(license: int, company: str | None, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    return _page({"license": license}, operator_queries.license_history(license, company, limit, after))


def company_history(code: str, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    return _page({"company": code}, operator_queries.company_history(code, limit, after))


def product_history(company: str, code: str, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    return _page({"company": company, "product": code}, operator_queries.product_history(company, code, limit, after))


def order_history(company: str, order: str, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    page = operator_queries.order_history(company, order, limit, after)
    return replace(_page({"company": company, "order": order}, page), note="" if page.events or after else SOLD)


def customer_history(company: str, customer: int, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    page = operator_queries.customer_history(company, customer, limit, after)
    return _page({"company": company, "id": customer}, page)


def user_history(company: str, email: str, limit: int, after: str | None, *, now: Instant) -> CommandResult:  # noqa: ARG001
    user, page = operator_queries.account_history(company, email, limit, after)
    document = {"email": user.email, "user_id": user.id, "closed_at": to_iso(user.closed_at)}
    return _page(document, page)


def _page(document: Json, page: EventPage) -> CommandResult:
    """The events, and the key to go on behind; None on the last page."""
    behind = page.events[-1].key if page.more else None
    return CommandResult(document | {"after": behind, "events": [event_row(event) for event in page.events]})


def event_row(event: Event) -> Json:
    """An event in a history. Where it stands for several of one kind, `at` and `ip` are of the first, the others of the
    rest.
    """
    details_of = told_detail(event)
    detail = ", ".join(f"{name}={', '.join(of) if isinstance(of, list) else of}" for name, of in details_of.items())
    again = {
        "times": event.repeats + 1,
        "last_at": None if event.last_at is None else to_iso(event.last_at),
        "also_from": ", ".join(event.also_from) or None,
    }
    details = {"user": event.user, "hardware_id": event.hardware_id, "detail": detail or None}
    return {"at": to_iso(event.at), "type": event.type, "by": event.actor.name, "ip": event.actor.ip} | again | details
