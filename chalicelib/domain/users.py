"""License users and their log-ins: how attempts are counted, slowed and locked.

An attempt is counted *before* the password is looked at, and taken back when it was right. So guesses made at once,
through any number of servers, are bounded by the same numbers as guesses made one after another.
"""

from dataclasses import dataclass, field

from chalicelib.domain.errors import Denied, Forbidden, Invalid, NotFound
from chalicelib.domain.instants import Instant, whole_seconds
from chalicelib.domain.license import Seat
from chalicelib.domain.mail import MailCode
from chalicelib.domain.pasted import visible
from chalicelib.domain.types import Json

FREE_FAILURES = 3
"""Failures that cost no waiting: people mistype."""
MAX_FAILURES = 10
"""Failures after which the account is locked; also the number of attempts that may be under way at once."""
LOST_MS = 60_000
"""Attempts that have been under way for so long are no more: a call is answered or given up well before."""
LOCK_MS = 15 * 60_000
"""How long a lock lasts, and how long failures are remembered after the last attempt."""

MIN_PASSWORD, MAX_PASSWORD = 8, 128
MAX_NAME, MAX_PHONE = 100, 40
"""Characters of a first or last name, and of a phone number."""


@dataclass(frozen=True, slots=True)
class User:
    """A person of one company: a license user, a license manager, or both."""

    company: str
    id: int
    email: str
    password_hash: str
    is_initial_password: bool
    created_at: Instant
    sealed_initial_password: str | None = None
    """Encrypted; kept only until the user has chosen a password."""
    first_name: str = ""
    """Names and phone number as the person gives them. What a customer gives is on the seat (`license.Seat`)."""
    last_name: str = ""
    phone_number: str = ""
    is_manager: bool = False
    session_epoch: int = 0
    """Sessions of an older epoch are over: a new password raises it."""
    access_revision: int = 0
    """How often the account was given a seat, or an order to manage, after it was made: unmoved, nothing was given."""
    email_verified: bool = False
    """Whether the password was chosen by who reads the mail of the address, and not handed out by somebody."""
    batch: int = 0
    """The batch that made the account; 0: none."""
    password_scope: frozenset[str] | None = None
    """Whose licenses the password opens while it is not `email_verified` (`domain.access`); never empty. None: all."""
    closed_at: Instant | None = None
    """When the vendor has closed the account: nobody logs in to it, and it is given nothing. None: it is open."""
    reopened_at: Instant = 0
    """When it was opened again: codes that were mailed before are void."""
    invitation_hash: str | None = None
    """Of the link that was mailed last for the person to choose a password (`domain.invitation`)."""
    invited_at: Instant | None = None
    """When it was mailed."""
    invitation_refused_at: Instant | None = None
    """When a mail server refused the address for good. None: not so far, as anybody knows."""
    mails_off: frozenset[MailCode] = frozenset()
    """Of what the person does not want to be mailed (`domain.mail.OF_PERSON`)."""
    language: str = ""
    """In which the person reads the portal and mails (`chalicelib.languages`); empty: not chosen."""
    time_zone: str = ""
    """An IANA name, of the times that the person is shown; empty: the company's."""
    sealed_totp_secret: str | None = None
    """Encrypted: what the app shares with us that shows codes. None: there is no app."""
    totp_step: int = 0
    """The latest step of which a code was used (`domain.second_factor`)."""
    recovery_hashes: frozenset[str] = frozenset()
    """Of the recovery codes that are still good."""
    passkeys: frozenset[str] = frozenset()
    """As texts (`domain.passkeys.Passkey.text`)."""
    passkey_asked_at: Instant = 0
    """When that was asked which a passkey has answered last: what was asked by then is answered no more."""
    metadata: Json = field(default_factory=dict, hash=False)
    """The vendor's own; the person and customers are never shown it."""
    last_login_at: Instant | None = field(default=None, compare=False)
    """When the person logged in to the portal last. None: never, or before this was kept."""
    updated_at: Instant | None = field(default=None, compare=False)
    """When `revision` was moved last. None: never, or before this was kept."""
    revision: int = field(default=0, compare=False)
    """How often the profile was changed. What has conditions of its own, such as a password, does not move it."""

    @property
    def changed_at(self) -> Instant:
        """When the profile was changed last; of one that never was, when the account was made."""
        return self.updated_at or self.created_at

    @property
    def has_second_factor(self) -> bool:
        """Whether a log-in to the portal takes a code, or the answer of a passkey, besides the password."""
        return self.sealed_totp_secret is not None or bool(self.passkeys)


def guard_open(user: User) -> None:
    """Refuse to do anything for an account that is closed. Raises `Invalid`."""
    if user.closed_at is not None:
        raise Forbidden("account_closed")


def guard_still_closed(user: User | None, closed_at: Instant) -> None:
    """Refuse to take anything from an account that is not closed since then: it may have got it later."""
    if user is None or user.closed_at != closed_at:
        raise NotFound("user_not_found")


@dataclass(frozen=True, slots=True)
class Attempts:
    """Log-in attempts on one account from one origin. `started` counts failures and attempts under way."""

    started: int = 0
    failures: int = 0
    not_before: Instant = 0
    until: Instant = 0
    """When all of this is forgotten."""
    begun: Instant = 0
    """When the first of them was started."""
    forgiven_until: Instant = 0
    """Where they were forgiven: when they would have been forgotten."""


def guard_attempt(attempts: Attempts, now: Instant) -> None:
    """Refuse an attempt while the account is slowed or locked.

    Guesses made at once each know of fewer failures than there are in the end, and leave too short a wait: the number
    of failures locks by itself.
    """
    locked = attempts.failures >= MAX_FAILURES
    closed_until = attempts.until if locked else min(attempts.not_before, attempts.until)
    if now < closed_until:
        raise Denied("account_locked", retry_after=whole_seconds(closed_until - now))


def wait_after(failures: int) -> int:
    """Milliseconds in which no further attempt is looked at, after so many failures in a row."""
    if failures >= MAX_FAILURES:
        return LOCK_MS
    return 0 if failures < FREE_FAILURES else 1000 << (failures - FREE_FAILURES)


def person_name(text: str) -> str:
    """A first or last name, unchanged. Raises `Invalid`."""
    return _shown(text, MAX_NAME)


def phone_number(text: str) -> str:
    """A phone number, unchanged. Raises `Invalid`."""
    return _shown(text, MAX_PHONE)


def _shown(text: str, most: int) -> str:
    if len(text) > most:
        raise Invalid("text_too_long", most=most)
    if not text.isprintable():
        raise Invalid("text_not_printable")
    return text


def guard_new_password(new: str) -> None:
    """Raises `Invalid` for a password that is too short, or long enough to be an attack on the hash function.

    What cannot be seen, and white space around it, counts only towards the longest.
    """
    if len(new) > MAX_PASSWORD or len(visible(new)) < MIN_PASSWORD:
        raise Invalid("password_length", field="new_password", least=MIN_PASSWORD, most=MAX_PASSWORD)


def shown_names(seat: Seat, user: User) -> tuple[str, str, str]:
    """First name, last name and phone number of a license user, for those whom the license concerns.

    What the license's customer says of the person; on a seat of before that was kept with it, what the account says.
    """
    if seat.first_name is None:
        return user.first_name, user.last_name, user.phone_number
    return seat.first_name, seat.last_name or "", seat.phone_number or ""
