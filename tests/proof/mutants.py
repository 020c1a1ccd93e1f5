"""Broken builds, one for each thing that a license server may get wrong: the proof has to catch every one.

Each puts something of its own in the place of some functions of the product, in this process, as long as it lasts.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import replace
from itertools import islice
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError

from chalicelib.domain import activation as domain_activation
from chalicelib.domain.errors import LimitReached
from chalicelib.domain.events import Event
from chalicelib.domain.license import hash_hardware_id
from chalicelib.domain.limits import LICENSE_ACTIVATIONS, LICENSE_TRANSFERS, LICENSE_USERS, Limit
from chalicelib.domain.transitions import due_at
from chalicelib.store import activations, database, due, licenses, limits, outbox, reads, seats, transactions, writes
from chalicelib.store.connection import StageConnection
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.events import EventItem, event_item
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, SeatItem
from chalicelib.store.items.links import LegacyItem, LookupItem
from chalicelib.store.items.work import DueItem
from chalicelib.store.keys import (
    device_sort_key,
    legacy_sort_key,
    license_pk,
    seat_sort_key,
    source_sort_key,
    user_license_sort_key,
)
from chalicelib.store.schema import AnyItem
from chalicelib.usecases import activate as activating
from chalicelib.usecases import retry
from chalicelib.usecases import sweep as sweeping

Patches = list[tuple[Any, str, Any]]
"""Whose attribute, its name, and what stands there instead."""


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Break this process in the way of that name, as long as the context lasts."""
    with patched(MUTANTS[name]()):
        yield


@contextmanager
def patched(patches: Patches) -> Iterator[None]:
    """Put them in their places, as long as the context lasts."""
    with ExitStack() as stack:
        for target, attribute, wrong in patches:
            stack.enter_context(patch.object(target, attribute, wrong))
        yield


def rewriting(
    module: Any,
    function: str,
    kind: type[AnyItem],
    wrong: Callable[[list[Action], Condition], tuple[list[Action], Any]],
) -> Patches:
    """While a call is inside the store's `function`, it updates items of this kind by other actions or conditions."""
    inside = ContextVar("inside", default=False)
    right, update = getattr(module, function), transactions.Transaction.update

    def entered(*arguments: Any, **more: Any) -> Any:
        token = inside.set(True)
        try:
            return right(*arguments, **more)
        finally:
            inside.reset(token)

    def rewritten(self: Any, item: Any, actions: Any, condition: Any) -> None:
        if inside.get() and isinstance(item, kind):
            actions, condition = wrong(list(actions), condition)
        update(self, item, actions, condition)

    return [(module, function, entered), (transactions.Transaction, "update", rewritten)]


def without(actions: list[Action], attribute: str) -> list[Action]:
    return [action for action in actions if action.attribute != attribute]


def _no_room_asked_for(module: Any, limit: Limit[Any]) -> Patches:
    """The write takes what the rule has let pass, without the limit among its conditions."""

    def has_room(asked: Limit[Any], used: int | None = None) -> Any:
        return LicenseItem.pk.exists() if asked is limit else limits.has_room(asked, used)

    return [(module, "has_room", has_room)]


def _limit_not_in_the_condition() -> Patches:
    return _no_room_asked_for(activations, LICENSE_ACTIVATIONS)


def _count_then_write() -> Patches:
    """The counter is set to what was read, and one more; nobody asks whether it is still what was read."""
    read = ContextVar[int]("read")

    def counted(actions: list[Action], _: Condition) -> tuple[list[Action], Any]:
        one_more = LicenseItem.times_activated.set(read.get() + 1)
        return [*without(actions, "times_activated"), one_more], LicenseItem.pk.exists()

    (_, _, entered), updating = rewriting(activations, "activate", LicenseItem, counted)

    def activate(seen: Any, decision: Any, *more: Any) -> None:
        read.set(decision.license.times_activated)
        entered(seen, decision, *more)

    return [(activations, "activate", activate), updating]


def _counter_not_moved() -> Patches:
    return rewriting(
        activations,
        "activate",
        LicenseItem,
        lambda actions, asked: (without(actions, "times_activated"), asked),
    )


def _seat_limit_not_in_the_condition() -> Patches:
    """Nor its bucket of changes, which a rival has moved, too."""
    return rewriting(activations, "activate", SeatItem, lambda actions, _: (actions, SeatItem.pk.exists()))


def _user_limit_not_in_the_condition() -> Patches:
    return _no_room_asked_for(seats, LICENSE_USERS)


def _place_given_back_twice() -> Patches:
    """Whoever decided to give a place back does so, whether the device still holds it or not."""
    return rewriting(activations, "deactivate", DeviceItem, lambda actions, _: (actions, DeviceItem.pk.exists()))


def _device_not_in_the_condition() -> Patches:
    """A device that is active already is counted again."""
    whatever = DeviceItem.pk.exists() | DeviceItem.pk.does_not_exist()
    return rewriting(activations, "activate", DeviceItem, lambda actions, _: (actions, whatever))


def _own_write_taken_for_a_rivals() -> Patches:
    """After a lost answer nobody looks whether the write was committed."""
    right = reads.get

    def get(item: Any, **more: Any) -> Any:
        return None if isinstance(item, EventItem) else right(item, **more)

    return [(reads, "get", get)]


def _event_outside_the_transaction() -> Patches:
    """The event of a deactivation is to come with another write, which does not happen."""
    right = transactions.Transaction.put

    def put(self: Any, item: Any, condition: Any) -> None:
        if not (isinstance(item, EventItem) and item.type == "device_deactivated"):
            right(self, item, condition)

    return [(transactions.Transaction, "put", put)]


def _refusal_by_a_replica() -> Patches:
    """A refusal rests on a read that may lag, like a grant."""
    right = activations.read_snapshots

    def read_snapshots(*asked: Any, **_: Any) -> Any:
        return right(*asked, consistent=False)

    return [(activations, "read_snapshots", read_snapshots)]


def _refusal_sent_again() -> Patches:
    """A failed condition is taken for a conflict: the same write is sent again, until patience ends."""
    right = StageConnection.dispatch

    def dispatch(self: Any, *asked: Any) -> Any:
        try:
            return right(self, *asked)
        except ClientError as error:
            for reason in error.response.get("CancellationReasons", []):
                if reason["Code"] == "ConditionalCheckFailed":
                    reason["Code"] = "TransactionConflict"
            raise

    return [(StageConnection, "dispatch", dispatch)]


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
            answer = {"id": 1, "active": False, "epoch": license.epoch, "hardware_id": report.hardware_id}
            instants = {"first_activated_at": 1, "activated_at": 1, "last_check_at": 1}
            actions = [getattr(DeviceItem, name).set(value) for name, value in (answer | instants).items()]
            with suppress(database.ConditionFailed):
                writes.update(item, actions, DeviceItem.pk.does_not_exist())
        return right(place, report, **more)

    return [(activating, "decide_activation", decide_activation)]


def _release_frees_anothers_place() -> Patches:
    """A place is given back by its device alone, whoever of its users holds it."""
    right = activations.deactivate

    def deactivate(seen: Any, release: Any, event: Event, *, counts_as_release: bool, lapses: bool = False) -> None:
        right(seen, release, event, counts_as_release=counts_as_release, lapses=lapses)
        license, device = release.license, release.device
        for other in activations.devices(license.company, license.id, device.hardware_id):
            if other.user_id != device.user_id:
                part = device_sort_key(hash_hardware_id(device.hardware_id), other.user_id)
                writes.update(DeviceItem(license_pk(license.company, license.id), part), [DeviceItem.active.set(False)])

    return [(activations, "deactivate", deactivate)]


def _news_bring_a_place_back() -> Patches:
    """What a device says of itself is noted, whether it still holds its place or not: and as active."""

    def record_check(license: Any, device: Any, _seat: Any, report: Any, _now: int) -> None:
        part = device_sort_key(hash_hardware_id(device.hardware_id), device.user_id)
        item, actions = DeviceItem(license_pk(license.company, license.id), part), [DeviceItem.active.set(True)]
        writes.update(item, [*actions, DeviceItem.hostname.set(report.hostname)])

    return [(activations, "record_check", record_check)]


def _transfers_not_in_the_condition() -> Patches:
    return _no_room_asked_for(activations, LICENSE_TRANSFERS)


def _event_names_another_device() -> Patches:
    right = Event.new

    def new(type: Any, *more: Any, hardware_id: str | None = None, **detail: Any) -> Event:
        wrong = "d0" if type == "device_deactivated" else hardware_id
        return right(type, *more, hardware_id=wrong, **detail)

    return [(Event, "new", staticmethod(new))]


def _reset_leaves_old_places() -> Patches:
    """The counter is set to zero, and the devices stay as they are."""
    return rewriting(licenses, "reset", LicenseItem, lambda actions, asked: (without(actions, "epoch"), asked))


def _removed_user_keeps_places_counted() -> Patches:
    def remove(license: Any, seat: Any, event: Event, *, released: bool, closed_at: int | None = None) -> None:
        pk, link = license_pk(license.company, license.id), user_license_sort_key(seat.user_id, license.id)
        write = transactions.Transaction(event_item(pk, event))
        write.update(LicenseItem(pk, "license"), [LicenseItem.users_assigned.add(-1)], LicenseItem.pk.exists())
        write.delete(SeatItem(pk, seat_sort_key(seat.user_id)), SeatItem.pk.exists())
        write.delete(LookupItem(license.company, link), LookupItem.pk.exists())
        write.commit()

    return [(seats, "remove", remove)]


def _lower_limit_evicts() -> Patches:
    """Whose limit is lowered loses the places that are held."""
    right = seats.update

    def update(license: Any, seat: Any, new: Any, event: Event) -> None:
        limit = new.max_activations
        if limit is not None and seat.activations_in(license) > limit:
            taken = seat.activations_in(license)
            evicted = Event.new("user_activations_reset", event.actor, event.at, user=seat.email, devices=taken)
            seats.reset_activations(license, seat, event.at, evicted, released=False)
            seat = replace(seat, epoch=event.at, activations=0)
        right(license, seat, replace(seat, max_activations=limit), event)

    return [(seats, "update", update)]


def _new_place_each_time() -> Patches:
    """A device that comes back gets another id."""

    def renamed(actions: list[Action], asked: Condition) -> tuple[list[Action], Any]:
        return [*without(actions, "id"), DeviceItem.id.set(decided.get() + 1)], asked

    decided = ContextVar[int]("decided")
    (_, _, entered), updating = rewriting(activations, "activate", DeviceItem, renamed)

    def activate(seen: Any, decision: Any, *more: Any) -> None:
        decided.set(decision.device_id)
        entered(seen, decision, *more)

    return [(activations, "activate", activate), updating]


def _sweep_skips() -> Patches:
    """Of what is due in a shard the first is never looked at."""
    right = due.due_licenses

    def some(shard: int, now: int) -> Iterator[Any]:
        return islice(right(shard, now), 1, None)

    return [(sweeping, "due_licenses", some)]


def _sweep_forgets() -> Patches:
    """What is due is crossed off before it is announced: who dies between the two has forgotten it."""

    def announce(shard: int, found: Any, announced: Any, events: list[Event]) -> None:
        row, then = due.entry_of(found, shard), replace(found, announced_phase=announced)
        if reads.get(row) is None:
            return
        writes.delete(row)
        pk = license_pk(found.company, found.id)
        write = transactions.Transaction(event_item(pk, events[0]))
        for event in events[1:]:
            write.put(event_item(pk, event), EventItem.pk.does_not_exist())
        unannounced = LicenseItem.announced_phase == found.announced_phase
        unannounced &= LicenseItem.validity_period == found.validity_period
        write.update(LicenseItem(pk, "license"), [LicenseItem.announced_phase.set(announced)], unannounced)
        if due_at(then) is not None:
            write.put(due.entry_of(then), DueItem.pk.does_not_exist())
        write.commit()

    return [(sweeping, "announce", announce)]


def _grace_taken_for_the_end() -> Patches:
    """A license whose grace was announced counts as one whose end was."""
    right = due.announce

    def announce(shard: int, found: Any, _announced: Any, events: list[Event]) -> None:
        right(shard, found, "expired", events)

    return [(sweeping, "announce", announce)]


def _sweep_announces_again() -> Patches:
    """Two sweeps at once both announce."""

    def announce(shard: int, found: Any, announced: Any, events: list[Event]) -> None:
        pk = license_pk(found.company, found.id)
        writes.batch_put([event_item(pk, event) for event in events])
        writes.update(LicenseItem(pk, "license"), [LicenseItem.announced_phase.set(announced)])
        writes.delete(due.entry_of(found, shard))

    return [(sweeping, "announce", announce)]


def _outbox_outside_the_transaction() -> Patches:
    """What somebody wants to be told of is put into the outbox once its change is made."""
    commit, outgoing = transactions.Transaction.commit, outbox.outgoing

    def commit_first(self: Any) -> None:
        commit(self)
        for one in outgoing(self._events):
            writes.put(one)

    return [(outbox, "outgoing", lambda _: iter(())), (transactions.Transaction, "commit", commit_first)]


def adopted_as_found() -> Patches:
    """A legacy device is switched off as it was found, whether it waits or not by then."""

    def put_adoption(write: Any, license: Any, seat: Any, place: Any, _adopter: str) -> None:
        of, hardware_hash = None if place.user_id is None else seat, hash_hardware_id(place.hardware_id)
        pk, user = license_pk(license.company, license.id), None if of is None else (of.user_id, of.epoch)
        device = DeviceItem(pk, device_sort_key(hardware_hash, place.user_id))
        link = LegacyItem(pk, legacy_sort_key(license.epoch, user, hardware_hash))
        write.update(device, [DeviceItem.active.set(False)], DeviceItem.pk.exists())
        write.delete(link, LegacyItem.pk.exists() | LegacyItem.pk.does_not_exist())

    return [(activations, "put_adoption", put_adoption)]


def _adopt_that_passes_a_limit() -> Patches:
    """Who has read that a place waits takes one over, whoever has taken it since."""
    (_, _, entered), updating = rewriting(
        activations, "activate", LicenseItem, lambda actions, _: (actions, LicenseItem.pk.exists())
    )
    return [*adopted_as_found(), (activations, "activate", entered), updating]


def _edit_without_revision() -> Patches:
    """Terms are written as they were read and changed, whoever has changed others since."""
    return rewriting(licenses, "update", LicenseItem, lambda actions, _: (actions, LicenseItem.pk.exists()))


def _idempotency_outside_the_transaction() -> Patches:
    """The answer to a call that may come again is stored after the change that it makes."""
    return [(retry, "stored_with_result", lambda _: nullcontext())]


def _import_that_doubles() -> Patches:
    """Whoever has read that no license is of a row makes one of it, whoever has made one since."""
    right = transactions.Transaction.put

    def put(self: Any, item: Any, condition: Any) -> None:
        is_row = isinstance(item, LookupItem) and item.sort_key.startswith(source_sort_key())
        right(self, item, LookupItem.pk.exists() | LookupItem.pk.does_not_exist() if is_row else condition)

    return [(transactions.Transaction, "put", put)]


def _host_name_not_in_the_condition() -> Patches:
    """A device is filed under another host name, whatever it is named by then."""
    return [(activations, "is_named_as", lambda *_: DeviceItem.pk.exists())]


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
    "outbox outside the transaction": _outbox_outside_the_transaction,
    "adopt that passes a limit": _adopt_that_passes_a_limit,
    "edit without revision": _edit_without_revision,
    "idempotency outside the transaction": _idempotency_outside_the_transaction,
    "import that doubles": _import_that_doubles,
    "host name not in the condition": _host_name_not_in_the_condition,
}
