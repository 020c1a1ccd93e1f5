"""How licenses and devices stand, in people's words: beside a name, in lists, in files, and as a filter's choice."""

from collections.abc import Mapping

from chalicelib.domain.catalog import Company
from chalicelib.domain.days import day_of
from chalicelib.domain.figures import Figure
from chalicelib.domain.instants import Instant
from chalicelib.domain.standing import Standing, StandingState
from chalicelib.languages import day, day_of_year, gettext, mark, ngettext, reader
from chalicelib.usecases.portal_queries import DeviceState

STATES: Mapping[StandingState, str] = {
    "in_use": mark("In use"),
    "unused": mark("Ready, not used yet"),
    "idle": mark("Ready, no active device"),
    "scheduled": mark("Starts later"),
    "ending": mark("Ends soon"),
    "grace": mark("In grace"),
    "expired": mark("Expired"),
    "paused": mark("Paused"),
    "suspended": mark("Suspended"),
}
"""Each state as one chooses it."""
DEVICE_STATES: Mapping[DeviceState, str] = {
    "in_use": mark("In use"),
    "active": mark("Active"),
    "imported": mark("Imported"),
    "deactivated": mark("Deactivated"),
    "blacklisted": mark("Blacklisted"),
}
"""How a device stands, wherever it is told: beside its name, in files, and as a choice of a list's filter."""
COUNTED: Mapping[Figure, str] = {
    "running": mark("Not expired"),
    "with_users": mark("Not expired, user-based"),
    "ending_90": mark("Ending in 90 days"),
    "never_used": mark("Never used"),
}
"""What the overview counts, as one chooses it in the list."""


def device_words(state: DeviceState) -> str:
    """How a device stands."""
    return gettext(DEVICE_STATES[state])


def standing_words(standing: Standing, company: Company, now: Instant) -> str:
    """The state with its day, in the reader's time zone, or with who has brought it about."""
    if standing.state == "suspended":
        return gettext("Suspended by {vendor}", vendor=company.name)
    if standing.at is None or standing.state == "expired":
        return gettext(STATES[standing.state])
    zone = reader().zone
    on, today = day_of(standing.at, zone), day_of(now, zone)
    if standing.state == "ending":
        days = (on - today).days
        if days < 2:
            return gettext("Ends tomorrow") if days else gettext("Ends today")
        return ngettext("Ends in {n} day", "Ends in {n} days", days)
    shown = day(on) if on.year != today.year else day_of_year(on)
    if standing.state == "scheduled":
        return gettext("Starts {day}", day=shown)
    return gettext("In grace until {day}", day=shown)
