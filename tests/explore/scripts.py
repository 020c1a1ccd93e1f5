"""What a task does next is told by all that it was answered so far: it is run once for each, and then remembered.

A task is a greenlet: it runs in this one thread until it sends a call, and then waits for the answer. Its clock, all
that it draws and each wait are its own. So the same answers lead to the same next call, which is held against what is
remembered each time it is run again. What is remembered of a task holds beside whatever else is under way.
"""

import marshal
from collections import defaultdict
from collections.abc import Callable, Hashable
from contextvars import copy_context
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from random import Random
from typing import Any, NamedTuple, cast

from botocore.exceptions import ClientError
from greenlet import GreenletExit, getcurrent, greenlet

from chalicelib.languages import Reader, writing_for
from chalicelib.runtime import Caches, runtime, using
from chalicelib.turns import Turns
from infra.embedded.values import Item
from tests.explore.engine import Answer, Request, Where
from tests.explore.footprints import NOTHING, Footprint
from tests.explore.standing import standing

CALLS = 400
"""After which a task that does not end is taken for one that never will: a sweep has some hundred."""

Heard = Answer | BaseException
"""What a call is answered, or by what it ends."""


class Call:
    """A call that waits for its turn."""

    __slots__ = ("_footprint", "operation", "request")

    def __init__(self, operation: str, request: Request) -> None:
        self.operation, self.request = operation, request
        self._footprint: Footprint | None = None

    @property
    def footprint(self) -> Footprint:
        """What it reads and writes; asked for where it was not sent before."""
        if self._footprint is None:
            self._footprint = Footprint.of(self.operation, self.request)
        return self._footprint

    def __str__(self) -> str:
        return f"{self.operation} {self.footprint}"


class Endless(Exception):
    """A task sends calls without end."""


class Unsteady(Exception):
    """A task that was answered the same has sent another call: something is left to chance."""


class Found(NamedTuple):
    """An item at its place; None where there is none."""

    where: Where
    item: Item | None
    mark: int
    """As `mark_of`."""


class Turn(NamedTuple):
    """What comes of a call, wherever it finds the same."""

    heard: "Kept"
    changes: tuple[Found, ...]
    """What is then stored, where that is something else."""
    failed: bool


class Open(NamedTuple):
    """What a turn would do, wherever it finds the same."""

    footprint: Footprint
    now: Footprint
    """What it reads and writes as long as nobody writes any of that: what it would leave as it is, it reads."""
    finds: tuple[Found, ...] = ()
    """The item that it reads, where it reads but one, or as it was."""
    refused_for: tuple[Where, ...] = ()
    """Items whose conditions do not hold: it writes nothing before each of these was written by somebody."""
    found: int | None = None
    """The mark of what it finds, where that was asked for."""


@dataclass(slots=True, eq=False)
class Known:
    """What a task does once it was answered so: remembered from one walk to the next."""

    call: Call | None = None
    """The one that it sends; None once it is over, and where it was not run yet."""
    outcome: Any = None
    """Of the task that is over."""
    stands: Hashable = None
    """Where it stands, if it has told: what it does from now on is told by that alone."""
    then: "dict[object, Known]" = field(default_factory=dict)
    """By the key of the answer to its call."""
    turns: dict[tuple[int, str], Turn] = field(default_factory=dict)
    """What came of its call, by the mark of what it found, and the fault that it met."""
    opens: dict[int | None, Open] = field(default_factory=dict)
    """What its call would do, by the mark of what it finds."""
    answers: "dict[object, Kept]" = field(default_factory=dict)
    """To its call, each once, by their keys."""


@lru_cache(maxsize=1)  # walks go from one world to the next
def known_in(_world: Hashable) -> dict[tuple[str, int], Known]:
    """What is remembered in a world: by the deed, and as which one of several it is done, from its begin on."""
    return defaultdict(Known)


@lru_cache(maxsize=1)
def ends_of(_world: Hashable) -> dict[int, Any]:
    """What a judge has found at the ends of walks from there, by the mark of what is stored: the walks share it."""
    return {}


@dataclass(slots=True, eq=False)
class Point:
    """How far a task has come."""

    known: Known = field(default_factory=Known)
    heard: "Kept | None" = None
    """The answer that led here from the first of the points before; None at the begin."""
    befores: "list[Point]" = field(default_factory=list)
    """That lead here, first the one from which it was come to first."""
    in_vain: "set[Point]" = field(default_factory=set)
    """Those of them whose call was a write that did not hold."""
    calls: int = 0
    """That were answered on the first way here."""
    then: "dict[object, Point]" = field(default_factory=dict)
    """By the answer's key."""
    later: Footprint = NOTHING
    """Of all calls that are known to come after the one that waits, whatever that is answered."""
    call: Call | None = field(init=False)
    """The one that waits for its turn; None once the task is over."""

    def __post_init__(self) -> None:
        self.call = self.known.call

    @property
    def outcome(self) -> Any:
        """Of the task that is over."""
        return self.known.outcome

    def path(self) -> "list[Point]":
        """The points that led here, this one the last."""
        path = [self]
        while path[-1].befores:
            path.append(path[-1].befores[0])
        return path[::-1]


class Script:
    """A task: in a process of its own, with dice of its own."""

    def __init__(self, number: int, do: Callable[[], object], known: Known | None = None) -> None:
        """`do`: answers what came of it; raises nothing. `known`: what is remembered of the same task from before."""
        self._number, self._do = number, do
        self._run: Any = None  # greenlet
        self.dice = Random(number)
        self._at: Known | None = None
        """Where the greenlet waits."""
        self._stands: Hashable = None
        """Where it stood at its last step, if it has told since it was answered."""
        self.since: object = None
        """The point that was answered last, and how: another thing with each answer."""
        self._is_new = True
        """Whether it goes where it never was; else to where it was before."""
        self._standing: dict[Hashable, Point] = {}
        """The first point that was come to from there."""
        first = known or Known()
        if first.call is None:
            self._went_on(first, self._begin())
        self.first = Point(first)

    def after(self, point: Point, kept: "Kept", *, in_vain: bool = False) -> Point:
        """Where it goes on to from there with this answer; `in_vain`: to a write that did not hold. Raises `Endless`.

        Once it is over, what came of it is all that anybody can tell: by whatever answers it came to that.
        """
        if kept.key not in point.then:
            if point.calls >= CALLS:
                raise Endless(self._number)
            if kept.key not in point.known.then:
                self._find_out(point, kept)
            known = point.known.then[kept.key]
            after = self.joined(Point(known, kept, calls=point.calls + 1))
            after.befores.append(point)
            if in_vain:
                after.in_vain.add(point)
            point.then[kept.key] = after
            _foresee(after, point)
        return point.then[kept.key]

    def joined(self, point: Point) -> Point:
        """The first point that stands where this one does, which is told by it from now on. Raises `Unsteady`."""
        if point.known.stands is None:
            return point
        first = self._standing.setdefault(point.known.stands, point)
        _guard_alike(point.known, first.known)
        return first

    def stands(self, where: Hashable) -> None:
        """What it does from now on is told by that alone, and no more by what it was answered before."""
        self._stands = where

    def returns(self, name: str, since: object, left: Callable[[], Hashable]) -> None:
        """A function that was called then has returned: all that was answered since is told by what is left, if that
        can be told; otherwise by what was told within it.
        """
        if self._is_new and self.since is not since and (what := left()) is not None:
            self.stands((name, since, what))

    def costs(self) -> tuple[list[str], int] | None:
        """Of all ways to its end: what it sent on the longest, and how many writes did not hold at most.

        None where it came to none.
        """
        calls, in_vain, longest = {self.first: 0}, {self.first: 0}, dict[Point, Point]()
        for point in _in_order(self.first)[1:]:
            befores = [before for before in point.befores if before in calls]  # but for who comes to where he was
            longest[point] = max(befores, key=calls.__getitem__)
            calls[point] = calls[longest[point]] + 1
            in_vain[point] = max(in_vain[before] + (before in point.in_vain) for before in befores)
        ends = [point for point in calls if point.call is None]
        if not ends:
            return None
        point, sent = max(ends, key=calls.__getitem__), list[str]()
        while point in longest:
            point = longest[point]
            assert point.call is not None
            sent.append(point.call.operation)
        return sent, max(in_vain[end] for end in ends)

    def end(self) -> None:
        """Let go of what waits."""
        if self._run is not None and not self._run.dead:
            self._run.throw(GreenletExit)
        self._run = self._at = None

    def _find_out(self, point: Point, kept: "Kept") -> None:
        """Run it on from there with this answer, and remember what it does."""
        if self._at is not point.known:
            self._begin_again(point)
        self._stands = None
        known = self._went_on(Known(), self._given(point, kept))
        if self._stands is not None and known.call is not None:
            known.stands = self._stands, self.dice.getstate()
        point.known.then[kept.key] = known

    def _begin(self) -> Call | None:
        """What it asks first."""
        self.end()
        self.since = None
        self.dice.seed(self._number)
        self._run = greenlet(self._work)
        self._run.gr_context = copy_context()  # what its caches remember is not the others'
        self._run.script = self
        return cast(Call | None, self._run.switch())

    def _begin_again(self, point: Point) -> None:
        """Run anew, to where that is."""
        self._is_new = False
        sent = self._begin()
        for come in point.path():
            if come.heard is not None:
                sent = self._given(come.befores[0], come.heard)
            if self._run.dead or sent is None or come.call is None or sent.request != come.call.request:
                raise Unsteady(f"task {self._number}: {sent} and not {come.call}")
        self._at, self._is_new = point.known, True

    def _given(self, point: Point, kept: "Kept") -> Call | None:
        """What it asks next, for this answer there."""
        self.since = point.known, kept.key
        return kept.given_to(self._run)

    def _work(self) -> None:
        with using(replace(runtime(), caches=Caches(), turns=Turns())), writing_for(Reader()):
            self._outcome = self._do()

    def _went_on(self, known: Known, call: Call | None) -> Known:
        if self._run.dead:
            known.outcome = self._outcome
            known.stands = None, standing(self._outcome)
        else:
            known.call = call
        self._at = known
        return known


def _guard_alike(one: Known, other: Known) -> None:
    """Who stands where another has stood sends what that one has sent. Raises `Unsteady`."""
    sent, before = ((None if known.call is None else known.call.request) for known in (one, other))
    if sent != before:
        raise Unsteady(f"{one.call}, and not {other.call}: more than was told has moved it")


def _in_order(first: Point) -> list[Point]:
    """All points that were come to, each behind those that lead to it."""
    found, done, left = {first}, list[Point](), [(first, iter([*first.then.values()]))]
    while left:
        for after in left[-1][1]:
            if after not in found:
                found.add(after)
                left.append((after, iter([*after.then.values()])))
                break
        else:
            done.append(left.pop()[0])
    return done[::-1]


def _foresee(point: Point, before: Point) -> None:
    """Note what comes from a point on with each that leads to it, now that this one does."""
    coming = point.later if point.call is None else point.later | point.call.footprint
    left = [before]
    while left:
        one = left.pop()
        if not one.later.holds(coming):
            one.later |= coming
            left += one.befores


def current_script() -> Script | None:
    """That which runs now; None outside of any."""
    return getattr(getcurrent(), "script", None)


class Kept:
    """An answer, to be given more than once."""

    def __init__(self, answer: Heard) -> None:
        self._error = answer if isinstance(answer, BaseException) else None
        content: Any = answer.response if isinstance(answer, ClientError) else {} if self._error else answer
        self._text = marshal.dumps(content, 2)
        digest = blake2b(self._text, digest_size=16).digest()
        self.key: object = digest if self._error is None else (type(answer), str(answer), digest)

    def given_to(self, run: Any) -> Call | None:
        """What it asks next, for this answer; None at its end."""
        if self._error is not None:
            return cast(Call | None, run.throw(copy(self._error)))
        return cast(Call | None, run.switch(marshal.loads(self._text)))  # noqa: S302 - our own, of a moment ago
