"""One license: its snapshot, and its history."""

from dataclasses import dataclass

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.paging import Page, Rows, cut
from chalicelib.domain.session import SessionClaims
from chalicelib.store import activations, licenses, refusals
from chalicelib.usecases.portal_queries.listing import CHUNK, ListQuery, list_page
from chalicelib.usecases.portal_queries.principal import LicenseView, fields, one_license

MAX_DEVICES = 100
"""Devices of which the details of a license tell the last check; more of them have a page of their own."""
RECENT_EVENTS = 10
"""Events among the details."""


@dataclass(frozen=True, slots=True)
class DetailsView(LicenseView):
    """The snapshot of a license."""

    events: list[Event]
    """The newest ones. Activations that were refused are in the history alone: they have a partition of their own."""
    last_check: Instant | None
    all_devices: bool
    """Whether `last_check` is of all devices."""


@dataclass(frozen=True, slots=True)
class HistoryView(LicenseView):
    """A page of a license's history."""

    page: Page[Event]


def license_details(claims: SessionClaims, license_id: int, *, now: Instant) -> DetailsView:
    """The snapshot of a license that the user manages. Raises `session_expired`, `license_not_found`.

    Three reads at most, however many devices and events it has: two where it has no device, or is known to have many.
    """
    base, company = one_license(claims, license_id, now=now), claims.company
    events = list(licenses.events(company, license_id, limit=RECENT_EVENTS))
    if base.license.first_activated_at is None:
        return DetailsView(*fields(base), events, None, True)
    if base.license.known_devices > MAX_DEVICES:
        return DetailsView(*fields(base), events, None, False)
    devices, more = cut(activations.devices(company, license_id, limit=MAX_DEVICES + 1), MAX_DEVICES)
    last_check = None if more else max((device.last_check_at for device in devices), default=None)
    return DetailsView(*fields(base), events, last_check, not more)


def license_history(claims: SessionClaims, license_id: int, list_query: ListQuery, *, now: Instant) -> HistoryView:
    """A page of history with the activations that were refused, newest first, in three reads. Raises as
    `license_details`.
    """
    base = one_license(claims, license_id, now=now)
    refused = _refused_activations(claims, license_id, now)

    def read(after: str, backwards: bool, limit: int) -> tuple[list[Event], bool]:
        events = licenses.events(
            claims.company, license_id, after=after or None, oldest_first=backwards, limit=limit + 1
        )
        behind = [row for row in refused if not after or (row.key > after if backwards else row.key < after)]
        return cut(sorted([*events, *behind], key=_key, reverse=not backwards), limit)

    page = list_page(Rows(read, _key, CHUNK, CHUNK), list_query)
    return HistoryView(*fields(base), page)


def _refused_activations(claims: SessionClaims, license_id: int, now: Instant) -> list[Event]:
    """As rows of history. Checks that are refused are for support (`explain`): they come again and again."""
    of_license = refusals.refusals_of(claims.company, license_id, now)
    return [refusal.as_event() for refusal in of_license if refusal.call == "activate_license"]


def _key(event: Event) -> str:
    return event.key
