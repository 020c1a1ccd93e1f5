"""A campaign: settings that are walked, one kind after another, each whole or until so many moments were."""

import contextlib
import os
import platform
import random
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from infra.markdown import markdown_table
from tests.explore import pairs
from tests.explore.pairs import Setting, Walked
from tests.proof.report import TITLE_OF_WALKS

PAGE, TITLE = "docs/proof.md", TITLE_OF_WALKS
Settings = Callable[[], Iterator[Setting]]
LONG: dict[str, Settings] = {
    "two, not walked on every change": pairs.left_out,
    "three that touch one limit": pairs.triples,
    "two, and a sweep in between": pairs.swept,
}
"""The long run, in this order: these are walked whole."""
WITH_FAULTS: dict[str, Settings] = {
    "two, with one fault": lambda: pairs.pairs(1),
    "three, with one fault": lambda: pairs.triples(1),
    "two, with two faults": lambda: pairs.pairs(2),
}
"""And of these as many as come to `ENOUGH`."""
ENOUGH = 200_000
"""Moments."""
MOST = 100_000
"""Turns of one setting in the long run: three who log in to the same account have more than can be waited for."""
_TELL_EVERY_SECONDS = 10.0
_SEED = 20261130
Tell = Callable[[str], None]
WalkAll = Callable[[list[str]], Generator[Walked, None, None]]
"""Walks the settings of these names, in any order; whoever has enough closes it."""


@dataclass(slots=True)
class Leg:
    """The settings of one kind, and how far they were walked."""

    names: list[str]
    enough: int | None = None
    """Moments, after which it ends; None where it is walked whole."""
    walked: list[Walked] = field(default_factory=list)

    def figures(self) -> tuple[int, int, int, int, int, int, int]:
        """How many there are, were walked, and to the end; schedules, moments, turns and what is wrong."""
        walks = [one.walk for one in self.walked]
        return (
            len(self.names),
            len(walks),
            sum(one.walk.is_whole for one in self.walked),
            sum(walk.schedules for walk in walks),
            sum(walk.moments for walk in walks),
            sum(walk.steps for walk in walks),
            sum(len(one.found) for one in self.walked),
        )

    def drawn(self) -> list[str]:
        """All names in an order of chance, the same each time: as many as are walked are a fair part of all."""
        return random.Random(_SEED).sample(self.names, len(self.names))

    def progress(self, seconds: float) -> str:
        """How far it is after so long, and how long it will still take."""
        there, walked, _, _, moments, _, wrong = self.figures()
        done = max(walked / there, moments / self.enough if self.enough else 0)
        of = f"{moments:,} of at most {self.enough:,}" if self.enough else f"{moments:,}"
        left = seconds * (1 / done - 1)
        return f"{walked:,} of {there:,}: {of} moments, {wrong} wrong; {seconds:.0f} s, some {left:.0f} s left"


@dataclass(slots=True)
class Campaign:
    """Some legs, and what came of them."""

    legs: dict[str, Leg]
    seconds: float = 0.0
    _start: float = 0.0
    _told: float = 0.0

    def totals(self) -> tuple[int, ...]:
        """Of all legs, as `Leg.figures`."""
        return tuple(map(sum, zip(*(leg.figures() for leg in self.legs.values()), strict=True)))

    @property
    def wrong(self) -> int:
        """Schedules."""
        return self.totals()[-1]

    def go(self, walk_all: WalkAll, tell: Tell) -> None:
        """Walk each leg; Ctrl-C ends it with what there is."""
        self._start = self._told = time.monotonic()
        try:
            for name in self.legs:
                self._go(name, walk_all, tell)
        except KeyboardInterrupt:
            tell("Stopped; this is what was walked until now.")

    def _go(self, name: str, walk_all: WalkAll, tell: Tell) -> None:
        leg, start = self.legs[name], time.monotonic()
        with contextlib.closing(walk_all(leg.drawn() if leg.enough else leg.names)) as walks:
            for walked in walks:
                leg.walked.append(walked)
                self.seconds = time.monotonic() - self._start
                for wrong in walked.found[:1]:
                    tell("\n  ".join(map(str, (wrong.name, *wrong.violations))))
                if time.monotonic() - self._told > _TELL_EVERY_SECONDS:
                    self._told = time.monotonic()
                    tell(f"{name}{', ' if name else ''}{leg.progress(self._told - start)}")
                if leg.enough and leg.figures()[4] >= leg.enough:
                    return

    def table(self) -> str:
        """What it came to, in Markdown."""
        head = ("", "there are", "walked", "to the end", "schedules", "moments", "turns", "wrong")
        rows = [(name or "all", *map(in_figures, leg.figures())) for name, leg in self.legs.items()]
        if len(rows) > 1:
            rows.append(("**all**", *(f"**{in_figures(one)}**" for one in self.totals())))
        return markdown_table([head, ("---",) * len(head), *rows])

    def section(self) -> str:
        """What it came to, for the page of the proof."""
        cores = len(os.sched_getaffinity(0))
        machine = f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}"
        took = f"{self.seconds / 60:.0f} minutes, on {time.strftime('%Y-%m-%d')}, on {machine}"
        left = (
            f"At most {in_figures(MOST)} turns are walked of each; with faults only so many, drawn by chance, as come"
            f" to {in_figures(ENOUGH)} moments.\n"
            "A *moment* is a state that calls under way can be in, a *turn* a step from one to another, and *schedules*"
            " are the orders of calls that these stand for. What is walked *to the end* had no turn left."
        )
        return f"Walked by `.venv/bin/python -m tests.explore --long` in {took}. {left}\n\n{self.table()}"


_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def in_figures(count: int) -> str:
    """A count in words: of very many only how many figures they have."""
    return f"{count:,}" if count < 10**12 else f"10{str(len(str(count)) - 1).translate(_SUPERSCRIPTS)}"
