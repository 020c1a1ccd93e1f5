"""A dry run: all is read and decided as ever, and nothing is written.

A transaction is sent with a condition more, which never holds: so the database itself says whether all the others do.
The first write that would be done ends the run, so of what takes several steps it tells the first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chalicelib.domain.events import Event
from chalicelib.store.expressions import Condition
from chalicelib.store.items.links import CountItem
from chalicelib.store.schema import AnyItem

_is_on: ContextVar[bool] = ContextVar("dry_run", default=False)


class NotWritten(BaseException):
    """What would have been written: `event` says what it changes; None: it is no history.

    No `Exception`: who goes on after a failure does not go on after this.
    """

    def __init__(self, event: Event | None = None) -> None:
        super().__init__()
        self.event = event


@contextmanager
def dry_run() -> Iterator[None]:
    """Let nothing inside be written. It raises `NotWritten` where something would be."""
    outer = _is_on.set(True)
    try:
        yield
    finally:
        _is_on.reset(outer)


def is_dry_run() -> bool:
    """Whether nothing is to be written."""
    return _is_on.get()


def never() -> tuple[AnyItem, Condition]:
    """A condition that never holds, and the item of which it is asked: no company has this key."""
    return CountItem("dry_run", "nothing"), CountItem.pk.exists()
