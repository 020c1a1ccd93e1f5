"""Log in with email and password: counted, slowed, locked, and never revealing which part was wrong."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from chalicelib import observability
from chalicelib.domain.email import known_email
from chalicelib.domain.errors import Denied, Invalid, Unauthenticated, Unavailable
from chalicelib.domain.events import Actor, EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import hash_hardware_id
from chalicelib.domain.origin import NOWHERE, Origin, guard_strangers
from chalicelib.domain.users import MAX_FAILURES, Attempts, User, guard_attempt
from chalicelib.runtime import runtime
from chalicelib.store import accounts, activations, login_attempts
from chalicelib.store.database import ConditionFailed
from chalicelib.store.login_attempts import Account, Seen
from chalicelib.usecases.license_lookup import holds
from chalicelib.usecases.named_account import named_user_id, named_user_of
from chalicelib.usecases.passwords import hash_password, is_outdated, verify_password
from chalicelib.usecases.security_events import note_security_event

_NO_LICENSE = 0
_ROUNDS, _MAX_WAIT = 60, 0.2  # about 6 s of waiting for attempts under way, and 12 at most
_MAX_HELD = 20
"""Seats that are looked through for a device: one round trip."""


class _Crowded(Unavailable):
    """Others log in, as many at once as may."""


def log_in(
    company: str, email: str, password: str, origin: Origin = NOWHERE, *, hardware_id: str = "", now: Instant
) -> User:
    """The user with this email and password.

    `hardware_id`: of the device that asks. One that is active on a seat of the user is no stranger: it is looked for
    only where a stranger is held back, and guesses by its name are counted as its own. An unknown email costs the same
    reads, writes and hashing as a wrong password, and is locked in the same way. Raises `Denied`:
    `invalid_credentials`, `account_locked`, `rate_limit_exceeded`; `Unavailable` where too many ask at once.
    """
    try:
        account = Account(company, known_email(email), origin)
    except Invalid:
        raise Unauthenticated("invalid_credentials") from None
    try:
        return _in_turn(account, password, now)
    except (Denied, _Crowded):
        if not hardware_id or not _is_active(account, hardware_id):
            raise
    known = replace(origin, known=f"device {hash_hardware_id(hardware_id)}")
    return _in_turn(replace(account, origin=known), password, now)


def _in_turn(account: Account, password: str, now: Instant) -> User:
    with _turn(account.origin):
        return _log_in(account, password, now)


def _log_in(account: Account, password: str, now: Instant) -> User:
    seen, started = _start(account, password, now)
    user = named_user_of(account.company, account.email, seen.user_id)
    if not verify_password(None if user is None else user.password_hash, password) or user is None:
        login_attempts.attempt_failed(account, password, started, seen, now)
        kind: EventType = "log_in_locked" if started.failures + 1 >= MAX_FAILURES else "log_in_failed"
        note_security_event(account.company, user or account.email, kind, _stranger(account), now)
        raise Unauthenticated("invalid_credentials")
    login_attempts.attempt_succeeded(account, started)
    observability.add_fields(company=user.company, user_id=user.id)
    return _rehashed(user, password) if is_outdated(user.password_hash) else user


def _rehashed(user: User, password: str) -> User:
    """The account with its password hashed as it is today. Where that cannot be stored, the next log-in does it."""
    changed = replace(user, password_hash=hash_password(password))
    with suppress(ConditionFailed, Unavailable):
        accounts.rehash_password(user, changed)
        stored = accounts.read_user(user.company, user.id)
        return changed if stored and stored.password_hash == changed.password_hash else user
    return user


def _stranger(account: Account) -> Actor:
    """Who has not proved who he is."""
    return Actor("somebody", account.origin.address or None)


def _start(account: Account, password: str, now: Instant) -> tuple[Seen, Attempts]:
    """Count the attempt, if it may be made. A refusal rests on a consistent read, a grant on the write's condition."""
    consistent = False
    for _ in range(_ROUNDS):
        seen = login_attempts.read_attempts(account, password, now, consistent=consistent)
        try:
            if not account.origin.known:
                is_first = not seen.own.failures or seen.own.until <= now
                guard_strangers(seen.account, seen.address, seen.password, now, is_first=is_first)
            guard_attempt(seen.own, now)
        except Denied:
            if consistent:
                raise
            consistent = True
            continue
        try:
            return seen, login_attempts.start_attempt(account, seen.own, now)
        except ConditionFailed:
            # Not locked, but as many attempts are under way as may be: wait for one of them to end.
            time.sleep(random.uniform(0, _MAX_WAIT) if consistent else 0)  # noqa: S311 - no secret
            consistent = True
    raise _Crowded("too_many_log_ins")


def _is_active(account: Account, hardware_id: str) -> bool:
    """Whether the device is active on a seat of the account: three reads, and the same where there is no account.

    Raises `Unavailable` where many are looked for: that one is no stranger is not denied unseen.
    """
    looks = runtime().turns.device_looks
    if not looks.acquire(blocking=False):
        raise Unavailable("too_many_device_searches")
    try:
        user_id = named_user_id(account.company, account.email)
        held = accounts.held_license_ids(account.company, user_id, limit=_MAX_HELD) or [_NO_LICENSE]
        wanted = [(license_id, user_id) for license_id in held]
        found = activations.read_snapshots(account.company, wanted, hardware_id, consistent=False)
    finally:
        looks.release()
    return any(map(holds, found))


@contextmanager
def _turn(origin: Origin) -> Iterator[None]:
    """Let few at once log in, and from one address not many in a second: hashing takes what others need."""
    turns = runtime().turns
    name = f"{origin.address} {origin.known}".strip()  # who is known does not share with strangers at the address
    wait = 0.0 if not origin.address else turns.log_ins_of_address.take(name, time.monotonic())
    if wait:
        raise Denied("rate_limit_exceeded", retry_after=max(1, round(wait)))
    with ExitStack() as taken:
        for needed in (turns.log_ins,) if origin.known else (turns.strangers, turns.log_ins):
            if not needed.acquire(blocking=False):
                raise _Crowded("too_many_log_ins")
            taken.callback(needed.release)
        yield
