"""How a license stands, for the people who share it out and use it: one state, and the instant that goes with it.

`license.status` is the word of applications and operators. This says who has stopped a license, and what comes.
"""

from dataclasses import dataclass
from typing import Literal

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import HOUR_MS, License, LicenseState, ends_at, phase

StandingState = Literal["suspended", "paused", "expired", "grace", "scheduled", "ending", "unused", "idle", "in_use"]
ENDS_SOON_MS = 30 * 24 * HOUR_MS
"""How long before `validity_period` a license is said to end."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The gravest state that is true.

    `suspended` by the vendor, `paused` by the customer, `unused`: never activated, `idle`: without an active device.
    """

    state: StandingState
    at: Instant | None = None
    """When it began, for `expired`; when it is over, for `grace`, `scheduled` and `ending`."""


def standing(license: License | LicenseState, now: Instant, *, sold: bool = True) -> Standing:
    """How the license stands. `sold`: whether the vendor lets its product be used; else the license is suspended.

    None of the last four refuses an activation, and each of the others but `grace` does.
    """
    if not (sold and license.enabled):
        return Standing("paused" if sold and license.disabled_by == "customer" else "suspended")
    end, where = license.validity_period, phase(license, now)
    if where != "valid":
        return Standing(where, ends_at(end, license.grace_period))
    if license.start_date is not None and now < license.start_date:
        return Standing("scheduled", license.start_date)
    if end is not None and end - now <= ENDS_SOON_MS:
        return Standing("ending", end)
    if license.times_activated:
        return Standing("in_use")
    return Standing("unused" if license.first_activated_at is None else "idle")
