"""Files that nobody but their owner may read."""

import os
from pathlib import Path


def open_private(path: Path) -> int:
    """Open a file to read and write, made if it is not there; no program that is started inherits it."""
    file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    os.fchmod(file, 0o600)
    return file
