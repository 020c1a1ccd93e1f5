"""One license: its snapshot, and its history."""

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.email import display_email
from chalicelib.domain.events import Event
from chalicelib.domain.extras import FeatureGrant, FieldValue
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.meters import Meter
from chalicelib.domain.paging import Page, Rows, cut
from chalicelib.domain.scheduled_updates import pending_in
from chalicelib.domain.session import SessionClaims
from chalicelib.store import activations, batch_reads, licenses, refusals, scheduled_updates
from chalicelib.store.batch_reads import ReadRequest
from chalicelib.usecases.meters import read_meter
from chalicelib.usecases.portal_queries.listing import CHUNK, ListQuery, has_words, list_page
from chalicelib.usecases.portal_queries.principal import LicenseView, fields, guard_manager, one_license
from chalicelib.usecases.portal_queries.usage import History, Usage, read_events, usage_of
from chalicelib.usecases.scheduled_updates import ComingChange, coming_changes
from chalicelib.usecases.slots import slots_in_use

MAX_DEVICES = 100
"""Devices of which the details of a license tell the last check; more of them have a page of their own."""
_DAY_MS = 24 * 3_600_000
RECENT_EVENTS = 10
"""Events among the details."""


EVENTS_AT_ONCE = 500
"""Rows of history in one read, where those are looked for that a filter lets through."""
DAYS = ("7", "30", "90", "365")
"""How far back a history can be asked for."""
KINDS: Mapping[str, tuple[str, ...]] = {
    "devices": ("device", "slot", "variables"),
    "refused": ("activation_refused",),
    "users": ("user", "batch", "initial_password"),
    "license": ("license", "grace"),
}
"""What a history can be asked for: the begins of the types of its events (`domain.events.EventType`)."""


@dataclass(frozen=True, slots=True)
class DetailsView(LicenseView):
    """The snapshot of a license."""

    features: tuple[FeatureGrant, ...]
    """Those that are over are among them."""
    custom_fields: tuple[FieldValue, ...]
    maintenance_period: Instant | None
    events: list[Event]
    """The newest ones. Activations that were refused are in the history alone: they have a partition of their own."""
    last_check: Instant | None
    all_devices: bool
    """Whether `last_check` is of all devices."""
    usage: Usage | None
    """None of a license that was never activated."""
    coming: list[ComingChange]
    """The changes of its terms that are scheduled."""
    slots_in_use: int
    """Of a floating license, on how many devices it is in use: as it was known a minute ago at the latest."""
    meter: Meter | None
    """Of one whose uses are counted, how many there were."""


@dataclass(frozen=True, slots=True)
class HistoryView(LicenseView):
    """A page of a license's history."""

    page: Page[Event]


def license_details(claims: SessionClaims, license_id: int, *, now: Instant) -> DetailsView:
    """The snapshot of a license that the user manages. Raises `session_expired`, `license_not_found`.

    Three reads: its history, which names the updates that are scheduled; all that stands for itself; and its devices,
    which is left out where it has none or is known to have many. One more where the history is too long to be read
    whole, of a floating license one that counts its slots, and of one by consumption one of its meter.
    """
    company = claims.company
    events, is_whole = read_events(company, license_id)
    updates = pending_in(events) if is_whole else scheduled_updates.ids_of_license(company, license_id)
    wanted = ReadRequest(
        managed=[license_id], licenses=[license_id], extras=license_id, scheduled_updates=sorted(updates)
    )
    found = batch_reads.batch_read(claims, wanted, now)
    base, extras = guard_manager(claims, found, license_id, now), found.extras
    license, zone = base.license, base.principal.company.time_zone
    last_check, all_devices = _last_check(license)
    return DetailsView(
        *fields(base),
        extras.features,
        extras.custom_fields,
        extras.maintenance_period,
        events[:RECENT_EVENTS],
        last_check,
        all_devices,
        None if license.first_activated_at is None else usage_of([History(license, events)], now, zone),
        coming_changes((license, extras), found.scheduled_updates),
        slots_in_use(license, now),
        read_meter(license, now),
    )


def _last_check(license: License) -> tuple[Instant | None, bool]:
    """When one of the devices was last heard of, and whether that is of all: of many it is not looked for."""
    if license.first_activated_at is None:
        return None, True
    if license.known_devices > MAX_DEVICES:
        return None, False
    devices, more = cut(activations.devices(license.company, license.id, limit=MAX_DEVICES + 1), MAX_DEVICES)
    return None if more else max((device.last_check_at for device in devices), default=None), not more


def license_history(claims: SessionClaims, license_id: int, list_query: ListQuery, *, now: Instant) -> HistoryView:
    """A page of history with the activations that were refused, newest first, by what is searched for.

    Three reads, and more where a filter looks on. Raises as `license_details`.
    """
    since = now - int(list_query.days) * _DAY_MS if list_query.days in DAYS else 0
    base = one_license(claims, license_id, now=now)
    refused = _refused_activations(claims, license_id, now)

    def read(after: str, backwards: bool, limit: int) -> tuple[list[Event], bool]:
        events = licenses.events(
            claims.company, license_id, after=after or None, oldest_first=backwards, limit=limit + 1
        )
        behind = [row for row in refused if not after or (row.key > after if backwards else row.key < after)]
        rows, more = cut(sorted([*events, *behind], key=_key, reverse=not backwards), limit)
        recent = [row for row in rows if row.at >= since]
        return recent, more and len(recent) == len(rows)

    def keep(rows: list[Event]) -> list[Event]:
        begins = KINDS.get(list_query.kind, ("",))
        return [row for row in rows if row.type.startswith(begins) and has_words(_texts(row), list_query.search)]

    filtered = list_query.kind or list_query.search.strip()
    page = list_page(Rows(read, _key, CHUNK, EVENTS_AT_ONCE), list_query, keep if filtered else None)
    return HistoryView(*fields(base), page)


def _refused_activations(claims: SessionClaims, license_id: int, now: Instant) -> list[Event]:
    """As rows of history. Checks that are refused are for support (`explain`): they come again and again."""
    of_license = refusals.refusals_of(claims.company, license_id, now)
    return [refusal.as_event() for refusal in of_license if refusal.call == "activate_license"]


def _texts(event: Event) -> list[str]:
    """What an event is searched by: whom and which device it is about, and who has made the change from where."""
    texts = (event.user, event.hardware_id, event.detail.get("hostname"), event.actor.name, event.actor.ip)
    return [str(text) for text in texts if text] + [display_email(event.user or "")]


def _key(event: Event) -> str:
    return event.key
