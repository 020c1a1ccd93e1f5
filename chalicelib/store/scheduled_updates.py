"""Scheduled updates: each is an item of its company, filed by when it is due, in one of the places of its license.

The places bound how many a license has, whoever schedules at the same time. What decides an update, takes it off what
is due in its own transaction: so it is applied once, whichever sweeps meet.
"""

from collections.abc import Iterable, Iterator

from chalicelib.domain.events import Event
from chalicelib.domain.scheduled_updates import ScheduledUpdate
from chalicelib.domain.transitions import Due
from chalicelib.store import reads
from chalicelib.store.due import entry_of
from chalicelib.store.expressions import Condition
from chalicelib.store.items.events import EventItem, event_item
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.work import DueItem, ScheduledUpdateItem, UpdateSlotItem
from chalicelib.store.keys import LICENSE, license_pk, scheduled_update_sort_key, update_slot_sort_key
from chalicelib.store.schema import AnyItem
from chalicelib.store.transactions import THERE_OR_NOT, Transaction


def read(company: str, update_id: int) -> ScheduledUpdate | None:
    """One of them, consistently."""
    item = reads.get(ScheduledUpdateItem(company, scheduled_update_sort_key(update_id)))
    return None if item is None else item.to_domain()


def read_page(company: str, *, after: int | None = None, limit: int) -> Iterator[ScheduledUpdate]:
    """Those of a company behind the one with the id `after`, oldest first, at most `limit`. Consistent."""
    behind = None if after is None else scheduled_update_sort_key(after)
    return reads.query_readable(ScheduledUpdateItem, company, scheduled_update_sort_key(), after=behind, limit=limit)


def read_of_license(company: str, license_id: int) -> list[ScheduledUpdate]:
    """All of a license, oldest first. Consistent, in two reads."""
    ids = ids_of_license(company, license_id)
    items = [ScheduledUpdateItem(company, scheduled_update_sort_key(id)) for id in ids]
    found = [item.to_domain() for item in reads.batch_get(items, consistent=True) if item is not None] if items else []
    return sorted(found, key=lambda update: update.id)


def ids_of_license(company: str, license_id: int) -> list[int]:
    """The ids of all updates of a license. Consistent, in one read."""
    return [
        slot.update_id for slot in reads.query(UpdateSlotItem, license_pk(company, license_id), update_slot_sort_key())
    ]


def create(new: ScheduledUpdate, replaced: ScheduledUpdate | None, event: Event) -> None:
    """File an update in its place; `replaced`: the one that has it, which is over and goes.

    Raises `ConditionFailed` where the place is not as it was read, the id is in use, or the license is there no more.
    """
    pk = license_pk(new.company, new.license)
    write = Transaction(event_item(pk, event))
    write.check(LicenseItem(pk, LICENSE), LicenseItem.pk.exists())
    write.put(ScheduledUpdateItem.of(new, *_keys(new)), ScheduledUpdateItem.pk.does_not_exist())
    taken = UpdateSlotItem.pk.does_not_exist()
    if replaced is not None:
        taken = UpdateSlotItem.update_id == replaced.id
        write.delete(ScheduledUpdateItem(*_keys(replaced)), _unchanged(replaced))
    write.put(UpdateSlotItem(pk, update_slot_sort_key(new.slot), update_id=new.id), taken)
    write.put(due_entry(new), DueItem.pk.does_not_exist())
    write.commit()


def change(old: ScheduledUpdate, new: ScheduledUpdate, event: Event) -> None:
    """Let a pending update be another one, filed by when that is due. Raises `ConditionFailed` where something has come
    of it since it was read, or its license is there no more.
    """
    pk = license_pk(old.company, old.license)
    write = Transaction(event_item(pk, event))
    write.check(LicenseItem(pk, LICENSE), LicenseItem.pk.exists())
    write.change(ScheduledUpdateItem(*_keys(old)), old, new)
    if new.at != old.at:
        write.delete(due_entry(old), THERE_OR_NOT)
        write.put(due_entry(new), THERE_OR_NOT)
    write.commit()


def put_decision(write: Transaction, old: ScheduledUpdate, new: ScheduledUpdate, event: Event) -> None:
    """Let a transaction that makes the changes of a pending update say so, and take it off what is due."""
    row = event_item(license_pk(old.company, old.license), event)
    _decide(write, old, new, row)
    write.put_event(row)


def decide(old: ScheduledUpdate, new: ScheduledUpdate, event: Event) -> None:
    """Write what came of a pending update that changes nothing of its license. Raises `ConditionFailed`."""
    row = event_item(license_pk(old.company, old.license), event)
    write = Transaction(row)
    _decide(write, old, new, row)
    write.commit()


def delete(update: ScheduledUpdate, event: Event) -> None:
    """Delete an update, whatever came of it. Raises `ConditionFailed` where something has since it was read."""
    pk = license_pk(update.company, update.license)
    write = Transaction(event_item(pk, event))
    write.delete(ScheduledUpdateItem(*_keys(update)), _unchanged(update))
    is_its = UpdateSlotItem.update_id.does_not_exist() | (UpdateSlotItem.update_id == update.id)
    write.delete(UpdateSlotItem(pk, update_slot_sort_key(update.slot)), is_its)
    if update.is_pending:
        write.delete(due_entry(update), THERE_OR_NOT)
    write.commit()


def items_of(updates: Iterable[ScheduledUpdate]) -> Iterator[AnyItem]:
    """All that is stored of updates, for who deletes them with their license: each may be gone already."""
    for update in updates:
        yield due_entry(update)
        yield ScheduledUpdateItem(*_keys(update))
        yield UpdateSlotItem(license_pk(update.company, update.license), update_slot_sort_key(update.slot))


def due_entry(update: ScheduledUpdate) -> DueItem:
    """The item under which an update is filed for when it is due."""
    return entry_of(Due(update.company, update.license, "expired", 0, update.at, update_id=update.id))


def _decide(write: Transaction, old: ScheduledUpdate, new: ScheduledUpdate, event: EventItem) -> None:
    write.change(ScheduledUpdateItem(*_keys(old)), old, new, event=event)
    write.delete(due_entry(old), THERE_OR_NOT)  # older code may have deleted the license, and a repair what was due


def _keys(update: ScheduledUpdate) -> tuple[str, str]:
    return update.company, scheduled_update_sort_key(update.id)


def _unchanged(update: ScheduledUpdate) -> Condition:
    return ScheduledUpdateItem.unchanged(update, ScheduledUpdateItem.revision)
