"""The audit: count every license again from its items, and name each difference.

And the other way round: whether each name and summary leads to what it says.
"""

from collections import Counter
from collections.abc import Iterator

from chalicelib.domain.batch import BatchProgress
from chalicelib.domain.catalogue import Order
from chalicelib.domain.license import Device, License, Seat, is_live
from chalicelib.domain.limits import (
    LICENSE_ACTIVATIONS,
    LICENSE_TRANSFERS,
    LICENSE_USERS,
    SEAT_ACTIVATIONS,
    Limit,
)
from chalicelib.store import accounts, activations, batches, licenses, links, orders
from chalicelib.store.due import DUE_SHARDS, is_indexed
from chalicelib.store.links import Fault
from chalicelib.store.missing_links import left_over, missing


def companies() -> Iterator[str]:
    """The codes of all companies, in order."""
    return accounts.company_codes()


def audit(company: str) -> Iterator[tuple[int, list[str]]]:
    """Each license of a company, oldest first, with what is wrong with it: nothing, for all of them, we trust.

    One that cannot be counted is a difference, too, and keeps no other from being counted. What is wrong with many of a
    license's items in the same way is one difference.
    """
    for license_id, found in license_faults(company):
        counted = Counter(fault.message for fault in found)
        yield license_id, [message if n == 1 else f"{message} ({n} times)" for message, n in counted.items()]


def license_faults(company: str) -> Iterator[tuple[int, list[Fault]]]:
    """As `audit`, each fault by itself, with what mends it."""
    for license_id in licenses.license_ids(company):
        try:
            found = _faults(company, license_id)
        except Exception as error:  # whatever it is, it is reported
            found = [Fault(license_id, f"it cannot be counted: {type(error).__name__}")]
        yield license_id, found


def audit_links(company: str) -> Iterator[tuple[int, list[Fault]]]:
    """Walk all names and summaries of a company, a few at a time: how many they are, and what is wrong with them.

    Named is what leads to a license that is gone, to another one or to somebody else, or is not what that says itself.
    """
    return links.faults(company)


def audit_due(company: str | None = None) -> Iterator[tuple[str, Fault | None]]:
    """Walk all that is filed as due, of one company or of all: the company of each, and what is wrong with it."""
    for shard in range(DUE_SHARDS):
        for owner, fault in links.misfiled(shard):
            if company in (None, owner):
                yield owner, fault


def _faults(company: str, license_id: int) -> list[Fault]:
    """Compare counters with items. On a license that is in use meanwhile, only a difference that stays is one."""
    found: list[Fault] = []
    for _ in range(5):
        before = _counted(company, license_id)
        if before is None:
            return [Fault(license_id, "the license is gone")]
        found = list(_compare(*before))
        if not found or _counted(company, license_id) == before:
            return found
    return found


def _counted(company: str, license_id: int) -> tuple[License, list[BatchProgress]] | None:
    """What changes whenever an item does that is counted: a step of a batch leaves the license as it is."""
    license = licenses.read_license(company, license_id)
    return None if license is None else (license, list(batches.all_pending(company, license_id)))


def _compare(license: License, pending: list[BatchProgress]) -> Iterator[Fault]:
    seats = {seat.user_id: seat for seat in licenses.seats(license.company, license.id)}
    devices = list(activations.devices(license.company, license.id))
    order = orders.read_order(license.company, license.order_id or "")
    for message in _differences(license, seats, devices, pending, order):
        yield Fault(license.id, message)
    yield from missing(license, () if order is None else order.managers, seats.values(), devices)
    yield from left_over(license, devices)


def _differences(
    license: License, seats: dict[int, Seat], devices: list[Device], pending: list[BatchProgress], order: Order | None
) -> Iterator[str]:
    """What is wrong with the counters of a license, its order and its dates, in words."""
    live: Counter[int | None] = Counter()
    for device in devices:
        seat = None if device.user_id is None else seats.get(device.user_id)
        live[device.user_id] += is_live(device, license, seat)
    taken = len(seats) + sum(batch.reserved for batch in pending)
    for limit, of, items in (
        (LICENSE_ACTIVATIONS, "active devices", live.total()),
        (LICENSE_USERS, "seats and reserved seats", taken),
        (LICENSE_TRANSFERS, "transfers", license.transfer_count),  # nothing is left that could be counted
    ):
        yield from _unequal(limit.counter, getattr(license, limit.counter), of, items)
        yield from _over(limit, license, of, items)
    for batch in pending:
        yield from _unequal(f"batch {batch.id}: reserved", batch.reserved, "people left", batch.rows - batch.position)
    for seat in seats.values():  # may be above its maximum, which was lowered then
        counter, active = SEAT_ACTIVATIONS.counter, live[seat.user_id]
        for difference in _unequal(counter, getattr(seat.in_epoch_of(license), counter), "active devices", active):
            yield f"seat of {seat.email}: {difference}"
    blocked = sum(1 for _ in licenses.blocked_devices(license.company, license.id))
    yield from _unequal("blocked_devices", license.blocked_devices, "blocked devices", blocked)
    if order is None:
        yield "its order is not there"
    if not licenses.ends_as_dated(license):
        yield "its end does not follow from its dates"
    if not is_indexed(license):
        yield "its next transition is not filed, so no sweep will announce it"


def _unequal(name: str, count: int, of: str, items: int) -> Iterator[str]:
    if count != items:
        yield f"{name} is {count}, but there are {items} {of}"


def _over(limit: Limit[License], license: License, of: str, items: int) -> Iterator[str]:
    most = limit.most(license)
    if most is not None and items > most:
        yield f"there are {items} {of}, above {limit.maximum} {most}"
