"""The invitation of a person: a link that is mailed, by which the person chooses a password.

It is good for a week and works once. A newer one, a password that is set otherwise, another email and the end of the
account make it void: its hash stands with the account (`User.invitation_hash`), and goes with the password.
"""

import re
import secrets
from dataclasses import dataclass, replace
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

from chalicelib.domain.instants import Instant
from chalicelib.domain.mail import DAY_MS
from chalicelib.domain.users import User

VALID_DAYS = 7
VALID_MS = VALID_DAYS * DAY_MS
AGAIN_MS = 15 * 60_000
"""How long it takes until an invitation may be sent again: nobody's mailbox is flooded."""
_SECRET_BYTES = 16
_TEXT = re.compile(r"([A-Z0-9-]{1,32})\.([0-9]{1,16})\.([0-9a-f]{32})")

InvitationState = Literal["none", "open", "over"]
"""Whether an account has an invitation that is to be used, or had one that nobody has used in time."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the link in one mail says: whose account it is for, and the secret that opens it."""

    company: str
    user_id: int
    secret: str

    @property
    def text(self) -> str:
        """As it stands in the link: letters and digits at its end, which no mail program leaves out."""
        return f"{self.company}.{self.user_id}.{self.secret}"

    def hash_for(self, email: str) -> str:
        """What is stored: bound to the account and the address that was mailed."""
        return sha256(f"invitation#{self.text}#{email}".encode()).hexdigest()

    def is_of(self, user: User) -> bool:
        """Whether it is the one that was mailed last to this account, by its email of now; used up or not."""
        return compare_digest(user.invitation_hash or "", self.hash_for(user.email))


def new_secret() -> str:
    """Draw the secret of a link: 128 bits."""
    return secrets.token_hex(_SECRET_BYTES)


def read_invitation(text: str) -> Invitation | None:
    """What a link says; None where it is none of ours."""
    found = _TEXT.fullmatch(text)
    return None if found is None else Invitation(found[1], int(found[2]), found[3])


def with_invitation(user: User, secret: str, now: Instant) -> User:
    """The account once it is invited by a link with this secret; any link of before is void.

    As it is where its password was chosen, for there is nothing to invite to; and where the secret is empty.
    """
    if not secret or not user.is_initial_password:
        return user
    invitation = Invitation(user.company, user.id, secret)
    return replace(user, invitation_hash=invitation.hash_for(user.email), invited_at=now, invitation_refused_at=None)


def without_invitation(user: User) -> User:
    """The account with no invitation: a link that was mailed is void."""
    return replace(user, invitation_hash=None, invited_at=None, invitation_refused_at=None)


def waits_for(user: User, email: str, at: Instant) -> bool:
    """Whether an account waits for the invitation that was mailed to this email then.

    It does until it is invited anew, or its password is chosen.
    """
    return user.is_initial_password and (user.email, user.invited_at) == (email, at)


def invitation_state(user: User, now: Instant) -> InvitationState:
    """Whether the account's link may be used now. Who has chosen a password needs none."""
    if user.invited_at is None or not user.is_initial_password:
        return "none"
    return "open" if now < valid_until(user) else "over"


def valid_until(user: User) -> Instant:
    """When the link that was mailed last is too old."""
    return 0 if user.invited_at is None else user.invited_at + VALID_MS


def may_invite_at(user: User) -> Instant:
    """When an account may be invited again."""
    return 0 if user.invited_at is None else user.invited_at + AGAIN_MS
