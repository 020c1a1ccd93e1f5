"""Sessions and the forms sent in them: hashed, forgotten by themselves, never what a limit rests on."""

import secrets
from contextlib import suppress
from dataclasses import fields
from hashlib import sha256
from typing import Any

from chalicelib.domain.instants import Instant
from chalicelib.domain.session import ABSOLUTE_MS, Session
from chalicelib.store import database
from chalicelib.store.items import SessionItem, SubmissionItem

SubmissionResult = dict[str, Any]
"""The result of a form, as the portal shows it after the redirect."""


def session_item(token: str) -> SessionItem:
    """Where the session of a token is stored."""
    return SessionItem(f"session#{_hash(token)}")


def submission_item(token: str, nonce: str) -> SubmissionItem:
    """Where a form that is sent in a session is noted."""
    return SubmissionItem(f"form#{_hash(f'{token}#{nonce}')}")


def open_session(token: str, session: Session) -> None:
    """Store a new session."""
    expires = (session.opened_at + ABSOLUTE_MS) // 1000
    given = {field.name: getattr(session, field.name) for field in fields(session)}
    database.batch_put([SessionItem(session_item(token).pk, expires=expires, **given)])


def touch_session(token: str, now: Instant) -> None:
    """Observe that a session is in use. Raises `ConditionFailed` where it was ended meanwhile."""
    database.observe(session_item(token), [SessionItem.seen_at.set(now)], SessionItem.pk.exists())


def move_session(token: str, epoch: int, now: Instant) -> None:
    """Let a session belong to a later epoch of its user.

    Raises `ConditionFailed` where it was ended meanwhile, or belongs to a later one still.
    """
    moved = [SessionItem.epoch.set(epoch), SessionItem.seen_at.set(now)]
    database.update(session_item(token), moved, SessionItem.epoch <= epoch)


def end_session(token: str) -> None:
    """Forget a session."""
    database.delete(session_item(token))


def claim_submission(token: str, nonce: str, now: Instant) -> None:
    """Note that a form is being carried out. Raises `ConditionFailed` where it was sent before."""
    item, claim = SubmissionItem, secrets.token_hex(8)
    claimed = [item.claim.set(claim), item.expires.set((now + ABSOLUTE_MS) // 1000)]
    # The claim tells our own write, sent again after its answer was lost, from another's.
    database.update(submission_item(token, nonce), claimed, item.pk.does_not_exist() | (item.claim == claim))


def finish_submission(token: str, nonce: str, outcome: SubmissionResult) -> None:
    """Note what came of a form, while its claim stands: what would be left alone would never expire."""
    with suppress(database.ConditionFailed):
        database.update(
            submission_item(token, nonce), [SubmissionItem.outcome.set(outcome)], SubmissionItem.claim.exists()
        )


def release_submission(token: str, nonce: str) -> None:
    """Forget a form that was refused: the same may be sent again."""
    database.delete(submission_item(token, nonce))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
