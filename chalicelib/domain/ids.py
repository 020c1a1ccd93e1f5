"""Identifiers and initial passwords.

Randomness is drawn here; the time is an argument, in milliseconds since the epoch.
"""

import base64
import secrets

from chalicelib.domain.errors import Invalid
from chalicelib.domain.keys import ALPHABET

_ID_EPOCH = 1_577_836_800_000
"""2020-01-01T00:00:00Z: 41 bits of milliseconds from here last until September 2089."""

DEVICE_STEP = 128
"""What parts the ids of devices at the least."""

_TIME_BITS = 41
_RANDOM_BITS = 12
_PASSWORD_LENGTH = 16


def new_id(now: int) -> int:
    """Make a time-ordered id of 53 bits, all that JavaScript counts exactly: 41 of milliseconds, 12 random.

    Two ids of one millisecond are equal once in 4096: store with ``attribute_not_exists`` and draw again.
    Raises ValueError for a time before 2020 or after 41 bits of milliseconds, 2089-09-06.
    """
    elapsed = now - _ID_EPOCH
    if not 0 <= elapsed < 2**_TIME_BITS:
        raise Invalid("clock_out_of_range", first=2020, last=2089)
    return elapsed << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)


def first_id(at: int) -> int:
    """The least id of what was made at an instant or later; 0 for one of before there were ids."""
    return max(0, at - _ID_EPOCH) << _RANDOM_BITS


def later_id(id: int, milliseconds: int) -> int:
    """The id with the same random bits of so many milliseconds later: always the same one."""
    return id + (milliseconds << _RANDOM_BITS)


def made_at(id: int) -> int:
    """The instant, in milliseconds since the epoch, at which something with this id was made."""
    return _ID_EPOCH + (id >> _RANDOM_BITS)


def new_device_id(now: int) -> int:
    """Make an id of a device: as others, but of the second of `now`, and a multiple of `DEVICE_STEP`.

    The numbers behind it are those of its variables (`domain.variables`). There are 32,000 for each second: store with
    ``attribute_not_exists`` and draw again. Raises ValueError as `new_id`.
    """
    whole_second = new_id(now - now % 1000) >> _RANDOM_BITS << _RANDOM_BITS
    return whole_second + secrets.randbelow((1000 << _RANDOM_BITS) // DEVICE_STEP) * DEVICE_STEP


def new_device_ids(now: int, count: int) -> list[int]:
    """Make so many ids for devices that one write makes, no two of them equal. Raises as `new_device_id`."""
    ids = dict[int, None]()
    while len(ids) < count:
        ids[new_device_id(now)] = None
    return list(ids)


def new_epoch() -> int:
    """Make an epoch of a seat: 63 random bits, for one that was a seat's before would switch its old devices on.

    The bit above them is set: so it is longer than any id.
    """
    return 1 << 63 | secrets.randbits(63)


def new_event_key(now: int) -> str:
    """Make the sort key of an event, ``1795489496000#K3ZQ7RW2MA``: as text it sorts by time.

    50 random bits part the events of one millisecond.
    Raises ValueError for a time before 1970 or of more than 13 digits, 2286-11-20.
    """
    if not 0 <= now < 10**13:
        raise Invalid("clock_out_of_range", first=1970, last=2286)
    return f"{now:013d}#{base64.b32encode(secrets.token_bytes(7)).decode()[:10]}"


def new_initial_password() -> str:
    """Make a password that a person can read out and type: 16 symbols without look-alikes, 80 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(_PASSWORD_LENGTH))
