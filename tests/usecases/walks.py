"""Walks through lists, page by page, while what they list comes and goes: each sees all that stays, once, in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.support import Vendor

R = TypeVar("R")


@dataclass(kw_only=True)
class Walk(Generic[R]):
    """Somebody who goes through a list."""

    missed: set[R]
    """Rows that were there when it began, and are since."""
    name: str
    size: int
    after: Any  # each list has positions of its own
    """Where it goes on; at the end nothing, None or an empty text."""
    seen: list[R] = field(default_factory=list)
    is_over: bool = False

    def go_on(self, rows: Sequence[R], after: Any, *, descends: bool) -> None:  # as above
        """Take the next page, and the position behind it."""
        assert len(rows) <= self.size
        self.seen += rows
        keys: list[Any] = [*self.seen]  # ids, or tuples of one kind
        assert keys == sorted(set(keys), reverse=descends), "doubled, or out of order"
        self.after, self.is_over = after, not after
        assert not self.is_over or self.missed <= set(self.seen), "lost"


class Walkers(RuleBasedStateMachine):
    """Several who go through lists of a vendor. A machine says what comes and goes, begins walks, and reads a page."""

    bounds: tuple[tuple[Any, str, int], ...] = ()  # modules
    """Of what is read at once: the module, the name there, and how few it is to be."""

    def __init__(self) -> None:
        super().__init__()
        self.vendor = Vendor()
        self.walks: list[Walk[Any]] = []  # of whatever rows
        self._patches = [patch.object(module, name, few) for module, name, few in self.bounds]
        for one in self._patches:
            one.start()

    def teardown(self) -> None:
        for walk in self.walks:
            while not walk.is_over:
                self.step(walk)
        for one in self._patches:
            one.stop()

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        if going := [walk for walk in self.walks if not walk.is_over]:
            self.step(data.draw(st.sampled_from(going)))

    def step(self, walk: Walk[Any]) -> None:  # as above
        """Read the next page of a walk."""
        raise NotImplementedError
