"""What people are mailed of an event that has left the outbox: the managers of a license, or the company itself."""

from chalicelib.domain.deliveries import DISABLED_AFTER_MS
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, ends_at, phase
from chalicelib.domain.limits import LICENSE_OVERAGE, LICENSE_USERS
from chalicelib.domain.mail import DAY_MS, Mail
from chalicelib.domain.public_events import PUBLISHED_DAYS
from chalicelib.domain.users import User
from chalicelib.store import accounts
from chalicelib.usecases import notices
from chalicelib.usecases.order_managers import find_order_of


def event_mails(company: str, event: Event, license: License | None, *, now: Instant) -> list[Mail]:
    """The mails of an event; none of what is not true any more, as of a license that was extended since.

    Reads the order of the license and its managers.
    """
    if event.type == "webhook_disabled":
        days = DISABLED_AFTER_MS // DAY_MS
        return [notices.endpoint_disabled_notice(company, str(event.detail["url"]), days)]
    if event.type == "sweep_late":
        return [notices.sweep_late_notice(company, int(event.detail["minutes"] or 0))]
    if license is None or not _is_true(event, license, now):
        return []
    return _to_managers(event, license)


def _is_true(event: Event, license: License, now: Instant) -> bool:
    match event.type:
        case "license_will_expire":
            return event.detail["days"] in PUBLISHED_DAYS and phase(license, now) == "valid"
        case "grace_started":
            return phase(license, now) == "grace"
        case "license_expired":
            return phase(license, now) == "expired"
        case "license_limit_reached":
            return (LICENSE_USERS if event.detail["limit"] == "users" else LICENSE_OVERAGE).is_full(license)
    return False


def _to_managers(event: Event, license: License) -> list[Mail]:
    managers, end = managers_of(license), ends_at(license.validity_period, license.grace_period) or 0
    match event.type, event.detail.get("limit"):
        case "license_will_expire", _:
            return notices.license_ends_notices(managers, license, int(event.detail["days"] or 0))
        case "grace_started", _:
            return notices.grace_notices(managers, license, end)
        case "license_expired", _:
            return notices.expired_notices(managers, license, end)
        case "license_limit_reached", "users" | "devices" as kind:
            return notices.limit_notices(managers, license, kind)
    return []


def managers_of(license: License) -> list[User]:
    """Who manages the order of a license, but for accounts that are closed. Three reads."""
    order = None if license.order_id is None else find_order_of(license)
    users = accounts.read_users(license.company, sorted(order.managers)) if order else {}
    return [user for user in users.values() if user.closed_at is None]
