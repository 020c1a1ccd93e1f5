"""Progress of long work, on standard error: one line that is written over on a terminal, else now and then a line."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

_EVERY_SECONDS = 1.0
LONG_SECONDS = 2.0
"""What is counted and takes longer tells how far it is."""


class Progress:
    """Of one work: `Progress("licenses stored", 1000)`. `of` is how much there is in all, where that is known."""

    def __init__(self, what: str, of: int | None = None) -> None:
        self._what, self._of, self._said_at = what, of, 0.0

    def show(self, done: int, *, is_last: bool = False) -> None:
        """Say how far it is, at most once a second and at the end."""
        of, now = done if is_last else self._of, time.monotonic()
        if done != of and now - self._said_at < _EVERY_SECONDS:
            return
        self._said_at = now
        text = f"{done:,} {self._what}" if of is None else f"{done:,} of {of:,} {self._what}"
        print(text, end="\r" if done != of and sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """Tell how many more are done, from any thread; once it takes long, standard error says so."""
    begun, lock, done, announced_progress, progress = time.monotonic(), Lock(), 0, False, Progress(what)

    def tell(more: int) -> None:
        nonlocal done, announced_progress
        with lock:
            done += more
            if time.monotonic() - begun > LONG_SECONDS:
                progress.show(done)
                announced_progress = True

    yield tell
    if announced_progress:
        progress.show(done, is_last=True)
