"""Security events: in the account's history, and as facts of the line that tells of the call."""

from typing import Any

from chalicelib import telemetry
from chalicelib.domain.history import Actor, Event, EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.people import User
from chalicelib.store.security_events import note_security


def note_security_event(
    company: str, whose: User | str, type: EventType, actor: Actor, now: Instant, **detail: Any
) -> None:
    """Tell of an event, merged with those of the same hour.

    `whose`: the account, or the e-mail that has none. Of that no history tells, for the same work.
    """
    telemetry.note(security=type)
    note_security(company, whose, Event.new(type, actor, now, **detail))
