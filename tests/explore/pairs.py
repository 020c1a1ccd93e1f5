"""Walks: which deeds at once, from which world; each schedule has a name by which it is run again."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations_with_replacement, groupby

from tests.explore.faults import LAG
from tests.explore.scenes import SCENES, AnyDeed, Scene
from tests.explore.schedule import WHOLE, Choice, Schedule, Thread, in_calls
from tests.explore.scheduler import controlled
from tests.explore.scripts import Script, known_in
from tests.explore.walk import Walk, schedules
from tests.explore.worlds import APART_MS, new_engine
from tests.proof.rules import Violation


@dataclass(frozen=True, slots=True)
class Setting:
    """Some deeds at once in a world."""

    kind: str
    """Of `SCENES`."""
    start: str
    deeds: tuple[AnyDeed, ...]
    faults: int = 0
    """That may happen, at most."""

    @property
    def scene(self) -> Scene:
        """The kind of world that it is in."""
        return SCENES[self.kind]

    def __str__(self) -> str:
        faults = f"~{self.faults}" if self.faults else ""
        return f"{'+'.join(deed.name for deed in self.deeds)}@{self.kind}/{self.start}{faults}"


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
    sent: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By deed the operations that it sent, sorted, where they were most."""
    rounds: dict[str, int] = field(default_factory=dict)
    """In which it was decided, at most: one more than its writes were in vain."""
    answers: Counter[tuple[str, ...]] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)

    def note(self, deed: str, sent: list[str], in_vain: int) -> None:
        """What a deed has sent, and how many of its writes did not hold."""
        self.sent[deed] = max(tuple(sorted(sent)), self.sent.get(deed, ()), key=lambda one: (len(one), one))
        self.rounds[deed] = max(1 + in_vain, self.rounds.get(deed, 0))


def pairs(faults: int = 0) -> Iterator[Setting]:
    """All pairs of deeds, also of one with itself, from all starts, but those left out; with so many faults."""
    yield from (setting for setting in _all_pairs(faults) if not _is_left_out(setting))


def left_out() -> Iterator[Setting]:
    """The pairs that have too many schedules to be walked on every change."""
    yield from filter(_is_left_out, _all_pairs(0))


def _all_pairs(faults: int) -> Iterator[Setting]:
    for kind, scene in SCENES.items():
        for start in scene.starts:
            for two in combinations_with_replacement(scene.from_start(start), 2):
                yield Setting(kind, start, two, faults)


def _is_left_out(setting: Setting) -> bool:
    return f"{setting.deeds[0].name}+{setting.deeds[1].name}/{setting.start}" in setting.scene.left_out


_OF_ONE_LIMIT: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "key",
        ("empty", "below", "limit", "reset", "moved"),
        ("activate", "activate-rival", "activate-own-rival", "repeat", "deactivate", "reset-device", "reset-license"),
    ),
    (
        "users",
        ("below", "limit", "shared"),
        ("activate-rival", "activate-own-rival", "deactivate-other", "lower", "raise", "reset-user", "reset-license"),
    ),
    (
        "users",
        ("below", "limit"),
        ("activate", "activate-rival", "deactivate", "remove", "replace", "assign", "assign-rival"),
    ),
    ("account", ("failed",), ("log-in", "log-in-wrong", "set", "unlock")),
    ("account", ("tried", "asked"), ("redeem", "redeem-otherwise", "guess-code", "ask", "set")),
    ("account", ("asked",), ("send", "set", "redeem")),
    ("batch", ("reserved", "spare"), ("continue", "assign-listed", "remove-listed")),
    ("device", ("known",), ("activate", "block", "reset-license")),
    ("device", ("crowded",), ("activate", "activate-idle", "reset-license")),
    ("shop", ("sold",), ("issue", "remove-manager", "close-manager")),
    ("webhook", ("idle", "ahead"), ("activate", "deactivate", "deliver", "deliver-early")),
    ("webhook", ("filed",), ("deliver", "test", "pause", "resume", "delete")),
    ("factor", ("guessed",), ("enter-wrong", "enter")),
    ("passkey", ("beside",), ("enter", "enter-rival", "remove-key-by-app")),
    ("session", ("many",), ("log-in", "log-out", "end-one")),
    ("management", ("spent",), ("call", "revoke")),
)
"""What moves the devices of a license, or its transfers; the devices of a user; the seats; failures; tries; mails; the
seats of a list; which devices are active, and remembered; who manages an order; what an endpoint is told; which codes
are looked at; which passkeys are there; sessions; and calls.
"""


def triples(faults: int = 0) -> Iterator[Setting]:
    """All triples of deeds that touch one limit, from the starts where that is near; with so many faults."""
    for kind, starts, names in _OF_ONE_LIMIT:
        for start in starts:
            for three in combinations_with_replacement([SCENES[kind].deeds[name] for name in names], 3):
                yield Setting(kind, start, three, faults)


_TO_ANNOUNCE = ("grace", "expired")
"""Starts from which a sweep has something to do."""


def swept() -> Iterator[Setting]:
    """All pairs with a sweep in between, from the starts where it has something to do."""
    for setting in pairs():
        if "sweep" in setting.scene.deeds and setting.start in _TO_ANNOUNCE:
            yield replace(setting, deeds=(*setting.deeds, setting.scene.deeds["sweep"]))


def walk(setting: Setting, most: int | None = None, names: list[str] | None = None) -> Walked:
    """Walk all schedules, or so many turns, and judge each end; `names`: gets that of a schedule to each."""
    judge = setting.scene.judge(setting.scene.world(setting.start), setting.deeds)
    result = Walked(str(setting), Walk(most))
    with opened(setting) as schedule:
        for done in schedules(schedule, result.walk):
            result.answers[tuple(task.outcome.answer for task in done.tasks)] += 1
            if names is not None:
                names.append(name_of(setting, done))
            if broken := judge.violations(done):
                result.found.append(Found(name_of(setting, done), broken))
        for deed, costs in zip(setting.deeds, schedule.costs(), strict=True):
            if costs is not None:
                result.note(deed.name, *costs)
    return result


def walk_named(name: str, most: int | None = None) -> Walked:
    """Walk the setting of that name."""
    return walk(parsed(name)[0], most)


def replay(name: str) -> tuple[Schedule, tuple[Violation, ...]]:
    """Run the schedule of that name again; answers it at its end, and what is wrong with it. Raises `ValueError`."""
    setting, turns = parsed(name)
    with opened(setting) as schedule:
        if any(choice.thread.part != WHOLE or choice.fault.startswith(LAG) for choice in turns):
            for _ in schedules(schedule, Walk()):
                pass
        schedule.back_to(0)
        for choice in turns:
            schedule.step(choice)
        judge = setting.scene.judge(setting.scene.world(setting.start), setting.deeds)
        return schedule, judge.violations(schedule)


def name_of(setting: Setting, schedule: Schedule) -> str:
    """The name of a schedule: its setting, and whose turn it was, for how many calls in a row, or with which fault."""
    turns = list[str]()
    for steps in in_calls(schedule.steps):
        last = steps[-1]
        turns.append(f"{last.task}x" if last.is_last and not last.fault else _turn(last.choice))
    runs = [(turn, len(list(run))) for turn, run in groupby(turns)]
    words = (f"{turn}{times}" if turn.endswith("x") else ".".join([turn] * times) for turn, times in runs)
    return f"{setting}:{'.'.join(words)}"


def _turn(choice: Choice) -> str:
    task, part = choice.thread
    if choice.fault:
        return f"{task}/{part}!{choice.fault}" if part else f"{task}!{choice.fault}"
    return f"{task}/{part}"


def parsed(name: str) -> tuple[Setting, list[Choice]]:
    """The setting and the turns of a name. Raises `ValueError` where there is no such."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError("There is no such name. One is activate+check@key/below~1:0x3.1!lost.0x2")
    deeds, kind, start = match["deeds"].split("+"), match["kind"], match["start"]
    _guard_known("kind", kind, SCENES)
    scene = SCENES[kind]
    _guard_known("start", start, scene.starts)
    for deed in deeds:
        _guard_known("deed", deed, scene.deeds)
    setting = Setting(kind, start, tuple(scene.deeds[deed] for deed in deeds), int(match["faults"] or 0))
    turns = list[Choice]()
    for run in _TURN.finditer(match["turns"] or ""):
        task, fault = int(run["task"]), run["fault"] or ""
        part = int(run["part"] or 0) if run["part"] or fault else WHOLE
        turns += [Choice(Thread(task, part), fault)] * int(run["times"] or 1)
    return setting, turns


def _guard_known(what: str, one: str, known: Collection[str]) -> None:
    """Raises `ValueError` where it is not among what there is."""
    if one not in known:
        raise ValueError(f"There is no {what} “{one}”. There are: {', '.join(known)}")


_TURN = re.compile(r"(?P<task>\d+)(?:x(?P<times>\d+)|(?:/(?P<part>\d+))?(?:!(?P<fault>[a-z-]+\d*))?)(?=\.|$)")
_NAME = re.compile(
    r"(?P<deeds>[a-z+-]+)@(?P<kind>\w+)/(?P<start>\w+)(?:~(?P<faults>\d))?(?::(?P<turns>(?:\d+[x!/][a-z0-9!-]+\.?)+))?"
)


@contextmanager
def opened(setting: Setting) -> Iterator[Schedule]:
    """A schedule at its begin."""
    here, engine = setting.scene.world(setting.start), new_engine({})
    engine.state = dict(here.state)
    # A moment apart, as calls are: at one instant, the bucket of changes alone would part some of them.
    apart = setting.scene.clocks.get(setting.start, APART_MS)
    times = (replace(here, now=here.now + apart * number) for number in range(len(setting.deeds)))
    deeds = [partial(deed.outcome, now) for deed, now in zip(setting.deeds, times, strict=True)]
    with controlled(engine):
        known = known_in(here)
        scripts = [
            Script(number, do, known[deed.name, number])
            for number, (deed, do) in enumerate(zip(setting.deeds, deeds, strict=True))
        ]
        yield Schedule(engine, scripts, setting.faults)
        for script in scripts:
            script.end()
