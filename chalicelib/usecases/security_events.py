"""Security events: in the account's history, and as fields of the call's log record."""

from typing import Any

from chalicelib import observability
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import as_firewalls_read, network_of
from chalicelib.domain.users import User
from chalicelib.store.security_events import note_security

_RECORDED_FIRST = ("initial_password_read", "batch_result_read", "email_probed")
"""What shows somebody else's secret shows it only once that is recorded."""


def note_security_event(
    company: str,
    whose: User | str,
    type: EventType,
    actor: Actor,
    now: Instant,
    **detail: Any,  # of `Event.new`
) -> None:
    """Record an event, merged with those of the same hour. Raises `Unavailable` where it has to be recorded first.

    `whose`: the account, or the email that has none. Of that no history tells, for the same work.
    """
    ip = as_firewalls_read(network_of(actor.ip or "")) or None
    observability.add_fields(security=type, ip=ip)
    if not isinstance(whose, str):  # what is typed as a company that nobody has may be anything
        observability.add_fields(company=company, account_id=whose.id)
    note_security(company, whose, Event.new(type, actor, now, **detail), or_fail=type in _RECORDED_FIRST)
