"""A campaign: rounds of the real build until the time is over, then every broken build until it is caught."""

import random
import time
from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain

from tests.proof import actors
from tests.proof.history import UNHEARD, Op
from tests.proof.rounds import BLOWS, DECIDED, LINEARIZABLE, Blow, Ground, Judged, play
from tests.proof.rules import OVERSOLD, RELEASING, Violation
from tests.proof.shrink import contradiction
from tests.proof.weather import FAULT, LAG, STORM, counted, noted
from tests.race.clients import OK, OK_EXPIRED
from tests.store.faults import ANSWER_LOST, NOT_COMMITTED

HUNT_ANSWERS = 300
"""That applications are given in a round of a broken build: most give themselves away in the rush at the start."""
ROUNDS_TO_CATCH = 40
"""In which a broken build has to be caught, and a failure that is played again has to come again."""
HUNTED = {
    "count, then write": "processes that race",
    "event outside the transaction": "what the history and the announcements tell",
    "own write taken for a rival's": "answers that are lost after the write",
    "refusal by a replica": "reads that lag",
    "sweep forgets": "processes that die",
    "conflict taken for an error": "conflicts, and that nobody is busy without a cause",
    "new place each time": "that the same device is the same place",
    "outbox outside the transaction": "what whoever listens is told",
}
"""The broken builds that are played on every change, and what of the storm each shows to be seen.

That all of them are caught the walks show on every change (`tests/explore/test_caught.py`). So a storm plays those that
show that it can blow and that its own rules can find something, and the others in the long run.
"""
ERROR_RESPONSES = (
    "license_not_found",
    "license_not_enabled",
    "blacklisted",
    "license_expired",
    "device_not_found",
    "device_transfer_limit_reached",
    "user_activated_max_times",
    "license_activated_max_times",
    "user_already_assigned",
    "license_users_limit_reached",
    "user_not_found",
    "limit_below_use",
    "revision_changed",
)
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Caught:
    """How a broken build was caught; `rules` is empty where it was not."""

    mutant: str
    rules: tuple[str, ...]
    rounds: int
    calls: int
    seconds: float
    judged: Judged | None
    """The part of the round that was caught."""


@dataclass(slots=True)
class Failure:
    """A history that the real build must not have."""

    seed: int
    blow: Blow
    judged: Judged


Show = Callable[[Failure], None]


@dataclass(slots=True)
class Result:
    """What a campaign has found."""

    seed: int
    rounds: Counter[str] = field(default_factory=Counter)
    """By what went wrong amid them."""
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By verb and answer."""
    weather: Counter[str] = field(default_factory=Counter)
    webhooks: Counter[str] = field(default_factory=Counter)
    """What came of webhooks: `taken`, `refused`."""
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    mutants: list[Caught] = field(default_factory=list)

    @property
    def has_failed(self) -> bool:
        """Whether the real build broke a rule, or a broken build none, or too little came about to prove anything."""
        return bool(self.failures or self.missing()) or any(not caught.rules for caught in self.mutants)

    def missing(self) -> list[str]:
        """What the rounds had to bring about, and did not: a proof by calls that nobody made is none."""
        if not self.rounds:
            return []
        answers = {answer for _, answer in self.answers}
        done = {verb for verb, answer in self.answers if answer in (OK, OK_EXPIRED)}
        missing = sorted(actors.ALL - done) + [code for code in ERROR_RESPONSES if code not in answers]
        missing += [f"check: {OK_EXPIRED}"] * (("check", OK_EXPIRED) not in self.answers)
        missing += [UNHEARD] * (UNHEARD not in answers)
        missing += [f"webhooks {what}" for what in ("taken", "refused") if not self.webhooks[what]]
        faults = map(noted, NOT_COMMITTED + ANSWER_LOST)
        missing += [result.removeprefix(FAULT) for result in faults if not self.weather[result]]
        return missing + [word for word in (LAG, STORM, *BLOWS) if not (self.weather + self.rounds)[word]]


def storm(ground: Ground, result: Result, seconds: float, tell: Tell, show: Show) -> None:
    """Play rounds of the real build, with every blow in turn, until the time is over; each failure is shown at once."""
    dice, start = random.Random(result.seed), time.monotonic()
    while time.monotonic() - start < seconds or result.rounds.total() < len(BLOWS):
        blow = BLOWS[result.rounds.total() % len(BLOWS)]
        seed = dice.getrandbits(32)
        for judged in play(ground, seed, blow):
            result.answers.update((op.verb, op.answer) for op in judged.history)
            if judged.violations:
                result.failures.append(Failure(seed, blow, judged))
                show(result.failures[-1])
        result.rounds[blow] += 1
        result.seconds = time.monotonic() - start
        tell(f"round {result.rounds.total()}, {blow}: {result.answers.total()} calls, {len(result.failures)} failures")
    result.weather = counted(ground.notes)
    result.webhooks = ground.listener.counts()


def hunt(ground: Ground, result: Result, names: Sequence[str], tell: Tell) -> None:
    """Play rounds of each broken build until a rule finds it."""
    for name in names:
        ground.become(name)
        start, calls, caught, rules = time.monotonic(), 0, None, dict[str, None]()
        for number in range(1, ROUNDS_TO_CATCH + 1):
            judged = play(ground, result.seed + number, answers=HUNT_ANSWERS)
            calls += sum(len(one.history) for one in judged)
            caught = next((one for one in judged if _rules(one)), None)
            if caught:
                rules = dict.fromkeys(rule for one in judged for rule in _rules(one))
                break
        result.mutants.append(Caught(name, tuple(rules), number, calls, time.monotonic() - start, caught))
        tell(f"{name}: caught in round {number} by {', '.join(rules)}" if rules else f"{name}: NOT CAUGHT")
    ground.become("")


def play_again(ground: Ground, result: Result, blow: Blow, mutant: str, tell: Tell, show: Show) -> None:
    """Play one round until it fails again, of a broken build where one is named: the machine has its say in it, too."""
    if mutant:
        ground.become(mutant)
    for number in range(1, ROUNDS_TO_CATCH + 1):
        judged = play(ground, result.seed, blow)
        result.failures = [Failure(result.seed, blow, one) for one in judged if one.violations]
        tell(f"round {number}, {blow}: {len(result.failures)} failures")
        for failure in result.failures:
            show(failure)
        if result.failures:
            break


def verdict(result: Result) -> str:
    """In a sentence, how it ended."""
    if result.missing():
        return f"This proves little, for it never came to: {', '.join(result.missing())}."
    return "Something was found." if result.has_failed else "Nothing was found that should not have been."


def _rules(judged: Judged) -> list[str]:
    """The rules that were broken; a history that is too tangled to be decided has broken none."""
    return [violation.rule for violation in judged.violations if violation.rule != DECIDED]


@lru_cache(maxsize=1)  # it is printed and drawn, and takes long to find
def evidence(judged: Judged) -> tuple[Violation, list[Op]]:
    """The rule that was broken, and the calls that show it: the fewest that there are."""
    shown = (violation for violation in judged.violations if violation.shown_by)
    hidden = (violation for violation in judged.violations if violation.rule == LINEARIZABLE)
    broken = next(chain(shown, hidden, judged.violations))
    if broken.rule == LINEARIZABLE:
        return broken, contradiction(judged.history, judged.start)
    if not broken.shown_by:
        return broken, list(judged.history)
    devices = {op.device for op in broken.shown_by}
    first, last = min(op.start for op in broken.shown_by), max(op.start for op in broken.shown_by)
    between = {op for op in judged.history if op.end >= first and op.start <= last and _moves_a_place(op, devices)}
    return broken, sorted(between | set(broken.shown_by), key=lambda op: op.start)


def plainest(result: Result) -> Judged | None:
    """Of what was caught, the oversell with the fewest calls that show it; where none was oversold, the first."""
    caught = [one.judged for one in result.mutants if one.judged]
    oversold = [one for one in caught if any(violation.rule == OVERSOLD for violation in one.violations)]
    return min(oversold or caught[:1], key=lambda one: len(evidence(one)[1]), default=None)


def _moves_a_place(op: Op, devices: Container[str | None]) -> bool:
    """Whether one of the devices may have got or lost its place by it."""
    return op.may_change and (op.verb == "activate" or op.verb in RELEASING) and (not op.device or op.device in devices)
