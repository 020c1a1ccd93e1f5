"""What is due: licenses with a transition to come, filed by when, so that the sweep reads no others.

A filed item moves in the transaction that changes what it follows from. It is no secondary index: those lag, and the
embedded engine reads a whole table to answer a query of one (docs/data-model.md).
"""

from collections.abc import Iterator
from dataclasses import replace

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Phase
from chalicelib.domain.transitions import Due, next_due
from chalicelib.store import reads
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.work import DueItem
from chalicelib.store.keys import LICENSE, due_pk, due_sort_key, license_pk
from chalicelib.store.reads import Unreadable
from chalicelib.store.transactions import Transaction

DUE_SHARDS = 8
"""Partitions of what is due: its writes spread, and the sweep reads each of them."""


def due_licenses(shard: int, now: Instant) -> Iterator[Due | Unreadable]:
    """The licenses of one shard that are due at `now`, the longest overdue first, read in pages. Consistent."""
    return reads.read_each(DueItem, due_pk(shard), due_sort_key(0), due_sort_key(now + 1))


def is_indexed(license: License) -> bool:
    """Whether a license is filed as its dates require; for the audit. Consistent."""
    item = due_entry(license)
    return item is None or reads.get(item) is not None


def announce(due: Due, announced: Phase, events: list[Event]) -> None:
    """Mark transitions as announced and write their events, once. Raises `ConditionFailed` where someone else has."""
    pk = license_pk(due.company, due.id)
    write = Transaction(event_item(pk, events[0]))
    for event in events[1:]:
        row = event_item(pk, event)
        write.put(row, type(row).pk.does_not_exist())
    unannounced = LicenseItem.announced_phase == due.announced_phase
    write.update(LicenseItem(pk, LICENSE), [LicenseItem.announced_phase.set(announced)], unannounced)
    update_due_index(write, due, replace(due, announced_phase=announced))
    write.commit()


def update_due_index(write: Transaction, old: License | Due | None, new: License | Due) -> None:
    """Let a transaction that makes `old` into `new` move what is filed of it, too."""
    was, becomes = None if old is None else due_entry(old), due_entry(new)
    if was is not None and (becomes is None or was.sort_key != becomes.sort_key):
        write.delete(was, DueItem.pk.exists())
        was = None
    if becomes is not None:
        write.put(becomes, DueItem.pk.does_not_exist() if was is None else DueItem.pk.exists())


def due_entry(license: License | Due) -> DueItem | None:
    """The item under which a license is filed; None where no transition is to come."""
    at = next_due(license)
    if at is None or license.validity_period is None:
        return None
    due = Due(license.company, license.id, license.announced_phase, license.grace_period, license.validity_period)
    return DueItem.of(due, due_pk(due.id % DUE_SHARDS), due_sort_key(at, license_pk(due.company, due.id)))
