"""One search over all that somebody manages: licenses, people, and devices.

Seats and devices lie with their licenses, so each license is a read or two, and the licenses are looked through in
parts (`parts`). Where they are several, a person is found by the whole email first, and a device by its whole host name
or hardware id, on whichever license: links lead to them.
"""

import math
from dataclasses import dataclass

from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.standing import Standing
from chalicelib.store import accounts, activations, batch_reads, license_lists
from chalicelib.store.batch_reads import ReadRequest
from chalicelib.usecases.portal_queries.devices import DeviceRow, OwnedDevice, device_rows, names_device, with_seats
from chalicelib.usecases.portal_queries.listing import has_words
from chalicelib.usecases.portal_queries.overview import Managed, read_of_each
from chalicelib.usecases.portal_queries.parts import MAX_READS, Part, read_part
from chalicelib.usecases.portal_queries.people import (
    HeldSeat,
    PersonRow,
    all_seats,
    managed_person,
    names_person,
    read_rows,
    read_seats,
    seat_reads,
    title_of,
)
from chalicelib.usecases.portal_queries.principal import Principal, authenticate_session, standing_of

DEVICES_AT_ONCE = 500
"""Devices of one license that count as one read."""
MAX_DEVICES = MAX_READS * DEVICES_AT_ONCE
"""Devices of one license that are looked at."""
MAX_NAMED = 24
"""Devices of one name that are looked at, the newest licenses first: as many as fit into one read with who asks."""
BY_WORDS = " "
"""Where a search goes on that has found something by its name: at the first part."""
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
    is_first: bool = True
    """Whether the newest licenses were looked at."""
    behind: str = ""
    """Where the search goes on; empty where nothing is left to be looked at."""


def search_managed(claims: SessionClaims, search: str, start: str = "", *, now: Instant) -> SearchView:
    """What each word that is searched for stands in, in the part that starts there. Without a word, nothing.

    One read without a word, else three, and one or two for each license of the part. Where there are several parts, up
    to three reads before the first one look for what has that name, and what is found ends the page. Raises
    `session_expired`, `password_change_required`.
    """
    if not search.strip():
        return SearchView(authenticate_session(claims, now=now), "", [], [], [], True)
    part = read_part(claims, start, lambda one: seat_reads(one) + _device_reads(one), now)
    managed = part.managed
    licenses = [one for one in managed.licenses if has_words(_texts(one, managed), search)] if part.begins else []
    found = [_found(license, managed, now) for license in licenses[:MAX_FOUND]]
    if part.behind and not start and any(named := _named(claims, search.strip(), now)):
        return SearchView(managed.principal, search, found, *named, is_all=False, behind=BY_WORDS)
    held = read_seats(part)
    people = [seats for seats in held.values() if names_person(seats, search)]
    devices = _devices(part, held, search)
    people.sort(key=lambda seats: seats[0].seat.email)
    most = max(len(licenses), len(people), len(devices))
    all_devices = all(_device_reads(license) <= MAX_READS for license in part.licenses)
    return SearchView(
        managed.principal,
        search,
        found,
        read_rows(claims, people[:MAX_FOUND], now) if people else [],
        _shown_devices(devices, now),
        all_seats(part) and all_devices and most <= MAX_FOUND,
        not start.strip(),
        part.behind,
    )


def _named(claims: SessionClaims, name: str, now: Instant) -> tuple[list[PersonRow], list[FoundDevice]]:
    """The person whose whole email that is, or else the devices whose host name or hardware id.

    One read or two where there is none, else three.
    """
    try:
        user_id = accounts.user_of_email(claims.company, known_email(name))
    except Invalid:
        return [], _named_devices(claims, name, now)
    try:
        return ([] if user_id is None else [managed_person(claims, user_id, now=now).row]), []
    except NotFound:  # who is no user of a license that is managed by who asks
        return [], []


def _named_devices(claims: SessionClaims, name: str, now: Instant) -> list[FoundDevice]:
    hardware_hash = hash_hardware_id(name)
    seen = license_lists.seen_by_hardware(claims.company, name, MAX_NAMED)
    by_hardware = [(license_id, hardware_hash, user_id) for license_id, user_id in seen]
    by_host = license_lists.seen_by_host_name(claims.company, name, MAX_NAMED)
    links = sorted({*by_hardware, *by_host}, key=lambda link: -link[0])[:MAX_NAMED]
    if not links:
        return []
    ids = list(dict.fromkeys(license_id for license_id, *_ in links))
    owned = [(license_id, user_id) for license_id, _, user_id in links if user_id is not None]
    found = batch_reads.batch_read(claims, ReadRequest(managed=ids, licenses=ids, seats=owned, devices=links), now)
    there = [found.licenses[id] for id in ids if id in found.licenses and id in found.managed]
    return _shown_devices(
        [owned for one in there for owned in with_seats(found.devices.get(one.id, []), one, found)], now
    )


def _shown_devices(devices: list[OwnedDevice], now: Instant) -> list[FoundDevice]:
    """Those of them that are shown, the one heard of last first, as they stand."""
    shown = sorted(devices, key=lambda owned: -owned[1].last_check_at)[:MAX_FOUND]
    rows = zip(shown, device_rows(shown, now), strict=True)
    return [FoundDevice(license, title_of(license, now), row) for (license, *_), row in rows]


def _found(license: License, managed: Managed, now: Instant) -> FoundLicense:
    standing = standing_of(license, managed.products.get(license.product), now)
    return FoundLicense(license, managed.title(license), standing)


def _texts(license: License, managed: Managed) -> list[str]:
    texts = (managed.title(license), license.license_key, license.order_id, license.customer, str(license.id))
    return [text for text in texts if text]


def _device_reads(license: License) -> int:
    """How many reads its devices take: none where none was ever active."""
    return 0 if license.first_activated_at is None else max(1, math.ceil(license.known_devices / DEVICES_AT_ONCE))


def _devices(part: Part, held: dict[int, list[HeldSeat]], search: str) -> list[OwnedDevice]:
    """Those that are found."""
    looked_at = [license for license in part.licenses if _device_reads(license)]
    seats = {(one.license.id, one.seat.user_id): one.seat for some in held.values() for one in some}
    devices = read_of_each(looked_at, lambda one: list(activations.devices(one.company, one.id, limit=MAX_DEVICES)))
    pairs = ((license, device) for license, some in zip(looked_at, devices, strict=True) for device in some)
    owned = ((license, device, seats.get((license.id, device.user_id or 0))) for license, device in pairs)
    return [one for one in owned if names_device(*one[1:], search)]
