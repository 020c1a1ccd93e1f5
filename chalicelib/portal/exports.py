"""Lists as files: the same rows as on the page, as it is filtered, all of them.

CSV is for people: titles and words as they stand on pages, times that spreadsheets know, and no cell that they take for
a formula. JSON is for programs: names and words that stay, and instants. Both have the same columns. A list that is
longer than a file holds is refused whole.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalice.app import Response

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import LicenseType
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.spreadsheet import to_csv
from chalicelib.domain.standing import StandingState
from chalicelib.languages import gettext, mark
from chalicelib.portal.context import Parts
from chalicelib.portal.handlers import PageHandler, logged_in
from chalicelib.portal.lists import ListRequest
from chalicelib.portal.messages import actor_words, event_kind, event_words, type_words
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.standing import STATES, device_words
from chalicelib.usecases import portal_queries
from chalicelib.usecases.portal_queries.listing import FileQuery
from chalicelib.web.errors import FinalResponse

Row = Any  # of `usecases.portal_queries`: each list has its own
Cell = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Word:
    """One of some words: as programs know it, in JSON, and as people read it on a page, in CSV."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class At:
    """An instant in a cell."""

    instant: Instant | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in JSON, its title in CSV, and what stands in it."""

    name: str
    title: str
    cell: Callable[[Row], Cell | At | Word]


@dataclass(frozen=True, slots=True)
class Export:
    """A list that can be taken away: how it is read, and its columns."""

    read: Callable[..., Any]  # each answers a view of its own, with a page
    columns: Sequence[Column]


def _license_type(license_type: LicenseType) -> Word:
    return Word(license_type, type_words(license_type))


def _license_state(state: StandingState) -> Word:
    """As one chooses it in the list: its day stands in a column of its own."""
    return Word(state, gettext(STATES[state]))


LICENSES = Export(
    portal_queries.managed_licenses,
    (
        Column("product", mark("Product"), lambda row: row.product),
        Column("name", mark("Name"), lambda row: row.license.name),
        Column("license_key", mark("License key"), lambda row: row.license.license_key),
        Column("id", mark("License id"), lambda row: row.license.id),
        Column("order", mark("Order"), lambda row: row.license.order_id),
        Column("customer", mark("Customer"), lambda row: row.license.customer),
        Column("license_type", mark("Type"), lambda row: _license_type(row.license.license_type)),
        Column("is_trial", mark("Trial"), lambda row: row.license.is_trial),
        Column("status", mark("Status"), lambda row: _license_state(row.standing.state)),
        Column("users_assigned", mark("Users"), lambda row: row.license.users_assigned),
        Column("max_license_users", mark("Max users"), lambda row: row.license.max_license_users),
        Column("times_activated", mark("Active devices"), lambda row: row.license.times_activated),
        Column("max_activations", mark("Max activations"), lambda row: row.license.max_activations),
        Column("valid_until", mark("Valid until"), lambda row: At(row.license.validity_period)),
        Column("grace_hours", mark("Grace period in hours"), lambda row: row.license.grace_period),
        Column("first_activated_at", mark("First activated"), lambda row: At(row.license.first_activated_at)),
        Column("created_at", mark("Created"), lambda row: At(row.license.created_at)),
    ),
)
PEOPLE = Export(
    portal_queries.managed_people,
    (
        Column("email", mark("Email"), lambda row: display_email(row.user.email)),
        Column("first_name", mark("First Name"), lambda row: row.first_name),
        Column("last_name", mark("Last Name"), lambda row: row.last_name),
        Column("phone_number", mark("Phone number"), lambda row: row.phone_number),
        Column("licenses", mark("Licenses"), lambda row: ", ".join(held.title for held in row.seats)),
        Column("active_devices", mark("Active devices"), lambda row: row.devices),
        Column("last_used_at", mark("Last used"), lambda row: At(row.last_used_at)),
    ),
)
OF_LICENSE: Mapping[str, Export] = {
    "users": Export(
        portal_queries.license_users,
        (
            Column("email", mark("Email"), lambda row: display_email(row.user.email)),
            Column("first_name", mark("First Name"), lambda row: row.first_name),
            Column("last_name", mark("Last Name"), lambda row: row.last_name),
            Column("phone_number", mark("Phone number"), lambda row: row.phone_number),
            Column("max_activations", mark("Max activations"), lambda row: row.seat.max_activations),
            Column("total_activations", mark("Total activations"), lambda row: row.taken),
            Column("assigned_at", mark("Assigned"), lambda row: At(row.seat.assigned_at)),
            Column("last_used_at", mark("Last used"), lambda row: At(row.seat.last_used_at)),
        ),
    ),
    "devices": Export(
        portal_queries.license_devices,
        (
            Column("hostname", mark("Host name"), lambda row: row.device.hostname),
            Column("state", mark("State"), lambda row: Word(row.state, device_words(row.state))),
            Column("email", mark("User"), lambda row: display_email(row.email)),
            Column("hardware_id", mark("Hardware id"), lambda row: row.device.hardware_id),
            Column("os_ver", mark("System"), lambda row: row.device.os_ver),
            Column("app_ver", mark("App"), lambda row: row.device.app_ver),
            Column("ip", mark("IP address"), lambda row: row.device.ip),
            Column("mac_address", mark("MAC address"), lambda row: row.device.mac_address),
            Column("is_vm", mark("Virtual machine"), lambda row: row.device.is_vm),
            Column("first_activated_at", mark("First activated"), lambda row: At(row.device.first_activated_at)),
            Column("activated_at", mark("Last activated"), lambda row: At(row.device.activated_at)),
            Column("last_check_at", mark("Last check"), lambda row: At(row.device.last_check_at)),
        ),
    ),
    "history": Export(
        portal_queries.license_history,
        (
            Column("at", mark("When"), lambda event: At(event.at)),
            Column("type", mark("Event"), lambda event: Word(event.type, event_kind(event.type))),
            Column("text", mark("What"), event_words),
            Column("email", mark("User"), lambda event: display_email(event.user or "")),
            Column("hostname", mark("Host name"), lambda event: event.detail.get("hostname")),
            Column("hardware_id", mark("Hardware id"), lambda event: event.hardware_id),
            Column("by", mark("By"), lambda event: actor_words(event.actor.name)),
            Column("ip", mark("IP address"), lambda event: event.actor.ip),
        ),
    ),
}


def _licenses(request: PortalRequest, claims: SessionClaims, _parts: Parts) -> Response:
    """The licenses that the user manages."""
    portal_queries.authenticate_session(claims, now=request.now)  # before a long list is read
    return _file(request, claims, "licenses", LICENSES)


def _people(request: PortalRequest, claims: SessionClaims, _parts: Parts) -> Response:
    """The people of the licenses that the user manages."""
    portal_queries.authenticate_session(claims, now=request.now)
    return _file(request, claims, "people", PEOPLE)


def _of_license(request: PortalRequest, claims: SessionClaims, parts: Parts) -> Response:
    """The users, the devices or the history of a license that the user manages."""
    export = OF_LICENSE.get(parts["name"])
    if export is None:
        raise NotFound("not_found")
    portal_queries.one_license(claims, parts["license_id"], now=request.now)  # before a long list is read
    return _file(request, claims, parts["name"], export, parts["license_id"])


def _file(request: PortalRequest, claims: SessionClaims, name: str, export: Export, *of: int) -> Response:
    """All rows of the list, as it is filtered. Raises `Invalid`: `file_too_long`."""
    asked = ListRequest.of(request, claims).query
    whole = FileQuery(asked.search, asked.product, asked.status, asked.sort, asked.kind, asked.days)
    page = export.read(claims, *of, whole, now=request.now).page
    if page.after:
        raise Invalid("file_too_long", most=FileQuery.size)
    kind, text = ("json", _to_json) if request.query.get("format") == "json" else ("csv", _to_csv)
    file = "-".join([name, *map(str, of)])
    return download(f"{file}.{kind}", text(export.columns, page.rows))


def download(name: str, text: str) -> Response:
    """A file that a browser keeps and does not show; `name` ends with `.csv` or `.json`."""
    kind = "application/json" if name.endswith(".json") else "text/csv"
    headers: dict[str, str | list[str]] = {
        "Content-Type": f"{kind}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return FinalResponse(text, headers, 200)


def _to_csv(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """With the mark by which spreadsheets know UTF-8."""
    return "\ufeff" + to_csv(
        [gettext(c.title) for c in columns], ([_typed(c.cell(row)) for c in columns] for row in rows)
    )


def _to_json(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    return json.dumps([{c.name: _plain(c.cell(row)) for c in columns} for row in rows], ensure_ascii=False, indent=1)


def _typed(cell: Cell | At | Word) -> str:
    """As spreadsheets read it, of whatever country; times are UTC."""
    if isinstance(cell, At):
        at = cell.instant
        return "" if at is None else f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, Word):
        return cell.words
    if isinstance(cell, bool):
        return gettext("yes") if cell else gettext("no")
    return "" if cell is None else str(cell)


def _plain(cell: Cell | At | Word) -> Cell:
    if isinstance(cell, Word):
        return cell.code
    return to_iso(cell.instant) if isinstance(cell, At) else cell


licenses = PageHandler(logged_in(_licenses))
people = PageHandler(logged_in(_people))
of_license = PageHandler(logged_in(_of_license))
