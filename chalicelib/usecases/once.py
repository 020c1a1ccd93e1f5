"""A form is carried out once, however often it is sent."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chalicelib.domain.instants import Instant
from chalicelib.domain.refusal import Refused
from chalicelib.domain.session import Asker
from chalicelib.store import sessions
from chalicelib.store.dynamo import Busy, Stale
from chalicelib.store.views import Wanted, look_up

Outcome = dict[str, Any]


def once(asker: Asker, nonce: str, act: Callable[[], Outcome], *, now: Instant) -> Outcome | None:
    """What came of a form, now or when it was sent before; None while that is not known yet.

    The claim comes first: of two that are sent at once one is carried out. What is refused, or not done for lack of
    time, has left no trace, and the same form may be sent again.
    """
    try:
        sessions.claim_submission(asker.token, nonce, now)
    except Stale:
        return outcome_of(asker, nonce)
    try:
        outcome = act()
    except (Refused, Busy):
        sessions.release_submission(asker.token, nonce)
        raise
    with suppress(Busy):  # it is done: who sends it again is told no more than that
        sessions.finish_submission(asker.token, nonce, outcome)
    return outcome


def outcome_of(asker: Asker, nonce: str) -> Outcome | None:
    """What came of a form that was sent before; None where it was not, or is not known yet."""
    return look_up(Asker(asker.company, asker.user_id, asker.token, nonce), Wanted()).outcome
