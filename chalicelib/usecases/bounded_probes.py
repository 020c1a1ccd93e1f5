"""A refusal that tells a manager that somebody has an email: seldom, and in the history of whose email it is."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from chalicelib.domain.errors import AlreadyExists, Denied, Unavailable
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant, whole_seconds
from chalicelib.store import accounts, probes
from chalicelib.store.database import ConditionFailed
from chalicelib.usecases.named_account import named_user_id
from chalicelib.usecases.security_events import note_security_event


@contextmanager
def bounded_probe(company: str, email: str, manager_id: int, actor: Actor, *, now: Instant) -> Iterator[None]:
    """Let a manager ask for an email; what is done in it may raise `already_exists`.

    It is counted before anything is looked at, and taken back unless it has revealed that the email is taken: so
    what is asked at once reveals no more than what is asked in a row. Raises `Denied`:
    `rate_limit_exceeded`, for any email.
    """
    try:
        probes.count_probe(company, manager_id, now)
    except ConditionFailed:
        wait = whole_seconds(probes.probes_end(company, manager_id, now) - now)
        raise Denied("rate_limit_exceeded", of="emails", field="new_email", retry_after=max(1, wait)) from None
    found_taken = False
    try:
        yield
    except AlreadyExists:
        found_taken = True
        raise
    finally:
        if found_taken:
            user = accounts.read_user(company, named_user_id(company, email))
            note_security_event(company, user or email, "email_probed", actor, now)
        else:
            with suppress(Unavailable):  # the manager's own, forgotten in a day; what was done is done
                probes.forget_probe(company, manager_id, now)
