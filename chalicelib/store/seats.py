"""Seats: who may use a user-based license, and the atomic writes that share it out."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from chalicelib.domain.access import buyer
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import MAX_LISTED_USERS, License, Seat
from chalicelib.domain.limits import LICENSE_USERS
from chalicelib.domain.mail import Mail
from chalicelib.domain.slots import is_draining, is_floating
from chalicelib.domain.users import User
from chalicelib.store import buckets, reads, writes
from chalicelib.store.accounts import put_given, put_new_user, require_closed
from chalicelib.store.database import ConditionFailed
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.events import event_item
from chalicelib.store.items.licenses import LicenseItem, SeatItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import LICENSE, license_pk, seat_sort_key, user_license_sort_key
from chalicelib.store.licenses import releasing
from chalicelib.store.limits import has_room
from chalicelib.store.mails import put_mail
from chalicelib.store.orders import Joining, put_joining
from chalicelib.store.transactions import Transaction


def read_seat(company: str, license_id: int, user_id: int) -> Seat | None:
    """One user's seat, consistently."""
    item = reads.get(SeatItem(license_pk(company, license_id), seat_sort_key(user_id)))
    return None if item is None else item.to_domain()


def read_seats(license: License, user_ids: Iterable[int]) -> dict[int, Seat]:
    """The seats of users on a license, consistently, a hundred in one round trip."""
    pk, found = license_pk(license.company, license.id), dict[int, Seat]()
    items = (SeatItem(pk, seat_sort_key(user_id)) for user_id in sorted(set(user_ids)))
    while few := list(islice(items, reads.BATCH_GET_LIMIT)):
        seats = [SeatItem.from_raw(raw) for raw in reads.batch_get_raw(few, consistent=True) if raw is not None]
        found |= {seat.user_id: seat for seat in seats}
    return found


def assign(
    license: License,
    seat: Seat,
    old: User | None,
    user: User,
    event: Event,
    mail: Mail | None,
    joining: Joining | None = None,
) -> None:
    """Give a user a seat, within `max_license_users`, and make the user where there is no `old`. `joining`: the order
    of the license, where the user comes to manage it by the same write. Raises `ConditionFailed`.

    A user who is there already takes note of it: nobody may be deciding what to do with the account at this instant.
    """
    pk, item = license_pk(license.company, license.id), LicenseItem
    write = Transaction(event_item(pk, event))
    given, may_give = giving(license, event, 1)
    write.update(item(pk, LICENSE), [*given, *listing(license, [seat.user_id])], may_give & has_room(LICENSE_USERS))
    put_seat(write, license, seat, old, user, manages=joining is not None)
    if mail is not None:
        put_mail(write, mail, event.at)
    if joining is not None:
        put_joining(write, joining, user.id)
    write.commit()


def replace_user(
    license: License, old: Seat, seat: Seat, known: User | None, user: User, event: Event, mail: Mail, *, released: bool
) -> None:
    """Take the seat `old` away as `remove` does, and give another user one of the same limit as `assign` does, in one
    write that leaves `users_assigned` as it is. Raises `ConditionFailed`.

    `known`: the account of `user` as it was, None where it is made.
    """
    if seat.user_id == old.user_id:  # drawn in one millisecond; and a transaction names no item twice
        raise ConditionFailed
    pk, item = license_pk(license.company, license.id), LicenseItem
    write = Transaction(event_item(pk, event))
    taken, may_give = buckets.giving_seats(license, event.actor, event.at, 1)
    as_read = (item.epoch == license.epoch) & same_buyer(license) & item.unchanged(license, item.listed_users)
    listed = item.listed_users.set(_first((license.listed_users - {old.user_id}) | {seat.user_id}))
    write.update(item(pk, LICENSE), [*_freed(license, old, released), *taken, listed], as_read & may_give)
    _delete_seat(write, license, old, _unchanged(old) & SeatItem.unchanged(old, SeatItem.max_activations))
    put_seat(write, license, seat, known, user)
    put_mail(write, mail, event.at)
    write.commit()


def giving(license: License, event: Event, count: int) -> tuple[list[Action], Condition]:
    """What counts so many seats on the license, and the condition that its customer does not give them too fast, and
    that it is no other customer's by now.
    """
    taken, allowed = buckets.giving_seats(license, event.actor, event.at, count)
    return [LicenseItem.users_assigned.add(count), *taken], allowed & same_buyer(license)


def listing(license: License, user_ids: Iterable[int]) -> list[Action]:
    """What lets lists find users at the license itself, up to `MAX_LISTED_USERS` of it."""
    added = frozenset(islice(user_ids, max(0, MAX_LISTED_USERS - len(license.listed_users))))
    return [LicenseItem.listed_users.add(added)] if added else []


def same_buyer(license: License) -> Condition:
    """That a license is whose it was when it was read: the links to its seats say that (`held_item`)."""
    unchanged: Condition = LicenseItem.unchanged(
        license, LicenseItem.customer, LicenseItem.bought_as, LicenseItem.order_id
    )
    return unchanged


def count_refused(license: License, actor: Actor, now: Instant) -> None:
    """Count a seat that a customer wanted to give, and that is refused by what the account is, as one that was given.

    Raises `ConditionFailed` where it is one too many.
    """
    taken, allowed = buckets.giving_seats(license, actor, now, 1)
    if taken:
        writes.update(LicenseItem(license_pk(license.company, license.id), LICENSE), taken, allowed)


def put_seat(
    write: Transaction, license: License, seat: Seat, old: User | None, user: User, *, manages: bool = False
) -> None:
    """Add a seat, the link to it, and the user (new, or `old` as it takes it) to a transaction that counts it.

    `manages`: whether it lets the user manage an order besides.
    """
    item = SeatItem.of(seat, license_pk(license.company, license.id), seat_sort_key(seat.user_id))
    write.put(item, SeatItem.pk.does_not_exist())
    write.put(held_item(license, seat.user_id), LookupItem.pk.does_not_exist())
    if old is None:
        put_new_user(write, user)
    else:
        known = replace(old, email=seat.email)  # whatever it was when the account was read
        put_given(write, known, user, manages=manages)


def held_item(license: License, user_id: int) -> LookupItem:
    """The link from a user to a license with a seat of theirs; it says of which product, and whose, the license is."""
    link = LookupItem(license.company, user_license_sort_key(user_id, license.id))
    link.product, link.buyer = license.product, buyer(license)
    return link


def remove(license: License, seat: Seat, event: Event, *, released: bool, closed_at: Instant | None = None) -> None:
    """Take a seat away, with all its activations, in one write. Raises `ConditionFailed`.

    `released`: they count as released, and the next activation as a transfer. `closed_at`: only while the account is
    closed since then.
    """
    pk, item = license_pk(license.company, license.id), LicenseItem
    write = Transaction(event_item(pk, event))
    unlisted = item.listed_users.delete({seat.user_id})
    freed = [item.users_assigned.add(-1), unlisted, *_freed(license, seat, released)]
    write.update(item(pk, LICENSE), freed, item.epoch == license.epoch)
    _delete_seat(write, license, seat, _unchanged(seat) & SeatItem.unchanged(seat, SeatItem.revision))
    if closed_at is not None:
        require_closed(write, license.company, seat.user_id, closed_at)
    write.commit()


def reset_activations(license: License, seat: Seat, new_epoch: int, event: Event, *, released: bool) -> None:
    """End all the activations of a seat, in one write; `released` as in `remove`. Raises `ConditionFailed`."""
    pk, item = license_pk(license.company, license.id), LicenseItem
    write = Transaction(event_item(pk, event))
    write.update(item(pk, LICENSE), _freed(license, seat, released), item.epoch == license.epoch)
    emptied = [SeatItem.activations.set(0), SeatItem.legacy_devices.set(0), SeatItem.epoch.set(new_epoch)]
    write.update(SeatItem(pk, seat_sort_key(seat.user_id)), emptied, _unchanged(seat))
    write.commit()


def update(license: License, old: Seat, new: Seat, event: Event) -> None:
    """Write what differs of a seat's own terms, if nobody has changed them since; activations stay, even above a new
    limit. Raises `ConditionFailed`, also where the user has got another seat meanwhile.
    """
    pk = license_pk(license.company, license.id)
    write = Transaction(event_item(pk, event))
    write.change(SeatItem(pk, seat_sort_key(old.user_id)), old, new, SeatItem.epoch == old.epoch)
    write.commit()


def _first(user_ids: Iterable[int]) -> frozenset[int]:
    return frozenset(sorted(user_ids)[:MAX_LISTED_USERS])


def _freed(license: License, seat: Seat, released: bool) -> list[Action]:
    """What is changed of a license where all the activations of a seat end."""
    taken = seat.activations_in(license)
    # Slots are free with the seat's epoch, also of a license that does not float now, and may again.
    given_back = [LicenseItem.slot_releases.add(1)] if is_floating(license) or is_draining(license) else []
    return [LicenseItem.times_activated.add(-taken), *given_back, *(releasing(taken) if released else [])]


def _delete_seat(write: Transaction, license: License, seat: Seat, unchanged: Condition) -> None:
    """Add to a transaction that a seat goes, and the link to it."""
    write.delete(SeatItem(license_pk(license.company, license.id), seat_sort_key(seat.user_id)), unchanged)
    write.delete(LookupItem(license.company, user_license_sort_key(seat.user_id, license.id)), LookupItem.pk.exists())


def _unchanged(seat: Seat) -> Condition:
    item = SeatItem
    same_run: Condition = (item.epoch == seat.epoch) & (item.license_epoch == seat.license_epoch)
    same_run &= item.activations == seat.activations
    return same_run
