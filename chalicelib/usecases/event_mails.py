"""What people are mailed of an event that has left the outbox: the managers of a license, or the company itself."""

from collections.abc import Iterator

from chalicelib.domain.deliveries import DISABLED_AFTER_MS
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, ends_at, phase
from chalicelib.domain.mail import DAY_MS, Mail
from chalicelib.domain.public_events import PUBLISHED_DAYS
from chalicelib.domain.users import User
from chalicelib.store import accounts, orders
from chalicelib.usecases import notices


def event_mails(company: str, event: Event, license: License | None, *, now: Instant) -> list[Mail]:
    """The mails of an event; none of what is not true any more, as of a license that was extended since.

    Reads the order of the license and its managers.
    """
    if event.type == "webhook_disabled":
        days = DISABLED_AFTER_MS // DAY_MS
        return [notices.endpoint_disabled_notice(company, str(event.detail["url"]), days)]
    if license is None or not _is_true(event, license, now):
        return []
    written = (_notice(event, license, manager) for manager in managers_of(license))
    return [mail for mail in written if mail is not None and mail.to]


def _is_true(event: Event, license: License, now: Instant) -> bool:
    match event.type:
        case "license_will_expire":
            return event.detail["days"] in PUBLISHED_DAYS and phase(license, now) == "valid"
        case "grace_started":
            return phase(license, now) == "grace"
        case "license_expired":
            return phase(license, now) == "expired"
    return event.type == "license_limit_reached"


def _notice(event: Event, license: License, manager: User) -> Mail | None:
    end = ends_at(license.validity_period, license.grace_period) or 0
    match event.type, event.detail.get("limit"):
        case "license_will_expire", _:
            return notices.license_ends_notice(manager, license, int(event.detail["days"] or 0))
        case "grace_started", _:
            return notices.grace_notice(manager, license, end)
        case "license_expired", _:
            return notices.expired_notice(manager, license, end)
        case "license_limit_reached", "users" | "devices" as kind:
            return notices.limit_notice(manager, license, kind)
    return None


def managers_of(license: License) -> Iterator[User]:
    """Who manages the order of a license, but for accounts that are closed. Reads them."""
    order = None if license.order_id is None else orders.read_order(license.company, license.order_id)
    for user_id in sorted(order.managers) if order else ():
        if (user := accounts.read_user(license.company, user_id)) is not None and user.closed_at is None:
            yield user
