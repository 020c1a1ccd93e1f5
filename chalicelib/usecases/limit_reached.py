"""Note that a limit was reached, where somebody wants to be told of it: once a day, license and limit.

A refused call leaves nothing on its license. This is an event of its own, for those who listen: no answer waits for it
longer than for one write, or fails with it.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.domain.errors import LimitReached
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.limits import KIND_OF
from chalicelib.runtime import runtime
from chalicelib.store import limits_reached
from chalicelib.store.outbox import listened

_EVENT: EventType = "license_limit_reached"
_log = logging.getLogger("seatkeeper")


def note_limit_reached(
    company: str, license_id: int, error: LimitReached, actor: Actor, *, user: str | None = None, now: Instant
) -> None:
    """Note that somebody was refused by a limit of a license, unless it was noted that day already; never raises.

    `user`: the email of the user, where the limit is of a user's devices. A process that has noted it, or has found it
    noted, asks the database no more that day.
    """
    if error.used < error.limit:  # there is room, but not for as much as was asked for
        return
    kind, noted = KIND_OF[error.code], runtime().caches.limits_reached

    def note() -> bool | None:
        if not listened(company, _EVENT, now):
            return None
        whose = user if kind == "devices_per_user" else None
        event = Event.new(_EVENT, actor, now, user=whose, limit=kind, of=error.limit)
        return limits_reached.note(company, license_id, kind, event) or None

    try:
        noted.get(limits_reached.key_of(company, license_id, kind, now), note, now)
    except Exception:  # whatever it is: the answer is that the limit is reached
        _log.exception("that a limit was reached was not noted")


@contextmanager
def noting_limits(company: str, license_id: int, actor: Actor, *, now: Instant) -> Iterator[None]:
    """Note it where what is done inside is refused by a limit, which is raised as it is."""
    try:
        yield
    except LimitReached as error:
        note_limit_reached(company, license_id, error, actor, now=now)
        raise
