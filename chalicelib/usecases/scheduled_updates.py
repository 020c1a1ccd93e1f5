"""Scheduled updates: changes of a license's terms that are made at an instant to come.

Each is decided anew when it is due, by the terms that the license has then, and once, whichever sweeps meet: what
decides it stands in the transaction of the change. What cannot be done then has failed for good, and says why.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from chalicelib.domain.errors import Denied, NotFound, Rejected
from chalicelib.domain.events import Actor, Event, EventType, differences
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.paging import cut, search
from chalicelib.domain.scheduled_updates import (
    ScheduledUpdate,
    UpdateStatus,
    checked_update,
    free_slot,
    guard_pending,
    merged,
    over,
)
from chalicelib.domain.terms import TermChanges, guard_use, limits_in
from chalicelib.domain.types import Json
from chalicelib.store import licenses, scheduled_updates
from chalicelib.usecases.change_terms import Sold, change_events, changed_extras, changed_terms, find_sold
from chalicelib.usecases.create import find_company
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.revisions import guard_revision, revised


@dataclass(frozen=True, slots=True)
class UpdateFilter:
    """Which updates: all that is given has to be true."""

    license: int | None = None
    status: UpdateStatus | None = None


@dataclass(frozen=True, slots=True)
class ComingChange:
    """What a pending update will make of a license, as far as is known today."""

    at: Instant
    old: Sold
    """As it is then."""
    new: Sold


@dataclass(frozen=True, slots=True)
class _State:
    """A license, and what is scheduled for it."""

    sold: Sold
    updates: list[ScheduledUpdate]


def find_update(company: str, update_id: int, revision: int | None = None) -> ScheduledUpdate:
    """Raises `NotFound`: `scheduled_update_not_found`; `Denied`: `revision_changed`."""
    found = scheduled_updates.read(company, update_id)
    if found is None:
        raise NotFound("scheduled_update_not_found")
    guard_revision(found, revision)
    return found


def find_updates(company: str, wanted: UpdateFilter, after: str, limit: int) -> tuple[list[ScheduledUpdate], str]:
    """At most `limit` updates behind the position `after`, oldest first, and the one to go on behind; empty at the end.

    No key serves a status: there may be fewer rows, or none, and more behind. Raises `company_not_found`.
    """
    owner = find_company(company).code

    def read(after: str, limit: int) -> tuple[list[ScheduledUpdate], bool]:
        behind = int(after) if after else None
        if wanted.license is None:
            return cut(scheduled_updates.read_page(owner, after=behind, limit=limit + 1), limit)
        of_license = scheduled_updates.read_of_license(owner, wanted.license)
        return cut((update for update in of_license if update.id > (behind or 0)), limit)

    def keep(rows: list[ScheduledUpdate]) -> list[ScheduledUpdate]:
        return [row for row in rows if row.status == wanted.status]

    return search(read, lambda row: str(row.id), after, limit, None if wanted.status is None else keep)


def coming_changes(sold: Sold, updates: Iterable[ScheduledUpdate]) -> list[ComingChange]:
    """What those of a license's updates will make of it that are pending, the next one first.

    One that its terms of then refuse is left out: it will fail.
    """
    coming = []
    for update in sorted(updates, key=lambda update: (update.at, update.id)):
        if update.is_pending:
            with suppress(Rejected):
                new = changed_terms(sold, update.terms, update.at)
                coming.append(ComingChange(update.at, sold, new))
                sold = new
    return coming


def schedule_update(
    company: str,
    license_id: int,
    at: Instant,
    changes: TermChanges | Callable[[Sold], TermChanges],
    actor: Actor,
    *,
    strict: bool = False,
    name: str = "",
    note: str = "",
    now: Instant,
) -> ScheduledUpdate:
    """Let the terms of a license be changed at an instant to come; `changes`, `strict`: as `change_terms` takes them.

    What the license could not have today is refused today. Raises as `change_terms`, and `Invalid`: `date_past`,
    `text_too_long`, `too_many_scheduled_updates`.
    """

    def decide(state: _State) -> ScheduledUpdate:
        given = dict(changes(state.sold) if callable(changes) else changes)
        changed_terms(state.sold, given, now)
        slot = free_slot(state.updates)
        new = ScheduledUpdate(company, new_id(now), license_id, slot, at, now, given, strict, name, note)
        return checked_update(new, now)

    def write(state: _State, new: ScheduledUpdate) -> None:
        replaced = next((update for update in state.updates if update.slot == new.slot), None)
        scheduled_updates.create(new, replaced, _event("update_scheduled", new, actor, now, at=to_iso(new.at)))

    def read(_: bool) -> _State:
        return _State(find_sold(company, license_id), scheduled_updates.read_of_license(company, license_id))

    return decide_and_write(read, decide, write, result=lambda _, new: new)[1]


def change_update(
    company: str,
    update_id: int,
    fields: Mapping[str, Any],  # each as the field of that name of `ScheduledUpdate`
    actor: Actor,
    *,
    changes: TermChanges | Callable[[Sold], TermChanges] | None = None,
    revision: int | None = None,
    now: Instant,
) -> ScheduledUpdate:
    """Change a pending update: of `fields` any of `at`, `name`, `note` and `strict`. What is not given stays, and the
    same again changes nothing.

    `changes`: as `schedule_update` takes them, beside those that it was to change already (`merged`).
    Of two that are at it, one decides: a sweep makes the one of before, or the one of now when that is due.
    Raises as `find_update` and `schedule_update`, and `Denied`: `scheduled_update_over`.
    """

    def read(_: bool) -> tuple[ScheduledUpdate, Sold]:
        found = find_update(company, update_id, revision)
        return found, find_sold(company, found.license)

    def decide(state: tuple[ScheduledUpdate, Sold]) -> ScheduledUpdate:
        old, sold = state
        guard_pending(old)
        new = replace(old, **fields)
        if changes is not None:
            given = dict(changes(sold) if callable(changes) else changes)
            new = replace(new, terms=merged(old.terms, given))
            changed_terms(sold, new.terms, now)
        return checked_update(new, now, old)

    def write(state: tuple[ScheduledUpdate, Sold], new: ScheduledUpdate) -> None:
        old, _ = state
        if new != old:
            scheduled_updates.change(old, new, _event("update_changed", new, actor, now, **_moved(old, new)))

    (old, _), new = decide_and_write(read, decide, write, result=lambda state, new: revised(state[0], new))
    return revised(old, new)


def apply_update(
    company: str, update_id: int, actor: Actor, *, if_due: bool = False, revision: int | None = None, now: Instant
) -> ScheduledUpdate:
    """Make the changes of a pending update, whether it is due yet or not; or note why they are refused.

    `if_due`: only one that is due, as the caller has read, unless it was put off since, which is `revision_changed`.
    `revision`: that of the update. Raises `NotFound`: `scheduled_update_not_found`, `license_not_found`; `Denied`:
    `scheduled_update_over`, `revision_changed`.
    """

    def read(_: bool) -> tuple[ScheduledUpdate, Sold]:
        found = find_update(company, update_id, revision)
        return found, find_sold(company, found.license)

    def decide(state: tuple[ScheduledUpdate, Sold]) -> tuple[ScheduledUpdate, Sold]:
        update, sold = state
        applied = over(update, "applied", now)
        if if_due and update.at > now:
            raise Denied("revision_changed")
        try:
            if update.strict:
                guard_use(sold[0], update.terms)
            return applied, changed_terms(sold, update.terms, now)
        except Rejected as refused:
            return over(update, "failed", now, refused), sold

    def write(state: tuple[ScheduledUpdate, Sold], decision: tuple[ScheduledUpdate, Sold]) -> None:
        (old, sold), (new, changed) = state, decision
        reason: Json = {"reason": new.error["code"]} if new.error else {}
        type: EventType = "update_failed" if new.error else "update_applied"
        if changed == sold:
            scheduled_updates.decide(old, new, _event(type, new, actor, now, **reason))
            return
        at_most = limits_in(old.terms) if old.strict else {}
        change, missed = change_events(sold, changed, actor, now)
        event = _event(type, new, actor, change.at + 1)  # history has it behind the change
        decided = partial(scheduled_updates.put_decision, old=old, new=new, event=event)
        licenses.update(sold[0], changed[0], change, missed, at_most, changed_extras(sold, changed), decided)

    (old, _), (new, _) = decide_and_write(read, decide, write, result=lambda s, d: revised(s[0], d[0]))
    return revised(old, new)


def cancel_update(
    company: str, update_id: int, actor: Actor, *, revision: int | None = None, now: Instant
) -> ScheduledUpdate:
    """Let a pending update never be made; it stays to be looked at. Doing so again changes nothing.

    Raises as `find_update`, and `Denied`: `scheduled_update_over` where it was applied or has failed.
    """

    def decide(update: ScheduledUpdate) -> ScheduledUpdate:
        return update if update.status == "canceled" else over(update, "canceled", now)

    def write(old: ScheduledUpdate, new: ScheduledUpdate) -> None:
        if new != old:
            scheduled_updates.decide(old, new, _event("update_canceled", new, actor, now))

    find = lambda _: find_update(company, update_id, revision)  # noqa: E731 - short and local
    return revised(*decide_and_write(find, decide, write, result=revised))


def delete_update(company: str, update_id: int, actor: Actor, *, revision: int | None = None, now: Instant) -> None:
    """Delete an update: one that is pending is never made. Raises as `find_update`."""

    def write(old: ScheduledUpdate, _: object) -> None:
        scheduled_updates.delete(old, _event("update_deleted", old, actor, now))

    find = lambda _: find_update(company, update_id, revision)  # noqa: E731 - short and local
    decide_and_write(find, lambda found: found, write, result=lambda *_: None)


def _moved(old: ScheduledUpdate, new: ScheduledUpdate) -> Json:
    """What an event says of a change besides which fields there are."""
    return differences(*({"at": to_iso(one.at), "name": one.name} for one in (old, new)))


def _event(type: EventType, update: ScheduledUpdate, actor: Actor, now: Instant, **more: str) -> Event:
    named: Json = {"scheduled_update": update.id} | ({"name": update.name} if update.name else {}) | more
    return Event.new(type, actor, now, **named)
