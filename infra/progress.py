"""Progress of long work, on standard error: one line that is written over on a terminal, else now and then a line."""

import sys
import time

_EVERY_SECONDS = 1.0


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
