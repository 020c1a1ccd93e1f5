"""Mails that wait in the queue: what one is, how long it is of use, and when it is tried again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from chalicelib.domain.instants import MINUTE_MS, Instant

MailCode = Literal[
    "code_requested",
    "invitation",
    "seat_given",
    "order_given",
    "password_set",
    "password_changed",
    "password_changed_by_code",
    "password_chosen",
    "email_changed",
    "new_log_in",
    "second_factor_on",
    "second_factor_off",
    "second_factor_locked",
    "recovery_codes_made",
    "recovery_code_used",
    "passkey_added",
    "passkey_removed",
    "license_ends",
    "license_grace",
    "license_expired",
    "users_taken",
    "devices_taken",
    "invitation_bounced",
    "endpoint_disabled",
    "sweep_late",
]
"""What a mail is about; its words are those of `chalicelib/mail/texts.py`."""

ASKED_FOR: frozenset[MailCode] = frozenset({"code_requested", "invitation"})
"""What somebody waits for who has just asked for it."""
ABOUT_SECURITY: frozenset[MailCode] = frozenset(
    {
        "password_set",
        "password_changed",
        "password_changed_by_code",
        "password_chosen",
        "email_changed",
        "new_log_in",
        "second_factor_on",
        "second_factor_off",
        "second_factor_locked",
        "recovery_codes_made",
        "recovery_code_used",
        "passkey_added",
        "passkey_removed",
    }
)
"""What an owner has to be told, so that nobody else comes into an account unseen."""
TO_MANAGERS: frozenset[MailCode] = frozenset(
    {"license_ends", "license_grace", "license_expired", "users_taken", "devices_taken", "invitation_bounced"}
)
"""What becomes of the licenses that somebody manages."""
TO_VENDOR: frozenset[MailCode] = frozenset({"endpoint_disabled", "sweep_late"})
"""What goes to the company itself."""

OF_COMPANY: frozenset[MailCode] = frozenset(get_args(MailCode)) - ASKED_FOR
"""What a company may switch off for all whom it mails."""
OF_PERSON: frozenset[MailCode] = TO_MANAGERS | {"seat_given", "order_given"}
"""What a person may switch off for oneself."""

DAY_MS = 24 * 60 * MINUTE_MS
FIRST_WAIT_MS = 2 * MINUTE_MS
"""Longer than a run of the sender lasts: while one is at a mail, no other takes it."""
MAX_WAIT_MS = 60 * MINUTE_MS
GATHER_MS = 10 * MINUTE_MS
"""How long a mail to managers waits for others of its kind, to go out as one."""
DIGEST_VALID_MS = 3 * DAY_MS
"""Of a mail to managers, which may wait for a day until the one before it is a day old."""
MAX_DIGEST = 100
"""Licenses in one mail. More are in the next one."""
MAX_ALIKE, ALIKE_WINDOW_MS = 5, 60 * MINUTE_MS
"""Notices of one subject that one address is sent in any such time: who may do something to an account may do it for
ever, and its owner has to be informed, not flooded."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A plain text to one person. What it says is secret."""

    to: str
    """An email in its normal form. Empty: it is for nobody, and dropped where others are sent."""
    subject: str
    text: str
    valid_ms: int = DAY_MS
    """After so long it is of no use any more, and given up if it could not be sent."""
    company: str = ""
    """The code of the company that it is about: with the company it is taken out of the queue."""

    language: str = "en"
    """A code (`chalicelib.languages`)."""
    code: MailCode | None = None
    """What it is about. None: it was queued by a process of before."""
    item: str = ""
    """What of the text is about one license, where a digest may say the same of several."""
    license_id: int | None = None
    """The license that an invitation is to."""

    @property
    def is_notice(self) -> bool:
        """Whether it is about what others did. A code was asked for, and is bounded there (`domain.one_time_code`)."""
        return self.valid_ms >= DAY_MS

    @property
    def is_digest(self) -> bool:
        """Whether it goes out at most once a day to its reader, with all others of its kind."""
        return self.code in TO_MANAGERS


def digest(mails: Sequence[Mail]) -> Mail:
    """One mail that says what several of one kind say to one person, each thing once; the first is the oldest."""
    first = mails[0]
    items = "\n".join(dict.fromkeys(mail.item for mail in mails))
    return replace(first, text=first.text.replace(first.item, items, 1), item=items)


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail in the queue. What it says is sealed (`store.mails.opened`)."""

    shard: int
    id: str
    """Which one it is of its shard: when it was queued, and at random."""
    sealed: str
    queued_at: Instant
    until: Instant
    """When it is of no use any more."""
    tries: int = 0
    not_before: Instant = 0
    """When it may be tried again; until then it is leased to who tries it."""
    digest: str = ""
    """What mails have in common that go out as one; empty: it goes out alone."""


def next_try(tries: int, now: Instant) -> Instant:
    """When a mail is tried again, after so many tries that may all have failed."""
    return now + min(FIRST_WAIT_MS << min(tries - 1, 10), MAX_WAIT_MS)
