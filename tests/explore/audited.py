"""What is found at an end, by the audit or otherwise, is told by what is read: those who leave that alike share it."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeVar

from chalicelib.runtime import Caches, runtime, using
from chalicelib.store import database
from tests.explore.engine import Answer, MemoryEngine, Request
from tests.explore.footprints import Footprint
from tests.explore.schedule import mark_of_found
from tests.support import Vendor

T = TypeVar("T")


@dataclass(slots=True)
class _Read:
    """How far somebody has read."""

    next: Footprint | None = None
    """What he reads next; None where that is not known, or nothing."""
    then: "dict[int, _Read]" = field(default_factory=dict)
    """By the mark of what that finds."""
    is_all: bool = False
    found: Any = None
    """Once he has read all."""


@lru_cache(maxsize=1)
def parts_read(_vendor: Hashable) -> dict[Hashable, _Read]:
    """What is known of the ends of walks from a world of this vendor, by what was looked for."""
    return {}


def audited(vendor: Vendor, engine: MemoryEngine) -> list[str]:
    """As `Vendor.differences`, of what is stored in the engine."""
    return [one for n, part in enumerate(vendor.audits) for one in found_once(vendor, ("audit", n), part, engine)]


def found_once(vendor: Vendor, what: Hashable, find: Callable[[], T], engine: MemoryEngine) -> T:
    """What `find` finds in the engine, or has found where all that it reads was the same; nobody changes that.

    It reads in a world of this vendor, writes nothing, remembers nothing, and finds the same wherever it reads the
    same; `what` names it.
    """
    read, state = parts_read(id(vendor)).setdefault(what, _Read()), engine.state
    first = read
    while read.next is not None and (then := read.then.get(mark_of_found(state, read.next))) is not None:
        read = then
    if not read.is_all:
        read = first
        footprints, found = _noted(find)
        for footprint in footprints:
            read.next = footprint
            read = read.then.setdefault(mark_of_found(state, footprint), _Read())
        read.is_all, read.found = True, found
    known: T = read.found
    return known


def _noted(find: Callable[[], T]) -> tuple[list[Footprint], T]:
    """What it reads, one after another, and what it finds."""
    footprints = list[Footprint]()
    connection = database.connection()
    send = connection.send

    def noting(operation: str, request: Request) -> Answer:
        footprint = Footprint.of(operation, request)
        assert not footprint.writes, "it changes nothing"
        assert not footprint.tables, "it reads what it names"
        footprints.append(footprint)
        return send(operation, request)

    connection.send = noting
    try:
        with using(replace(runtime(), caches=Caches())):
            return footprints, find()
    finally:
        connection.send = send
