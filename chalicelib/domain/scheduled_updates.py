"""Scheduled updates: changes of a license's terms that are made at an instant to come."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.domain.errors import Denied, Invalid, Rejected
from chalicelib.domain.events import Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.types import Json

UpdateStatus = Literal["pending", "applied", "canceled", "failed"]

MAX_UPDATES = 20
"""Of one license. Where all places are taken, the one that is over for longest gives way to a new one."""
_OVER = ("update_applied", "update_failed", "update_canceled", "update_deleted")
MAX_NAME, MAX_NOTE = 255, 1000
"""Characters."""


@dataclass(frozen=True, slots=True)
class ScheduledUpdate:
    """What is to be changed of a license, and what came of it."""

    company: str
    id: int
    license: int
    slot: int
    """Its place among those of the license."""
    at: Instant
    """When it is due. It is made by the first sweep from then on."""
    created_at: Instant
    terms: Json = field(default_factory=dict, hash=False)
    """Those that change, as `usecases.change_terms` takes them."""
    strict: bool = False
    """Whether it fails where a new limit is below what is in use then."""
    name: str = ""
    note: str = ""
    status: UpdateStatus = "pending"
    over_at: Instant | None = None
    """When it was applied, canceled, or failed."""
    error: Json = field(default_factory=dict, hash=False)
    """Why it failed: `code`, `field` and `params` of the error."""
    revision: int = field(default=0, compare=False)

    @property
    def is_pending(self) -> bool:
        """Whether it is yet to be decided."""
        return self.status == "pending"


def checked_update(update: ScheduledUpdate, now: Instant, old: ScheduledUpdate | None = None) -> ScheduledUpdate:
    """One that can be scheduled, or with `old` be made of that. Raises `Invalid`."""
    if update.at <= now and (old is None or update.at != old.at):
        raise Invalid("date_past", field="scheduled_at")
    for name, most in (("name", MAX_NAME), ("note", MAX_NOTE)):
        if len(getattr(update, name)) > most:
            raise Invalid("text_too_long", field=name, most=most)
    if not update.terms:
        raise Invalid("missing_parameters", field="update_data")
    return update


def merged(terms: Json, given: Json) -> Json:
    """The terms that change, with some of them given anew. An end takes the place of a duration, and a duration that of
    an end.
    """
    other = {"validity_period": "valid_duration", "valid_duration": "validity_period"}
    ended = {other[name] for name in other.keys() & given.keys() if given[name] is not None}
    return {name: value for name, value in terms.items() if name not in ended} | given


def guard_pending(update: ScheduledUpdate) -> None:
    """Raises `Denied`: `scheduled_update_over` where it is decided already."""
    if not update.is_pending:
        raise Denied("scheduled_update_over", status=update.status)


def over(update: ScheduledUpdate, status: UpdateStatus, now: Instant, error: Rejected | None = None) -> ScheduledUpdate:
    """The update with what came of it. Raises `Denied`: `scheduled_update_over` where that is decided already."""
    guard_pending(update)
    why: Json = {} if error is None else {"code": error.code, "field": error.field, "params": dict(error.params)}
    return replace(update, status=status, over_at=now, error=why)


def pending_in(history: Sequence[Event]) -> set[int]:
    """The ids of the updates that are yet to be decided, by a history from which none of their events is missing."""
    named = [(event.type, event.detail.get("scheduled_update")) for event in history]
    over = {id for type, id in named if type in _OVER}
    return {id for type, id in named if type == "update_scheduled" and isinstance(id, int) and id not in over}


def free_slot(updates: Sequence[ScheduledUpdate]) -> int:
    """The place of a license in which one more is filed: one that is free, else that of the update which is over for
    longest.

    `updates`: all of the license. Raises `Invalid`: `too_many_scheduled_updates` where every place is of one that is
    pending.
    """
    taken = {update.slot for update in updates}
    past = [(update.over_at or 0, update.slot) for update in updates if not update.is_pending]
    free = next((slot for slot in range(MAX_UPDATES) if slot not in taken), None)
    if free is None and not past:
        raise Invalid("too_many_scheduled_updates", field="license", most=MAX_UPDATES)
    return min(past)[1] if free is None else free
