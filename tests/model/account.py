"""What an account is, by the contract: what opens it, how often that may be tried, and who is noted.

In sets and plain counts; nothing of `chalicelib` is used here. A call is some steps, each of which happens at one
instant: a log-in is counted before the password is looked at, so what others do may come in between.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import Literal, NamedTuple

OK, BUSY = "ok", "service_busy"
NOBODYS = ""
"""The password that nobody has."""
MAX_FAILURES, FREE_FAILURES = 10, 3
"""Failures that lock, and of which the next has to wait; each of them longer than calls of one schedule are apart."""
MAX_TRIES, MAX_MAILS = 5, 3
"""Of one code; and codes that are mailed for one browser within the hour."""
KNOWN = frozenset({"browser", "session"})
"""From where no stranger comes."""
MAX_GUESSES = 2
"""Users whom an address may name on devices that were never theirs, within the hour: in walks so few."""
ROUNDS = 3
"""In which a change is decided anew, where others have come before."""

Verb = Literal[
    "log in", "activate", "change", "choose", "check", "log out", "end others", "rename", "ask", "redeem",  # the owner
    "accept",  # who was invited
    "set", "set once", "reveal", "send", "unlock", "move", "close", "invite",  # managers, the vendor and the clock
    "make key", "use key", "revoke key",
    "guess",  # whoever has an application's key
]  # fmt: skip
Counts = tuple[tuple[str, int], ...]
"""How often there is what, in order."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked for."""

    verb: Verb
    clock: int = 0
    """When it thinks that it is."""
    password: str = ""
    new: str = ""
    """The password, or the name, that is to be."""
    origin: str = "browser"
    """Where a log-in comes from; from a browser that is known nobody is a stranger."""
    code: str = ""
    session: str = ""
    """The one that asks, or that a log-in opens."""


class Attempts(NamedTuple):
    """Log-in attempts from one origin."""

    started: int = 0
    failures: int = 0
    begun: float = -inf
    waits: bool = False
    """Whether the next has to wait."""


class Code(NamedTuple):
    """The newest code of the browser."""

    name: str
    tries: int = 0
    used: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """One account at one instant."""

    password: str
    """By the name that the schedule has for it."""
    initial: bool = False
    """Whether it was handed out, and another one has to be chosen."""
    proved: bool = False
    """Whether it was chosen by who reads the mail of the account."""
    hashed: int = 0
    """How often its hash was made anew."""
    outdated: bool = False
    """Whether that is as it was made of old."""
    epoch: int = 0
    sessions: frozenset[tuple[str, int]] = frozenset()
    """Each with its epoch: of an older one it is over."""
    attempts: frozenset[tuple[str, Attempts]] = frozenset()
    """By where they come from."""
    forgiven: tuple[int, float] = (0, -inf)
    """How often attempts were forgiven, and which: those that were begun before."""
    strangers: int = 0
    """Their failures of late."""
    code: Code | None = None
    asked: int = 0
    """Codes that were mailed of late for this browser."""
    invitation: str = ""
    """The link that was mailed last, for the owner to choose a password; empty: none."""
    closed: bool = False
    seated: bool = True
    """Whether it has its seat on the license."""
    moved: bool = False
    """Whether it has another email: whoever names the old one means nobody."""
    name: str = ""
    performed: str = ""
    """What was answered to the call that may come again."""
    keys: int = 0
    """API keys that were made for programs of its company; and whether that is revoked which they have."""
    revoked: bool = False
    guesses: int = 0
    """Users who were named of late from one address."""
    events: Counts = ()
    mails: Counts = ()
    """That were queued, with changes or by themselves."""
    forgotten: Counts = ()
    """Of these, those that may have been taken out of the queue."""

    def of_origin(self, origin: str) -> Attempts | None:
        """The attempts from there that count."""
        found = self.stored(origin)
        return None if found is None or found.begun < self.forgiven[1] else found

    def stored(self, origin: str) -> Attempts | None:
        """Whether they count or not."""
        return next((attempts for where, attempts in self.attempts if where == origin), None)

    @property
    def is_named(self) -> bool:
        """Whether who names its email means it, and may."""
        return not (self.closed or self.moved)

    @property
    def open_sessions(self) -> frozenset[str]:
        """Those that are not over."""
        return frozenset(name for name, epoch in self.sessions if epoch == self.epoch and not self.closed)


class Seen(NamedTuple):
    """What a call remembers between its steps."""

    forgiven: int = 0
    failures: int = 0
    right: bool = False
    hashed: int = 0
    epoch: int = 0
    open: bool = True
    moved: bool = False
    rounds: int = 1


class After(NamedTuple):
    """What a step leads to. `at`: the step that comes next; None: the one behind this."""

    account: Account
    seen: Seen
    answer: str | None = None
    at: int | None = None


Step = Callable[[Account, Call, Seen], Iterator[After]]
"""Everything that it may lead to."""


# --- log-ins --------------------------------------------------------------------------------------------------------


def _where(call: Call, seen: Seen) -> str:
    """Where it is counted: by origin, and by the email that is named."""
    return f"{call.origin}, moved" if seen.moved else call.origin


def _look(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    yield After(account, seen._replace(forgiven=account.forgiven[0]))


def _admit(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """Count it, before anything is looked at."""
    origin = _where(call, seen)
    own, stored = account.of_origin(origin), account.stored(origin)
    if own is None:
        begun = _with_attempts(account, origin, Attempts(1, 0, call.clock))
        yield After(begun, seen._replace(failures=0))
        if stored and account.forgiven[0] != seen.forgiven and _has_room(stored):  # forgiven while it was begun
            yield _one_more(account, call, seen, stored)
    elif own.failures >= MAX_FAILURES or own.waits:
        yield After(account, seen, "account_locked")
    elif own.started >= MAX_FAILURES:
        yield After(account, seen, BUSY)
    else:
        yield _one_more(account, call, seen, own)


def _has_room(attempts: Attempts) -> bool:
    return attempts.started < MAX_FAILURES and not attempts.waits


def _one_more(account: Account, call: Call, seen: Seen, of: Attempts) -> After:
    more = _with_attempts(account, _where(call, seen), of._replace(started=of.started + 1))
    return After(more, seen._replace(failures=of.failures))


def _verify(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    named = not account.closed and account.moved == seen.moved
    right = named and account.password == call.password
    yield After(account, seen._replace(right=right, hashed=account.hashed, epoch=account.epoch, open=named))


def _count(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """The right one takes back what was counted, and forgives what was wrong before."""
    origin = _where(call, seen)
    stored = account.stored(origin)
    if seen.right and seen.failures:
        yield After(_with_attempts(account, origin, None), seen)
    elif seen.right:
        less = stored and stored.started and stored._replace(started=stored.started - 1)
        yield After(_with_attempts(account, origin, less) if less else account, seen)
    elif stored is not None:
        waits = stored.waits or seen.failures + 1 >= FREE_FAILURES
        failed = stored._replace(failures=stored.failures + 1, waits=waits)
        yield After(_with_attempts(account, origin, failed), seen)
    else:
        yield After(account, seen)


def _tell_failure(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    if seen.right:
        yield After(account, seen)
        return
    kind = "log_in_locked" if seen.failures + 1 >= MAX_FAILURES else "log_in_failed"
    after = replace(account, strangers=account.strangers + (call.origin not in KNOWN))
    yield After(_told(after, kind) if seen.open else after, seen, "invalid_credentials")


def _rehash(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    if account.outdated and seen.hashed == account.hashed:
        yield After(
            replace(account, outdated=False, hashed=account.hashed + 1), seen._replace(hashed=account.hashed + 1)
        )
    else:
        yield After(account, seen)


def _open(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    sessions = account.sessions | {(call.session, seen.epoch)}
    yield After(replace(_told(account, "signed_in"), sessions=sessions), seen, OK)


def _activate(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """The password has to be the account's still."""
    if account.moved or not account.seated:
        yield After(account, seen, "license_not_found")
    else:
        yield After(account, seen, OK if account.password == call.password else "invalid_credentials")


LOG_IN: tuple[Step, ...] = (_look, _admit, _verify, _count, _tell_failure, _rehash)


# --- passwords ------------------------------------------------------------------------------------------------------


def _with_password(
    account: Account, call: Call, event: str, mail: str, *, initial: bool = False, proved: bool = False
) -> Account:
    """It is set as a whole: all that the one before has opened is over, and no failure counts any more."""
    times, before = account.forgiven
    changed = replace(
        account,
        password=call.new,
        initial=initial,
        proved=proved,
        hashed=account.hashed + 1,
        outdated=False,
        invitation="" if initial else account.invitation,
        epoch=account.epoch + 1,
        forgiven=(times + 1, before if account.moved else call.clock),
        strangers=account.strangers if account.moved else 0,
    )
    return _mailed(_told(changed, event), mail)


def _closed(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    """And by which email it is known to whoever is logged in."""
    yield After(account, seen._replace(moved=account.moved), "account_closed" if account.closed else None)


def _change(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    if (account.hashed, account.epoch, account.moved) == (seen.hashed, seen.epoch, seen.moved):
        changed = _with_password(account, call, "password_changed", "changed", proved=account.proved)
        yield After(changed, seen._replace(epoch=account.epoch + 1))
    elif seen.rounds < ROUNDS:
        yield After(account, seen._replace(rounds=seen.rounds + 1), at=1)  # behind `_closed`
    else:
        yield After(account, seen, BUSY)


def _choose(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """Who is logged in with an initial password: the session is the proof."""
    epoch = 0  # in which the session was opened
    if account.closed:
        yield After(account, seen, "account_closed")
    elif account.epoch != epoch:
        yield After(account, seen, "session_expired")
    elif not account.initial:
        yield After(account, seen, "invalid_credentials")
    else:
        changed = _with_password(account, call, "password_changed", "changed", proved=account.proved)
        yield After(changed, seen._replace(epoch=epoch + 1))


def _by_email(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """Who is meant; whoever gets another email afterwards, may be found anew, and not be there."""
    is_repeat = call.verb == "set once" and account.performed
    yield After(account, seen, "user_not_found" if account.moved and not is_repeat else None)


def _set(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    if account.moved:
        yield After(account, seen, "user_not_found")
    if not account.seated:
        yield After(account, seen, "user_not_found")
    elif account.closed:
        yield After(account, seen, "account_closed")
    else:
        yield After(_with_password(account, call, "password_set", "set", initial=True), seen, OK)


def _set_once(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """Again, it is answered as before, and changes nothing."""
    if account.performed:
        yield After(account, seen, OK if account.performed == call.code else "idempotency_key_reused")
        return
    for after in _set(account, call, seen):
        done = after.answer == OK
        yield after._replace(account=replace(after.account, performed=call.code) if done else after.account)


def _reveal(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    if account.moved:
        yield After(account, seen, "user_not_found")
    if not account.seated:
        yield After(account, seen, "user_not_found")
        return
    shown = account.password if account.initial else None
    after = _told(account, "initial_password_read") if shown else account
    yield After(after, seen, f"{OK} {shown}" if shown else OK)


# --- codes ----------------------------------------------------------------------------------------------------------


def _ask(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    """Nothing tells that no more are mailed."""
    if account.asked >= MAX_MAILS:
        yield After(account, seen, OK)
    else:
        yield After(replace(account, asked=account.asked + 1), seen)


def _put_code(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    yield After(replace(account, code=Code(call.code)), seen)


def _find(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    yield After(account, seen._replace(open=account.is_named))


def _mail_code(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    noted = _told(account, "code_asked") if seen.open else account
    yield After(_mailed(noted, "code") if seen.open else noted, seen, OK)


def _try(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """Counted before it is looked at."""
    code = account.code
    if code is None or code.over or code.tries >= MAX_TRIES:
        yield After(account, seen, "invalid_code")
    else:
        tried = replace(account, code=code._replace(tries=code.tries + 1))
        yield After(tried, seen, None if code.name == call.code else "invalid_code")


def _redeem(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    code = account.code
    if not account.is_named or code is None or code.name != call.code or (code.used and account.password != call.new):
        yield After(account, seen, "invalid_code")
    elif code.used:
        yield After(account, seen, OK)
    else:
        used = replace(account, code=code._replace(used=True))
        yield After(_with_password(used, call, "password_changed", "changed", proved=True), seen, OK)


# --- invitations ----------------------------------------------------------------------------------------------------


def _accept(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """Who has chosen a password is no more invited; the same call once more is answered as before."""
    if account.closed or not call.code or account.invitation != call.code:
        yield After(account, seen, "invalid_invitation")
    elif account.initial:
        yield After(_with_password(account, call, "password_changed", "chosen", proved=True), seen, OK)
    else:
        yield After(account, seen, OK if account.password == call.new else "invalid_invitation")


def _invite(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """Not twice within a quarter of an hour."""
    if account.moved or not account.seated:
        yield After(account, seen, "user_not_found")
    elif account.closed:
        yield After(account, seen, "account_closed")
    elif not account.initial:
        yield After(account, seen, "password_chosen")
    elif account.invitation == call.code:
        yield After(account, seen, "rate_limit_exceeded")
    else:
        # its event stands in the history of the license
        yield After(_mailed(replace(account, invitation=call.code), "seat"), seen, OK)


# --- sessions -------------------------------------------------------------------------------------------------------


def _check(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    if call.session not in account.open_sessions:
        yield After(account, seen, "session_expired")
    else:
        yield After(account, seen, "password_change_required" if account.initial else OK)


def _log_out(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    left = frozenset(session for session in account.sessions if session[0] != call.session)
    yield After(replace(account, sessions=left), seen, OK)


def _end(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    epoch = 0  # of the session that asks
    if account.closed:
        yield After(account, seen, "account_closed")
    elif account.epoch != epoch:
        yield After(account, seen, "session_expired")
    else:
        yield After(_told(replace(account, epoch=epoch + 1), "sessions_ended"), seen._replace(epoch=epoch + 1))


def _keep(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    """The session that asked lasts, unless it was ended, or moved further, meanwhile."""
    moved = {(name, seen.epoch) for name, epoch in account.sessions if name == call.session and epoch <= seen.epoch}
    left = {session for session in account.sessions if session[0] != call.session}
    yield After(replace(account, sessions=frozenset(left | moved)) if moved else account, seen, OK)


# --- the vendor -----------------------------------------------------------------------------------------------------


def _rename(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    if account.closed:
        yield After(account, seen, "account_closed")
    elif account.name == call.new:
        yield After(account, seen, OK)
    else:
        yield After(_told(replace(account, name=call.new), "person_changed"), seen, OK)


def _unlock(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    if account.moved:
        yield After(account, seen, "user_not_found")
        yield After(_told(account, "user_unlocked"), seen, OK)  # by the new one
    forgiven = replace(account, forgiven=(account.forgiven[0] + 1, call.clock), strangers=0)
    yield After(_told(forgiven, "user_unlocked"), seen, OK)


def _move(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    """Nobody has proved that he reads the new one."""
    if account.moved:
        yield After(account, seen, "user_not_found")
        yield After(account, seen, OK)  # it has that email
    elif not account.seated:
        yield After(account, seen, "user_not_found")
    elif account.closed:
        yield After(account, seen, "account_closed")
    else:
        is_invited = account.initial and bool(account.invitation)
        invitation = "moved" if is_invited else ""
        moved = _told(replace(account, moved=True, proved=False, invitation=invitation), "email_changed")
        yield After(_mailed(_mailed(moved, "moved"), "seat" if is_invited else "moved"), seen, OK)


def _close(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    if account.moved:
        yield After(account, seen, "user_not_found")
    if account.closed:
        yield After(account, seen)
    else:
        nobodys = replace(account, password=NOBODYS, initial=False, proved=False, outdated=False, invitation="")
        shut = replace(nobodys, closed=True)
        yield After(_told(replace(shut, hashed=shut.hashed + 1, epoch=shut.epoch + 1), "user_closed"), seen)


def _unseat(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    yield After(replace(account, seated=False), seen)


def _forget(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    yield After(replace(account, forgotten=account.mails), seen, OK)


def _send(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    yield After(account, seen, OK)


def _make_key(account: Account, call: Call, seen: Seen) -> Iterator[After]:
    if account.performed:
        yield After(account, seen, OK if account.performed == call.code else "idempotency_key_reused")
    else:
        made = replace(account, keys=account.keys + 1, performed=call.code)
        yield After(_told(made, "api_key_created"), seen, OK)


def _use_key(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    yield After(account, seen, "api_key_revoked" if account.revoked else OK)


def _revoke_key(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    after = account if account.revoked else _told(replace(account, revoked=True), "api_key_revoked")
    yield After(after, seen, OK)


# --- applications ---------------------------------------------------------------------------------------------------


def _guess(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    """Counted before it is answered, whoever is named."""
    if account.guesses >= MAX_GUESSES:
        yield After(account, seen, "rate_limit_exceeded")
    else:
        yield After(replace(account, guesses=account.guesses + 1), seen)


def _name(account: Account, _: Call, seen: Seen) -> Iterator[After]:
    """On a device that was never the user's."""
    is_there = account.seated and not account.moved
    yield After(account, seen, "device_not_found" if is_there else "license_not_found")


STEPS: dict[Verb, tuple[Step, ...]] = {
    "log in": (*LOG_IN, _open),
    "activate": (*LOG_IN, _activate),
    "change": (_closed, *LOG_IN, _change, _keep),
    "choose": (_choose, _keep),
    "accept": (_accept,),
    "invite": (_by_email, _invite),
    "set": (_by_email, _set),
    "set once": (_by_email, _set_once),
    "reveal": (_by_email, _reveal),
    "ask": (_ask, _put_code, _find, _mail_code),
    "redeem": (_try, _redeem),
    "check": (_check,),
    "log out": (_log_out,),
    "end others": (_end, _keep),
    "rename": (_rename,),
    "send": (_send,),
    "unlock": (_by_email, _unlock),
    "move": (_by_email, _move),
    "make key": (_make_key,),
    "use key": (_use_key,),
    "revoke key": (_revoke_key,),
    "guess": (_guess, _name),
    "close": (_by_email, _close, _unseat, _forget),
}
COUNTED: frozenset[Step] = frozenset({_admit, _count, _tell_failure, _ask, _try, _guess})
"""What is counted by itself: where the answer is lost, once more."""


def _with_attempts(account: Account, origin: str, attempts: Attempts | None) -> Account:
    others = {one for one in account.attempts if one[0] != origin}
    return replace(account, attempts=frozenset(others if attempts is None else others | {(origin, attempts)}))


def _told(account: Account, event: str) -> Account:
    return replace(account, events=with_one(account.events, event))


def _mailed(account: Account, mail: str) -> Account:
    return replace(account, mails=with_one(account.mails, mail))


def with_one(counts: Counts, more: str) -> Counts:
    """With one more of it."""
    found = dict(counts)
    return tuple(sorted((found | {more: found.get(more, 0) + 1}).items()))
