"""How a license stands, in people's words: beside its name, in lists, and as a choice of a list's filter."""

from collections.abc import Mapping

from chalicelib.domain.catalog import Company
from chalicelib.domain.days import day_of
from chalicelib.domain.instants import Instant
from chalicelib.domain.standing import Standing, StandingState

STATES: Mapping[StandingState, str] = {
    "in_use": "In use",
    "unused": "Ready, not used yet",
    "idle": "Ready, no active device",
    "scheduled": "Starts later",
    "ending": "Ends soon",
    "grace": "In grace",
    "expired": "Expired",
    "paused": "Paused",
    "suspended": "Suspended",
}
"""Each state as one chooses it."""


def standing_words(standing: Standing, company: Company, now: Instant) -> str:
    """The state with its day, in the company's time zone, or with who has brought it about."""
    if standing.state == "suspended":
        return f"Suspended by {company.name}"
    if standing.at is None or standing.state == "expired":
        return STATES[standing.state]
    day, today = day_of(standing.at, company.time_zone), day_of(now, company.time_zone)
    if standing.state == "ending":
        days = (day - today).days
        return f"Ends in {days} days" if days > 1 else "Ends tomorrow" if days else "Ends today"
    shown = day.strftime("%-d %b" if day.year == today.year else "%-d %b %Y")
    return f"Starts {shown}" if standing.state == "scheduled" else f"In grace until {shown}"
