"""What the sweep reads and writes: licenses with a transition that is due and not announced."""

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.domain.history import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Phase
from chalicelib.store import dynamo
from chalicelib.store.dynamo import Transaction
from chalicelib.store.tables import LicenseItem, due_shard, event_item, license_pk, to_domain


@dataclass(frozen=True, slots=True)
class Due:
    """A license as the `due` index shows it: enough to decide (`domain.expiry.Dated`), confirmed by the write."""

    company: str
    id: int
    due_at: Instant
    announced: Phase
    grace_period: int
    validity_period: Instant | None = None


def due_licenses(shard: int, now: Instant) -> Iterator[Due]:
    """The licenses of one shard that are due at `now`, the longest overdue first. Eventually consistent."""
    values = {":s": {"S": str(shard)}, ":now": {"N": str(now)}}
    items = dynamo.query_index(LicenseItem, "due", "due_shard = :s AND due_at <= :now", values)
    return (to_domain(item, Due) for item in items)


def announce(due: Due, announced: Phase, next_at: Instant | None, events: list[Event]) -> None:
    """Mark transitions as announced and write their events, once. Raises `Stale` where someone else has."""
    pk, item = license_pk(due.company, due.id), LicenseItem
    write = Transaction(event_item(pk, events[0]))
    for event in events[1:]:
        row = event_item(pk, event)
        write.put(row, type(row).pk.does_not_exist())
    actions = [item.announced.set(announced)]
    if next_at is None:
        actions += [item.due_at.remove(), item.due_shard.remove()]
    else:
        actions += [item.due_at.set(next_at), item.due_shard.set(due_shard(due.id))]
    write.update(item(pk, "license"), actions, (item.due_at == due.due_at) & (item.announced == due.announced))
    write.commit()
