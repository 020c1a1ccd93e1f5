"""What is due: licenses with a transition to come, a notice to be given, legacy devices that lapse, or a scheduled
update, filed by when, so that the sweep reads no others.

A filed item moves in the transaction that changes what it follows from. It is no secondary index: those lag, and the
embedded engine reads a whole table to answer a query of one (docs/data-model.md).
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Literal
from zlib import crc32

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Phase
from chalicelib.domain.transitions import Due, DueKind, due_at, due_of
from chalicelib.store import reads
from chalicelib.store.database import ConditionFailed
from chalicelib.store.expressions import Condition
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.work import DueItem
from chalicelib.store.keys import LICENSE, due_pk, due_sort_key, license_pk
from chalicelib.store.reads import Unreadable
from chalicelib.store.transactions import THERE_OR_NOT, Transaction

OLDER_SHARDS = 8
"""The first shards: older code files there, by the license's id alone, and a license stays until it is filed anew."""
SHARDS_OF_A_COMPANY = 8
"""Those of one company: its writes spread, and a sweep goes through them side by side."""
GROUPS = 8
"""Of companies that share their shards, so that those of one group wait for no other's."""
DUE_SHARDS = OLDER_SHARDS + SHARDS_OF_A_COMPANY * GROUPS
"""Partitions of what is due. The sweep reads each of them: one more costs a read a sweep, for good."""
_SUFFIXES: Mapping[DueKind, Literal["", "-notice", "-legacy", "-update"]] = {
    "transition": "",
    "notice": "-notice",
    "adoption": "-legacy",
    "update": "-update",
}


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


def entry_of(due: Due, shard: int | None = None) -> DueItem:
    """The item under which a license is filed for what is due: in its shard, or in the one where it was found.

    Raises `ValueError` where nothing is to come.
    """
    at = due_at(due)
    if at is None:
        raise ValueError(f"nothing is to come of license {due.id}")
    where = due_shard(due.company, due.id) if shard is None else shard
    key = due_sort_key(at, license_pk(due.company, due.id), _SUFFIXES[due.kind], due.update_id)
    return DueItem.of(due, due_pk(where), key)


def transition_entries(license: License) -> list[DueItem]:
    """The item under which a license is filed for its transition, and the one of older code; neither where none is to
    come."""
    dues = [due for due in due_of(license) if due.kind == "transition"]
    return [entry_of(due, shard) for due in dues for shard in (None, due.id % OLDER_SHARDS)]


def notice_entry(license: License) -> DueItem | None:
    """The item under which a license is filed for its notice; None where none is to be given."""
    return _entry(license, "notice")


def adoption_entry(license: License) -> DueItem | None:
    """The item under which a license is filed for when its legacy devices lapse; None where there are none."""
    return _entry(license, "adoption")


def move_adoption(write: Transaction, old: License, new: License) -> None:
    """Let a transaction that changes until when legacy devices may be adopted move what is filed of it, too."""
    _replace(write, adoption_entry(old), adoption_entry(new))


def is_indexed(license: License) -> bool:
    """Whether a license is filed for its transition as its dates require; for the audit. Consistent."""
    return not transition_entries(license) or filed(license) is not None


def filed(license: License) -> DueItem | None:
    """The item under which a license is filed for its transition, by whichever code; None where none is. Consistent."""
    entries = transition_entries(license)
    found = reads.batch_get_raw(entries, consistent=True) if entries else []
    return next((entry for entry, raw in zip(entries, found, strict=True) if raw is not None), None)


def as_filed(license: License) -> Condition:
    """That nobody has moved what the items follow from under which a license is filed, since it was read."""
    item = LicenseItem
    return item.unchanged(license, item.announced_phase, item.notified_until, item.validity_period, item.grace_period)


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
    _move(write, shard, due, replace(due, announced_phase=announced))
    write.commit()


def give_notice(shard: int, due: Due, until: Instant, event: Event | None) -> None:
    """Mark notices of up to `until` as given, once, and write the event; None: none is given, for the end has come.

    `shard`: where it was found due. Raises `ConditionFailed` where someone else has, and where the license ends at
    another instant by now.
    """
    pk, item = license_pk(due.company, due.id), LicenseItem
    write = Transaction(None if event is None else event_item(pk, event))
    as_due: Condition = item.validity_period == due.validity_period
    as_due &= item.notified_until.does_not_exist() | (item.notified_until == (due.notified_until or 0))
    write.update(item(pk, LICENSE), [item.notified_until.set(until)], as_due)
    _move(write, shard, due, replace(due, notified_until=until))
    write.commit()


def refile_notice(shard: int, due: Due) -> None:
    """File the notice of a license by its dates, where older code, which knows of no notices, has moved these alone."""
    license_item, stale = LicenseItem(license_pk(due.company, due.id), LICENSE), entry_of(due, shard)
    found = reads.get(license_item)
    license = None if found is None else found.to_domain()
    write = Transaction(None)
    write.check(license_item, LicenseItem.pk.does_not_exist() if license is None else as_filed(license))
    _replace(write, stale, None if license is None else notice_entry(license))
    with suppress(ConditionFailed):  # somebody else has, or it is looked at again by the next sweep
        write.commit()


def update_due_index(write: Transaction, old: License | None, new: License) -> None:
    """Let a transaction that makes a license of `old` into `new` move what is filed of it, too.

    Where its notice lies, if older code has filed one at all, follows from what `as_filed` requires: it is not read.
    """
    _replace(write, None if old is None else filed(old), next(iter(transition_entries(new)), None))
    # Older code, which moves dates alone, may have left a notice there, or have filed none.
    was, becomes = None if old is None else notice_entry(old), notice_entry(new)
    if was is not None and (becomes is None or _key(was) != _key(becomes)):
        write.delete(was, THERE_OR_NOT)
    if becomes is not None:
        write.put(becomes, THERE_OR_NOT)


def _move(write: Transaction, shard: int, was: Due, new: Due) -> None:
    """Move one of the things that a license is filed for, which was found due in a shard."""
    _replace(write, entry_of(was, shard), None if due_at(new) is None else entry_of(new))


def _replace(write: Transaction, was: DueItem | None, becomes: DueItem | None) -> None:
    if was is not None and (becomes is None or _key(was) != _key(becomes)):
        write.delete(was, DueItem.pk.exists())
        was = None
    if becomes is not None:
        absent = THERE_OR_NOT if becomes.notified_until is not None else DueItem.pk.does_not_exist()
        write.put(becomes, absent if was is None else DueItem.pk.exists())


def _entry(license: License, kind: DueKind) -> DueItem | None:
    return next((entry_of(due) for due in due_of(license) if due.kind == kind), None)


def _key(entry: DueItem) -> tuple[str, str]:
    return entry.pk, entry.sort_key
