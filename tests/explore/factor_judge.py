"""Whether what came of a schedule on a second factor is right: some order of the steps of the model must come to the
same answers, and to what is then stored, mailed and noted.
"""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.instants import Instant
from chalicelib.domain.passkeys import passkeys_in
from chalicelib.domain.session import SessionClaims
from chalicelib.domain.users import User
from chalicelib.store import accounts, database, histories, mails
from chalicelib.usecases.passkey_answers import PasskeyAnswer, with_new_passkey
from chalicelib.usecases.second_factor import with_code_used
from tests.explore.account_judge import NOTES, OF_SEATS, as_counts, is_open
from tests.explore.accounts import about
from tests.explore.audited import found_once
from tests.explore.engine import MemoryEngine
from tests.explore.factors import FactorDeed, FactorOutcome, FactorWorld
from tests.explore.judge import spans_of
from tests.explore.refined import SECOND_FACTOR, Answered, explained
from tests.explore.schedule import Schedule, Task
from tests.explore.scripts import ends_of
from tests.model.account import Counts
from tests.model.second_factor import APP, NEW, PASSKEY, RECOVERY, Call, Guarded
from tests.proof.history import CRASHED
from tests.proof.rounds import LINEARIZABLE
from tests.proof.rules import Violation

_NOTES = NOTES | {"second_factor_failed", "second_factor_locked"}
"""Events that no answer waits for."""


_COUNTED_AS = {"second_factor": APP, "recovery_code": RECOVERY, "passkey": PASSKEY}
"""How the store names the kinds of codes, and the model."""


class Stored(NamedTuple):
    """What is found at the end, in the model's words."""

    factor: tuple[bool, frozenset[str]]
    """Whether there is an app, and which of the codes that were known at the start are good."""
    passkeys: frozenset[str]
    made: str
    """The call that has made the recovery codes; empty: none of these, or one that does not tell them."""
    sessions: frozenset[str]
    """That are open."""
    tried: Counts
    events: Counts
    notes: Counts
    mails: Counts


_RULES: dict[str, str] = {
    "factor": "a code works once",
    "passkeys": "a passkey is there until it is removed",
    "made": "the newest recovery codes are good",
    "sessions": "nobody is in before a code",
    "tried": "a code is counted before it is looked at",
    "events": "each change has its event, and nothing else has",
    "notes": "what was noticed is noted once",
    "mails": "each change has its mail, and nothing else has",
}


@dataclass(slots=True)
class FactorJudge:
    """Judges the schedules of one walk; what it has judged before it remembers."""

    world: FactorWorld
    deeds: Sequence[FactorDeed]
    known: dict[tuple[object, ...], tuple[Violation, ...]] = field(default_factory=dict)
    possible: dict[tuple[Answered, ...], list[Guarded]] = field(default_factory=dict)
    """By what callers have seen, all that this may come to."""

    def violations(self, schedule: Schedule) -> tuple[Violation, ...]:
        """Every rule that was broken."""
        history = tuple(self._history(schedule.tasks))
        is_noted = not any(task.met for task in schedule.tasks)  # no answer waits for a note
        key = schedule.mark, history, is_noted
        if key not in self.known:
            outcomes = [task.outcome for task in schedule.tasks]
            stored = self._stored(schedule, outcomes)
            self.known[key] = tuple(self._judged(history, stored, outcomes, is_noted))
        return self.known[key]

    def _history(self, tasks: Sequence[Task]) -> Iterator[Answered]:
        """What callers have seen."""
        for deed, task, span in zip(self.deeds, tasks, spans_of(tasks), strict=True):
            yield Answered(_call(deed, task.number), *span, task.outcome.answer, task.met.count("lost"))

    def _judged(
        self, history: tuple[Answered, ...], stored: Stored, outcomes: Sequence[FactorOutcome], is_noted: bool
    ) -> Iterator[Violation]:
        yield from (Violation("no bug", one.answer) for one in outcomes if one.answer.startswith(CRASHED))
        silent = {str(number) for number, one in enumerate(outcomes) if not one.made}
        known = self._opened(outcomes).keys()
        if history not in self.possible:
            self.possible[history] = list(explained(history, self.world.model, SECOND_FACTOR))
        possible = [_as_stored(one, silent, known) for one in self.possible[history]]
        if not possible:
            yield Violation(LINEARIZABLE, "no order of the steps explains all answers")
            return
        found = stored._asdict()
        compared = [name for name in found if is_noted or name != "notes"]
        right = [one._asdict() for one in possible]
        if any(all(found[name] == one[name] for name in compared) for one in right):
            return
        wrong = [name for name in compared if all(found[name] != one[name] for one in right)]
        for name in wrong:
            said = " or ".join(sorted({str(one[name]) for one in right}))
            yield Violation(_RULES[name], f"{found[name]} is stored, and right is {said}")
        if not wrong:
            yield Violation(LINEARIZABLE, f"no one order of the steps explains all that is stored: {stored}")

    def _opened(self, outcomes: Sequence[FactorOutcome]) -> dict[str, SessionClaims]:
        """The sessions that are known, by the model's names: who has died tells of none."""
        opened = {_call(deed, number).opens: outcomes[number].session for number, deed in enumerate(self.deeds)}
        own = {self.world.model.own: self.world.session}
        return own | {name: session for name, session in opened.items() if session is not None}

    def _stored(self, schedule: Schedule, outcomes: Sequence[FactorOutcome]) -> Stored:
        ends, engine, code = ends_of(self.world), schedule.engine, self.world.vendor.code
        if schedule.mark not in ends:
            ends[schedule.mark] = _found(self.world, engine)
        found: Stored = ends[schedule.mark]
        end, user = engine.state, accounts.read_user(code, self.world.user_id)
        engine.state, now = dict(end), self.world.now  # who looks at a session notes that it is in use
        assert user is not None
        try:
            made = [str(n) for n, one in enumerate(outcomes) if one.made and _is_good(user, "", one.made[0], now)]
            opened = self._opened(outcomes).items()
            return found._replace(
                made="".join(made), sessions=frozenset(name for name, session in opened if is_open(session, now))
            )
        finally:
            engine.state = end


def _call(deed: FactorDeed, number: int) -> Call:
    return replace(deed.call, name=str(number))


def _found(world: FactorWorld, engine: MemoryEngine) -> Stored:
    """What is stored; of sessions and of what was told it knows nothing."""
    vendor = world.vendor
    factor, keys = found_once(vendor, "user", lambda: _of_user(world), engine)
    noted = found_once(vendor, "noted", lambda: _noted(world), engine)
    mailed = found_once(vendor, "mails", lambda: _mailed(world), engine)
    return Stored(
        factor,
        keys,
        "",
        frozenset(),
        as_counts(_tried(vendor.code, world.user_id)),
        as_counts(Counter({type: times for type, times in noted.items() if type not in _NOTES | OF_SEATS})),
        as_counts(Counter({type: times for type, times in noted.items() if type in _NOTES})),
        as_counts(Counter(mailed)),
    )


def _of_user(world: FactorWorld) -> tuple[tuple[bool, frozenset[str]], frozenset[str]]:
    """Which of his codes and passkeys are good, and which passkeys he has."""
    user = accounts.read_user(world.vendor.code, world.user_id)
    assert user is not None
    good = (name for name, code in world.codes.items() if _is_good(user, name, code, world.now))
    factor = user.sealed_totp_secret is not None, frozenset(good)
    return factor, frozenset(passkey.name for passkey in passkeys_in(user.passkeys))


def _noted(world: FactorWorld) -> Counter[str]:
    noted = Counter[str]()
    for event in histories.company_events(world.vendor.code):
        if event.key not in world.before:
            noted[event.type] += 1 + event.repeats
    return noted


def _mailed(world: FactorWorld) -> list[str]:
    return [about(mail.subject) for _, mail in mails.mails_of(world.vendor.code) if mail.to]


def _tried(company: str, user_id: int) -> Counter[str]:
    """What is counted of codes, by what they are counted as."""
    connection, prefix = database.connection(), f"guesses#{company}#code#{user_id}#"
    tried = Counter[str]()
    for item in connection.send("Scan", {"TableName": connection.table_name("ephemera")})["Items"]:
        if item["pk"]["S"].startswith(prefix):
            of, _, where = item["pk"]["S"].removeprefix(prefix).partition("#")
            kind = _COUNTED_AS[of]
            tried[f"{kind}, {'session' if where == 'session' else 'log-in'}"] += int(item["times"]["N"])
    return tried


def _is_good(user: User, name: str, code: str | PasskeyAnswer, now: Instant) -> bool:
    try:
        if name in NEW.values():
            assert isinstance(code, PasskeyAnswer)
            with_new_passkey(user, name, code, now)
        else:
            with_code_used(user, code, now)
    except (Invalid, NotFound):
        return False
    return True


def _as_stored(account: Guarded, silent: Set[str], known: Set[str]) -> Stored:
    """What should be stored. `silent`: those who do not tell which codes they have made; `known`: the sessions that
    are told.
    """
    return Stored(
        (account.app, account.good),
        account.keys,
        "" if account.made in silent else account.made,
        account.open_sessions & known,
        account.tried,
        tuple(one for one in account.events if one[0] not in _NOTES),
        tuple(one for one in account.events if one[0] in _NOTES),
        account.mails,
    )
