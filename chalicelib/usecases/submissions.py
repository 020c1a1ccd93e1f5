"""A form is carried out once, however often it is sent."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chalicelib.domain.errors import SeatkeeperError, Unavailable
from chalicelib.domain.instants import Instant
from chalicelib.domain.session import SessionClaims
from chalicelib.store import sessions
from chalicelib.store.batch_reads import ReadRequest, batch_read
from chalicelib.store.database import ConditionFailed

SubmissionResult = dict[str, Any]


def submit_once(
    claims: SessionClaims, nonce: str, act: Callable[[], SubmissionResult], *, now: Instant
) -> SubmissionResult | None:
    """What came of a form, now or when it was sent before; None while that is not known yet.

    The claim comes first: of two that are sent at once one is carried out. What is refused, or not done for lack of
    time, has left no trace, and the same form may be sent again.
    """
    try:
        sessions.claim_submission(claims.token, nonce, now)
    except ConditionFailed:
        return submission_result(claims, nonce)
    try:
        outcome = act()
    except SeatkeeperError:
        sessions.release_submission(claims.token, nonce)
        raise
    with suppress(Unavailable):  # it is done: who sends it again is told no more than that
        sessions.finish_submission(claims.token, nonce, outcome)
    return outcome


def submission_result(claims: SessionClaims, nonce: str) -> SubmissionResult | None:
    """What came of a form that was sent before; None where it was not, or is not known yet."""
    return batch_read(SessionClaims(claims.company, claims.user_id, claims.token, nonce), ReadRequest()).outcome
