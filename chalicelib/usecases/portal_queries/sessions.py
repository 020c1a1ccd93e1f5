"""The sessions of who asks."""

from dataclasses import dataclass

from chalicelib.domain.instants import Instant
from chalicelib.domain.session import ListedSession, Session, SessionClaims, is_open
from chalicelib.store import batch_reads
from chalicelib.store.batch_reads import ReadRequest
from chalicelib.store.sessions import read_sessions, session_key
from chalicelib.usecases.portal_queries.principal import Principal, authenticate


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session that lasts."""

    listed: ListedSession
    session: Session
    is_this: bool
    """Whether it is the one that asks."""


@dataclass(frozen=True, slots=True)
class OwnSessionsView:
    """The sessions of a user."""

    principal: Principal
    rows: list[SessionRow]
    """The one that asks first, then as they were last used."""


def own_sessions(claims: SessionClaims, *, now: Instant) -> OwnSessionsView:
    """All sessions of who asks that last, in two reads. Raises `session_expired`, `password_change_required`."""
    found = batch_reads.batch_read(claims, ReadRequest(sessions=True), now)
    principal, own = authenticate(claims, found, now), session_key(claims.token)
    assert found.session is not None  # it has proved who asks
    listed = {one.key: one for one in found.sessions}
    listed.setdefault(own, ListedSession(found.session.opened_at, own, "", ""))  # opened before there was a list
    stored = read_sessions(listed, now)
    rows = [SessionRow(listed[key], session, key == own) for key, session in stored.items()]
    rows = [row for row in rows if is_open(row.session, principal.user, now)]
    return OwnSessionsView(principal, sorted(rows, key=lambda row: (not row.is_this, -row.session.seen_at)))
