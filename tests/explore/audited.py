"""What the audit finds at an end. Each part of it is told by what it reads: those who leave that alike share it."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from chalicelib.runtime import Caches, runtime, using
from chalicelib.store import database
from tests.explore.engine import Answer, MemoryEngine, Request
from tests.explore.footprints import Footprint
from tests.explore.schedule import mark_of_found
from tests.support import Vendor


@dataclass(slots=True)
class _Read:
    """How far a part has read."""

    next: Footprint | None = None
    """What it reads next; None where that is not known, or nothing."""
    then: "dict[int, _Read]" = field(default_factory=dict)
    """By the mark of what that finds."""
    found: list[str] | None = None
    """Once it has read all."""


@lru_cache(maxsize=1)
def parts_read(_vendor: Hashable) -> dict[int, _Read]:
    """What is known of the ends of walks from a world of this vendor, by the number of each part."""
    return {}


def audited(vendor: Vendor, engine: MemoryEngine) -> list[str]:
    """As `Vendor.differences`, of what is stored in the engine."""
    parts = parts_read(id(vendor))
    return [one for n, part in enumerate(vendor.audits) for one in _found(parts.setdefault(n, _Read()), part, engine)]


def _found(read: _Read, part: Callable[[], list[str]], engine: MemoryEngine) -> list[str]:
    first, state = read, engine.state
    while read.next is not None and (then := read.then.get(mark_of_found(state, read.next))) is not None:
        read = then
    if read.found is None:
        read = first
        for footprint, found in _noted(part):
            read.next, read.found = footprint, found
            if footprint is not None:
                read = read.then.setdefault(mark_of_found(state, footprint), _Read())
    assert read.found is not None
    return read.found


def _noted(part: Callable[[], list[str]]) -> list[tuple[Footprint | None, list[str] | None]]:
    """What it reads, one after another, and then what it finds. It remembers nothing of before."""
    steps: list[tuple[Any, Any]] = []
    connection = database.connection()
    send = connection.send

    def noting(operation: str, request: Request) -> Answer:
        footprint = Footprint.of(operation, request)
        assert not footprint.writes, "it changes nothing"
        assert not footprint.tables, "it reads what it names"
        steps.append((footprint, None))
        return send(operation, request)

    connection.send = noting
    try:
        with using(replace(runtime(), caches=Caches())):
            steps.append((None, part()))
    finally:
        connection.send = send
    return steps
