"""Limits as conditions of writes: the same objects that decisions check (`domain.limits`)."""

from typing import TypeVar

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from chalicelib.domain.limits import Limit

T = TypeVar("T")


def has_room(limit: Limit[T], used: int | None = None) -> Condition:
    """That `limit.check` passes for the item as it is at the moment of the write.

    `used`: the count, where the item's own is that of an epoch before.
    """
    room: Condition = Path(limit.maximum) > (Path(limit.counter) if used is None else used)
    room |= _unlimited(limit)
    return room


def has_room_for(limit: Limit[T], seen: T, amount: int) -> Condition:
    """As `has_room`, for several at once: with the maximum that was read, for a condition does no arithmetic."""
    maximum = getattr(seen, limit.maximum)
    if maximum == limit.unlimited:
        return _unlimited(limit)
    same: Condition = Path(limit.maximum) == maximum
    same &= Path(limit.counter) <= maximum - amount
    return same


def _unlimited(limit: Limit[T]) -> Condition:
    maximum = Path(limit.maximum)
    unlimited: Condition = maximum.does_not_exist() if limit.unlimited is None else maximum == limit.unlimited
    return unlimited
