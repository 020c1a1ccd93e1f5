"""What a command answers on standard output."""

import errno
import os
import sys


def write(text: str) -> None:
    """Write and flush at once; letters that the encoding lacks are escaped. Raises OSError."""
    if sys.stdout is None:  # it was closed before we came
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # no TextIO has it, all of ours do
    print(text, flush=True)
