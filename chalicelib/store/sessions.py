"""Sessions: under the hash of their tokens, forgotten by themselves, never what a limit rests on."""

from dataclasses import fields
from hashlib import sha256

from chalicelib.domain.instants import Instant
from chalicelib.domain.session import ABSOLUTE_MS, Session
from chalicelib.store import writes
from chalicelib.store.items.ephemera import SessionItem


def session_item(token: str) -> SessionItem:
    """Where the session of a token is stored."""
    return SessionItem(f"session#{_hash(token)}")


def open_session(token: str, session: Session) -> None:
    """Store a new session."""
    expires = (session.opened_at + ABSOLUTE_MS) // 1000
    given = {field.name: getattr(session, field.name) for field in fields(session)}
    writes.batch_put([SessionItem(session_item(token).pk, expires=expires, **given)])


def touch_session(token: str, now: Instant) -> None:
    """Observe that a session is in use. Raises `ConditionFailed` where it was ended meanwhile."""
    writes.observe(session_item(token), [SessionItem.seen_at.set(now)], SessionItem.pk.exists())


def move_session(token: str, epoch: int, now: Instant) -> None:
    """Let a session belong to a later epoch of its user.

    Raises `ConditionFailed` where it was ended meanwhile, or belongs to a later one still.
    """
    moved = [SessionItem.epoch.set(epoch), SessionItem.seen_at.set(now)]
    writes.update(session_item(token), moved, SessionItem.epoch <= epoch)


def end_session(token: str) -> None:
    """Forget a session."""
    writes.delete(session_item(token))


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
