"""Sessions of the portal: who is logged in, and until when."""

from dataclasses import dataclass

from chalicelib.domain.instants import Instant
from chalicelib.domain.users import User

MINUTE_MS = 60_000
IDLE_MS = 60 * MINUTE_MS
"""A session that was not used for so long is over."""
ABSOLUTE_MS = 12 * 60 * MINUTE_MS
"""No session lasts longer."""
TOUCH_MS = 5 * MINUTE_MS
"""How exactly the use of a session is noted: at most one write in so long."""


@dataclass(frozen=True, slots=True)
class SessionClaims:
    """Who a browser says to be, by its cookie. Only the stored session proves it."""

    company: str
    user_id: int
    token: str
    nonce: str = ""
    """Of the form that led to the page that is asked for, if one did."""


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in that lasts. It is stored under the hash of its token, which only the browser keeps."""

    company: str
    user_id: int
    epoch: int
    """The user's `session_epoch` at the log-in."""
    opened_at: Instant
    seen_at: Instant


def is_open(session: Session, user: User, now: Instant) -> bool:
    """Whether the session is this user's and still lasts."""
    if user.closed_at is not None:
        return False
    whose = (session.company, session.user_id, session.epoch) == (user.company, user.id, user.session_epoch)
    return whose and now < min(session.seen_at + IDLE_MS, session.opened_at + ABSOLUTE_MS)
