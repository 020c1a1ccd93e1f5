"""The histories of licenses as a vendor's server reads them: by their kind and their time, newest first.

Events are filed by their license alone. So a list of all goes from license to license, the newest first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.events import Event, EventType
from chalicelib.domain.instants import LATEST, Instant
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.domain.paging import cut, search
from chalicelib.store import deleted_licenses, devices, license_lists, licenses
from chalicelib.store.devices import DeviceKey, WholeDevice
from chalicelib.usecases.find_license import find_license, product_of_license

MAX_COUNTED = 10_000
"""Events of a license that are read to count those of a time. Of several: after so many, a part begins no other."""
MOST_READS = 50
"""Reads of events after which one part of a list of several licenses begins no other license."""
MOST_SUMMED = 800
"""Licenses whose transfers one part counts."""
CHUNK = 100
"""Licenses that are read at once."""

OfLicense = tuple[int, Event]
"""The id of a license, and an event of it."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events."""

    license_id: int | None
    """None: of all licenses, also of those that were deleted."""
    types: frozenset[EventType] | None = None
    """None: of all types."""
    since: Instant = 0
    until: Instant = LATEST
    products: frozenset[str] = frozenset()
    """Codes, of which one is that of the license; empty: any."""
    hardware_id: str | None = None
    """Of the device that they are about; None: whatever they are about."""

    @property
    def is_of_all_times(self) -> bool:
        """Whether no time is asked for."""
        return (self.since, self.until) == (0, LATEST)


def find_events(company: str, wanted: EventFilter, after: str, limit: int) -> tuple[list[OfLicense], str]:
    """At most `limit` events behind the position `after`, and the position to go on behind; empty where there are no
    more.

    Of a license the newest first; of all license by license, the newest first. A list of these takes a read for each
    license, and looks at so many: it may be short, or empty, and go on.
    Raises `NotFound`: `license_not_found`.
    """
    if wanted.license_id is None:
        return _of_all(company, wanted, after, limit)
    if not _is_of(company, wanted.license_id, wanted.products):
        return [], ""
    rows, further, _ = _of_license(company, wanted.license_id, wanted, after, limit)
    return rows, further


def find_event(company: str, license_id: int, key: str) -> Event:
    """One event of a license. Raises `NotFound`: `event_not_found`, also of another company's license."""
    found = licenses.read_event(company, license_id, key)
    if found is None:
        raise NotFound("event_not_found")
    return found


def count_transfers(company: str, wanted: EventFilter, after: str) -> tuple[int, str]:
    """How often an activation has moved to another device, within a time or ever: of a license; or of some of all,
    behind the position `after`, and the position to go on behind, empty where all are counted.

    Raises `NotFound`: `license_not_found`; `Invalid`: `span_too_long` where more events than `MAX_COUNTED` of a license
    happened meanwhile.
    """
    if wanted.license_id is not None:
        return _transfers(find_license(company, wanted.license_id), wanted)[0], ""
    of_codes = partial(license_lists.ids_of_products, company, wanted.products)
    ids_behind = of_codes if wanted.products else license_lists.of_company(company).ids
    ids, more = cut(ids_behind(int(after) if after else None, MOST_SUMMED + 1), MOST_SUMMED)
    count = reads = events = 0
    for start in range(0, len(ids), CHUNK):
        for license in licenses.read_some(company, ids[start : start + CHUNK]):
            if wanted.is_of_all_times or license.first_activated_at is not None:
                moved, read = _transfers(license, wanted)
                count, reads, events = count + moved, reads + (not wanted.is_of_all_times), events + read
            if (reads >= MOST_READS or events >= MAX_COUNTED) and license.id != ids[-1]:
                return count, str(license.id)
    return count, str(ids[-1]) if more else ""


def devices_of(company: str, events: Sequence[OfLicense]) -> dict[DeviceKey, WholeDevice]:
    """The devices that events are about, those that are known yet; 20 in one round trip."""
    found = devices.read_devices(company, _keys(events))
    return {devices.key_of(one.license, one.device): one for one in found}


def device_ids_of(company: str, events: Sequence[OfLicense]) -> dict[DeviceKey, int]:
    """The ids of the same; a hundred in one round trip."""
    return devices.read_device_ids(company, _keys(events))


def key_of_device(license_id: int, event: Event) -> DeviceKey | None:
    """Where the device lies that an event is about; None where it is about none."""
    if event.hardware_id is None:
        return None
    return DeviceKey(license_id, hash_hardware_id(event.hardware_id), event.user_id)


def _keys(events: Sequence[OfLicense]) -> list[DeviceKey]:
    keys = (key_of_device(*one) for one in events)
    return list(dict.fromkeys(key for key in keys if key is not None))


def _is_of(company: str, license_id: int, products: frozenset[str]) -> bool:
    """Whether a license is, or was, of one of these products. Raises `NotFound`: `license_not_found`."""
    product = product_of_license(company, license_id)
    if product is None:
        raise NotFound("license_not_found")
    return not products or product in products


def _of_license(
    company: str, license_id: int, wanted: EventFilter, after: str, limit: int
) -> tuple[list[OfLicense], str, int]:
    """Events of one license behind the key `after`, the key to go on behind, and how many reads that took."""
    count = 0

    def read(after: str, limit: int) -> tuple[list[Event], bool]:
        nonlocal count
        count += 1
        behind = after or licenses.key_behind(wanted.until)
        rows, more = cut(licenses.events(company, license_id, after=behind, limit=limit + 1), limit)
        recent = [row for row in rows if row.at >= wanted.since]
        return recent, more and len(recent) == len(rows)

    keep: Callable[[list[Event]], list[Event]] | None = None
    if (wanted.types, wanted.hardware_id) != (None, None):
        keep = lambda rows: [row for row in rows if _is_meant(row, wanted)]  # noqa: E731 - short and local
    rows, further = search(read, lambda event: event.key, after, limit, keep)
    return [(license_id, row) for row in rows], further, count


def _is_meant(event: Event, wanted: EventFilter) -> bool:
    is_of_type = wanted.types is None or event.type in wanted.types
    return is_of_type and wanted.hardware_id in (None, event.hardware_id)


def _of_all(company: str, wanted: EventFilter, after: str, limit: int) -> tuple[list[OfLicense], str]:
    """A position is the license that the part before has come to, and the key of an event, where not all of its events
    have been looked at.
    """
    begun, _, key = after.partition("#")
    below = int(begun) + bool(key) if begun else None
    ids, last = _newest(company, wanted.products, below, MOST_READS)
    found, reads = list[OfLicense](), 0
    for id in ids:
        behind = key if str(id) == begun else ""
        rows, further, count = _of_license(company, id, wanted, behind, limit - len(found))
        found, reads = found + rows, reads + count
        if further:
            return found, f"{id}#{further}"
        if (len(found) == limit or reads >= MOST_READS) and (id != ids[-1] or last is not None):
            return found, str(id)
    return found, "" if last is None else str(last)


def _newest(company: str, products: frozenset[str], below: int | None, limit: int) -> tuple[list[int], int | None]:
    """Of the `limit` newest licenses with smaller ids, also deleted ones, those that are of these products, or all; and
    the id to go on behind, None at the end.

    Which are there is read first: one that is deleted meanwhile is found among those that were.
    """
    of_codes = partial(license_lists.ids_of_products, company, products)
    ids_behind = of_codes if products else license_lists.of_company(company).ids
    own = {*ids_behind(below, limit + 1, backwards=True)}
    gone = {
        one.id: one.product for one in deleted_licenses.read_all(company, after=below, backwards=True, limit=limit + 1)
    }
    some, more = cut(sorted(own | gone.keys(), reverse=True), limit)
    return [id for id in some if id in own or not products or gone[id] in products], some[-1] if more else None


def _transfers(license: License, wanted: EventFilter) -> tuple[int, int]:
    """How many there were, and of how many events that was told."""
    if wanted.is_of_all_times:
        return license.transfer_count, 0
    rows, more = cut(
        licenses.events_between(license.company, license.id, wanted.since, wanted.until, MAX_COUNTED + 1), MAX_COUNTED
    )
    if more:
        raise Invalid("span_too_long", of="events", field="ts__gte", most=MAX_COUNTED)
    return sum(bool(row.detail.get("transfer")) for row in rows if row.type == "device_activated"), len(rows)
