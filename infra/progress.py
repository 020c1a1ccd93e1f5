"""Progress of long work, on standard error: one line that is written over on a terminal, else now and then a line."""

import sys
import time

_EVERY_SECONDS = 1.0
_last = 0.0


def progress(what: str, done: int, of: int | None = None) -> None:
    """Say how far it is, at most once a second: `progress("licenses stored", 250, 1000)`."""
    global _last  # noqa: PLW0603 - there is one standard error
    now = time.monotonic()
    if done != of and now - _last < _EVERY_SECONDS:
        return
    _last = now
    text = f"{done:,} {what}" if of is None else f"{done:,} of {of:,} {what}"
    end = "\r" if sys.stderr.isatty() and done != of else "\n"
    print(text, end=end, file=sys.stderr, flush=True)
