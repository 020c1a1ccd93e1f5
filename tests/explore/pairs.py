"""Walks: which deeds at once, from which world; each schedule has a name by which it is run again."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, groupby

from tests.explore.deeds import DEEDS, Deed, of_kind
from tests.explore.engine import MemoryEngine
from tests.explore.judge import Judge
from tests.explore.scheduler import Schedule, controlled
from tests.explore.walk import Walk, schedules
from tests.explore.worlds import KINDS, PREPARE, Kind, World, new_engine, world
from tests.proof.rules import Violation


@dataclass(frozen=True, slots=True)
class Setting:
    """Some deeds at once in a world."""

    kind: Kind
    start: str
    deeds: tuple[Deed, ...]

    def __str__(self) -> str:
        return f"{'+'.join(deed.name for deed in self.deeds)}@{self.kind}/{self.start}"


@dataclass(frozen=True, slots=True)
class Found:
    """A schedule that is not right."""

    name: str
    violations: tuple[Violation, ...]


@dataclass(slots=True)
class Walked:
    """What a walk came to."""

    setting: str
    """Its name."""
    walk: Walk = field(default_factory=Walk)
    names: list[str] = field(default_factory=list)
    """Of all schedules, in the order of the walk."""
    ends: int = 0
    """States that it ended in."""
    worst_calls: int = 0
    """That one of the deeds sent."""
    worst_rounds: int = 0
    """In which one of them was decided: one more than its writes were in vain."""
    answers: Counter[tuple[str, ...]] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)


def pairs() -> Iterator[Setting]:
    """All pairs of deeds, also of one with itself, from all starts."""
    for kind in KINDS:
        for start in PREPARE:
            for two in combinations_with_replacement(of_kind(kind), 2):
                yield Setting(kind, start, two)


def walk(setting: Setting) -> Walked:
    """Walk all schedules, and judge each."""
    here, result = world(setting.kind, setting.start), Walked(str(setting))
    judge, engine = Judge(here, setting.deeds), new_engine({})
    with controlled(engine):
        for schedule in schedules(lambda: _begin(engine, here, setting.deeds), result.walk):
            result.worst_calls = max(result.worst_calls, *(task.calls for task in schedule.tasks))
            result.worst_rounds = max(result.worst_rounds, *(1 + task.failed for task in schedule.tasks))
            result.answers[tuple(task.answer for task in schedule.tasks)] += 1
            result.names.append(name_of(setting, schedule))
            if broken := judge.violations(schedule):
                result.found.append(Found(result.names[-1], broken))
        result.ends = len(judge.ends)
    return result


def walk_named(name: str) -> Walked:
    """Walk the setting of that name."""
    return walk(parsed(name)[0])


def replay(name: str) -> tuple[Schedule, tuple[Violation, ...]]:
    """Run the schedule of that name again; answers it at its end, and what is wrong with it."""
    setting, turns = parsed(name)
    here, engine = world(setting.kind, setting.start), new_engine({})
    with controlled(engine):
        schedule = _begin(engine, here, setting.deeds)
        for task in turns:
            schedule.step(task)
        return schedule, Judge(here, setting.deeds).violations(schedule)


def name_of(setting: Setting, schedule: Schedule) -> str:
    """The name of a schedule: its setting, and whose turn it was, each with how often in a row."""
    return f"{setting}:{'.'.join(f'{task}x{len(list(run))}' for task, run in groupby(s.task for s in schedule.steps))}"


def parsed(name: str) -> tuple[Setting, list[int]]:
    """The setting and the turns of a name. Raises `ValueError` where there is no such."""
    what_and_where, _, turns = name.partition(":")
    deeds, _, where = what_and_where.partition("@")
    kind, _, start = where.partition("/")
    for what, given, known in (("kind", [kind], KINDS), ("start", [start], PREPARE), ("deed", deeds.split("+"), DEEDS)):
        for one in given:
            if one not in known:
                raise ValueError(f"There is no {what} “{one}”. There are: {', '.join(known)}")
    chosen = next(one for one in KINDS if one == kind)
    try:
        runs = [(int(task), int(times)) for task, times in (run.split("x") for run in turns.split(".") if run)]
    except ValueError:
        raise ValueError("There are turns like “0x3.1x2”: a task, and how often it has its turn in a row") from None
    setting = Setting(chosen, start, tuple(DEEDS[deed] for deed in deeds.split("+")))
    return setting, [task for task, times in runs for _ in range(times)]


def _begin(engine: MemoryEngine, here: World, deeds: Sequence[Deed]) -> Schedule:
    engine.state = dict(here.state)
    return Schedule(engine, [lambda deed=deed: deed.outcome(here) for deed in deeds])  # type: ignore[misc]
