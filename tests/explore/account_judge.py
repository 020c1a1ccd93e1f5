"""Whether what came of a schedule on an account is right: some order of the steps of the model must come to the same
answers, and to what is then stored, mailed and noted.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from chalicelib.domain.errors import Rejected
from chalicelib.domain.instants import Instant
from chalicelib.domain.invitation import read_invitation
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import Attempts, User
from chalicelib.store import accounts, histories, login_attempts, mails, one_time_codes
from chalicelib.store.counters import read_count
from chalicelib.store.items.ephemera import FailuresItem
from chalicelib.store.login_attempts import Account as Named
from chalicelib.usecases.passwords import verify_password
from chalicelib.usecases.portal_queries import authenticate_session
from tests.explore.account_deeds import AccountDeed, AccountOutcome
from tests.explore.accounts import BROWSER, GUESSER, ORIGINS, OWNER, AccountWorld, about
from tests.explore.audited import audited, found_once
from tests.explore.engine import MemoryEngine
from tests.explore.judge import spans_of
from tests.explore.refined import Answered, explained
from tests.explore.schedule import Schedule, Task
from tests.explore.scripts import ends_of
from tests.model.account import Account, Call, Counts
from tests.proof.history import CRASHED, DIED
from tests.proof.rounds import LINEARIZABLE
from tests.proof.rules import Violation

T = TypeVar("T")

OF_SEATS = frozenset({"user_removed", "device_activated", "manager_removed"})
"""Events of what a closed account loses, and of what it has on licenses."""
NOTES = frozenset({"log_in_failed", "log_in_locked", "signed_in", "code_asked"})
"""Events that are noted beside an answer, once, and that no answer waits for."""


class Stored(NamedTuple):
    """What is found at the end, in the model's words."""

    password: tuple[str, bool, bool, bool]
    """Its name; whether it was handed out, whether it was proved, and whether the account is closed."""
    sessions: frozenset[str]
    """Those of the schedule that are open."""
    attempts: tuple[tuple[str, int, int], ...]
    """From each origin: started, failed."""
    strangers: int
    code: tuple[str, int, bool] | None
    asked: int
    profile: tuple[str, bool, bool]
    """The name, whether it has its seat, and whether another email."""
    invitation: str
    """The link that was mailed last, by the model's names."""
    keys: tuple[int, bool]
    """API keys that were made, and whether the one that there was is revoked."""
    guesses: int
    events: Counts
    notes: Counts
    mails: Counts
    """In the queue and sent, together; but for those that are for nobody."""


_RULES: dict[str, str] = {
    "password": "a password is set as a whole",
    "sessions": "a new password leaves no session open",
    "attempts": "attempts are counted before, and forgiven with a new password",
    "strangers": "strangers' failures are counted",
    "code": "a code works once, and each try counts",
    "asked": "codes that are mailed are counted",
    "profile": "the profile is what was written",
    "invitation": "a link works once, and the newest alone",
    "keys": "a key is made once, and revoked for good",
    "guesses": "whoever is named is counted before the answer",
    "events": "each change has its event, and nothing else has",
    "notes": "what was noticed is noted once",
    "mails": "each change has its mail, and nothing else has",
}


@dataclass(slots=True)
class AccountJudge:
    """Judges the schedules of one walk; what it has judged before it remembers."""

    world: AccountWorld
    deeds: Sequence[AccountDeed]
    known: dict[tuple[object, ...], tuple[Violation, ...]] = field(default_factory=dict)
    possible: dict[tuple[Answered, ...], list[Account]] = field(default_factory=dict)
    """By what callers have seen, all that this may come to."""

    def violations(self, schedule: Schedule) -> tuple[Violation, ...]:
        """Every rule that was broken."""
        left, outcomes = schedule.mark, [task.outcome for task in schedule.tasks]
        history = tuple(self._history(schedule.tasks))
        said = tuple((*outcome.sent, outcome.made) for outcome in outcomes)
        lax = self._lax(schedule)
        key = left, history, said, lax
        if key not in self.known:
            stored, differences = self._stored(left, schedule.engine, outcomes)
            judged = self._judged(history, stored, outcomes, differences, lax)
            self.known[key] = tuple(sorted(set(judged), key=str))
        return self.known[key]

    def _lax(self, schedule: Schedule) -> frozenset[str]:
        """What may be otherwise: no answer waits for a note, a mail whose sender has died is sent again, and so is that
        of a code, which is queued by itself, where the answer to that is lost.
        """
        again = any(
            (task.outcome.sent and task.outcome.answer == DIED) or (deed.call.verb == "ask" and "lost" in task.met)
            for deed, task in zip(self.deeds, schedule.tasks, strict=True)
        )
        return frozenset({"notes"} if any(task.met for task in schedule.tasks) else ()) | (
            {"mails"} if again else set()
        )

    def _judged(
        self,
        history: tuple[Answered, ...],
        stored: Stored,
        outcomes: Sequence[AccountOutcome],
        differences: Sequence[str],
        lax: frozenset[str],
    ) -> Iterator[Violation]:
        yield from (Violation("no bug", one.answer) for one in outcomes if one.answer.startswith(CRASHED))
        yield from (Violation("counters equal items", difference) for difference in differences)
        if len({one.made for one in outcomes if one.made}) > 1:
            yield Violation("what comes again is answered as before", str([one.made for one in outcomes]))
        if (possible := self.possible.get(history)) is None:
            possible = self.possible[history] = list(explained(history, self.world.model))
        if not possible:
            yield Violation(LINEARIZABLE, "no order of the steps explains all answers")
        elif not any(_agrees(stored, account, lax) for account in possible):
            yield from _told(stored, possible, lax)

    def _history(self, tasks: Sequence[Task]) -> Iterator[Answered]:
        """What callers have seen."""
        for deed, task, span in zip(self.deeds, tasks, spans_of(tasks), strict=True):
            yield Answered(self._call(task.number, deed), *span, task.outcome.answer, task.met.count("lost"))

    def _call(self, number: int, deed: AccountDeed) -> Call:
        password = deed.call.password or self.world.model.password or "own"
        session = f"{number}" if deed.call.verb == "log in" else deed.call.session
        return replace(deed.call, clock=number, password=password, session=session)

    def _stored(
        self, left: int, engine: MemoryEngine, outcomes: Sequence[AccountOutcome]
    ) -> tuple[Stored, Sequence[str]]:
        """What is found, and what the audit finds there."""
        end = engine.state
        engine.state = dict(end)  # who looks at a session notes that it is in use
        try:
            return self._looked_up(left, engine, outcomes)
        finally:
            engine.state = end

    def _made(self, deed: AccountDeed, outcome: AccountOutcome) -> bool:
        """Whether it has made the password that is there: who has died does not tell it."""
        user = accounts.read_user(self.world.vendor.code, self.world.user_id)
        assert user is not None
        if outcome.answer == DIED:
            return deed.call.new == "made"
        return bool(outcome.made) and verify_password(user.password_hash, outcome.made)

    def _looked_up(
        self, left: int, engine: MemoryEngine, outcomes: Sequence[AccountOutcome]
    ) -> tuple[Stored, Sequence[str]]:
        ends = ends_of(self.world)
        if left not in ends:
            ends[left] = _found(self.world, engine), audited(self.world.vendor, engine)
        stored, differences = ends[left]
        opened = {str(number): one.session for number, one in enumerate(outcomes)} | {"open": self.world.session}
        open_now = frozenset(name for name, session in opened.items() if session and is_open(session, self.world.now))
        name = stored.password[0]
        if name == "?" and any(self._made(deed, outcome) for deed, outcome in zip(self.deeds, outcomes, strict=True)):
            name = "made"
        sent = Counter(mail for outcome in outcomes for mail in outcome.sent)
        seen = stored._replace(
            password=(name, *stored.password[1:]),
            sessions=open_now,
            mails=as_counts(Counter(dict(stored.mails)) + sent),
        )
        return seen, differences


def _found(world: AccountWorld, engine: MemoryEngine) -> Stored:
    """What is stored; of sessions and of what was sent it knows nothing."""

    def read(what: str, find: Callable[[AccountWorld], T]) -> T:
        return found_once(world.vendor, what, lambda: find(world), engine)

    password, profile, invitation = read("user", _of_user)
    own, strangers = read("attempts", _tried)
    noted = read("noted", _noted)
    return Stored(
        password,
        frozenset(),
        own,
        strangers,
        read("code", _code),
        read("asked", _asked),
        profile,
        invitation,
        read("keys", _keys),
        read("guesses", _guesses),
        as_counts(Counter({type: times for type, times in noted.items() if type not in NOTES | OF_SEATS})),
        as_counts(Counter({type: times for type, times in noted.items() if type in NOTES})),
        read("mails", _mailed),
    )


def _of_user(world: AccountWorld) -> tuple[tuple[str, bool, bool, bool], tuple[str, bool, bool], str]:
    """His password, his profile and his invitation."""
    code = world.vendor.code
    user = accounts.read_user(code, world.user_id)
    assert user is not None
    name = next((name for name, text in world.passwords.items() if verify_password(user.password_hash, text)), "?")
    password = "" if name == "?" and user.closed_at is not None else name
    return (
        (password, user.is_initial_password, user.email_verified, user.closed_at is not None),
        (user.first_name, bool(accounts.held_license_ids(code, user.id)), user.email != OWNER),
        _invitation(user, world),
    )


def _tried(world: AccountWorld) -> tuple[tuple[tuple[str, int, int], ...], int]:
    """The attempts from each origin, and those of strangers."""
    seen = {
        origin: login_attempts.read_attempts(Named(world.vendor.code, OWNER, where), "", world.now, consistent=True)
        for origin, where in ORIGINS.items()
    }
    return _attempts({origin: one.own for origin, one in seen.items()}), seen["stranger"].account.times


def _noted(world: AccountWorld) -> Counter[str]:
    new = [event for event in histories.company_events(world.vendor.code) if event.key not in world.before]
    noted = Counter[str]({event.type: 0 for event in new})
    for event in new:
        noted[event.type] += 1 + event.repeats
    return noted


def _asked(world: AccountWorld) -> int:
    asked, _ = one_time_codes.read_code_requests(world.vendor.code, OWNER, "", world.now)
    return len(asked.mailed)


def _keys(world: AccountWorld) -> tuple[int, bool]:
    keys = list(accounts.read_api_keys(world.vendor.code))
    return len(keys) - 1, any(key.revoked for key in keys)


def _guesses(world: AccountWorld) -> int:
    return read_count(FailuresItem(f"guesses#{world.vendor.code}#{GUESSER}"), world.now).times


def _mailed(world: AccountWorld) -> Counts:
    return as_counts(Counter(about(mail.subject) for _, mail in mails.mails_of(world.vendor.code) if mail.to))


def _attempts(own: dict[str, Attempts]) -> tuple[tuple[str, int, int], ...]:
    counted = ((origin, one.started, one.failures) for origin, one in sorted(own.items()))
    return tuple(one for one in counted if one[1:] != (0, 0))


def _code(world: AccountWorld) -> tuple[str, int, bool] | None:
    code = one_time_codes.read_code(world.vendor.code, OWNER, BROWSER, world.now)
    if not code.code_hash:
        return None
    is_known = code.code_hash == one_time_codes.hash_code(world.vendor.code, OWNER, world.code)
    return "asked" if is_known else "new", code.tries, code.used


def _invitation(user: User, world: AccountWorld) -> str:
    if user.invitation_hash is None:
        return ""
    mailed = read_invitation(world.link)
    return "mailed" if mailed is not None and mailed.is_of(user) else "newer"


def is_open(session: SessionClaims, now: Instant) -> bool:
    """Whether it lasts; that it is in use may be noted."""
    try:
        authenticate_session(session, allow_initial_password=True, now=now)
    except Rejected:
        return False
    return True


def _as_stored(account: Account) -> Stored:
    """What should be stored."""
    own = {origin: account.of_origin(origin) for origin in ORIGINS}
    code = account.code
    return Stored(
        (account.password, account.initial, account.proved, account.closed),
        account.open_sessions,
        _attempts({origin: Attempts(one.started, one.failures) for origin, one in own.items() if one is not None}),
        account.strangers,
        None if code is None else (code.name, code.tries, code.used),
        account.asked,
        (account.name, account.seated, account.moved),
        account.invitation and ("mailed" if account.invitation == "mailed" else "newer"),
        (account.keys, account.revoked),
        account.guesses,
        tuple(one for one in account.events if one[0] not in NOTES),
        tuple(one for one in account.events if one[0] in NOTES),
        account.mails,
    )


def _agrees(stored: Stored, account: Account, lax: frozenset[str], only: str = "") -> bool:
    right = _as_stored(account)
    return all(
        _fits(name, getattr(stored, name), getattr(right, name), account, lax)
        for name in Stored._fields
        if only in ("", name)
    )


def _fits(name: str, found: Any, right: Any, account: Account, lax: frozenset[str]) -> bool:
    if name == "mails" and account.forgotten:
        few, most = Counter(dict(account.mails)), Counter(dict(found))
        return few - Counter(dict(account.forgotten)) <= most <= few
    if name in lax:
        return name == "notes" or Counter(dict(right)) <= Counter(dict(found))
    return bool(found == right)


def _told(stored: Stored, possible: Sequence[Account], lax: frozenset[str]) -> Iterator[Violation]:
    """Which of the things that are stored no order of the steps explains; or that none explains all of them."""
    wrong = [name for name in Stored._fields if not any(_agrees(stored, one, lax, only=name) for one in possible)]
    for name in wrong:
        right = sorted({str(getattr(_as_stored(account), name)) for account in possible})
        yield Violation(_RULES[name], f"{getattr(stored, name)} is stored, and right is {' or '.join(right)}")
    if not wrong:
        yield Violation(LINEARIZABLE, f"no one order of the steps explains all that is stored: {stored}")


def as_counts(counted: Counter[str]) -> Counts:
    return tuple(sorted((name, times) for name, times in counted.items() if times))
