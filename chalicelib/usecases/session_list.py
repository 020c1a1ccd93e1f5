"""The sessions of an account, listed by browser and address; and the end of one of them.

The list is an item of its own, to which each log-in adds a text: one write, and no read. It is shown with what is
stored of each session, so who has logged out, or was logged out, is not there.
"""

from collections.abc import Iterable

from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.session import MAX_SESSIONS, ListedSession, SessionClaims, ends_at, surplus
from chalicelib.domain.users import User
from chalicelib.store import sessions
from chalicelib.usecases.retry import decide_and_write


def note_session(claims: SessionClaims, browser: str, address: str, *, now: Instant) -> None:
    """List a session that has just been opened, before a browser is given it: none is in use that is not listed.

    Where more than `MAX_SESSIONS` are listed, those that are over go, and the oldest of the others end.
    """
    noted = ListedSession(now, sessions.session_key(claims.token), address, browser)
    listed = sessions.list_session(claims.company, claims.user_id, noted)
    if len(listed) > MAX_SESSIONS:
        too_many = surplus(listed, _lasting(listed, now))
        sessions.end_listed(claims.company, claims.user_id, too_many)


def _lasting(listed: Iterable[ListedSession], now: Instant) -> set[str]:
    """The keys of those that last: of the account's latest epoch, and used of late."""
    stored = sessions.read_sessions((one.key for one in listed), now)
    epoch = max((session.epoch for session in stored.values()), default=0)
    return {key for key, session in stored.items() if session.epoch == epoch and now < ends_at(session)}


def end_one_session(user: User, listed: ListedSession, actor: Actor, *, now: Instant) -> None:
    """End one session of an account, which its list has named. Doing so again changes nothing."""

    def read(_: bool) -> bool:
        return listed.key in sessions.read_sessions([listed.key], now)

    def write(is_there: bool, _: bool) -> None:
        if is_there:
            event = Event.new("sessions_ended", actor, now, user=user.email, user_id=user.id)
            sessions.end_one(user.company, user.id, listed, event)

    decide_and_write(read, lambda is_there: is_there, write, result=lambda *_: None)
