"""Sessions of the portal: who is logged in, and until when."""

import json
from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass, fields

from chalicelib.domain.instants import MINUTE_MS, Instant
from chalicelib.domain.users import User

IDLE_MS = 60 * MINUTE_MS
"""A session that was not used for so long is over."""
ABSOLUTE_MS = 12 * 60 * MINUTE_MS
"""No session lasts longer."""
MAX_SESSIONS = 12
"""Sessions that one account has at once, so that its list of them is short, and names them all."""
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


@dataclass(frozen=True, slots=True)
class ListedSession:
    """How a session stands in the list of its account: what is known of it from the log-in on."""

    opened_at: Instant
    key: str
    """The hash of its token, under which it is stored. It opens nothing."""
    address: str
    """Of the log-in."""
    browser: str
    """As `portal.browser_name` calls it; empty where it knows none."""

    @property
    def text(self) -> str:
        """As it is stored, in a set of texts: one more is added by a write that rests on no read."""
        return json.dumps(asdict(self))


def listed_session(text: str) -> ListedSession | None:
    """What such a text says; None where it is of other code, and says less. What it says besides is left out."""
    try:
        said = json.loads(text)
        return ListedSession(**{field.name: said[field.name] for field in fields(ListedSession)})
    except (ValueError, TypeError, KeyError):
        return None


def surplus(listed: Iterable[ListedSession], lasting: Container[str]) -> list[ListedSession]:
    """Which of these end, so that at most `MAX_SESSIONS` stay: those whose keys are not `lasting`, and the oldest."""
    newest_first = sorted(listed, key=lambda one: (one.opened_at, one.key), reverse=True)
    kept = [one for one in newest_first if one.key in lasting][:MAX_SESSIONS]
    return [one for one in newest_first if one not in kept]


def ends_at(session: Session) -> Instant:
    """When a session is over that is not used again."""
    return min(session.seen_at + IDLE_MS, session.opened_at + ABSOLUTE_MS)


def is_open(session: Session, user: User, now: Instant) -> bool:
    """Whether the session is this user's and still lasts."""
    if user.closed_at is not None:
        return False
    whose = (session.company, session.user_id, session.epoch) == (user.company, user.id, user.session_epoch)
    return whose and now < ends_at(session)
