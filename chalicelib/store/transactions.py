"""The one transaction: all writes or none, each with its condition, and the event that describes them.

Where somebody wants to be told of an event, it stands in the outbox as well (`store.outbox`).

A transaction whose answer was lost may have been committed. Each carries an event with a key of its own, so that the
event's presence is the proof: the caller never sees its own write as somebody else's.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TypeVar

from chalicelib.domain.errors import Unavailable
from chalicelib.store import database, outbox, reads
from chalicelib.store.database import ConditionFailed
from chalicelib.store.dry_run import NotWritten, is_dry_run, never
from chalicelib.store.expressions import Action, Condition, parameters
from chalicelib.store.items.events import EventItem
from chalicelib.store.items.links import CountItem
from chalicelib.store.schema import AnyItem, Item, Operation, Raw
from chalicelib.store.tables import key_of

T = TypeVar("T")

MAX_STEPS = 100
"""That DynamoDB takes in one."""
THERE_OR_NOT: Condition = CountItem.pk.exists() | CountItem.pk.does_not_exist()
"""Required where an item may be there or not, of whatever kind: no write is without a condition."""


class AlreadyPut(Exception):
    """What a transaction was to take along is there already, as `raw` says."""

    def __init__(self, raw: Raw) -> None:
        super().__init__()
        self.raw = raw


@dataclass
class Companion:
    """An item that the next transaction with an event puts, too, whatever that transaction is about."""

    item: AnyItem
    condition: Condition
    is_put: bool = False

    def put_in_way_of(self, error: Exception) -> Raw | None:
        """The item that is there already, where a transaction has failed for that."""
        known = error.known if isinstance(error, ConditionFailed) else []
        return next((raw for raw in known if raw["pk"]["S"] == self.item.pk), None)


_companion: ContextVar[Companion | None] = ContextVar("companion", default=None)


@contextmanager
def accompanied(companion: Companion | None) -> Iterator[None]:
    """Let the next transaction inside that has an event put an item more. It may raise `AlreadyPut`."""
    outer = _companion.set(companion)
    try:
        yield
    finally:
        _companion.reset(outer)


@dataclass(frozen=True, slots=True)
class Requirement:
    """What every transaction requires, whatever it is about, of an item that none of them writes.

    `error` is raised where it does not hold: nothing is decided anew then.
    """

    item: AnyItem
    condition: Condition
    error: Exception


_requirement: ContextVar[Requirement | None] = ContextVar("requirement", default=None)


@contextmanager
def requiring(requirement: Requirement) -> Iterator[None]:
    """Let each transaction inside be written only while this holds. They may raise its `error`."""
    outer = _requirement.set(requirement)
    try:
        yield
    finally:
        _requirement.reset(outer)


@dataclass
class Transaction:
    """The writes of one TransactWriteItems. Every one has a condition, and one of them puts the event.

    `event`: None where nothing changes that belongs to history: summaries of what is there, filed once more or not.
    `again`: the sort key of an event of the same kind. It counts there that it has happened once more.
    """

    event: EventItem | None
    again: str | None = None
    steps: list[Operation] = field(default_factory=list)
    """As DynamoDB is asked for them."""
    _counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What is added to each counter, by its keys: things of one transaction may be counted in the same one."""
    _events: list[EventItem] = field(default_factory=list)
    """All that are put."""

    def put(self, item: AnyItem, condition: Condition) -> None:
        """Write a whole item."""
        self._add("Put", item, {"Item": item.serialize()}, parameters(condition))

    def update(self, item: AnyItem, actions: Sequence[Action], condition: Condition) -> None:
        """Change attributes of the item with these keys."""
        self._add("Update", item, {"Key": key_of(item)}, parameters(condition, actions))

    def put_event(self, event: EventItem) -> None:
        """Put an event besides the transaction's own."""
        self.put(event, type(event).sort_key.does_not_exist())
        self._events.append(event)

    def count(self, counter: CountItem, by: int) -> None:
        """Let a counter count so many more, whatever it counts by then."""
        self._counted[counter.pk, counter.sort_key] += by

    def change(
        self,
        item: Item[T],
        old: T,
        new: T,
        also: Condition | None = None,
        more: Sequence[Action] = (),
        event: EventItem | None = None,
    ) -> None:
        """Change the item with these keys from what was read into `new`, if nobody has changed it since.

        The event names the fields that differ (`changed`), but for those that its details tell already. `also`: what
        must be true besides; `more`: what is written besides; `event`: one that is put after this, where the change is
        not what the transaction's own event describes.
        """
        changes = type(item).changes(old, new)
        unchanged = changes.unchanged if also is None else changes.unchanged & also
        self.update(item, [*changes.actions, *more], unchanged)
        row = self.event if event is None else event
        if row is not None:
            detail = row.detail or {}
            if others := [name for name in changes.names if name not in detail]:
                row.detail = detail | {"changed": ", ".join(others)}

    def check(self, item: AnyItem, condition: Condition) -> None:
        """Write nothing to the item with these keys, and require this of it."""
        self._add("ConditionCheck", item, {"Key": key_of(item)}, parameters(condition))

    def delete(self, item: AnyItem, condition: Condition) -> None:
        """Delete the item with these keys."""
        self._add("Delete", item, {"Key": key_of(item)}, parameters(condition))

    def commit(self) -> None:
        """All or nothing. Raises `ConditionFailed`, `Unavailable`, and what `accompanied` and `requiring` say."""
        outcome_unknown = False
        self._put_counts()
        requirement, required_step = _requirement.get(), len(self.steps)
        if requirement is not None:
            self.check(requirement.item, requirement.condition)
        companion = None if self.event is None else _companion.get()
        if companion is not None and not companion.is_put:
            self.put(companion.item, companion.condition)

        def send() -> None:
            nonlocal outcome_unknown
            try:
                database.connection().dispatch("TransactWriteItems", {"TransactItems": self.steps})
            except Exception as error:
                self._raise_if_not_written(error)
                outcome_unknown = outcome_unknown or database.may_have_committed(error)
                _raise_if_condition_failed(error)
                raise

        self._put_own_event()
        for outgoing in outbox.outgoing(self._events):
            self.put(outgoing, type(outgoing).pk.does_not_exist())
        self._let_fail_if_dry()
        try:
            database.retrying(send)
        except (ConditionFailed, Unavailable) as error:
            if not (outcome_unknown and self._is_committed()):
                _raise_if_required(requirement, required_step, error)
                _raise_if_put_before(companion, error)
                raise
        if companion is not None:
            companion.is_put = True

    def _add(self, kind: str, item: AnyItem, what: Operation, asked: Operation) -> None:
        """Add a step; where its condition fails, the item that is in the way is answered."""
        step = {"TableName": item.Meta.table_name, "ReturnValuesOnConditionCheckFailure": "ALL_OLD", **what, **asked}
        self.steps.append({kind: step})

    def _put_own_event(self) -> None:
        """Put the event, or count it in the one of the same kind."""
        if self.event is None:
            return
        kind = type(self.event)
        if self.again is None:
            self.put_event(self.event)
            return
        ip = self.event.ip
        counted = [kind.repeats.add(1), kind.last_at.set(self.event.at), kind.last_key.set(self.event.sort_key)]
        counted.append(kind.last_ip.set(ip) if ip else kind.last_ip.remove())
        self.update(kind(self.event.pk, self.again), counted, kind.sort_key.exists())

    def _let_fail_if_dry(self) -> None:
        """In a dry run nothing is written, but the other conditions are looked at. Raises `NotWritten` where there is
        no room for one more.
        """
        if is_dry_run():
            if len(self.steps) == MAX_STEPS:
                raise self._not_written()
            self.check(*never())

    def _raise_if_not_written(self, error: Exception) -> None:
        """Raises `NotWritten` where a dry run alone was in the way."""
        reasons = database.cancellation_reasons(error)
        if is_dry_run() and len(reasons) == 1 and database.is_condition_failed(error, len(self.steps) - 1):
            raise self._not_written() from None

    def _not_written(self) -> NotWritten:
        return NotWritten(None if self.event is None else self.event.to_domain())

    def _put_counts(self) -> None:
        for keys, by in self._counted.items():
            self.update(CountItem(*keys), [CountItem.number.add(by), CountItem.moves.add(1)], THERE_OR_NOT)

    def _is_committed(self) -> bool:
        """Whether the history proves that the transaction was committed. One that was counted is there until the next
        is: after that it is not known, and what is not known is decided anew.
        """
        if self.event is None:
            return False
        if self.again is None:
            return reads.get(self.event) is not None
        found = reads.get(type(self.event)(self.event.pk, self.again))
        return found is not None and found.last_key == self.event.sort_key


def _raise_if_required(requirement: Requirement | None, step: int, error: Exception) -> None:
    """`step`: where the transaction requires it."""
    if requirement is not None and database.is_condition_failed(error.__cause__, step):
        raise requirement.error from None


def _raise_if_put_before(companion: Companion | None, error: Exception) -> None:
    if companion is not None and (raw := companion.put_in_way_of(error)) is not None:
        raise AlreadyPut(raw) from None


def _raise_if_condition_failed(error: Exception) -> None:
    reasons = database.cancellation_reasons(error)
    if not any(reason["Code"] == "ConditionalCheckFailed" for reason in reasons):
        return
    known = [reason["Item"] for reason in reasons if reason["Code"] == "ConditionalCheckFailed" and reason.get("Item")]
    raise ConditionFailed(known, complete=len(known) == len(reasons)) from error
