"""The audit: count every license again from its items, and name each difference.

And the other way round: whether each name and summary leads to what it says.
"""

from collections import Counter
from collections.abc import Iterator

from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.faults import FaultCode
from chalicelib.domain.license import Device, License, Seat, is_live
from chalicelib.domain.limits import (
    LICENSE_OVERAGE,
    LICENSE_TRANSFERS,
    LICENSE_USERS,
    SEAT_ACTIVATIONS,
)
from chalicelib.domain.metadata import can_be_answered
from chalicelib.domain.meters import filed_consumption, is_metered, meter_terms
from chalicelib.domain.slots import is_current
from chalicelib.store import (
    accounts,
    activations,
    batches,
    counts,
    deleted_licenses,
    licenses,
    links,
    meters,
    orders,
    slots,
    sold_counts,
    unreadable,
)
from chalicelib.store.due import DUE_SHARDS, is_indexed, shards_of
from chalicelib.store.links import Fault
from chalicelib.store.missing_links import left_over, missing, unnoted_uses
from chalicelib.store.sold_counts import Miscount

__all__ = ["Fault", "audit", "audit_counts", "audit_due", "audit_links", "audit_webhooks", "companies"]


def companies() -> Iterator[str]:
    """The codes of all companies, in order."""
    return accounts.company_codes()


def audit(company: str) -> Iterator[tuple[int, list[Fault]]]:
    """Each license of a company, oldest first, with what is wrong with it and what mends that: nothing, we trust.

    One that cannot be counted is a fault, too, and keeps no other from being counted.
    """
    for license_id in licenses.license_ids(company):
        try:
            found = _faults(company, license_id)
        except Exception as error:  # whatever it is, it is reported
            found = [Fault(license_id, "license_not_countable", {"error": type(error).__name__})]
        yield license_id, found
    for deleted in deleted_licenses.read_all(company):
        if not deleted.is_cleared:
            yield deleted.id, [Fault(deleted.id, "license_not_cleared")]


def audit_links(company: str) -> Iterator[tuple[int, list[Fault]]]:
    """Walk all names and summaries of a company, a few at a time: how many they are, and what is wrong with them.

    Named is what leads to a license that is gone, to another one or to somebody else, or is not what that says itself.
    """
    return links.faults(company)


def audit_counts(company: str) -> list[Fault]:
    """What a company has that is not counted, or counted otherwise than it is there; and customers without a record."""
    missold = (fault for wrong in sold_counts.miscounts(company) for fault in _missold(wrong))
    return [*map(_miscounted, counts.differences(company)), *missold]


def audit_webhooks(company: str) -> Iterator[tuple[int, list[Fault]]]:
    """Walk a company's webhooks, what waits for them and what was delivered: of each few, how many items they are, and
    what of them cannot be read.
    """
    return unreadable.faults(company)


def audit_due(company: str | None = None) -> Iterator[tuple[str, Fault | None]]:
    """Walk the due index, of one company or of all: the company of each, and what is wrong with it."""
    for shard in range(DUE_SHARDS) if company is None else shards_of(company):
        yield from links.misfiled(shard, company)


def _faults(company: str, license_id: int) -> list[Fault]:
    """Compare counters with items. On a license that is in use meanwhile, only a difference that stays is one."""
    found: list[Fault] = []
    for _ in range(5):
        before = _counted(company, license_id)
        if before is None:
            return [Fault(license_id, "license_gone")]
        found = list(_compare(*before))
        if not found or _counted(company, license_id) == before:
            return found
    return found


def _counted(company: str, license_id: int) -> tuple[License, list[BatchProgress]] | None:
    """What changes whenever an item does that is counted: a step of a batch leaves the license as it is."""
    license = licenses.read_license(company, license_id)
    return None if license is None else (license, list(batches.all_pending(company, license_id)))


def _compare(license: License, pending: list[BatchProgress]) -> Iterator[Fault]:
    devices = list(activations.devices(license.company, license.id))  # before the seats: see `unnoted_uses`
    seats = {seat.user_id: seat for seat in licenses.seats(license.company, license.id)}
    order = orders.read_order(license.company, license.order_id or "")
    yield from _counters(license, seats, devices, pending)
    if order is None:
        yield Fault(license.id, "order_missing")
    if not licenses.ends_as_dated(license):
        yield Fault(license.id, "end_not_by_dates")
    if not is_indexed(license):
        yield Fault(license.id, "transition_not_indexed")
    yield from missing(license, order, seats.values(), devices)
    yield from unnoted_uses(license, seats, devices)
    yield from left_over(license, devices)
    extras = licenses.read_extras(license.company, license.id)
    if not all(map(can_be_answered, (extras.metadata, *(grant.metadata for grant in extras.features)))):
        yield Fault(license.id, "metadata_not_answerable")
    yield from _slots(license, seats, devices)
    yield from _meter(license)


def _counters(
    license: License, seats: dict[int, Seat], devices: list[Device], pending: list[BatchProgress]
) -> Iterator[Fault]:
    """What is wrong with the counters of a license."""
    id, live, legacy = license.id, Counter[int | None](), Counter[int | None]()
    for device in devices:
        seat = None if device.user_id is None else seats.get(device.user_id)
        counts = is_live(device, license, seat)
        live[device.user_id] += counts
        legacy[device.user_id] += counts and device.legacy
    taken = len(seats) + sum(batch.reserved for batch in pending)
    for limit, items in (
        (LICENSE_OVERAGE, live.total()),
        (LICENSE_USERS, taken),
        (LICENSE_TRANSFERS, license.transfer_count),  # nothing is left that could be counted
    ):
        yield from _unequal(id, limit.counter, getattr(license, limit.counter), items)
        most = limit.most_there(license)
        if most is not None and items > most:
            over: dict[str, str | int] = {"items": items, "maximum": limit.maximum, "most": most}
            yield Fault(id, "counter_above_maximum", over | {"counter": limit.counter})
    for batch in pending:
        left = batch.rows - batch.position
        yield from _unequal(id, "reserved", batch.reserved, left, "counter_differs.batch", batch=batch.id)
    for seat in seats.values():  # may be above its maximum, which was lowered then
        counter, active = SEAT_ACTIVATIONS.counter, live[seat.user_id]
        count = getattr(seat.in_epoch_of(license), counter)
        yield from _unequal(id, counter, count, active, "counter_differs.seat", email=seat.email)
        waiting = seat.in_epoch_of(license).legacy_devices
        yield from _unequal(
            id, "legacy_devices", waiting, legacy[seat.user_id], "counter_differs.seat", email=seat.email
        )
    blocked = sum(1 for _ in licenses.blocked_devices(license.company, license.id))
    yield from _unequal(id, "blocked_devices", license.blocked_devices, blocked)
    yield from _unequal(id, "legacy_devices", license.legacy_devices, legacy[None])
    if license.adopt_until is None and legacy.total():
        yield Fault(id, "legacy_without_end", {"items": legacy.total()})


def _slots(license: License, seats: dict[int, Seat], devices: list[Device]) -> Iterator[Fault]:
    """What is wrong with the slots that were taken since the last reset, whether they have lapsed or not."""
    by_id, epochs = {device.id: device for device in devices}, {id: seat.epoch for id, seat in seats.items()}
    most = max(license.slots_known, license.floating_users)
    for slot in slots.read_slots(license):
        if not is_current(slot, license, epochs):
            continue
        if slot.number >= most:
            yield Fault(license.id, "slot_unknown", {"slot": slot.number, "slots": most})
        holder = by_id.get(slot.holder)
        if holder is None or holder.slot != slot.number:
            yield Fault(license.id, "slot_not_named", {"slot": slot.number, "device": slot.holder})


def _meter(license: License) -> Iterator[Fault]:
    """What is wrong with what counts the uses of a license: it says what the history of its period and its day do."""
    meter = meters.read_meter_of(license)
    if meter is None or not is_metered(license):
        if meter is not None or is_metered(license):
            yield Fault(license.id, "meter_missing" if meter is None else "meter_left_over")
        return
    if other := [name for name, value in meter_terms(license).items() if value != getattr(meter, name)]:
        yield Fault(license.id, "meter_otherwise", {"terms": ", ".join(other)})
    filed = filed_consumption(meter, licenses.events(license.company, license.id))
    yield from _unequal(license.id, "total_consumptions", meter.total, filed)


def _miscounted(found: counts.Difference) -> Fault:
    if found.count is None:
        return Fault(None, "not_counted", {"noun": found.noun, "items": found.there})
    return Fault(None, "count_differs", {"noun": found.noun, "count": found.count, "items": found.there})


def _missold(wrong: Miscount) -> Iterator[Fault]:
    """What is wrong with what was sold to a customer."""
    if wrong.sales is None:
        yield Fault(None, "customer_without_record", {"email": wrong.email})
        return
    for counter in ("licenses", "orders"):
        count, items = getattr(wrong.sales, counter), getattr(wrong.there, counter)
        if count != items:
            params = {"email": wrong.email, "counter": counter, "count": count, "items": items}
            yield Fault(None, "customer_counter_differs", params)


def _unequal(
    license_id: int, counter: str, count: int, items: int, code: FaultCode = "counter_differs", **params: str | int
) -> Iterator[Fault]:
    if count != items:
        yield Fault(license_id, code, params | {"counter": counter, "count": count, "items": items})
