"""Locks on files by which processes know of each other. The system lets go of them when a process ends, however."""

import fcntl
from pathlib import Path


def take(file: int) -> bool:
    """Take the lock on an open file, by its descriptor; False where somebody else has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether somebody has the lock on a file; nobody has it on one that is not there."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        return not take(file.fileno())
