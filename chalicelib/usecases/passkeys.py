"""The passkeys of an account: its owner adds them, and takes them away. The first is a second factor by itself."""

from dataclasses import replace
from typing import Literal

from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.events import Actor, Event
from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Origin, network_of
from chalicelib.domain.passkeys import MAX_PASSKEYS, passkey_name, passkeys_in
from chalicelib.domain.second_factor import new_recovery_codes
from chalicelib.domain.users import User
from chalicelib.store.second_factors import change_second_factor
from chalicelib.usecases.log_in import log_in
from chalicelib.usecases.notices import second_factor_notice
from chalicelib.usecases.passkey_answers import PasskeyAnswer, with_new_passkey
from chalicelib.usecases.retry import decide_and_write
from chalicelib.usecases.second_factor import (
    account_in_epoch,
    begun,
    code_counted,
    with_code_used,
    without_second_factor,
)

_Change = Literal["passkey_added", "passkey_removed", "second_factor_on", "second_factor_off"]


def add_passkey(
    company: str,
    user_id: int,
    name: str,
    answer: PasskeyAnswer,
    password: str,
    actor: Actor,
    *,
    epoch: int,
    now: Instant,
) -> tuple[User, tuple[str, ...]]:
    """Add the passkey that a browser has made, given the password. The owner is mailed.

    Answers the account, and recovery codes where it had no second factor before: then all sessions are over, as with
    an app (`second_factor.turn_on`); else none. Raises `Invalid`: `invalid_code`, `name_length`, `too_many_passkeys`;
    `Denied` and `Unauthenticated` of `log_in`; `session_expired` where the session of `epoch`, which asks, has ended.
    """
    user, named = account_in_epoch(company, user_id, epoch), passkey_name(name)
    with_new_passkey(user, named, answer, now)  # before the password is looked at, which is counted
    log_in(company, user.email, password, Origin(network_of(actor.ip or ""), "session"), now=now)
    codes = new_recovery_codes()

    def decide(user: User) -> User:
        if len(user.passkeys) >= MAX_PASSKEYS:
            raise Invalid("too_many_passkeys", field="name", most=MAX_PASSKEYS)
        new = with_new_passkey(user, named, answer, now)
        return new if user.has_second_factor else begun(new, codes)

    def write(old: User, new: User) -> None:
        _write(old, new, "passkey_added" if old.has_second_factor else "second_factor_on", named, actor, now)

    def result(old: User, new: User) -> tuple[User, tuple[str, ...]]:
        return new, () if old.has_second_factor else codes

    read = lambda _: account_in_epoch(company, user_id, epoch)  # noqa: E731 - short and local
    return result(*decide_and_write(read, decide, write, result=result))


def remove_passkey(
    company: str, user_id: int, key: str, code: str | PasskeyAnswer, actor: Actor, *, epoch: int, now: Instant
) -> User:
    """Take a passkey (`Passkey.key`) away, given a code or the answer of any passkey. The owner is mailed.

    Where it was the last one and there is no app, there is no second factor any more. Raises `NotFound` where there is
    no such passkey, and as `second_factor.turn_off`.
    """
    user = account_in_epoch(company, user_id, epoch)

    def decide(user: User) -> User:
        proved = with_code_used(user, code, now)
        kept = [passkey for passkey in passkeys_in(proved.passkeys) if passkey.key != key]
        if len(kept) == len(proved.passkeys):
            raise NotFound("not_found", of="passkey")
        left = replace(proved, passkeys=frozenset(passkey.text for passkey in kept))
        return left if left.has_second_factor else without_second_factor(left)

    def write(old: User, new: User) -> None:
        (name,) = [passkey.name for passkey in passkeys_in(old.passkeys) if passkey.key == key]
        _write(old, new, "passkey_removed" if new.has_second_factor else "second_factor_off", name, actor, now)

    read = lambda _: account_in_epoch(company, user_id, epoch)  # noqa: E731 - short and local
    with code_counted(user, code, actor, now):
        return decide_and_write(read, decide, write)[1]


def _write(old: User, new: User, type: _Change, name: str, actor: Actor, now: Instant) -> None:
    """Write what has become of an account, with its event, and the mail of the same name; both name the passkey."""
    event = Event.new(type, actor, now, user=old.email, user_id=old.id, passkey=name)
    change_second_factor(old, new, event, second_factor_notice(old, type, actor, name))
