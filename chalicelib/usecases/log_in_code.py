"""A log-in to an account with a second factor: between the password and the code stands a claim, and no session yet.

The claim is sealed for the browser in which the password was entered, and short-lived. It is worth nothing once the
password is another, the sessions of the account were ended, or the account was closed.
"""

import json
import secrets
from dataclasses import astuple, dataclass, replace

from cryptography.exceptions import InvalidTag

from chalicelib import observability
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.one_time_code import typed_code
from chalicelib.domain.origin import Origin
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.encryption import decrypt, encrypt, hmac_sha256
from chalicelib.store.second_factors import change_second_factor
from chalicelib.usecases.notices import second_factor_notice
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.second_factor import account_in_epoch, code_counted, with_code_used
from chalicelib.usecases.sessions import complete_log_in

VALID_MS = 10 * 60_000


@dataclass(frozen=True, slots=True)
class PendingLogIn:
    """That somebody has entered the password of an account."""

    company: str
    user_id: int
    epoch: int
    """The account's `session_epoch` by then."""
    until: Instant
    id: str
    is_known: bool
    """Whether in a browser that the account knows."""


def pending_log_in(user: User, origin: Origin, *, now: Instant) -> PendingLogIn:
    """The claim of who has entered the password of this account."""
    return PendingLogIn(
        user.company, user.id, user.session_epoch, now + VALID_MS, secrets.token_hex(8), bool(origin.known)
    )


def to_cookie(pending: PendingLogIn, browser: str) -> str:
    """What the browser keeps that has this secret: nobody can make one, and it opens in no other browser."""
    return encrypt(json.dumps(astuple(pending)), _context(browser))


def from_cookie(text: str, browser: str, now: Instant) -> PendingLogIn | None:
    """The claim of a cookie; None where it is none of this browser's, or too old."""
    try:
        pending = PendingLogIn(*json.loads(decrypt(text, _context(browser))))
    except (InvalidTag, ValueError, TypeError):  # also one of older or newer code, of other parts
        return None
    return pending if now < pending.until else None


def log_in_by_code(pending: PendingLogIn, code: str, address: str, *, now: Instant) -> tuple[User, SessionClaims]:
    """Open a session for who has entered the password, given a code of the app or for recovery, which is used up.

    The same claim with the same code once more opens another session: the answer to the first may have been lost. That
    a recovery code was used, the owner is mailed. `address`: the network that it comes from.
    Raises `Unauthenticated`: `session_expired` where the claim is worth nothing any more; and as `code_counted`.
    """
    user = account_in_epoch(pending.company, pending.user_id, pending.epoch)
    actor = Actor("somebody", address or None)
    proof = hmac_sha256(f"{pending.id} {typed_code(code).upper()}", f"second-factor-proof#{user.id}")[:24]

    def decide(user: User) -> User:
        if not user.has_second_factor or user.second_factor_proof == proof:
            return user
        return replace(with_code_used(user, code, now), second_factor_proof=proof)

    def write(old: User, new: User) -> None:
        if new.recovery_hashes != old.recovery_hashes:
            owner = Actor(f"user:{old.email}", address or None)
            event = Event.new("recovery_code_used", owner, now, user=old.email, user_id=old.id)
            change_second_factor(old, new, event, second_factor_notice(new, "recovery_code_used", owner))
        elif new != old:
            change_second_factor(old, new, None)

    read = lambda _: account_in_epoch(pending.company, pending.user_id, pending.epoch)  # noqa: E731 - short and local
    with code_counted(user, code, actor, now):
        user = decide_and_write(read, decide, write)[1]
    observability.add_fields(company=user.company, user_id=user.id)
    return user, complete_log_in(user, Origin(address, "browser" if pending.is_known else ""), now=now)


def _context(browser: str) -> str:
    return f"pending-log-in#{browser}"
