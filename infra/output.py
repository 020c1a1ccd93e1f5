"""What a command answers on standard output."""

import errno
import os
import sys
from contextlib import suppress

READER_GONE = 141
"""The exit code of who wrote into a pipe whose reader has seen enough: 128 + SIGPIPE, as that of other tools."""


def write(text: str) -> None:
    """Write and flush at once; letters that the encoding lacks are escaped. Raises OSError: the rest is lost then."""
    if sys.stdout is None:  # it was closed before we came
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # no TextIO has it, all of ours do
    try:
        print(text, flush=True)
    except OSError:  # what it still holds would be an error again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), sys.stdout.fileno())
        raise


def answer(text: str) -> None:
    """Write as `write` does; where that fails, one sentence says so, and the command ends with exit 3. Who reads no
    more, as `head`, needs no sentence.
    """
    try:
        write(text)
    except BrokenPipeError:
        sys.exit(READER_GONE)
    except OSError as error:
        print(f"The answer could not be written ({error.strerror}).", file=sys.stderr)
        sys.exit(3)


def tell(text: str) -> None:
    """Write as `write` does, to who may be gone by now: whoever goes on working is not to end for that.

    What is written from then on is lost.
    """
    with suppress(OSError):
        write(text)
