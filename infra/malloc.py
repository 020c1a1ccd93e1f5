"""What a process does with memory that it has freed."""

import ctypes
from contextlib import suppress

_M_MMAP_THRESHOLD = -3  # of mallopt(3), in glibc
_BYTES = 1024 * 1024


def give_back_what_is_large() -> None:
    """Have pieces of 1 MB and more go back to the system once they are freed (glibc; elsewhere nothing changes).

    glibc raises that bound by itself to what was freed last: after one password hash, whose 19 MB it is, each thread
    that ever made one would keep as much.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _BYTES)
