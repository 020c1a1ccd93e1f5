"""Broken builds, one for each thing that a license server may get wrong: the proof has to catch every one.

Each puts something of its own in the place of some functions of the product, in this process, as long as it lasts.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

from chalicelib.domain.history import Event
from chalicelib.store import due, dynamo, licenses, places, seats
from chalicelib.store.tables import (
    DeviceItem,
    EventItem,
    LicenseItem,
    LinkItem,
    SeatItem,
    event_item,
    held_part,
    license_pk,
    seat_part,
)
from chalicelib.usecases import sweep as sweeping

Patches = list[tuple[Any, str, Any]]
"""Whose attribute, its name, and what stands there instead."""
LAG_SECONDS = 0.5
"""By which the reads of a replica lag behind."""


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Break this process in the way of that name, as long as the context lasts."""
    with ExitStack() as stack:
        for target, attribute, wrong in MUTANTS[name]():
            stack.enter_context(patch.object(target, attribute, wrong))
        yield


def _only_inside(module: Any, outer: str, inner: str, wrong: Callable[..., Any]) -> Patches:
    """While a thread is inside `outer`, it gets `wrong` for `inner`."""
    here, right_outer, right_inner = threading.local(), getattr(module, outer), getattr(module, inner)

    def entered(*arguments: Any, **more: Any) -> Any:
        here.inside = True
        try:
            return right_outer(*arguments, **more)
        finally:
            here.inside = False

    def chosen(*arguments: Any) -> Any:
        return (wrong if getattr(here, "inside", False) else right_inner)(*arguments)

    return [(module, outer, entered), (module, inner, chosen)]


def _limit_not_in_the_condition() -> Patches:
    return [(places, "_may_take", lambda *_: LicenseItem.pk.exists())]


def _count_then_write() -> Patches:
    """The counter is set to what was read, and one more; nobody asks whether it is still what was read."""

    def counted(grant: Any, now: int) -> list[Any]:
        item, times = LicenseItem, grant.license.times_activated + 1
        return [item.times_activated.set(times), item.first_activated_at.set(item.first_activated_at | now)]

    return [*_limit_not_in_the_condition(), (places, "_taking_actions", counted)]


def _counter_not_moved() -> Patches:
    item = LicenseItem
    return [(places, "_taking_actions", lambda _, now: [item.first_activated_at.set(item.first_activated_at | now)])]


def _seat_limit_not_in_the_condition() -> Patches:
    right = places._taking_seat
    return [(places, "_taking_seat", lambda license, seat: (right(license, seat)[0], SeatItem.pk.exists()))]


def _user_limit_not_in_the_condition() -> Patches:
    def assign(license: Any, seat: Any, new_user: Any, event: Event) -> None:
        pk = license_pk(license.company, license.id)
        write = dynamo.Transaction(event_item(pk, event))
        write.update(LicenseItem(pk, "license"), [LicenseItem.users_assigned.add(1)], LicenseItem.pk.exists())
        seats.put_seat(write, license, seat, new_user)
        write.commit()

    return [(seats, "assign", assign)]


def _place_given_back_twice() -> Patches:
    """Whoever decided to give a place back does so, whether the device still holds it or not."""
    return _only_inside(places, "give_back", "_is_live", lambda *_: DeviceItem.pk.exists())


def _device_not_in_the_condition() -> Patches:
    """A device that is active already is counted again."""
    return _only_inside(places, "take_place", "_is_live", lambda *_: DeviceItem.hardware_id == "")


def _own_write_taken_for_a_rivals() -> Patches:
    """After a lost answer nobody looks whether the write was committed."""
    right = dynamo.get

    def get(item: Any, **more: Any) -> Any:
        return None if isinstance(item, EventItem) else right(item, **more)

    return [(dynamo, "get", get)]


def _event_outside_the_transaction() -> Patches:
    """The event is to come with another write, which does not always happen."""
    right, turn = dynamo.Transaction.put, count(1)

    def put(self: Any, item: Any, condition: Any) -> None:
        if not (isinstance(item, EventItem) and next(turn) % 20 == 0):
            right(self, item, condition)

    return [(dynamo.Transaction, "put", put)]


def _refusal_by_a_replica() -> Patches:
    """A refusal is not confirmed, and what is read may be half a second old."""
    right = places.read_place
    seen: dict[tuple[Any, ...], tuple[float, Any]] = {}

    def read_place(*asked: Any, **_: Any) -> Any:
        at, found = seen.get(asked, (-LAG_SECONDS, None))
        if time.monotonic() - at > LAG_SECONDS:
            at, found = seen[asked] = time.monotonic(), right(*asked, consistent=False)
        return found

    return [(places, "read_place", read_place)]


def _reset_leaves_old_places() -> Patches:
    """The counter is set to zero, and the devices stay as they are."""

    def reset(license: Any, event: Event) -> None:
        emptied = [LicenseItem.times_activated.set(0)]
        licenses._changing(license, emptied, LicenseItem.epoch == license.epoch, event).commit()

    return [(licenses, "reset", reset)]


def _removed_user_keeps_places_counted() -> Patches:
    def remove(license: Any, seat: Any, event: Event) -> None:
        pk, link = license_pk(license.company, license.id), held_part(seat.user_id, license.id)
        write = dynamo.Transaction(event_item(pk, event))
        write.update(LicenseItem(pk, "license"), [LicenseItem.users_assigned.add(-1)], LicenseItem.pk.exists())
        write.delete(SeatItem(pk, seat_part(seat.user_id)), SeatItem.pk.exists())
        write.delete(LinkItem(license.company, link), LinkItem.pk.exists())
        write.commit()

    return [(seats, "remove", remove)]


def _lower_limit_evicts() -> Patches:
    """Whose limit is lowered loses the places that are held."""
    right = seats.set_max_activations

    def set_limit(license: Any, seat: Any, limit: int | None, event: Event) -> None:
        if limit is not None and seat.taken(license) > limit:
            taken = seat.taken(license)
            evicted = Event.new("user_activations_reset", event.actor, event.at, user=seat.email, devices=taken)
            seats.reset_activations(license, seat, event.at, evicted)
            seat = replace(seat, epoch=event.at)
        right(license, seat, limit, event)

    return [(seats, "set_max_activations", set_limit)]


def _new_place_each_time() -> Patches:
    """A device that comes back gets another id."""
    right = places._switching_on

    def switching_on(grant: Any, *more: Any) -> list[Any]:
        return right(replace(grant, device_id=grant.device_id + 1), *more)

    return [(places, "_switching_on", switching_on)]


def _sweep_skips() -> Patches:
    """One license in two is never looked at."""
    right = due.due_licenses

    def some(shard: int, now: int) -> Iterator[Any]:
        return (one for one in right(shard, now) if one.id % 2)

    return [(sweeping, "due_licenses", some)]


def _sweep_announces_again() -> Patches:
    """Two sweeps at once both announce."""

    def announce(found: Any, announced: Any, events: list[Event]) -> None:
        pk = license_pk(found.company, found.id)
        dynamo.put_all([event_item(pk, event) for event in events])
        dynamo.update(LicenseItem(pk, "license"), [LicenseItem.announced.set(announced)])
        if (row := due.filed(found)) is not None:
            dynamo.delete(row)

    return [(sweeping, "announce", announce)]


MUTANTS: dict[str, Callable[[], Patches]] = {
    "limit not in the condition": _limit_not_in_the_condition,
    "count, then write": _count_then_write,
    "counter not moved": _counter_not_moved,
    "seat limit not in the condition": _seat_limit_not_in_the_condition,
    "user limit not in the condition": _user_limit_not_in_the_condition,
    "place given back twice": _place_given_back_twice,
    "device not in the condition": _device_not_in_the_condition,
    "own write taken for a rival's": _own_write_taken_for_a_rivals,
    "event outside the transaction": _event_outside_the_transaction,
    "refusal by a replica": _refusal_by_a_replica,
    "reset leaves old places": _reset_leaves_old_places,
    "removed user keeps places counted": _removed_user_keeps_places_counted,
    "lower limit evicts": _lower_limit_evicts,
    "new place each time": _new_place_each_time,
    "sweep skips": _sweep_skips,
    "sweep announces again": _sweep_announces_again,
}
