"""Tell a company that what is due is recorded late, as after hours without a sweep: at most once a day, by an event of
its history that it is mailed of.
"""

import logging

from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import HOUR_MS
from chalicelib.domain.transitions import Due, due_at
from chalicelib.store import late_sweeps, licenses
from chalicelib.store.outbox import listened

LATE_MS = HOUR_MS
"""What is recorded after more than this is late."""
_EVENT: EventType = "sweep_late"
_log = logging.getLogger(__name__)


def note_late(due: Due, noted: set[str], actor: Actor, *, now: Instant) -> None:
    """Note that what was due of a license has come late, where it has, and somebody wants to be told; never raises.

    `noted`: the codes of the companies of which this sweep has noted it, to which this one is added. Costs nothing
    where nothing is late; else a read, and for each company a transaction.
    """
    late_ms = now - (due_at(due) or now)
    if late_ms <= LATE_MS or due.company in noted:
        return
    try:
        if _was_dated_before(due, now - LATE_MS) and listened(due.company, _EVENT, now):
            noted.add(due.company)
            late_sweeps.note(due.company, Event.new(_EVENT, actor, now, minutes=late_ms // 60_000))
    except Exception:  # whatever it is: the license is announced
        _log.exception("that the sweep is late was not noted")


def _was_dated_before(due: Due, at: Instant) -> bool:
    """Whether a license has had its dates since then: an end that somebody sets into the past is due at once.

    Notices are given of what is ahead when the dates are set, and of nothing else.
    """
    if due.notified_until is not None:
        return True
    license = licenses.read_license(due.company, due.id)
    return license is not None and (license.notified_until or license.created_at) <= at
