"""A log-in to an account with a second factor: between the password and the code stands a claim, and no session yet.

The claim is sealed for the browser in which the password was entered, and short-lived. It is worth nothing once the
password is another, the sessions of the account were ended, the second factor is off, or the account was closed.
"""

import json
import secrets
from dataclasses import astuple, dataclass

from cryptography.exceptions import InvalidTag

from chalicelib import observability
from chalicelib.domain.errors import Unauthenticated
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.one_time_code import typed_code
from chalicelib.domain.origin import Origin
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.encryption import decrypt, encrypt, hmac_sha256
from chalicelib.store import accounts, sessions
from chalicelib.store.second_factors import change_second_factor
from chalicelib.usecases.notices import second_factor_notice
from chalicelib.usecases.passkey_answers import PasskeyAnswer, ask
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.second_factor import account_in_epoch, code_counted, with_code_used
from chalicelib.usecases.sessions import new_session, note_log_in

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


@dataclass(frozen=True, slots=True)
class _State:
    user: User
    is_open: bool
    """Whether the session is there that the claim opens with the code."""


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


def ask_passkey(pending: PendingLogIn, *, host: str = "", now: Instant) -> str:
    """What the browser is asked that is to have a passkey of the account sign (`passkey_answers.ask`); empty where it
    has none.
    """
    user = accounts.read_user(pending.company, pending.user_id)
    return "" if user is None else ask(user, pending.id, host=host, now=now)


def log_in_by_code(
    pending: PendingLogIn, code: str | PasskeyAnswer, address: str, *, now: Instant
) -> tuple[User, SessionClaims]:
    """Open a session for who has entered the password, given a code of the app or for recovery, which is used up by the
    write that opens it; or the answer of a passkey to what was asked for this claim.

    The same claim with the same code once more answers that session, for the first answer may have been lost; once it
    has ended, by a log-out or otherwise, the code was used. That a recovery code was used, the owner is mailed.
    `address`: the network that it comes from.
    Raises `Unauthenticated`: `session_expired` where the claim is worth nothing any more; and as `code_counted`.
    """
    user = _account(pending)
    claims = SessionClaims(user.company, user.id, _token(pending, code))

    def read(_: bool) -> _State:
        account = _account(pending)  # first, for the session comes with the change of the account
        return _State(account, sessions.is_stored(claims.token, now))

    def decide(state: _State) -> User:
        return state.user if state.is_open else with_code_used(state.user, code, now)

    def write(state: _State, new: User) -> None:
        if not state.is_open:
            _use_code(state.user, new, claims, Actor(f"user:{new.email}", address or None), now)

    with code_counted(user, code, Actor("somebody", address or None), now, in_session=False):
        user = decide_and_write(read, decide, write)[1]
    observability.add_fields(company=user.company, user_id=user.id)
    note_log_in(user, Origin(address, "browser" if pending.is_known else ""), now=now)
    return user, claims


def _account(pending: PendingLogIn) -> User:
    """The account of a claim. Raises `session_expired` where that is worth nothing any more."""
    user = account_in_epoch(pending.company, pending.user_id, pending.epoch)
    if not user.has_second_factor:  # no code would use the claim up
        raise Unauthenticated("session_expired")
    return user


def _use_code(old: User, new: User, claims: SessionClaims, owner: Actor, now: Instant) -> None:
    """Open the session in the write that uses up the code."""
    opened = (claims.token, new_session(new, now))
    if new.recovery_hashes != old.recovery_hashes:
        event = Event.new("recovery_code_used", owner, now, user=old.email, user_id=old.id)
        notice = second_factor_notice(new, "recovery_code_used", owner)
        change_second_factor(old, new, event, notice, opened=opened)
    else:
        change_second_factor(old, new, None, opened=opened)


def _token(pending: PendingLogIn, code: str | PasskeyAnswer) -> str:
    """The token of the one session that this claim opens with this code."""
    context = f"log-in-by-code#{pending.company}#{pending.user_id}"
    given = code.text if isinstance(code, PasskeyAnswer) else typed_code(code).upper()
    return hmac_sha256(f"{pending.id} {given}", context)


def _context(browser: str) -> str:
    return f"pending-log-in#{browser}"
