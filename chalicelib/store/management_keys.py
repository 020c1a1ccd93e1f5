"""The keys of the Management API, each in its company's partition."""

from collections.abc import Iterator

from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.management_keys import ManagementKey
from chalicelib.store import reads, writes
from chalicelib.store.accounts import require_company
from chalicelib.store.items.accounts import ManagementKeyItem
from chalicelib.store.items.events import AccountEventItem, event_item
from chalicelib.store.keys import management_key_sort_key
from chalicelib.store.transactions import Transaction


def create(key: ManagementKey, event: Event) -> None:
    """Raises `ConditionFailed` on a clash, or where the company is there no more."""
    write = Transaction(event_item(key.company, event, AccountEventItem))
    item = ManagementKeyItem.of(key, key.company, management_key_sort_key(key.id))
    write.put(item, ManagementKeyItem.pk.does_not_exist())
    require_company(write, key.company)
    write.commit()


def read(company: str, key_id: int) -> ManagementKey | None:
    """One key, consistently."""
    item = reads.get(_item(company, key_id))
    return None if item is None else item.to_domain()


def read_all(company: str) -> Iterator[ManagementKey]:
    """All keys of a company, oldest first. Consistent."""
    return reads.query_readable(ManagementKeyItem, company, management_key_sort_key())


def update(old: ManagementKey, new: ManagementKey, event: Event) -> None:
    """Write what differs, if nobody has changed the key since. Raises `ConditionFailed`."""
    write = Transaction(event_item(old.company, event, AccountEventItem))
    write.change(_item(old.company, old.id), old, new)
    write.commit()


def note_use(key: ManagementKey, now: Instant) -> None:
    """Observe that a key is in use. Raises `ConditionFailed` where it is there no more."""
    noted = [ManagementKeyItem.last_used_at.set(now)]
    writes.observe(_item(key.company, key.id), noted, ManagementKeyItem.pk.exists())


def _item(company: str, key_id: int) -> ManagementKeyItem:
    return ManagementKeyItem(company, management_key_sort_key(key_id))
