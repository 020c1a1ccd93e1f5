"""A campaign: rounds of the real build until the time is over, then every broken build until it is caught."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.proof.history import Op
from tests.proof.linear import Undecided, is_linearizable
from tests.proof.mutants import MUTANTS
from tests.proof.rounds import BLOWS, LINEARIZABLE, Blow, Ground, Judged, play
from tests.proof.rules import Violation
from tests.proof.shrink import shrink
from tests.proof.weather import counted

ROUNDS_TO_CATCH = 12
"""In which a broken build has to be caught."""
SHRINK_STEPS = 5_000
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Caught:
    """How a broken build was caught; `rule` is empty where it was not."""

    mutant: str
    rule: str
    rounds: int
    calls: int
    seconds: float


@dataclass(slots=True)
class Failure:
    """A history that the real build must not have."""

    seed: int
    blow: Blow
    judged: Judged


@dataclass(slots=True)
class Result:
    """What a campaign has found."""

    seed: int
    rounds: Counter[str] = field(default_factory=Counter)
    """By what went wrong amid them."""
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By verb and answer."""
    weather: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    mutants: list[Caught] = field(default_factory=list)

    @property
    def has_failed(self) -> bool:
        """Whether the real build broke a rule, or a broken build none."""
        return bool(self.failures) or any(not caught.rule for caught in self.mutants)


def storm(ground: Ground, result: Result, seconds: float, tell: Tell) -> None:
    """Play rounds of the real build, with every blow in turn, until the time is over."""
    dice, start = random.Random(result.seed), time.monotonic()
    while time.monotonic() - start < seconds:
        blow = list(BLOWS)[result.rounds.total() % len(BLOWS)]
        seed = dice.getrandbits(32)
        for judged in play(ground, seed, blow):
            result.answers.update((op.verb, op.answer) for op in judged.history)
            if judged.violations:
                result.failures.append(Failure(seed, blow, judged))
        result.rounds[blow] += 1
        result.seconds = time.monotonic() - start
        tell(f"round {result.rounds.total()}, {blow}: {result.answers.total()} calls, {len(result.failures)} failures")
    result.weather = counted(ground.notes)


def hunt(ground: Ground, result: Result, names: list[str], tell: Tell) -> list[Judged]:
    """Play rounds of each broken build until a rule finds it; answers what caught each."""
    caught = []
    for name in names or list(MUTANTS):
        ground.become(name)
        start, calls, found = time.monotonic(), 0, None
        for number in range(1, ROUNDS_TO_CATCH + 1):
            judged = play(ground, result.seed + number)
            calls += sum(len(one.history) for one in judged)
            found = next((one for one in judged if one.violations), None)
            if found:
                caught.append(found)
                break
        rule = found.violations[0].rule if found else ""
        result.mutants.append(Caught(name, rule, number, calls, time.monotonic() - start))
        tell(f"{name}: {f'caught by “{rule}” in round {number}' if rule else 'NOT CAUGHT'}")
    ground.become("")
    return caught


def evidence(judged: Judged) -> tuple[Violation, list[Op]]:
    """The rule that was broken, and the calls that show it: the fewest that there are."""
    broken = min(judged.violations, key=lambda violation: (not violation.shown_by, violation.rule != LINEARIZABLE))
    if broken.rule == LINEARIZABLE:
        return broken, shrink(judged.history, lambda part: _fails(part, judged))
    devices = {op.device for op in broken.shown_by}
    first, last = (f((op.start for op in broken.shown_by), default=0.0) for f in (min, max))
    between = (op for op in judged.history if op.device in devices and op.end >= first and op.start <= last)
    return broken, sorted(between, key=lambda op: op.start)


def _fails(part: Sequence[Op], judged: Judged) -> bool:
    try:
        return not is_linearizable(part, judged.start, steps=SHRINK_STEPS)
    except Undecided:
        return False
