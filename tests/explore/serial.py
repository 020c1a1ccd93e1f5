"""A judge that knows no model: what came of a schedule has to come of the same calls, one after another, in some order.

What each call does by itself is for other tests to say. Here it is asked whether two at once come to anything that they
do not come to in turn: other answers, another state, an event or a mail more or less.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, permutations
from typing import Any, NamedTuple

from tests.explore.audited import audited
from tests.explore.deeds import Outcome, outcome_of
from tests.explore.engine import MemoryEngine, State
from tests.explore.faults import LAG
from tests.explore.schedule import Schedule, Task, alone
from tests.explore.scripts import Script, ends_of, known_in
from tests.explore.worlds import APART_MS
from tests.proof.history import BUSY, CRASHED, DIED
from tests.proof.rules import Violation

View = Callable[[Any], object]
"""Of a world, what is stored by now: all that an order of calls may change, and no id or key that is drawn."""
SERIAL, NEVER = "as if one after another", "in no order"


def _nothing(_: Any) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True)
class SerialDeed:
    """One call, as it is named in schedules."""

    name: str
    do: Callable[[Any], str | None]
    """In a world; answers what came of it, where that is not just `ok`."""
    counts: bool = False
    """Whether it is counted, and twice where an answer is lost."""
    in_steps: bool = False
    """Whether it writes more than once: who dies in between leaves what no order of whole calls leaves."""
    repeats: bool = False
    """Whether who is not answered calls again, and all is then as if he had called but once."""

    def outcome(self, world: Any) -> Outcome:
        """Do it. Raises nothing."""

        def do() -> Outcome | None:
            answer = self.do(world)
            return None if answer is None else Outcome(answer)

        return outcome_of(do)


class _Came(NamedTuple):
    """What came of some calls, one after another."""

    answers: dict[int, str]
    state: State
    mark: int
    """Of the state, as `Schedule.mark`."""


@dataclass(slots=True)
class SerialJudge:
    """Judges the schedules of one walk; what it has judged before it remembers."""

    world: Any
    deeds: Sequence[SerialDeed]
    view: View
    never: Callable[[Any], Iterable[str]] = _nothing
    """Of what the view tells, what is wrong whoever comes first."""
    known: dict[tuple[object, ...], tuple[Violation, ...]] = field(default_factory=dict)
    right: dict[tuple[int, ...], tuple[dict[int, str], object]] = field(default_factory=dict)
    """By the order of the calls that are made, their answers, and what is then stored."""

    def violations(self, schedule: Schedule) -> tuple[Violation, ...]:
        """Every rule that was broken."""
        key = schedule.mark, tuple((one.outcome.answer, one.began, one.met) for one in schedule.tasks)
        if key not in self.known:
            self.known[key] = tuple(self._judged(schedule))
        return self.known[key]

    def _judged(self, schedule: Schedule) -> Iterator[Violation]:
        engine, tasks = schedule.engine, schedule.tasks
        answers = {task.number: task.outcome.answer for task in tasks}
        again = [number for number, deed in enumerate(self.deeds) if deed.repeats and answers[number] in (BUSY, DIED)]
        repeated = self._one_after_another(engine, again, engine.state, schedule.mark)
        answers |= repeated.answers
        stored = self._stored(engine, repeated)
        yield from (Violation("no bug", answer) for answer in answers.values() if answer.startswith(CRASHED))
        if any(deed.in_steps and answers[number] in (BUSY, DIED) for number, deed in enumerate(self.deeds)):
            return  # what is cut short is for its own tests
        if any(deed.counts and "lost" in tasks[number].met for number, deed in enumerate(self.deeds)):
            return
        yield from (Violation(NEVER, one) for one in self.never(stored[0]))
        if not any(self._is_right(engine, order, answers, stored) for order in orders(answers, tasks, again)):
            said = ", ".join(f"{deed.name}: {answers[number]}" for number, deed in enumerate(self.deeds))
            serial = list(self.right.values())
            yield Violation(SERIAL, f"{said}: {stored}; one after another: {serial}")

    def _is_right(self, engine: MemoryEngine, order: tuple[int, ...], answers: dict[int, str], stored: object) -> bool:
        if order not in self.right:
            came = self._one_after_another(engine, order, self.world.state, 0)
            self.right[order] = came.answers, self._stored(engine, came)
        right, left = self.right[order]
        return left == stored and all(answers[number] in (answer, BUSY, DIED) for number, answer in right.items())

    def _one_after_another(self, engine: MemoryEngine, order: Sequence[int], state: State, mark: int) -> "_Came":
        """What comes of these calls in this order, from there. They do what they have done in the walks, too."""
        known, there, answers = known_in(self.world), MemoryEngine(engine.tables, state), dict[int, str]()
        for number in order:
            script = Script(number, self._deed(number), known[self.deeds[number].name, number])
            outcome, mark = alone(script, there, mark)
            answers[number] = outcome.answer
        return _Came(answers, there.state, mark)

    def _stored(self, engine: MemoryEngine, came: "_Came") -> tuple[object, int]:
        """What people see of a state, and how much the audit finds there: it names what was drawn."""
        ends: dict[int, tuple[object, int]] = ends_of(self.world)
        if came.mark not in ends:
            end, engine.state = engine.state, dict(came.state)
            try:
                ends[came.mark] = self.view(self.world), len(audited(self.world.vendor, engine))
            finally:
                engine.state = end
        return ends[came.mark]

    def _deed(self, number: int) -> Callable[[], Outcome]:
        here = replace(self.world, now=self.world.now + APART_MS * number)
        return lambda: self.deeds[number].outcome(here)


def orders(answers: dict[int, str], tasks: Sequence[Task], again: Collection[int] = ()) -> Iterator[tuple[int, ...]]:
    """All orders in which who was answered before another began comes first: of all calls, then without those that may
    have done nothing. A replica that lags answers one as if he had come before. `again`: those who have called once
    more, behind all others.
    """
    over = {task.number: {*(() if LAG in task.met else task.began or ())}.difference(again) for task in tasks}
    maybe = [number for number, answer in answers.items() if answer in (BUSY, DIED)]
    for count in range(len(maybe) + 1):
        for undone in combinations(maybe, count):
            for order in permutations([number for number in answers if number not in undone]):
                if not any(later in over[one] for one, later in combinations(order, 2)):
                    yield order
