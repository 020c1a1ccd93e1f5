"""What a process does with memory that it has freed."""

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8  # of mallopt(3), in glibc


def share_freed_memory() -> None:
    """Have all threads take memory from one place, with what any of them has freed (glibc; else nothing changes).

    glibc gives threads places of their own, each of which would keep the 19 MB of the last password hash made there.
    To have them unmapped after each hash costs a third more of its CPU: the kernel fills 5,000 pages with zeros.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
