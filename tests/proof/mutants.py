"""Broken builds, one for each thing that a license server may get wrong: the proof has to catch every one.

Each puts something of its own in the place of some functions of the product, in this process, as long as it lasts.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

from chalicelib.domain import activation as domain_activation
from chalicelib.domain.errors import LimitReached
from chalicelib.domain.events import Event
from chalicelib.domain.license import hash_hardware_id
from chalicelib.store import activations, database, due, licenses, seats
from chalicelib.store.items import DeviceItem, EventItem, LicenseItem, LookupItem, SeatItem, event_item
from chalicelib.store.keys import device_sort_key, license_pk, seat_sort_key, user_license_sort_key
from chalicelib.usecases import activate as activating
from chalicelib.usecases import sweep as sweeping

Patches = list[tuple[Any, str, Any]]
"""Whose attribute, its name, and what stands there instead."""


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
    return [(activations, "_may_take", lambda *_: LicenseItem.pk.exists())]


def _count_then_write() -> Patches:
    """The counter is set to what was read, and one more; nobody asks whether it is still what was read."""

    def counted(grant: Any, now: int) -> list[Any]:
        item, times = LicenseItem, grant.license.times_activated + 1
        return [item.times_activated.set(times), item.first_activated_at.set(item.first_activated_at | now)]

    return [*_limit_not_in_the_condition(), (activations, "_taking_actions", counted)]


def _counter_not_moved() -> Patches:
    item = LicenseItem
    return [
        (activations, "_taking_actions", lambda _, now: [item.first_activated_at.set(item.first_activated_at | now)])
    ]


def _seat_limit_not_in_the_condition() -> Patches:
    right = activations._taking_seat
    return [(activations, "_taking_seat", lambda *grant: (right(*grant)[0], SeatItem.pk.exists()))]


def _user_limit_not_in_the_condition() -> Patches:
    def assign(license: Any, seat: Any, old: Any, user: Any, event: Event, _mail: Any) -> None:
        pk = license_pk(license.company, license.id)
        write = database.Transaction(event_item(pk, event))
        write.update(LicenseItem(pk, "license"), [LicenseItem.users_assigned.add(1)], LicenseItem.pk.exists())
        seats.put_seat(write, license, seat, old, user)
        write.commit()

    return [(seats, "assign", assign)]


def _place_given_back_twice() -> Patches:
    """Whoever decided to give a place back does so, whether the device still holds it or not."""
    return _only_inside(activations, "deactivate", "_is_live", lambda *_: DeviceItem.pk.exists())


def _device_not_in_the_condition() -> Patches:
    """A device that is active already is counted again."""
    return _only_inside(activations, "activate", "_is_live", lambda *_: DeviceItem.hardware_id == "")


def _own_write_taken_for_a_rivals() -> Patches:
    """After a lost answer nobody looks whether the write was committed."""
    right = database.get

    def get(item: Any, **more: Any) -> Any:
        return None if isinstance(item, EventItem) else right(item, **more)

    return [(database, "get", get)]


def _event_outside_the_transaction() -> Patches:
    """The event is to come with another write, which does not always happen."""
    right, turn = database.Transaction.put, count(1)

    def put(self: Any, item: Any, condition: Any) -> None:
        if not (isinstance(item, EventItem) and next(turn) % 20 == 0):
            right(self, item, condition)

    return [(database.Transaction, "put", put)]


def _refusal_by_a_replica() -> Patches:
    """A refusal rests on a read that may lag, like a grant."""
    right = activations.read_snapshots

    def read_snapshots(*asked: Any, **_: Any) -> Any:
        return right(*asked, consistent=False)

    return [(activations, "read_snapshots", read_snapshots)]


def _refusal_sent_again() -> Patches:
    """A failed condition is taken for a conflict: the same write is sent again, until patience ends."""
    retryable = database._RETRYABLE | {"ConditionalCheckFailed"}
    return [(database, "_raise_if_condition_failed", lambda _: None), (database, "_RETRYABLE", retryable)]


def _conflict_taken_for_an_error() -> Patches:
    """Nothing is tried again."""
    return [(database, "ATTEMPTS", 1)]


def _lost_race_taken_for_a_refusal() -> Patches:
    """Who was overtaken by a rival is told that all places are taken, whatever the rival did."""
    right = activations.activate

    def activate(*arguments: Any) -> None:
        try:
            right(*arguments)
        except database.ConditionFailed:
            raise LimitReached("license_activated_max_times", limit=0, used=0) from None

    return [(activations, "activate", activate)]


def _refusal_leaves_a_device() -> Patches:
    """A device is written down before it is decided whether it gets a place."""
    right = domain_activation.decide_activation

    def decide_activation(place: Any, report: Any, **more: Any) -> Any:
        if place.license is not None and place.device is None and place.seat is None:
            pk, license = license_pk(place.license.company, place.license.id), place.license
            item = DeviceItem(pk, device_sort_key(hash_hardware_id(report.hardware_id), None))
            told = {"id": 1, "active": False, "epoch": license.epoch, "hardware_id": report.hardware_id}
            instants = {"first_activated_at": 1, "activated_at": 1, "last_check_at": 1}
            actions = [getattr(DeviceItem, name).set(value) for name, value in (told | instants).items()]
            with suppress(database.ConditionFailed):
                database.update(item, actions, DeviceItem.pk.does_not_exist())
        return right(place, report, **more)

    return [(activating, "decide_activation", decide_activation)]


def _release_frees_anothers_place() -> Patches:
    """A place is given back by its device alone, whoever of its users holds it."""
    right = activations.deactivate

    def deactivate(seen: Any, release: Any, event: Event, *, counts_as_release: bool) -> None:
        right(seen, release, event, counts_as_release=counts_as_release)
        license, device = release.license, release.device
        for other in activations.devices(license.company, license.id, device.hardware_id):
            if other.user_id != device.user_id:
                part = device_sort_key(hash_hardware_id(device.hardware_id), other.user_id)
                database.update(
                    DeviceItem(license_pk(license.company, license.id), part), [DeviceItem.active.set(False)]
                )

    return [(activations, "deactivate", deactivate)]


def _news_bring_a_place_back() -> Patches:
    """What a device tells of itself is noted, whether it still holds its place or not: and as active."""

    def record_check(license: Any, device: Any, _seat: Any, report: Any, _now: int) -> None:
        part = device_sort_key(hash_hardware_id(device.hardware_id), device.user_id)
        item, actions = DeviceItem(license_pk(license.company, license.id), part), [DeviceItem.active.set(True)]
        database.update(item, [*actions, DeviceItem.hostname.set(report.hostname)])

    return [(activations, "record_check", record_check)]


def _transfers_not_in_the_condition() -> Patches:
    right = activations._may_take

    def may_take(grant: Any, *more: Any) -> Any:
        return right(grant, *more) if not grant.transfer else LicenseItem.times_activated < LicenseItem.max_activations

    return [(activations, "_may_take", may_take)]


def _event_names_another_device() -> Patches:
    right = Event.new

    def new(type: Any, *more: Any, hardware_id: str | None = None, **detail: Any) -> Event:
        wrong = "d0" if type == "device_deactivated" else hardware_id
        return right(type, *more, hardware_id=wrong, **detail)

    return [(Event, "new", staticmethod(new))]


def _reset_leaves_old_places() -> Patches:
    """The counter is set to zero, and the devices stay as they are."""

    def reset(license: Any, event: Event, *, all_anew: bool, given_up: bool) -> None:
        emptied = [LicenseItem.times_activated.set(0)]
        licenses._changing(license, emptied, LicenseItem.epoch == license.epoch, event).commit()

    return [(licenses, "reset", reset)]


def _removed_user_keeps_places_counted() -> Patches:
    def remove(license: Any, seat: Any, event: Event, *, given_up: bool) -> None:
        pk, link = license_pk(license.company, license.id), user_license_sort_key(seat.user_id, license.id)
        write = database.Transaction(event_item(pk, event))
        write.update(LicenseItem(pk, "license"), [LicenseItem.users_assigned.add(-1)], LicenseItem.pk.exists())
        write.delete(SeatItem(pk, seat_sort_key(seat.user_id)), SeatItem.pk.exists())
        write.delete(LookupItem(license.company, link), LookupItem.pk.exists())
        write.commit()

    return [(seats, "remove", remove)]


def _lower_limit_evicts() -> Patches:
    """Whose limit is lowered loses the places that are held."""
    right = seats.set_max_activations

    def set_limit(license: Any, seat: Any, limit: int | None, event: Event) -> None:
        if limit is not None and seat.activations_in(license) > limit:
            taken = seat.activations_in(license)
            evicted = Event.new("user_activations_reset", event.actor, event.at, user=seat.email, devices=taken)
            seats.reset_activations(license, seat, event.at, evicted, given_up=False)
            seat = replace(seat, epoch=event.at)
        right(license, seat, limit, event)

    return [(seats, "set_max_activations", set_limit)]


def _new_place_each_time() -> Patches:
    """A device that comes back gets another id."""
    right = activations._switching_on

    def switching_on(grant: Any, *more: Any) -> list[Any]:
        return right(replace(grant, device_id=grant.device_id + 1), *more)

    return [(activations, "_switching_on", switching_on)]


def _sweep_skips() -> Patches:
    """One license in two is never looked at."""
    right = due.due_licenses

    def some(shard: int, now: int) -> Iterator[Any]:
        return (one for one in right(shard, now) if one.id % 2)

    return [(sweeping, "due_licenses", some)]


def _sweep_forgets() -> Patches:
    """What is due is crossed off before it is announced: who dies between the two has forgotten it."""

    def announce(found: Any, announced: Any, events: list[Event]) -> None:
        if (row := due.due_entry(found)) is not None:
            database.delete(row)
        pk = license_pk(found.company, found.id)
        write = database.Transaction(event_item(pk, events[0]))
        for event in events[1:]:
            write.put(event_item(pk, event), EventItem.pk.does_not_exist())
        unannounced = LicenseItem.announced == found.announced
        write.update(LicenseItem(pk, "license"), [LicenseItem.announced.set(announced)], unannounced)
        due.update_due_index(write, None, replace(found, announced=announced))
        write.commit()

    return [(sweeping, "announce", announce)]


def _grace_taken_for_the_end() -> Patches:
    """A license whose grace was announced counts as one whose end was."""
    right = due.announce

    def announce(found: Any, _announced: Any, events: list[Event]) -> None:
        right(found, "expired", events)

    return [(sweeping, "announce", announce)]


def _sweep_announces_again() -> Patches:
    """Two sweeps at once both announce."""

    def announce(found: Any, announced: Any, events: list[Event]) -> None:
        pk = license_pk(found.company, found.id)
        database.batch_put([event_item(pk, event) for event in events])
        database.update(LicenseItem(pk, "license"), [LicenseItem.announced.set(announced)])
        if (row := due.due_entry(found)) is not None:
            database.delete(row)

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
    "refusal sent again": _refusal_sent_again,
    "conflict taken for an error": _conflict_taken_for_an_error,
    "lost race taken for a refusal": _lost_race_taken_for_a_refusal,
    "refusal leaves a device": _refusal_leaves_a_device,
    "release frees another's place": _release_frees_anothers_place,
    "news bring a place back": _news_bring_a_place_back,
    "transfers not in the condition": _transfers_not_in_the_condition,
    "event names another device": _event_names_another_device,
    "reset leaves old places": _reset_leaves_old_places,
    "removed user keeps places counted": _removed_user_keeps_places_counted,
    "lower limit evicts": _lower_limit_evicts,
    "new place each time": _new_place_each_time,
    "sweep skips": _sweep_skips,
    "sweep announces again": _sweep_announces_again,
    "sweep forgets": _sweep_forgets,
    "grace taken for the end": _grace_taken_for_the_end,
}
