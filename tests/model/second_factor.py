"""What a second factor is, by the contract: nobody is in before a code of it, and each code works once; so does what a
passkey answers.

In sets and plain counts; nothing of `chalicelib` is used here. A call is some steps, each of which happens at one
instant, as in `tests.model.account`. All that is under way at the start is of the account's first epoch.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from tests.model.account import OK, Counts, with_one

APP, RECOVERY, SPARE, WRONG, PASSKEY = "app", "recovery", "spare", "wrong", "passkey"
"""The code that the app shows, two of those for recovery, and one of neither; what a passkey answers."""
LAPTOP, PHONE, TABLET = "Laptop", "Phone", "Tablet"
"""Passkeys: one that is there, and two that are yet to be added."""
KEY, KEY_RIVAL, KEY_HELD = "key", "key-rival", "key-held"
"""What the laptop answers: at a log-in, at another one, and in the session."""
PASSKEY_OF: Mapping[str, str] = {KEY: LAPTOP, KEY_RIVAL: LAPTOP, KEY_HELD: LAPTOP, "new": PHONE, "new-rival": TABLET}
"""The passkey of each answer, by when it was asked for. Once one is taken, so are those of before it."""
NEW = {passkey: answer for answer, passkey in PASSKEY_OF.items() if passkey != LAPTOP}
"""What brings each passkey that is yet to be added."""
MAX_TRIES = 10
"""Codes of one kind that are looked at within the hour, but for those that are right."""

Verb = Literal[
    "log in", "enter", "turn on", "turn off", "renew", "end one", "end others", "log out",  # the owner
    "add key", "remove key",  # the owner
    "remove", "close", "set",  # the vendor, and a manager
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked for."""

    verb: Verb
    code: str = ""
    """That is typed."""
    claim: str = ""
    """Who has entered the password, and no code yet."""
    name: str = ""
    """Of the session that it opens by the password alone, and of the recovery codes that it makes."""
    passkey: str = ""
    """That is added or taken away."""

    @property
    def opens(self) -> str:
        """The session that it opens: a claim opens one by one code, however often it asks."""
        return f"{self.claim} {self.code}" if self.verb == "enter" else self.name

    @property
    def counted(self) -> str:
        """As what its code is counted: whoever uses one of these up keeps nobody from the others."""
        kind = RECOVERY if self.code == RECOVERY else PASSKEY if self.code in PASSKEY_OF else APP
        return f"{kind}, {'log-in' if self.verb == 'enter' else 'session'}"


@dataclass(frozen=True, slots=True)
class Guarded:
    """One account at one instant."""

    app: bool = True
    keys: frozenset[str] = frozenset()
    """Passkeys."""
    good: frozenset[str] = frozenset({APP, RECOVERY, SPARE})
    """Codes that were not used, nor replaced by others; and answers of passkeys, also of those that they bring."""
    made: str = ""
    """The call that has made the recovery codes; empty: those of the start, if any."""
    tried: Counts = ()
    """Codes of each kind that were wrong, or are looked at."""
    is_set: bool = False
    """Whether a manager has set another password."""
    epoch: int = 0
    closed: bool = False
    seated: bool = True
    """Whether it has its seat on the license."""
    sessions: frozenset[tuple[str, int]] = frozenset({("open", 0)})
    """Each with its epoch: of an older one it is over."""
    own: str = "open"
    """That which asks, or is ended."""
    events: Counts = ()
    mails: Counts = ()

    @property
    def on(self) -> bool:
        """Whether there is a second factor."""
        return self.app or bool(self.keys)

    @property
    def open_sessions(self) -> frozenset[str]:
        """Those that are not over."""
        return frozenset(name for name, epoch in self.sessions if epoch == self.epoch and not self.closed)


class Seen(NamedTuple):
    """What a call remembers between its steps."""

    right: bool = True
    on: bool = False
    """Whether a second factor was there when the password was looked at."""
    locked: bool = False
    named: bool = True
    """Whether the account was open by then."""
    epoch: int = 0


class After(NamedTuple):
    """What a step leads to."""

    account: Guarded
    seen: Seen
    answer: str | None = None
    at: int | None = None


Step = Callable[[Guarded, Call, Seen], Iterator[After]]
"""Everything that it may lead to."""


# --- the password ---------------------------------------------------------------------------------------------------


def _look(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    right = not (account.closed or account.is_set)
    yield After(account, seen._replace(right=right, on=account.on, named=not account.closed, epoch=account.epoch))


def _deny(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    if seen.right:
        yield After(account, seen)
    else:
        yield After(_told(account, "log_in_failed") if seen.named else account, seen, "invalid_credentials")


def _ask_for_code(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    yield After(account, seen, f"{OK}, a code is asked for" if seen.on else None)


# --- codes ----------------------------------------------------------------------------------------------------------


def _begin(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    yield After(account, seen, None if _is_of_now(account) else "session_expired")


def _begin_by_claim(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    yield After(account, seen, None if _is_of_now(account) and account.on else "session_expired")


def _count(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    """Before it is looked at."""
    if _tries(account, call) >= MAX_TRIES:
        yield After(account, seen, "rate_limit_exceeded")
    else:
        yield After(replace(account, tried=with_one(account.tried, call.counted)), seen)


def _enter(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    """Again, it is answered as before, as long as that session is there."""
    if not _is_of_now(account) or not account.on:
        yield After(account, seen, "session_expired")
    elif call.opens in (name for name, _ in account.sessions):
        yield After(account, seen)
    elif call.code not in account.good:
        yield After(account, seen._replace(right=False))
    else:
        used = replace(_used(account, call), sessions=account.sessions | {(call.opens, account.epoch)})
        yield After(_changed(used, "recovery_code_used") if call.code == RECOVERY else used, seen)


def _by_code(change: Callable[[Guarded, Call], Guarded]) -> Step:
    """Of who is logged in, and has typed a code."""

    def step(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
        if not _is_of_now(account):
            yield After(account, seen, "session_expired")
        elif not account.on:
            yield After(account, seen, "not_found")
        elif call.code not in account.good:
            yield After(account, seen._replace(right=False))
        elif call.passkey and call.passkey not in account.keys:
            yield After(account, seen, "not_found")
        else:
            yield After(change(_used(account, call), call), seen)

    return step


def _off(account: Guarded, _: Call) -> Guarded:
    off = replace(account, app=False, keys=frozenset(), good=account.good & {*NEW.values()}, made="")
    return _changed(off, "second_factor_off")


def _remove_key(account: Guarded, call: Call) -> Guarded:
    """With the last one and no app, there is no second factor any more."""
    of_it = {answer for answer, passkey in PASSKEY_OF.items() if passkey == call.passkey}
    left = replace(account, keys=account.keys - {call.passkey}, good=account.good - of_it)
    return _changed(left, "passkey_removed") if left.on else _off(left, call)


def _renewed(account: Guarded, call: Call) -> Guarded:
    """Those of before are void."""
    return _changed(_with_new_codes(account, call), "recovery_codes_made")


def _look_whether_locked(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    yield After(account, seen._replace(locked=_tries(account, call) >= MAX_TRIES))


def _tell_wrong(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    kind = "second_factor_locked" if seen.locked else "second_factor_failed"
    yield After(account if seen.right else _told(account, kind), seen)


def _refuse(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    if seen.right:
        yield After(account, seen)
    else:
        yield After(_mailed(account, "second_factor_locked") if seen.locked else account, seen, "invalid_code")


def _take_back(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    """What was right does not count."""
    less = dict(account.tried) | {call.counted: _tries(account, call) - 1}
    tried = tuple(sorted((name, times) for name, times in less.items() if times > 0))
    yield After(replace(account, tried=tried), seen, None if call.verb == "enter" else OK)


CODE_TYPED: tuple[Step, ...] = (_look_whether_locked, _tell_wrong, _refuse, _take_back)


# --- sessions, and what else is changed -----------------------------------------------------------------------------


def _sign(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    yield After(_told(account, "signed_in"), seen, OK if call.verb == "enter" else None)


def _open(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    yield After(replace(account, sessions=account.sessions | {(call.opens, seen.epoch)}), seen, OK)


def _turn_on(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    if not _is_of_now(account):
        yield After(account, seen, "session_expired")
    elif account.app:
        yield After(account, seen, "already_exists")
    else:
        yield After(_begun(replace(account, app=True), call), seen, OK)


def _look_at_key(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    """Before the password."""
    yield After(account, seen, None if NEW[call.passkey] in account.good else "invalid_code")


def _add_key(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    """The first is a second factor."""
    answer = NEW[call.passkey]
    if not _is_of_now(account):
        yield After(account, seen, "session_expired")
    elif answer not in account.good:
        yield After(account, seen, "invalid_code")
    else:
        added = replace(account, keys=account.keys | {call.passkey}, good=_without(account, answer))
        yield After(_changed(added, "passkey_added") if account.on else _begun(added, call), seen, OK)


def _end_one(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    left = _without_own(account)
    if left == account.sessions:
        yield After(account, seen, OK)
    else:
        yield After(_told(replace(account, sessions=left), "sessions_ended"), seen, OK)


def _end_others(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    if account.closed:
        yield After(account, seen, "account_closed")
    elif account.epoch:
        yield After(account, seen, "session_expired")
    else:
        yield After(_told(replace(account, epoch=1), "sessions_ended"), seen)


def _keep(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    """The session that asks lasts, unless it was ended meanwhile."""
    left = _without_own(account)
    yield After(account if left == account.sessions else replace(account, sessions=left | {(account.own, 1)}), seen, OK)


def _log_out(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    yield After(replace(account, sessions=_without_own(account)), seen, OK)


def _remove(account: Guarded, call: Call, seen: Seen) -> Iterator[After]:
    yield After(_off(account, call) if account.on else account, seen, OK)


def _close(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    shut = replace(account, closed=True, epoch=account.epoch + 1)
    yield After(account if account.closed else _told(shut, "user_closed"), seen)


def _unseat(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    yield After(replace(account, seated=False), seen)


def _forget(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    """Mails that wait to be sent."""
    yield After(replace(account, mails=()), seen, OK)


def _set(account: Guarded, _: Call, seen: Seen) -> Iterator[After]:
    if not account.seated:
        yield After(account, seen, "user_not_found")
    elif account.closed:
        yield After(account, seen, "account_closed")
    else:
        changed = replace(account, is_set=True, epoch=account.epoch + 1)
        yield After(_mailed(_told(changed, "password_set"), "set"), seen, OK)


STEPS: Mapping[Verb, tuple[Step, ...]] = {
    "log in": (_look, _deny, _ask_for_code, _sign, _open),
    "enter": (_begin_by_claim, _count, _enter, *CODE_TYPED, _sign),
    "turn on": (_begin, _look, _deny, _turn_on),
    "turn off": (_begin, _count, _by_code(_off), *CODE_TYPED),
    "add key": (_begin, _look_at_key, _look, _deny, _add_key),
    "remove key": (_begin, _count, _by_code(_remove_key), *CODE_TYPED),
    "renew": (_begin, _count, _by_code(_renewed), *CODE_TYPED),
    "end one": (_end_one,),
    "end others": (_end_others, _keep),
    "log out": (_log_out,),
    "remove": (_remove,),
    "close": (_close, _unseat, _forget),
    "set": (_set,),
}
COUNTED: frozenset[Step] = frozenset({_count, _take_back, _enter})
"""What is counted by itself: where the answer is lost, once more. A code, too, opens a session, and is used: whoever
has not heard of it looks for the session, which may have been ended by then.
"""


def _is_of_now(account: Guarded) -> bool:
    """Whether what was under way at the start is worth anything still."""
    return account.epoch == 0 and not account.closed


def _tries(account: Guarded, call: Call) -> int:
    return dict(account.tried).get(call.counted, 0)


def _used(account: Guarded, call: Call) -> Guarded:
    return replace(account, good=_without(account, call.code))


def _without(account: Guarded, code: str) -> frozenset[str]:
    """What is good once this code was used."""
    asked = [*PASSKEY_OF]
    return account.good - {code} - {*asked[: asked.index(code) if code in asked else 0]}


def _with_new_codes(account: Guarded, call: Call) -> Guarded:
    """Recovery codes of before are void."""
    return replace(account, good=account.good - {RECOVERY, SPARE}, made=call.name)


def _begun(account: Guarded, call: Call) -> Guarded:
    """No session has proved the second factor."""
    on = replace(_with_new_codes(account, call), epoch=account.epoch + 1)
    return _changed(on, "second_factor_on")


def _without_own(account: Guarded) -> frozenset[tuple[str, int]]:
    return frozenset(session for session in account.sessions if session[0] != account.own)


def _changed(account: Guarded, change: str) -> Guarded:
    """Told and mailed."""
    return _mailed(_told(account, change), change)


def _told(account: Guarded, event: str) -> Guarded:
    return replace(account, events=with_one(account.events, event))


def _mailed(account: Guarded, mail: str) -> Guarded:
    return replace(account, mails=with_one(account.mails, mail))
