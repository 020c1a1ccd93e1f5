"""Log in with e-mail and password: counted, slowed, locked, and nothing told apart."""

import random
import time

from chalicelib import telemetry
from chalicelib.domain.email import known_email
from chalicelib.domain.instants import Instant
from chalicelib.domain.people import Attempts, User, guard_attempt
from chalicelib.domain.refusal import Refused
from chalicelib.store import accounts, attempts
from chalicelib.store.dynamo import Busy, Stale
from chalicelib.usecases.passwords import verify_password

_NO_USER = 0
_ROUNDS, _MAX_WAIT = 60, 0.2  # at most about 6 s of waiting for attempts under way


def log_in(company: str, email: str, password: str, *, now: Instant) -> User:
    """The user with this e-mail and password. Raises `Refused`: `invalid_credentials`, `account_locked`.

    An unknown e-mail costs the same reads, writes and hashing as a wrong password, and is locked in the same way.
    """
    try:
        email = known_email(email)
    except Refused:
        raise Refused("invalid_credentials") from None
    started = _start(company, email, now)
    user_id = accounts.user_of_email(company, email)
    user = accounts.read_user(company, user_id or _NO_USER)
    if not verify_password(None if user is None else user.password_hash, password) or user is None:
        attempts.attempt_failed(company, email, started, now)
        raise Refused("invalid_credentials")
    attempts.attempt_succeeded(company, email, started)
    telemetry.note(company=user.company, user_id=user.id)
    return user


def _start(company: str, email: str, now: Instant) -> Attempts:
    for _ in range(_ROUNDS):
        seen = attempts.read_attempts(company, email)
        guard_attempt(seen, now)
        try:
            return attempts.start_attempt(company, email, seen, now)
        except Stale:
            # Not locked, but as many attempts are under way as may be: wait for one of them to end.
            time.sleep(random.uniform(0, _MAX_WAIT))  # noqa: S311 - no secret
    raise Busy("too many log-ins to one account at once")
