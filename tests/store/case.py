"""A use case that writes, in a small state of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.events import EventType
from tests.support import Vendor


@dataclass(frozen=True)
class Case:
    """A use case: what stands before, the call, and the events that it writes, each once."""

    name: str
    function: Callable[..., Any]
    prepare: Callable[[Vendor], Any]
    act: Callable[[Vendor, Any], Any]
    events: tuple[EventType, ...] = ()
    only_if_new: bool = False
    """A failed condition is an answer, as "there is one already": it is not decided anew."""
    observes: bool = False
    """What it writes is an observation, which may be lost: the answer neither waits nor fails for it."""
