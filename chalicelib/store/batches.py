"""Batches: seats are reserved by one write, and filled by as many as it takes.

One transaction holds a hundred items, so a batch of a thousand people cannot be one. What decides is the reservation:
`users_assigned` rises by all of its seats at once, within the limit. What follows only fills what is reserved, and
moves the batch's `position` in the same transaction, so that no person is done twice, whoever goes on with it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from chalicelib.domain.batch import BatchProgress, Row
from chalicelib.domain.events import Event, in_order
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, Seat
from chalicelib.domain.limits import LICENSE_USERS
from chalicelib.domain.mail import Mail
from chalicelib.domain.users import User
from chalicelib.store import reads, writes
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import LicenseItem, SeatItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.items.work import BatchItem, BatchProgressItem
from chalicelib.store.keys import LICENSE, batch_sort_key, email_sort_key, license_pk, seat_sort_key
from chalicelib.store.limits import has_room_for
from chalicelib.store.mails import put_mail
from chalicelib.store.schema import AnyItem, Rows
from chalicelib.store.seats import giving, listing, put_seat
from chalicelib.store.transactions import Transaction

M = TypeVar("M", bound=AnyItem)

_ROWS = Rows(Row, ("number", "email", "first_name", "last_name", "phone_number", "max_activations", "problem"))
KEPT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Assignment:
    """A person who gets a seat: the account as it was, None where it is made for it, and as it is with the seat."""

    seat: Seat
    old: User | None
    user: User
    event: Event
    mail: Mail


@dataclass(frozen=True, slots=True)
class People:
    """The people of a batch, in order; the first `places` of them have got seats."""

    rows: list[Row]
    places: int
    refused: list[Row] = field(default_factory=list)
    """Who stood in the list and gets no seat, each with the reason."""


def store_list(company: str, license_id: int, batch_id: int, people: People, now: Instant) -> None:
    """Store the list of a batch, for a week, before the batch begins.

    Raises `ConditionFailed` where there is one of that id.
    """
    rows = BatchItem.people.set(_ROWS.of(people.rows))
    refused = BatchItem.refused.set(_ROWS.of(people.refused))
    kept = [
        rows,
        refused,
        BatchItem.columns.set(_ROWS.columns),
        BatchItem.places.set(people.places),
        BatchItem.expires.set(now // 1000 + KEPT_SECONDS),
    ]
    writes.update(_people(company, license_id, batch_id), kept, BatchItem.is_absent(now))


def read_people(company: str, license_id: int, batch_id: int, now: Instant) -> People | None:
    """The list of a batch. None where there is none, or no more."""
    item = reads.get(_people(company, license_id, batch_id), now=now)
    if item is None:
        return None
    refused = _ROWS.read(item.columns, item.refused or ())
    return People(_ROWS.read(item.columns, item.people), item.places, refused)


def reserve(license: License, pending: BatchProgress, event: Event) -> None:
    """Reserve seats for a whole batch, within `max_license_users`. Raises `ConditionFailed`."""
    pk, item = license_pk(license.company, license.id), LicenseItem
    write = Transaction(event_item(pk, event))
    room = has_room_for(LICENSE_USERS, license, pending.reserved)
    given, may_give = giving(license, event, pending.reserved)
    write.update(item(pk, LICENSE), given, may_give & room)
    row = BatchProgressItem.of(pending, pk, batch_sort_key(pending.id))
    write.put(row, BatchProgressItem.pk.does_not_exist())
    write.commit()


def read_pending(company: str, license_id: int, batch_id: int) -> BatchProgress | None:
    """A batch that is under way, consistently."""
    item = reads.get(BatchProgressItem(license_pk(company, license_id), batch_sort_key(batch_id)))
    return None if item is None else item.to_domain()


def all_pending(company: str, license_id: int) -> Iterator[BatchProgress]:
    """The batches of a license that are under way, consistently."""
    items = reads.query(BatchProgressItem, license_pk(company, license_id), batch_sort_key())
    return (item.to_domain() for item in items)


def seats_of(company: str, license_id: int, emails: list[str]) -> tuple[dict[str, int], dict[int, Seat]]:
    """The users' ids of these emails, and the seats that they have on the license, a hundred in one round trip."""
    ids: dict[str, int] = {}
    for link in _read(LookupItem(company, email_sort_key(email)) for email in emails):
        ids[link.sort_key.removeprefix(email_sort_key())] = link.target_id
    pk = license_pk(company, license_id)
    found = _read(SeatItem(pk, seat_sort_key(user_id)) for user_id in ids.values())
    return ids, {seat.user_id: seat.to_domain() for seat in found}


def fill(
    license: License, old: BatchProgress, new: BatchProgress | None, assignments: list[Assignment], events: list[Event]
) -> None:
    """Give the next people of a batch their seats, and move it on; None: it is finished. Raises `ConditionFailed`.

    Seats that nobody needs any more are given back: what `reserved` falls by beyond the number of assignments.
    """
    pk, item = license_pk(license.company, license.id), BatchProgressItem
    first, *others = in_order([*(assignment.event for assignment in assignments), *events])
    write = Transaction(event_item(pk, first))
    for event in others:
        write.put_event(event_item(pk, event))
    for assignment in assignments:
        put_seat(write, license, assignment.seat, assignment.old, assignment.user)
        put_mail(write, assignment.mail, assignment.event.at)
    as_seen = item.position == old.position
    if new is None:
        write.delete(item(pk, batch_sort_key(old.id)), as_seen)
    else:
        gone_on = [item.position.set(new.position), item.reserved.set(new.reserved)]
        write.update(item(pk, batch_sort_key(old.id)), gone_on, as_seen)
    unneeded = old.reserved - (0 if new is None else new.reserved) - len(assignments)
    moved = listing(license, (assignment.seat.user_id for assignment in assignments))
    if unneeded:
        moved.append(LicenseItem.users_assigned.add(-unneeded))
    if moved:
        write.update(LicenseItem(pk, LICENSE), moved, LicenseItem.pk.exists())
    write.commit()


def end(license: License, pending: BatchProgress, event: Event) -> None:
    """Give back the seats that are still reserved; who has a seat keeps it. Raises `ConditionFailed`."""
    fill(license, pending, None, [], [event])


def forget_all(company: str, license_id: int) -> Iterator[int]:
    """Delete the batches of a license that is not there any more, first what each of their steps requires."""
    pk = license_pk(company, license_id)
    parts = list(reads.sort_keys(BatchProgressItem, pk, batch_sort_key()))
    yield from writes.delete_all(BatchProgressItem(pk, part) for part in parts)
    ids = (int(part.removeprefix(batch_sort_key())) for part in parts)
    yield from writes.delete_all(_people(company, license_id, id) for id in ids)


def _people(company: str, license_id: int, batch_id: int) -> BatchItem:
    return BatchItem(f"batch#{company}#{license_id}#{batch_id}")


def _read(items: Iterable[M]) -> Iterator[M]:
    wanted = list(items)
    for start in range(0, len(wanted), reads.BATCH_GET_LIMIT):
        chunk = reads.batch_get(wanted[start : start + reads.BATCH_GET_LIMIT], consistent=True)
        yield from (item for item in chunk if item is not None)
