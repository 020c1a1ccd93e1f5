"""What an overview counts licenses by, and the list filters by: so a figure and the list that it leads to agree."""

from collections.abc import Callable, Mapping
from typing import Literal

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import HOUR_MS, License, LicenseState, phase

Figure = Literal["running", "with_users", "ending_90", "never_used"]
ENDING_MS = 90 * 24 * HOUR_MS
"""How long before its end a license is counted among those that end; the grace period is the last of it."""


def _running(license: License | LicenseState, now: Instant) -> bool:
    return phase(license, now) != "expired"


def _ending(license: License | LicenseState, now: Instant) -> bool:
    return license.validity_period is not None and license.validity_period - now <= ENDING_MS


FIGURES: Mapping[str, Callable[[License | LicenseState, Instant], bool]] = {
    "running": _running,
    "with_users": lambda license, now: _running(license, now) and license.authorization_method == "user",
    "ending_90": lambda license, now: _running(license, now) and _ending(license, now),
    "never_used": lambda license, now: _running(license, now) and license.first_activated_at is None,
}
"""Whether a license counts in each `Figure`, now. What has ended counts in none."""
