"""Which licenses need their manager, and why."""

from typing import Literal

from chalicelib.domain.days import day_of
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, ends_at, phase

Reason = Literal["suspended", "grace", "expired", "ending", "users_taken", "devices_taken"]
"""From the gravest to the mildest, as `reasons` answers them."""
SOON_DAYS = 30
"""Days before its end, and after it, in which a license needs somebody."""


def days_left(license: License, now: Instant, zone: str) -> int | None:
    """How many days from today, in a time zone, the day is on which the license ends; None: it has no end."""
    if license.validity_period is None:
        return None
    return (day_of(license.validity_period, zone) - day_of(now, zone)).days


def reasons(license: License, now: Instant, zone: str) -> list[Reason]:
    """Why a license needs its manager, the gravest reason first; empty: it does not.

    One device of one is no news, nor one user of one: such a license is simply in use.
    """
    where, left = phase(license, now), days_left(license, now, zone)
    if where == "expired":
        end = ends_at(license.validity_period, license.grace_period)
        since = 0 if end is None else (day_of(now, zone) - day_of(end, zone)).days
        return ["expired"] if since <= SOON_DAYS else []
    true: dict[Reason, bool] = {
        "suspended": not license.enabled and license.disabled_by != "customer",
        "grace": where == "grace",
        "ending": where == "valid" and left is not None and left <= SOON_DAYS,
        "users_taken": _is_taken(license.users_assigned, license.max_license_users),
        "devices_taken": _is_taken(license.times_activated, license.max_activations),
    }
    return [reason for reason, holds in true.items() if holds]


def _is_taken(used: int, limit: int | None) -> bool:
    return limit is not None and used >= limit > 1
