"""Management API: the histories of licenses."""

import json
import re
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Literal, get_args

from pydantic import Field, StrictStr
from typing_extensions import TypedDict  # pydantic reads typing's from Python 3.12 on

from chalicelib.domain.days import Moment, first_instant, last_instant
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.events import Event, EventType
from chalicelib.domain.instants import LATEST, to_iso
from chalicelib.domain.paging import Part
from chalicelib.domain.public_events import told_detail
from chalicelib.domain.spreadsheet import to_csv
from chalicelib.domain.types import Json
from chalicelib.management.adapter import endpoint
from chalicelib.management.caller import Caller
from chalicelib.management.devices import DeviceFacts, device_facts
from chalicelib.management.models import (
    ListBody,
    ListQuery,
    PageQuery,
    QueryId,
    Sent,
    SentIds,
    SentMoment,
    part_of,
    part_of_walk,
)
from chalicelib.management.reach import by, guard_own, listed_by_license
from chalicelib.usecases import license_events
from chalicelib.usecases.catalog import products
from chalicelib.usecases.create import find_company
from chalicelib.usecases.find_license import product_of_license
from chalicelib.usecases.license_events import EventFilter, OfLicense
from chalicelib.web.endpoint import Csv
from chalicelib.web.freshness import Date

MAX_TEXT = 255
MAX_ROWS = 1000
"""Of an export in one answer."""
MAX_SPAN_MS = 24 * 3_600_000
"""Of `license-histories/export`."""
Action = Literal["activation", "deactivation", "reset", "license_reset", "user_reset"]
ACTIONS: dict[EventType, Action] = {
    "device_activated": "activation",
    "device_deactivated": "deactivation",
    "device_lapsed": "deactivation",
    "device_reset": "reset",
    "license_reset": "license_reset",
    "user_activations_reset": "user_reset",
}
"""What happens to activations, as the API names it."""
TEXTS: dict[EventType, str] = {type: type.replace("_", " ").capitalize() for type in get_args(EventType)} | {
    "license_issued": "License created"
}
_SOURCES = {"api": "api", "user": "portal", "management": "management", "admin": "admin"}
"""Where a change was made, by how its actor's name begins; all else is done by the server itself."""
_NO_PRODUCT = frozenset({""})
_ID = re.compile(r"([1-9][0-9]{0,15})-([0-9]{13})-([A-Z2-7]{10})", re.ASCII)
COLUMNS = ("ts", "source", "sdk_version", "level", "text", "data", "license_id", "device_id", "license_user_id")


class Times(Sent):
    """A license, or all; and a time: a date is a day of the company's."""

    license: QueryId | None = None
    ts__gte: SentMoment | None = None
    ts__lte: SentMoment | None = None
    ts__date__gte: SentMoment | None = None
    ts__date__lte: SentMoment | None = None


class ActivationsQuery(ListQuery, Times):
    """Which activation histories."""

    action: Action | None = None


class UsageQuery(ListQuery, Times):
    """Which usage histories."""

    product__in: SentIds | None = None
    text: Annotated[StrictStr, Field(max_length=MAX_TEXT)] | None = None
    text__icontains: Annotated[StrictStr, Field(max_length=MAX_TEXT)] | None = None


class ExportQuery(ListQuery, Times):
    """Which part of an export. An answer has up to 1,000 rows, whatever `limit` says."""


class TransfersQuery(PageQuery, Times):
    """Which transfers. An answer counts those of up to 800 licenses, whatever `limit` says."""


class EventPath(Sent):
    """Which event."""

    event_id: Annotated[StrictStr, Field(max_length=MAX_TEXT)]


class DeviceInHistory(DeviceFacts):
    """A device, as histories have it."""

    license: int


class ActivationBody(TypedDict):
    """What happened to the activations of a license."""

    id: str
    ts: Date
    action: Action
    license: int
    device: DeviceInHistory | None
    """None: of several, or of one that is known no more."""
    hardware_id: str | None
    license_user: int | None
    transfer: bool
    """Whether an activation moved to another device by it."""
    actor: str
    ip: str | None


class ActivationList(ListBody):
    """A page of activation histories: of each license the newest first."""

    results: list[ActivationBody]


class UsageBody(TypedDict):
    """What happened to a license."""

    id: str
    device: int | None
    license_user: int | None
    ts: Date
    source: str
    sdk_version: None
    level: Literal["info"]
    text: str
    data: Json
    license: int
    actor: str
    ip: str | None


class UsageList(ListBody):
    """A page of usage histories, likewise."""

    results: list[UsageBody]


class Transfers(TypedDict):
    """How often activations have moved to another device."""

    transfer_count: int | None
    """None where not all licenses fit into one answer: that is what all parts come to."""
    part_count: int
    """Of the licenses that this part has looked at."""
    next: str | None
    """The address of the next part; None on the last."""


def own_event(caller: Caller, event_id: str) -> None:
    """By its license."""
    product = product_of_license(caller.company, read_event_id(event_id)[0])
    guard_own(caller, product, NotFound("event_not_found"))


its_event = by("event_id", own_event)


@endpoint("GET", "/license-activation-histories", writes=False, scope="events:read", reach=listed_by_license)
def list_activation_histories(query: ActivationsQuery, caller: Caller) -> ActivationList:
    """What happened to the activations of a license, the newest first; or of all, license by license."""
    types = frozenset(type for type, action in ACTIONS.items() if query.action in (None, action))
    rows, page = _page("activations", query, caller, _filter(query, caller, types))
    return {**page, "results": _activations(caller, rows)}


@endpoint(
    "GET", "/license-activation-histories/transfer_count", writes=False, scope="events:read", reach=listed_by_license
)
def count_transfers(query: TransfersQuery, caller: Caller) -> Transfers:
    """How often an activation of a license has moved to another device; or of all. Follow `next`, and add up."""
    wanted = _filter(query, caller, None)

    def read(after: str, _skip: int, _size: int) -> Part[str, int]:
        count, further = license_events.count_transfers(caller.company, wanted, after)
        return Part([count], further or None)

    (count,), page = part_of(read, query, caller, "transfers")
    is_whole = not query.cursor and page["next"] is None
    return {"transfer_count": count if is_whole else None, "part_count": count, "next": page["next"]}


@endpoint("GET", "/license-activation-histories/{event_id}", writes=False, scope="events:read", reach=its_event)
def show_activation_history(path: EventPath, caller: Caller) -> ActivationBody:
    """One of them."""
    license_id, event = _found(path, caller)
    if event.type not in ACTIONS:
        raise NotFound("event_not_found")
    return _activations(caller, [(license_id, event)])[0]


@endpoint("GET", "/license-histories", writes=False, scope="events:read", reach=listed_by_license)
def list_usage_histories(query: UsageQuery, caller: Caller) -> UsageList:
    """All that happened to a license, the newest first; or to all, license by license."""
    rows, page = _page("usage", query, caller, _filter(query, caller, _types(query), query.product__in))
    return {**page, "results": _usage(caller, rows)}


@endpoint("GET", "/license-histories/export", writes=False, scope="events:read", reach=listed_by_license)
def export_usage_histories(query: ExportQuery, caller: Caller) -> Csv:
    """The same of a day at most, as CSV."""
    wanted = _filter(query, caller, None)
    if wanted.until == LATEST or not wanted.since or wanted.until - wanted.since > MAX_SPAN_MS:
        raise Invalid("span_too_long", of="hours", field="ts__gte", most=MAX_SPAN_MS // 3_600_000)
    return _export(query, caller, wanted)


@endpoint("GET", "/licenses/export_history", writes=False, scope="events:read", reach=listed_by_license)
def export_license_history(query: ExportQuery, caller: Caller) -> Csv:
    """All that happened to a license, as CSV, the newest first; or to all, license by license."""
    return _export(query, caller, _filter(query, caller, None))


@endpoint("GET", "/license-histories/{event_id}", writes=False, scope="events:read", reach=its_event)
def show_usage_history(path: EventPath, caller: Caller) -> UsageBody:
    """One event of a license."""
    license_id, event = _found(path, caller)
    return _usage(caller, [(license_id, event)])[0]


def event_id(license_id: int, event: Event) -> str:
    """What names an event in an address: its license, its instant and its random part."""
    return f"{license_id}-{event.key.replace('#', '-')}"


def read_event_id(id: str) -> tuple[int, str]:
    """The license and the key that an id names. Raises `NotFound`: `event_not_found`, for what is none."""
    found = _ID.fullmatch(id)
    if found is None:
        raise NotFound("event_not_found")
    return int(found[1]), f"{found[2]}#{found[3]}"


def _page(name: str, query: ListQuery, caller: Caller, wanted: EventFilter) -> tuple[Sequence[OfLicense], ListBody]:
    return part_of_walk(partial(license_events.find_events, caller.company, wanted), query, caller, name)


def _filter(
    query: Times, caller: Caller, types: frozenset[EventType] | None, product_ids: str | None = None
) -> EventFilter:
    """Of both ways to say a time, the later beginning and the earlier end."""
    begins: list[Moment] = [one for one in (query.ts__gte, query.ts__date__gte) if one is not None]
    ends: list[Moment] = [one for one in (query.ts__lte, query.ts__date__lte) if one is not None]
    zone = find_company(caller.company).time_zone if begins or ends else ""
    since = max((first_instant(one, zone) for one in begins), default=0)
    until = min((last_instant(one, zone) for one in ends), default=LATEST)
    return EventFilter(query.license, types, since, until, _products(caller, product_ids))


def _products(caller: Caller, ids: str | None) -> frozenset[str]:
    """The codes of those products, with commas between their ids, that the key is for; empty: all."""
    if ids is None:
        return caller.key.products
    named = {product.code for product in products(caller.company, frozenset()) if str(product.id) in ids.split(",")}
    return frozenset(code for code in named if caller.key.is_for(code)) or _NO_PRODUCT


def _types(query: UsageQuery) -> frozenset[EventType] | None:
    """The types of events whose text is asked for; None: of all."""
    if query.text is None and query.text__icontains is None:
        return None
    part = (query.text__icontains or "").lower()
    return frozenset(type for type, text in TEXTS.items() if query.text in (None, text) and part in text.lower())


def _found(path: EventPath, caller: Caller) -> tuple[int, Event]:
    license_id, key = read_event_id(path.event_id)
    return license_id, license_events.find_event(caller.company, license_id, key)


def _activations(caller: Caller, events: Sequence[OfLicense]) -> list[ActivationBody]:
    known = license_events.devices_of(caller.company, events)
    bodies: list[ActivationBody] = []
    for license_id, event in events:
        key = license_events.key_of_device(license_id, event)
        device = known.get(key) if key else None
        bodies.append(
            {
                "id": event_id(license_id, event),
                "ts": to_iso(event.at),
                "action": ACTIONS[event.type],
                "license": license_id,
                "device": None if device is None else {**device_facts(device, caller.now), "license": license_id},
                "hardware_id": event.hardware_id,
                "license_user": event.user_id,
                "transfer": bool(event.detail.get("transfer")),
                "actor": event.actor.name,
                "ip": event.actor.ip,
            }
        )
    return bodies


def _usage(caller: Caller, events: Sequence[OfLicense]) -> list[UsageBody]:
    ids = license_events.device_ids_of(caller.company, events)
    bodies: list[UsageBody] = []
    for license_id, event in events:
        key = license_events.key_of_device(license_id, event)
        bodies.append(
            {
                "id": event_id(license_id, event),
                "device": ids.get(key) if key else None,
                "license_user": event.user_id,
                "ts": to_iso(event.at),
                "source": _SOURCES.get(event.actor.name.partition(":")[0], "server"),
                "sdk_version": None,
                "level": "info",
                "text": TEXTS[event.type],
                "data": {"hardware_id": event.hardware_id, "user": event.user, **told_detail(event)},
                "license": license_id,
                "actor": event.actor.name,
                "ip": event.actor.ip,
            }
        )
    return bodies


def _export(query: ExportQuery, caller: Caller, wanted: EventFilter) -> Csv:
    rows, page = _page("export", query.model_copy(update={"limit": MAX_ROWS}), caller, wanted)
    cells = [
        (
            row["ts"],
            row["source"],
            "",
            row["level"],
            row["text"],
            json.dumps(row["data"]),
            str(row["license"]),
            str(row["device"] or ""),
            str(row["license_user"] or ""),
        )
        for row in _usage(caller, rows)
    ]
    return Csv(to_csv(COLUMNS, cells), page["next"])
