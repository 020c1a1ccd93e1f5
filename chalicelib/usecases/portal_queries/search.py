"""One search over all that somebody manages: licenses, people, and devices.

Seats and devices lie with their licenses, so each license is a read or two: those that `people` looks at, and no more.
"""

from dataclasses import dataclass

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.standing import Standing
from chalicelib.store import activations
from chalicelib.usecases.portal_queries.devices import DeviceRow, device_row, names_device
from chalicelib.usecases.portal_queries.listing import has_words
from chalicelib.usecases.portal_queries.overview import MAX_FOLLOWED, Managed, read_newest, read_of_each
from chalicelib.usecases.portal_queries.people import (
    HeldSeat,
    PersonRow,
    names_person,
    read_rows,
    read_seats,
)
from chalicelib.usecases.portal_queries.principal import Principal, standing_of

MAX_DEVICES = 500
"""Devices of one license that are looked at."""
MAX_FOUND = 10
"""Of each kind, that are shown."""


@dataclass(frozen=True, slots=True)
class FoundLicense:
    """A license that was found."""

    license: License
    title: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device that was found, on one license."""

    license: License
    title: str
    row: DeviceRow


@dataclass(frozen=True, slots=True)
class SearchView:
    """What was found, at most `MAX_FOUND` of each kind."""

    principal: Principal
    search: str
    licenses: list[FoundLicense]
    people: list[PersonRow]
    devices: list[FoundDevice]
    is_all: bool
    """Whether everything was looked at and is shown."""


def search_managed(claims: SessionClaims, search: str, *, now: Instant) -> SearchView:
    """What each word that is searched for stands in. Without a word, nothing, in two reads.

    Raises `session_expired`, `password_change_required`.
    """
    managed = read_newest(claims, now)
    if not search.strip():
        return SearchView(managed.principal, "", [], [], [], True)
    licenses = [license for license in managed.licenses if has_words(_texts(license, managed), search)]
    held, all_seats = read_seats(managed)
    people = [seats for seats in held.values() if names_person(seats, search)]
    devices, all_devices = _devices(managed, held, search)
    people.sort(key=lambda seats: seats[0].seat.email)
    most = max(len(licenses), len(people), len(devices))
    return SearchView(
        managed.principal,
        search,
        [_found(license, managed, now) for license in licenses[:MAX_FOUND]],
        read_rows(claims, people[:MAX_FOUND], now) if people else [],
        devices[:MAX_FOUND],
        all_seats and all_devices and most <= MAX_FOUND,
    )


def _found(license: License, managed: Managed, now: Instant) -> FoundLicense:
    standing = standing_of(license, managed.products.get(license.product), now)
    return FoundLicense(license, managed.title(license), standing)


def _texts(license: License, managed: Managed) -> list[str]:
    texts = (managed.title(license), license.license_key, license.order_id, license.customer, str(license.id))
    return [text for text in texts if text]


def _devices(managed: Managed, held: dict[int, list[HeldSeat]], search: str) -> tuple[list[FoundDevice], bool]:
    """Those that are found, the one heard of last first; and whether all devices were looked at."""
    used = [license for license in managed.licenses if license.first_activated_at is not None]
    looked_at = used[:MAX_FOLLOWED]
    seats = {(one.license.id, one.seat.user_id): one.seat for some in held.values() for one in some}
    devices = read_of_each(looked_at, lambda one: list(activations.devices(one.company, one.id, limit=MAX_DEVICES)))
    found = []
    for license, some in zip(looked_at, devices, strict=True):
        rows = [device_row(one, license, seats.get((license.id, one.user_id or 0)), ()) for one in some]
        found += [FoundDevice(license, managed.title(license), row) for row in rows if names_device(row, search)]
    found.sort(key=lambda found: -found.row.device.last_check_at)
    return found, looked_at == used and all(len(some) < MAX_DEVICES for some in devices)
