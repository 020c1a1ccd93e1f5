"""The devices of a license: the list, and one of them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from chalicelib.domain.email import display_email
from chalicelib.domain.errors import NotFound
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, License, Seat, hash_hardware_id, is_live
from chalicelib.domain.paging import Page, Rows, cut
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.variables import Variable
from chalicelib.store import activations, batch_reads, licenses
from chalicelib.store import devices as stored
from chalicelib.store.batch_reads import BatchRead, ReadRequest
from chalicelib.store.devices import DeviceKey
from chalicelib.usecases.portal_queries.listing import CHUNK, ListQuery, has_words, list_page
from chalicelib.usecases.portal_queries.principal import LicenseView, fields, guard_manager, guard_seat
from chalicelib.usecases.slots import held_until

MAX_DEVICE_EVENTS = 500
"""Events of a license among which those of one device are looked for."""
_DEVICE_KEY = re.compile(r"([0-9a-f]{24})(?:-([0-9]{1,16}))?")


OwnedDevice = tuple[License, Device, Seat | None]
"""A device of a license, and the seat of its user."""
DeviceState = Literal["in_use", "active", "imported", "deactivated", "blacklisted"]
"""How a device of a license stands. `in_use`: it holds a slot of a floating license; of any other it is `active`.
`imported`: it waits to be adopted.
"""


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device in a list."""

    device: Device
    seat: Seat | None
    """Of its user; None where there is none."""
    key: str
    state: DeviceState
    is_live: bool
    """Whether it holds an activation, blacklisted or not."""
    slot_until: Instant | None = None
    """Until when it holds a slot of a floating license, if it checks no more; None: it holds none."""

    @property
    def email(self) -> str:
        """Of its user; empty where there is none."""
        return "" if self.seat is None else self.seat.email

    @property
    def may_be_reset(self) -> bool:
        """Whether it holds an activation that a reset gives back."""
        return self.is_live and self.state != "blacklisted"

    def is_in(self, status: str) -> bool:
        """Whether a filter lets it through: what is in use is active, too."""
        return status in ("", self.state) or (status, self.state) == ("active", "in_use")


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
        return device_rows(with_seats(devices, views[-1].license, found), now), more

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
            if row.is_in(list_query.status) and names_device(row.device, row.seat, list_query.search)
        ]

    def arrange(rows: list[DeviceRow]) -> list[DeviceRow]:
        return sorted(rows, key=_SORTS.get(list_query.sort, lambda row: (-row.device.last_check_at, row.key)))

    filtered = list_query.search.strip() or list_query.status
    return list_page(Rows(read, lambda row: row.key, CHUNK, CHUNK), list_query, keep if filtered else None, arrange)


def with_seats(devices: list[Device], license: License, found: BatchRead) -> list[OwnedDevice]:
    """Devices of a license, each with the seat of its user, as it was found."""
    return [(license, device, found.seats.get((license.id, device.user_id or 0))) for device in devices]


def device_rows(devices: Sequence[OwnedDevice], now: Instant) -> list[DeviceRow]:
    """Devices as they stand. One read for each hundred of licenses with blacklisted ones, and one for each hundred of
    floating licenses.
    """
    at = [DeviceKey(license.id, hash_hardware_id(device.hardware_id), None) for license, device, _ in devices]
    may_be = {key for key, (license, *_) in zip(at, devices, strict=True) if license.blocked_devices}
    blocked = stored.blocked(devices[0][0].company, sorted(may_be)) if may_be else set()
    rows = [_device_row(owned, is_blocked=key in blocked) for key, owned in zip(at, devices, strict=True)]
    return _with_slots(rows, devices, now)


def _with_slots(rows: list[DeviceRow], devices: Sequence[OwnedDevice], now: Instant) -> list[DeviceRow]:
    live = [one for row, one in zip(rows, devices, strict=True) if row.is_live]
    held = iter(held_until(live, now))
    return [_with_slot(row, next(held)) if row.is_live else row for row in rows]


def _with_slot(row: DeviceRow, until: Instant | None) -> DeviceRow:
    return replace(row, state="in_use" if until and row.state == "active" else row.state, slot_until=until)


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


def names_device(device: Device, seat: Seat | None, search: str) -> bool:
    """Whether each word that is searched for stands in what is known of a device and its user."""
    texts = (
        device.hostname or "",
        device.hardware_id,
        *(() if seat is None else (display_email(seat.email), seat.first_name or "", seat.last_name or "")),
        device.os_ver or "",
        device.app_ver or "",
    )
    return has_words(texts, search)


def _device_row(owned: OwnedDevice, *, is_blocked: bool) -> DeviceRow:
    """A device as it stands, but for the slot that it may hold; `is_blocked`: blacklisted by an item of its own."""
    license, device, seat = owned
    hardware_hash = hash_hardware_id(device.hardware_id)
    key = hardware_hash if device.user_id is None else f"{hardware_hash}-{device.user_id}"
    live = is_live(device, license, seat)
    state: DeviceState = "deactivated" if not live else "imported" if device.legacy else "active"
    if is_blocked or hardware_hash in license.blacklist:
        state = "blacklisted"
    return DeviceRow(device, seat, key, state, live)


def _device_view(
    base: LicenseView, found: BatchRead, owner: int | None, events: list[Event], now: Instant
) -> DeviceView:
    if found.device is None:
        raise NotFound("device_not_found")
    seat = None if owner is None else found.seats.get((base.license.id, owner))
    owned = (base.license, found.device, seat)
    [row] = _with_slots([_device_row(owned, is_blocked=found.blocked)], [owned], now)
    own = [event for event in events if _is_of(event, found.device, row.email)]
    return DeviceView(*fields(base), row, found.variables, own, len(events) < MAX_DEVICE_EVENTS)


def _is_of(event: Event, device: Device, email: str) -> bool:
    """Whether an event is of a device. Older ones name its user by the email alone, which may be another since."""
    if event.hardware_id != device.hardware_id:
        return False
    return event.user in (None, email) if event.user_id is None else event.user_id == device.user_id
