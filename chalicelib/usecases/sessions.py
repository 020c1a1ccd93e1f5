"""Sessions of the portal: opened by a log-in, carried by an encrypted cookie, ended by a log-out or a new password."""

import secrets
from contextlib import suppress

from cryptography.exceptions import InvalidTag

from chalicelib.domain.catalog import company_code
from chalicelib.domain.errors import Invalid, Unavailable
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import NOWHERE, Origin
from chalicelib.domain.session import Session, SessionClaims
from chalicelib.domain.users import User
from chalicelib.encryption import decrypt, encrypt
from chalicelib.store import sessions
from chalicelib.store.database import ConditionFailed
from chalicelib.store.mails import queue_mail
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.notices import new_log_in_notice
from chalicelib.usecases.security_events import note_security_event

_NO_COMPANY = "?"
_CONTEXT = "session"


def log_in_to_portal(
    company: str, email: str, password: str, origin: Origin = NOWHERE, *, now: Instant
) -> tuple[User, SessionClaims | None]:
    """A session for who knows all three; None where the account has a second factor, of which nothing is proved yet
    (`usecases.log_in_code`). The owner is mailed where it is a browser that the account does not know.

    Raises `Unauthenticated`: `invalid_credentials`, `Denied`: `account_locked`.

    What is no company code costs the same as one of no company: nothing tells which of the three was wrong.
    """
    code = _NO_COMPANY
    with suppress(Invalid):
        code = company_code(company)
    user = log_in(code, email, password, origin, now=now)
    if user.has_second_factor:
        return user, None
    note_log_in(user, origin, now=now)
    return user, open_session(user, now=now)


def note_log_in(user: User, origin: Origin, *, now: Instant) -> None:
    """Tell the history and the account of a log-in that is complete, and the owner by mail, where the browser is not
    known.
    """
    with suppress(Unavailable, ConditionFailed):  # nobody is kept out by it
        sessions.note_log_in(user, now)
    note_security_event(user.company, user, "signed_in", Actor(f"user:{user.email}", origin.address or None), now)
    if not origin.known and not user.is_initial_password:  # who has chosen a password has been here before
        queue_mail(new_log_in_notice(user, origin.address, now), now)


def open_session(user: User, *, now: Instant) -> SessionClaims:
    """A new session of a user who has proved who he is."""
    claims = SessionClaims(user.company, user.id, secrets.token_urlsafe(32))
    sessions.open_session(claims.token, new_session(user, now))
    return claims


def new_session(user: User, now: Instant) -> Session:
    """What is stored of a session that begins now."""
    return Session(user.company, user.id, user.session_epoch, now, now)


def keep_session(claims: SessionClaims, epoch: int, *, now: Instant) -> None:
    """Let this session last into another epoch of its user, which has ended all others.

    That is done by now: where this cannot be, the session ends like the others.
    """
    with suppress(Unavailable, ConditionFailed):
        sessions.move_session(claims.token, epoch, now)


def log_out(claims: SessionClaims) -> None:
    """End one session. Doing so again changes nothing."""
    sessions.end_session(claims.token)


def to_cookie(claims: SessionClaims) -> str:
    """What the browser keeps. Sealed: nobody can make one, so a stranger's makes us read nothing."""
    return encrypt(f"{claims.company} {claims.user_id} {claims.token}", _CONTEXT)


def from_cookie(text: str) -> SessionClaims | None:
    """Who a cookie says to ask; None where it is none of ours."""
    try:
        company, user_id, token = decrypt(text, _CONTEXT).split(" ")
    except (InvalidTag, ValueError):
        return None
    return SessionClaims(company, int(user_id), token)
