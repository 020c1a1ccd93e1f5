"""Files that nobody but their owner may read."""

import os
from pathlib import Path


def make_private(path: Path) -> None:
    """Make a file if it is not there, and close it to others.

    One that is there is not opened: closing it again would take from SQLite all locks that this process has on it.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        path.chmod(0o600)


def open_private(path: Path) -> int:
    """Open a file to read and write, made if it is not there; no program that is started inherits it."""
    file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    os.fchmod(file, 0o600)
    return file
