"""The second factor of an account: its owner turns it on and off, and gets recovery codes; each code is used up once.

What is asked of who turns it off is a code, or the answer of a passkey, not the password: who has only that must not
get rid of what guards it. Wherever a `code` is taken, such an answer stands for one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from cryptography.exceptions import InvalidTag

from chalicelib.domain.errors import AlreadyExists, Denied, Invalid, NotFound, Unauthenticated
from chalicelib.domain.events import Actor, Event, EventType
from chalicelib.domain.instants import Instant, whole_seconds
from chalicelib.domain.one_time_code import typed_code
from chalicelib.domain.origin import Origin, network_of
from chalicelib.domain.second_factor import MAX_WRONG, is_app_code, new_recovery_codes, new_secret, step_of
from chalicelib.domain.users import User
from chalicelib.encryption import decrypt, encrypt, hmac_sha256
from chalicelib.store import accounts, probes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.mails import queue_mail
from chalicelib.store.second_factors import change_second_factor
from chalicelib.usecases.find_license import find_account
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.notices import second_factor_notice
from chalicelib.usecases.passkey_answers import PasskeyAnswer, with_passkey_used
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.security_events import note_security_event

_Change = Literal["second_factor_on", "second_factor_off", "recovery_codes_made"]
_HASH_LENGTH = 24
"""Characters of a hash, 96 bits: those of ten recovery codes stand in each account."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret that is not stored yet: a form shows it, and brings it back sealed, with a code that proves it."""

    secret: str
    sealed: str


def offer_secret(user: User, sealed: str = "") -> Offer:
    """The secret to set up an app with: the one that a form of this account brings back, else a new one."""
    offered = _offered(user, sealed)
    if offered is not None:
        return Offer(offered, sealed)
    secret = new_secret()
    return Offer(secret, encrypt(secret, _offer_context(user)))


def turn_on(
    company: str, user_id: int, sealed: str, code: str, password: str, actor: Actor, *, epoch: int, now: Instant
) -> tuple[User, tuple[str, ...]]:
    """Turn a second factor on, given the offer, a code of the app and the password; answers the account and its
    recovery codes, which nobody can read again. All sessions are over: none of them has proved it. The owner is mailed.

    Passkeys that the account has stay. Raises `Invalid`: `invalid_code`; `Denied`, also of `log_in`; `AlreadyExists`
    where there is an app; `session_expired` where the session of `epoch`, which asks, has ended.
    """
    user = account_in_epoch(company, user_id, epoch)
    secret = _offered(user, sealed)
    typed = typed_code(code)
    step = step_of(secret, typed, now) if secret is not None and is_app_code(typed) else None
    if secret is None or step is None:
        raise _wrong()
    log_in(company, user.email, password, Origin(network_of(actor.ip or ""), "session"), now=now)
    codes, stored = new_recovery_codes(), encrypt(secret, _secret_context(user))

    def decide(user: User) -> User:
        if user.sealed_totp_secret is not None:
            raise AlreadyExists("already_exists", of="second_factor")
        return begun(replace(user, sealed_totp_secret=stored, totp_step=step), codes)

    changed = _change(company, user_id, epoch, decide, "second_factor_on", actor, now, codes)
    return changed, codes


def begun(user: User, codes: tuple[str, ...]) -> User:
    """The account once its second factor has begun: with these recovery codes, and all sessions over."""
    return replace(user, recovery_hashes=_hashes(user, codes), session_epoch=user.session_epoch + 1)


def turn_off(company: str, user_id: int, code: str | PasskeyAnswer, actor: Actor, *, epoch: int, now: Instant) -> User:
    """Turn the second factor off, app and passkeys, given a code of the app or for recovery. The owner is mailed.

    Raises `NotFound` where there is none, `session_expired`, and as `code_counted`.
    """
    user = account_in_epoch(company, user_id, epoch)
    with code_counted(user, code, actor, now):
        return _change(
            company,
            user_id,
            epoch,
            lambda user: without_second_factor(with_code_used(user, code, now)),
            "second_factor_off",
            actor,
            now,
        )


def renew_recovery_codes(
    company: str, user_id: int, code: str | PasskeyAnswer, actor: Actor, *, epoch: int, now: Instant
) -> tuple[User, tuple[str, ...]]:
    """Draw new recovery codes in the place of those of before, given a code. The owner is mailed.

    Answers the account and the codes. Raises as `turn_off`.
    """
    user, codes = account_in_epoch(company, user_id, epoch), new_recovery_codes()

    def decide(user: User) -> User:
        return replace(with_code_used(user, code, now), recovery_hashes=_hashes(user, codes))

    with code_counted(user, code, actor, now):
        return _change(company, user_id, epoch, decide, "recovery_codes_made", actor, now, codes), codes


def remove_second_factor(company: str, email: str, actor: Actor, *, now: Instant) -> User:
    """Turn the second factor of somebody off who has lost it, for operators. The owner is mailed.

    Where there is none, nothing is changed. Raises `NotFound`: `user_not_found`.
    """

    def write(old: User, new: User) -> None:
        if old.has_second_factor:
            event = Event.new("second_factor_off", actor, now, user=old.email, user_id=old.id)
            change_second_factor(old, new, event, second_factor_notice(old, "second_factor_off", actor))

    return decide_and_write(lambda _: find_account(company, email), without_second_factor, write)[1]


def account_in_epoch(company: str, user_id: int, epoch: int) -> User:
    """The account, as long as no session of this epoch was ended. Raises `Unauthenticated`: `session_expired`."""
    user = accounts.read_user(company, user_id)
    if user is None or user.closed_at is not None or user.session_epoch != epoch:
        raise Unauthenticated("session_expired")
    return user


def with_code_used(user: User, given: str | PasskeyAnswer, now: Instant) -> User:
    """The account once this is used up: a step of its app and all before it, a recovery code, or what a passkey was
    asked.

    Raises `Invalid`: `invalid_code`; `NotFound` where there is no second factor.
    """
    if not user.has_second_factor:
        raise NotFound("not_found", of="second_factor")
    if isinstance(given, PasskeyAnswer):
        return with_passkey_used(user, given, now)
    code = typed_code(given)
    if is_app_code(code):
        return _with_step_used(user, code, now)
    used = _hash(user, code)
    if used not in user.recovery_hashes:  # it was used, or never was one: no used one is kept
        raise Invalid("invalid_code", field="code", of="recovery_code")
    return replace(user, recovery_hashes=user.recovery_hashes - {used})


def _with_step_used(user: User, code: str, now: Instant) -> User:
    secret = user.sealed_totp_secret
    step = None if secret is None else step_of(decrypt(secret, _secret_context(user)), code, now)
    if step is None:
        raise _wrong()
    if step <= user.totp_step:
        raise Invalid("invalid_code", field="code", of="used_code")
    return replace(user, totp_step=step)


@contextmanager
def code_counted(
    user: User, given: str | PasskeyAnswer, actor: Actor, now: Instant, *, in_session: bool = True
) -> Iterator[None]:
    """Count a code before it is looked at inside, and take it back where it was right; wrong ones are noted.

    Codes of the app, recovery codes and answers of passkeys are counted apart, and those of sessions and of log-ins:
    who uses one count up keeps nobody from the others. Those of log-ins (not `in_session`) begin anew with another
    password, by which the owner gets in while somebody guesses who knows the old one.
    Raises `Denied`: `rate_limit_exceeded`.
    """
    of = _kind_of(given)
    count = f"{of}#{'session' if in_session else sha256(user.password_hash.encode()).hexdigest()[:_HASH_LENGTH]}"
    _count(user, count, of, now)
    try:
        yield
    except Invalid:
        locked = probes.tried_codes(user.company, user.id, count, now).times >= MAX_WRONG
        kind: EventType = "second_factor_locked" if locked else "second_factor_failed"
        note_security_event(user.company, user, kind, actor, now)
        if locked:
            queue_mail(second_factor_notice(user, "second_factor_locked", actor), now)
        raise
    probes.forget_code(user.company, user.id, count, now)


def _kind_of(given: str | PasskeyAnswer) -> str:
    if isinstance(given, PasskeyAnswer):
        return "passkey"
    return "second_factor" if is_app_code(typed_code(given)) else "recovery_code"


def _count(user: User, count: str, of: str, now: Instant) -> None:
    try:
        probes.count_code(user.company, user.id, count, now)
    except ConditionFailed:
        until = probes.tried_codes(user.company, user.id, count, now).until
        wait = max(1, whole_seconds(until - now))
        field = "passkey" if of == "passkey" else "code"
        raise Denied("rate_limit_exceeded", field=field, of=of, retry_after=wait) from None


def without_second_factor(user: User) -> User:
    """The account with the password alone."""
    return replace(user, sealed_totp_secret=None, totp_step=0, recovery_hashes=frozenset(), passkeys=frozenset())


def _change(
    company: str,
    user_id: int,
    epoch: int,
    decide: Callable[[User], User],
    type: _Change,
    actor: Actor,
    now: Instant,
    codes: tuple[str, ...] = (),
) -> User:
    """Make a change of a session, with its event, and the mail of the same name."""

    def write(old: User, new: User) -> None:
        event = Event.new(type, actor, now, user=old.email, user_id=old.id)
        change_second_factor(old, new, event, second_factor_notice(old, type, actor))

    read = lambda _: account_in_epoch(company, user_id, epoch)  # noqa: E731 - short and local
    return decide_and_write(read, decide, write, result=lambda _, new: (new, codes) if codes else new)[1]


def _wrong() -> Invalid:
    return Invalid("invalid_code", field="code", of="second_factor")


def _offered(user: User, sealed: str) -> str | None:
    """The secret of an offer to this account; None where it is none."""
    try:
        return decrypt(sealed, _offer_context(user))
    except (InvalidTag, ValueError):
        return None


def _offer_context(user: User) -> str:
    return f"second-factor-offer#{user.company}#{user.id}"


def _secret_context(user: User) -> str:
    return f"second-factor#{user.company}#{user.id}"


def _hashes(user: User, codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_hash(user, typed_code(code)) for code in codes)


def _hash(user: User, code: str) -> str:
    return hmac_sha256(code.upper(), f"recovery-code#{user.company}#{user.id}")[:_HASH_LENGTH]
