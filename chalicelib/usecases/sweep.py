"""The sweep: announce, once, what the dates of licenses have brought about, and give notice of what they will.

And free the places of legacy devices that may not be adopted any more, and make the updates that are scheduled.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping

from chalicelib import observability
from chalicelib.domain.errors import Denied, NotFound, Unavailable
from chalicelib.domain.events import Event, EventType
from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.scheduled_updates import UpdateStatus
from chalicelib.domain.transitions import Due, due_at, notice_due, transitions_due
from chalicelib.store.database import ConditionFailed
from chalicelib.store.due import (
    DUE_SHARDS,
    SHARDS_OF_A_COMPANY,
    announce,
    due_licenses,
    give_notice,
    refile_notice,
)
from chalicelib.store.reads import Unreadable
from chalicelib.threads import ThreadPool
from chalicelib.usecases.adopt import lapse
from chalicelib.usecases.announcements import SWEEP, TRANSITIONS, transition_events
from chalicelib.usecases.late_sweep import note_late
from chalicelib.usecases.scheduled_updates import apply_update

__all__ = ["FAILED", "SWEEP", "sweep"]

THREADS = 2 * SHARDS_OF_A_COMPANY
"""Where one company has all of its shards full, as many are left for the others."""
FAILED = "failed"
"""In the answer of a sweep: licenses that could not be announced, and stay due."""
MAX_LOGGED = 5
"""Of a shard's failures: the others are counted alone."""
_log = logging.getLogger(__name__)
_NOTICE: EventType = "license_will_expire"
_LAPSED: EventType = "device_lapsed"
_UPDATES: Mapping[UpdateStatus, EventType] = {"applied": "update_applied", "failed": "update_failed"}


def sweep(*, now: Instant, progress: Callable[[int], None] = lambda _done: None) -> dict[str, int]:
    """Announce every transition up to `now`, however long ago, and what is about to expire; answers how many of each
    kind, and how many failed.

    A license that cannot be announced keeps no other from it: it is counted, logged, and due again at the next run.
    A company of which something comes more than an hour late is told so (`usecases.late_sweep`).
    Costs one Query a shard and one write a due license. Safe to run again and at the same time: whoever writes first
    announces, the others find it done. Interrupted, it goes on where it was at the next run.
    `progress` gets the number of licenses done, now and then, from several threads.
    """

    noted = set[str]()

    def sweep_shard(shard: int) -> Counter[str]:
        return _sweep_shard(shard, now, noted, progress)

    observability.set_max_metric(observability.OLDEST_DUE_AGE, 0)
    with ThreadPool(THREADS) as threads:
        counts = threads.map(sweep_shard, range(DUE_SHARDS))
        total: Counter[str] = sum(counts, Counter())
    announced = {event: total[event] for event in (_NOTICE, *TRANSITIONS.values(), _LAPSED, *_UPDATES.values())}
    observability.add_metric(observability.SWEEP_TRANSITIONS, sum(announced.values()))
    observability.add_metric(observability.ANNOUNCEMENTS_FAILED, total[FAILED])
    return announced | {FAILED: total[FAILED]}


def _sweep_shard(shard: int, now: Instant, noted: set[str], progress: Callable[[int], None]) -> Counter[str]:
    counts: Counter[str] = Counter()
    busy = set[tuple[str, int]]()  # licenses whose later updates wait for an earlier one
    for done, due in enumerate(due_licenses(shard, now), start=1):
        try:
            found = _readable(due)
            if found.update_id is None or (found.company, found.id) not in busy:
                counts.update(_announce_due(shard, found, now))
            note_late(found, noted, SWEEP, now=now)
        except Exception as error:  # whatever it is: the others are not to wait for it
            if isinstance(error, Unavailable) and isinstance(due, Due):
                busy.add((due.company, due.id))
            counts[FAILED] += 1
            if counts[FAILED] <= MAX_LOGGED:
                which = due if isinstance(due, Unreadable) else f"license#{due.company}#{due.id}"
                _log.exception("%s could not be announced", which)
        if done % 100 == 0:
            progress(100)
    return counts


def _readable(due: Due | Unreadable) -> Due:
    if isinstance(due, Unreadable):
        raise due
    return due


def _announce_due(shard: int, due: Due, now: Instant) -> list[EventType]:
    """What was announced of a license; nothing where someone else has done it."""
    observability.set_max_metric(observability.OLDEST_DUE_AGE, (now - (due_at(due) or now)) / 1000)
    if due.update_id is not None:
        return _apply(due.company, due.update_id, now)
    if due.kind == "adoption":
        return [_LAPSED] * lapse(due.company, due.id, SWEEP, now=now)
    return _announce(shard, due, now) if due.kind == "transition" else _give_notice(shard, due, now)


def _apply(company: str, update_id: int, now: Instant) -> list[EventType]:
    try:
        return [_UPDATES[apply_update(company, update_id, SWEEP, if_due=True, now=now).status]]
    except (NotFound, Denied):  # somebody else was faster, or put it off; or its license is being deleted
        return []


def _announce(shard: int, due: Due, now: Instant) -> list[EventType]:
    transitions = transitions_due(due, now)
    if not transitions:
        return []
    try:
        announce(shard, due, transitions[-1].phase, transition_events(transitions, now))
    except ConditionFailed:
        return []
    return [TRANSITIONS[transition.phase] for transition in transitions]


def _give_notice(shard: int, due: Due, now: Instant) -> list[EventType]:
    notice, event = notice_due(due, now), None
    if notice is not None:
        since, ends = to_iso(notice.at), to_iso(due.validity_period)
        event = Event.new(_NOTICE, SWEEP, now, days=notice.days, since=since, ends=ends)
    try:
        give_notice(shard, due, now, event)
    except ConditionFailed:
        refile_notice(shard, due)
        return []
    return [] if event is None else [event.type]
