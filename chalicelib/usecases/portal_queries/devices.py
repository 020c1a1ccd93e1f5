"""The devices of a license: the list, and one of them."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, Seat, hash_hardware_id, is_live
from chalicelib.domain.paging import Page, Rows, cut
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.variables import Variable
from chalicelib.store import activations, batch_reads, licenses
from chalicelib.store.batch_reads import BatchRead, ReadRequest
from chalicelib.usecases.portal_queries.listing import CHUNK, ListQuery, has_words, list_page
from chalicelib.usecases.portal_queries.principal import LicenseView, fields, guard_manager, guard_seat
from chalicelib.usecases.slots import held_until

MAX_DEVICE_EVENTS = 500
"""Events of a license among which those of one device are looked for."""
_DEVICE_KEY = re.compile(r"([0-9a-f]{24})(?:-([0-9]{1,16}))?")


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device in a list. `state`: active, imported (it waits to be adopted), deactivated or blacklisted."""

    device: Device
    key: str
    email: str
    person: str
    """The name of its user, as the license's customer gave it; empty where there is none."""
    state: str
    is_live: bool
    """Whether it holds an activation, blacklisted or not."""
    slot_until: Instant | None = None
    """Until when it holds a slot of a floating license, if it checks no more; None: it holds none, or nobody asked."""


@dataclass(frozen=True, slots=True)
class DevicesView(LicenseView):
    """The devices of a license; of a user's own license: the own ones."""

    page: Page[DeviceRow]


@dataclass(frozen=True, slots=True)
class DeviceView(LicenseView):
    """One device."""

    row: DeviceRow
    variables: list[Variable]
    events: list[Event]
    all_events: bool
    """Whether no older event of the device was left out."""


def license_devices(claims: SessionClaims, license_id: int, list_query: ListQuery, *, now: Instant) -> DevicesView:
    """A page of the devices of a license that the user manages: those heard of last come first, where they are few.

    Two reads; one more where devices are blacklisted, one of a floating license, and more where a filter looks on.
    Raises `session_expired`, `license_not_found`.
    """
    views: list[LicenseView] = []

    def read(after: str, backwards: bool, limit: int) -> tuple[list[DeviceRow], bool]:
        position = device_key(after) if after else None
        devices, more = cut(
            activations.devices(claims.company, license_id, after=position, backwards=backwards, limit=limit + 1), limit
        )
        owners = sorted({device.user_id for device in devices if device.user_id is not None})
        wanted = ReadRequest(managed=[license_id], licenses=[license_id], seats=[(license_id, user) for user in owners])
        found = batch_reads.batch_read(claims, wanted, now)
        views.append(guard_manager(claims, found, license_id, now))
        return device_rows(devices, views[-1].license, found, now), more

    page = device_page(read, list_query)
    return DevicesView(*fields(views[-1]), page)


def license_device(claims: SessionClaims, license_id: int, key: str, *, now: Instant) -> DeviceView:
    """One device of a license that the user manages. Raises as `license_devices`, and `device_not_found`."""
    hardware_hash, owner = device_key(key)
    events = list(licenses.events(claims.company, license_id, limit=MAX_DEVICE_EVENTS))
    seats = [] if owner is None else [(license_id, owner)]
    wanted = ReadRequest(
        managed=[license_id], licenses=[license_id], seats=seats, device=(license_id, hardware_hash, owner)
    )
    found = batch_reads.batch_read(claims, wanted, now)
    return _device_view(guard_manager(claims, found, license_id, now), found, owner, events, now)


def own_device(claims: SessionClaims, license_id: int, key: str, *, now: Instant) -> DeviceView:
    """One device of the user's on a license with a seat of his. Raises as `license_devices`, and `device_not_found`."""
    hardware_hash, owner = device_key(key)
    if owner != claims.user_id:
        raise NotFound("device_not_found")
    wanted = ReadRequest(licenses=[license_id], seats=[(license_id, owner)], device=(license_id, hardware_hash, owner))
    found = batch_reads.batch_read(claims, wanted, now)
    return _device_view(guard_seat(claims, found, license_id, now), found, owner, [], now)


def device_page(
    read: Callable[[str, bool, int], tuple[list[DeviceRow], bool]], list_query: ListQuery
) -> Page[DeviceRow]:
    """A page of devices that `read` answers, as they are asked for."""

    def keep(rows: list[DeviceRow]) -> list[DeviceRow]:
        return [
            row
            for row in rows
            if (not list_query.status or row.state == list_query.status) and names_device(row, list_query.search)
        ]

    def arrange(rows: list[DeviceRow]) -> list[DeviceRow]:
        return sorted(rows, key=_SORTS.get(list_query.sort, lambda row: (-row.device.last_check_at, row.key)))

    filtered = list_query.search.strip() or list_query.status
    return list_page(Rows(read, lambda row: row.key, CHUNK, CHUNK), list_query, keep if filtered else None, arrange)


def device_rows(devices: list[Device], license: License, found: BatchRead, now: Instant) -> list[DeviceRow]:
    """Devices of a license as they stand, by the seats that were found; one more read where some are blacklisted, and
    one for each hundred of a floating license.
    """
    hashes = {hash_hardware_id(device.hardware_id) for device in devices}
    blocked = activations.blocked(license, hashes) if license.blocked_devices else set[str]()
    seats = {user_id: seat for (_, user_id), seat in found.seats.items()}
    rows = [device_row(device, license, seats.get(device.user_id or 0), blocked) for device in devices]
    return _with_slots(rows, license, seats, now)


def _with_slots(rows: list[DeviceRow], license: License, seats: Mapping[int, Seat], now: Instant) -> list[DeviceRow]:
    live = [row.device for row in rows if row.is_live]
    held = held_until(license, live, {user_id: seat.epoch for user_id, seat in seats.items()}, now)
    return [replace(row, slot_until=held.get(row.device.id) if row.is_live else None) for row in rows]


def device_key(key: str) -> tuple[str, int | None]:
    """Hardware hash and user of a device, from its name in an address. Raises `NotFound`: `device_not_found`."""
    parts = _DEVICE_KEY.fullmatch(key)
    if parts is None:
        raise NotFound("device_not_found")
    return parts[1], None if parts[2] is None else int(parts[2])


_SORTS: dict[str, Callable[[DeviceRow], Any]] = {  # what can be compared
    "host": lambda row: ((row.device.hostname or "").lower(), row.key),
    "user": lambda row: (row.email, row.key),
    "first": lambda row: (-row.device.first_activated_at, row.key),
}


def device_row(device: Device, license: License, seat: Seat | None, blocked: Collection[str]) -> DeviceRow:
    """A device of a license as it stands, by the seat of its user; `blocked`: hashes of those that are blacklisted."""
    hardware_hash = hash_hardware_id(device.hardware_id)
    key = hardware_hash if device.user_id is None else f"{hardware_hash}-{device.user_id}"
    live = is_live(device, license, seat)
    state = "deactivated" if not live else "imported" if device.legacy else "active"
    if hardware_hash in blocked or hardware_hash in license.blacklist:
        state = "blacklisted"
    email, person = (
        ("", "") if seat is None else (seat.email, f"{seat.first_name or ''} {seat.last_name or ''}".strip())
    )
    return DeviceRow(device, key, email, person, state, live)


def names_device(row: DeviceRow, search: str) -> bool:
    """Whether each word that is searched for stands in what is known of a device."""
    device = row.device
    texts = (
        device.hostname or "",
        device.hardware_id,
        display_email(row.email),
        row.person,
        device.os_ver or "",
        device.app_ver or "",
    )
    return has_words(texts, search)


def _device_view(
    base: LicenseView, found: BatchRead, owner: int | None, events: list[Event], now: Instant
) -> DeviceView:
    if found.device is None:
        raise NotFound("device_not_found")
    seat = None if owner is None else found.seats.get((base.license.id, owner))
    blocked = {hash_hardware_id(found.device.hardware_id)} if found.blocked else set[str]()
    alone = device_row(found.device, base.license, seat, blocked)
    [row] = _with_slots([alone], base.license, {} if seat is None else {seat.user_id: seat}, now)
    own = [event for event in events if _is_of(event, found.device, row.email)]
    return DeviceView(*fields(base), row, found.variables, own, len(events) < MAX_DEVICE_EVENTS)


def _is_of(event: Event, device: Device, email: str) -> bool:
    """Whether an event is of a device. Older ones name its user by the email alone, which may be another since."""
    if event.hardware_id != device.hardware_id:
        return False
    return event.user in (None, email) if event.user_id is None else event.user_id == device.user_id
