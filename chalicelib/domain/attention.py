"""Which licenses need their manager, and why."""

from typing import Literal

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.limits import LICENSE_OVERAGE, LICENSE_USERS, Limit
from chalicelib.domain.standing import ENDS_SOON_MS, Standing

Reason = Literal["suspended", "grace", "expired", "ending", "users_taken", "devices_taken"]
"""From the gravest to the mildest, as `reasons` answers them. The first four are states (`domain.standing`)."""
NEWS_MS = ENDS_SOON_MS
"""How long it is news that a license has ended."""


def reasons(license: License, stands: Standing, now: Instant) -> list[Reason]:
    """Why a license that stands so needs its manager, the gravest reason first; empty: it does not.

    One device of one is no news, nor one user of one: such a license is simply in use.
    """
    if stands.state == "expired":
        return ["expired"] if stands.at is not None and now - stands.at <= NEWS_MS else []
    true: dict[Reason, bool] = {
        "suspended": stands.state == "suspended",
        "grace": stands.state == "grace",
        "ending": stands.state == "ending",
        "users_taken": _is_taken(LICENSE_USERS, license),
        "devices_taken": _is_taken(LICENSE_OVERAGE, license),
    }
    return [reason for reason, holds in true.items() if holds]


def _is_taken(limit: Limit[License], license: License) -> bool:
    return limit.is_full(license) and (limit.most(license) or 0) > 1
