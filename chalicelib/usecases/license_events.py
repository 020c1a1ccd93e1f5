"""The history of a license as a vendor's server reads it: by its kind and its time, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.events import Event, EventType
from chalicelib.domain.instants import LATEST, Instant
from chalicelib.domain.license import hash_hardware_id
from chalicelib.domain.paging import cut, search
from chalicelib.store import devices, licenses
from chalicelib.store.devices import DeviceKey, WholeDevice
from chalicelib.usecases.find_license import find_license, guard_known

MAX_COUNTED = 10_000
"""Events that are read to count those of a time."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events of a license."""

    license_id: int | None
    types: frozenset[EventType] | None = None
    """None: of all types."""
    since: Instant = 0
    until: Instant = LATEST


def find_events(company: str, wanted: EventFilter, after: str, limit: int) -> tuple[list[Event], str]:
    """At most `limit` events behind the key `after`, and the key to go on behind; empty where there are no older ones.

    Raises `Invalid`: `filter_required` where no license is named, for events are filed by their license alone;
    `NotFound`: `license_not_found`.
    """
    license_id = _named(wanted)
    guard_known(company, license_id)
    types = wanted.types

    def read(after: str, limit: int) -> tuple[list[Event], bool]:
        behind = after or licenses.key_behind(wanted.until)
        rows, more = cut(licenses.events(company, license_id, after=behind, limit=limit + 1), limit)
        recent = [row for row in rows if row.at >= wanted.since]
        return recent, more and len(recent) == len(rows)

    keep = None if types is None else lambda rows: [row for row in rows if row.type in types]
    return search(read, lambda event: event.key, after, limit, keep)


def find_event(company: str, license_id: int, key: str) -> Event:
    """One event of a license. Raises `NotFound`: `event_not_found`, also of another company's license."""
    found = licenses.read_event(company, license_id, key)
    if found is None:
        raise NotFound("event_not_found")
    return found


def count_transfers(company: str, wanted: EventFilter) -> int:
    """How often an activation has moved to another device, within a time or ever.

    Raises as `find_events`, and `Invalid`: `span_too_long` where more events than `MAX_COUNTED` happened meanwhile.
    """
    license = find_license(company, _named(wanted))
    if (wanted.since, wanted.until) == (0, LATEST):
        return license.transfer_count
    rows, more = cut(
        licenses.events_between(company, license.id, wanted.since, wanted.until, MAX_COUNTED + 1), MAX_COUNTED
    )
    if more:
        raise Invalid("span_too_long", of="events", field="ts__gte", most=MAX_COUNTED)
    return sum(bool(row.detail.get("transfer")) for row in rows if row.type == "device_activated")


def devices_of(company: str, license_id: int, events: Sequence[Event]) -> dict[DeviceKey, WholeDevice]:
    """The devices that events are about, those that are known yet; 20 in one round trip."""
    found = devices.read_devices(company, _keys(license_id, events))
    return {devices.key_of(one.license, one.device): one for one in found}


def device_ids_of(company: str, license_id: int, events: Sequence[Event]) -> dict[DeviceKey, int]:
    """The ids of the same; a hundred in one round trip."""
    return devices.read_device_ids(company, _keys(license_id, events))


def key_of_device(license_id: int, event: Event) -> DeviceKey | None:
    """Where the device lies that an event is about; None where it is about none."""
    if event.hardware_id is None:
        return None
    return DeviceKey(license_id, hash_hardware_id(event.hardware_id), event.user_id)


def _keys(license_id: int, events: Sequence[Event]) -> list[DeviceKey]:
    keys = (key_of_device(license_id, event) for event in events)
    return list(dict.fromkeys(key for key in keys if key is not None))


def _named(wanted: EventFilter) -> int:
    if wanted.license_id is None:
        raise Invalid("filter_required", of="events", field="license")
    return wanted.license_id
