"""Limits as conditions of writes: the same objects that decisions check (`domain.limits`)."""

from collections.abc import Iterator
from typing import TypeVar

from chalicelib.domain.license import License
from chalicelib.domain.limits import LICENSE_OVERAGE, LIMITS, REFUSING, Limit
from chalicelib.store.attributes import IntegerAttribute
from chalicelib.store.expressions import Action, Condition
from chalicelib.store.items.licenses import LicenseItem, SeatItem

T = TypeVar("T")

_ATTRIBUTES = {
    name: IntegerAttribute(attr_name=name)
    for one in (*LIMITS, *REFUSING)
    for name in (one.maximum, one.counter, one.kept)
    if name is not None and (hasattr(LicenseItem, name) or hasattr(SeatItem, name))
}
"""Of whichever item has the limit. A maximum that none stores has none: no write can ask for it."""


def has_room(limit: Limit[T], used: int | None = None) -> Condition:
    """That `limit.check` passes for the item as it is at the moment of the write.

    `used`: the count, where the item's own is that of an epoch before. Raises `KeyError` for `LICENSE_OVERAGE`, whose
    maximum is worked out: see `has_room_beyond`.
    """
    room = _ATTRIBUTES[limit.maximum] > (_ATTRIBUTES[limit.counter] if used is None else used)
    return room | _unlimited(limit)


def has_room_for(limit: Limit[T], seen: T, amount: int) -> Condition:
    """As `has_room`, for several at once: with the maximum that was read, for a condition does no arithmetic."""
    maximum = getattr(seen, limit.maximum)
    if maximum == limit.unlimited:
        return _unlimited(limit)
    most = int(maximum)
    return (_ATTRIBUTES[limit.maximum] == most) & (_ATTRIBUTES[limit.counter] <= most - amount)


def has_room_beyond(seen: License, amount: int = 1) -> Condition:
    """That `LICENSE_OVERAGE.check` passes: by the terms that were read, for a condition does no arithmetic."""
    as_sold = LicenseItem.unchanged(seen, LicenseItem.max_activations, LicenseItem.overage)
    most = LICENSE_OVERAGE.most(seen)
    return as_sold if most is None else as_sold & (LicenseItem.times_activated <= most - amount)


def keeping(old: License, new: License) -> Iterator[Action]:
    """What remembers, where a limit becomes another one, how many there are at the moment of the write."""
    for limit in REFUSING:
        if getattr(old, limit.maximum) != getattr(new, limit.maximum) and limit.kept is not None:
            yield _ATTRIBUTES[limit.kept].set(_ATTRIBUTES[limit.counter] | 0)


def _unlimited(limit: Limit[T]) -> Condition:
    maximum = _ATTRIBUTES[limit.maximum]
    return maximum.does_not_exist() if limit.unlimited is None else maximum == limit.unlimited
