"""What is due: licenses with a transition to come, filed by when, so that the sweep reads no others.

A filed item moves in the transaction that changes what it follows from. It is no secondary index: those lag, and the
embedded engine reads a whole table to answer a query of one (docs/data-model.md).
"""

from collections.abc import Iterator
from dataclasses import replace
from zlib import crc32

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

OLDER_SHARDS = 8
"""The first shards: older code files there, by the license's id alone, and a license stays until it is filed anew."""
SHARDS_OF_A_COMPANY = 8
"""Those of one company: its writes spread, and a sweep goes through them side by side."""
GROUPS = 8
"""Of companies that share their shards, so that those of one group wait for no other's."""
DUE_SHARDS = OLDER_SHARDS + SHARDS_OF_A_COMPANY * GROUPS
"""Partitions of what is due. The sweep reads each of them: one more costs a read a sweep, for good."""


def due_shard(company: str, license_id: int) -> int:
    """The shard in which a license is filed."""
    group = crc32(company.encode()) % GROUPS
    return OLDER_SHARDS + group * SHARDS_OF_A_COMPANY + license_id % SHARDS_OF_A_COMPANY


def shards_of(company: str) -> list[int]:
    """The shards in which licenses of a company may be filed, by this code or by older code."""
    return [*range(OLDER_SHARDS), *(due_shard(company, number) for number in range(SHARDS_OF_A_COMPANY))]


def due_licenses(shard: int, now: Instant) -> Iterator[Due | Unreadable]:
    """The licenses of one shard that are due at `now`, the longest overdue first, read in pages. Consistent."""
    return reads.read_each(DueItem, due_pk(shard), due_sort_key(0), due_sort_key(now + 1))


def is_indexed(license: License) -> bool:
    """Whether a license is filed as its dates require; for the audit. Consistent."""
    return not due_entries(license) or filed(license) is not None


def filed(license: License) -> DueItem | None:
    """The item under which a license is filed, by whichever code; None where none is. Consistent."""
    entries = due_entries(license)
    found = reads.batch_get_raw(entries, consistent=True) if entries else []
    return next((entry for entry, raw in zip(entries, found, strict=True) if raw is not None), None)


def announce(shard: int, due: Due, announced: Phase, events: list[Event]) -> None:
    """Mark transitions as announced and write their events, once. Raises `ConditionFailed` where someone else has.

    `shard`: where it was found due.
    """
    pk = license_pk(due.company, due.id)
    write = Transaction(event_item(pk, events[0]))
    for event in events[1:]:
        write.put_event(event_item(pk, event))
    unannounced = LicenseItem.announced_phase == due.announced_phase
    write.update(LicenseItem(pk, LICENSE), [LicenseItem.announced_phase.set(announced)], unannounced)
    update_due_index(write, _entry(due, shard), replace(due, announced_phase=announced))
    write.commit()


def update_due_index(write: Transaction, was: DueItem | None, new: License | Due) -> None:
    """Let a transaction that makes a license into `new` move what is filed of it, too: `was`, as `filed` found it."""
    becomes = next(iter(due_entries(new)), None)
    if was is not None and (becomes is None or (was.pk, was.sort_key) != (becomes.pk, becomes.sort_key)):
        write.delete(was, DueItem.pk.exists())
        was = None
    if becomes is not None:
        write.put(becomes, DueItem.pk.does_not_exist() if was is None else DueItem.pk.exists())


def due_entries(license: License | Due) -> list[DueItem]:
    """The item under which a license is filed, and the one of older code; neither where no transition is to come."""
    shards = due_shard(license.company, license.id), license.id % OLDER_SHARDS
    return [entry for shard in shards if (entry := _entry(license, shard)) is not None]


def _entry(license: License | Due, shard: int) -> DueItem | None:
    at = next_due(license)
    if at is None or license.validity_period is None:
        return None
    due = Due(license.company, license.id, license.announced_phase, license.grace_period, license.validity_period)
    return DueItem.of(due, due_pk(shard), due_sort_key(at, license_pk(due.company, due.id)))
