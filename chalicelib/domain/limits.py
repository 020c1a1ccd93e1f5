"""Limits: a counter, the field that bounds it, and the code of a refusal. Each limit is declared here once.

Decisions call `Limit.check`; the write requires `store.limits.has_room` of the same object, and of `LICENSE_OVERAGE`,
whose maximum is worked out and not stored, `has_room_beyond`. tests/store/test_limits.py holds rule and `has_room`
together for all of `LIMITS`, and asks that each `max_…` of a license or a seat has its limit here.
"""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from chalicelib.domain.errors import Code, LimitReached
from chalicelib.domain.license import TRANSFERS_UNLIMITED, License, Seat

T = TypeVar("T")
LimitKind = Literal["devices", "users", "transfers", "devices_per_user", "floating", "consumption"]
"""What a limit is of, in events."""


@dataclass(frozen=True, slots=True)
class Limit(Generic[T]):
    """`counter` may not pass `maximum`; where that was lowered, so many as there were then stay: `kept`.

    All are names of fields of `of`, or of what it says by them. Raises `TypeError` for one that it lacks.
    """

    code: Code
    of: type[T]
    counter: str
    maximum: str
    unlimited: int | None = None
    """The value of `maximum` that means unlimited. A maximum below zero has room for nothing."""
    kept: str | None = None
    """None where nobody counts how many there were."""

    def __post_init__(self) -> None:
        for name in (self.counter, self.maximum, self.kept):
            if name is not None and not hasattr(self.of, name):
                raise TypeError(f"{self.of.__name__} has no field {name}")

    def most(self, aggregate: T) -> int | None:
        """The maximum, from 0; None: unlimited."""
        maximum: int | None = getattr(aggregate, self.maximum)
        return None if maximum is None or maximum == self.unlimited else max(0, maximum)

    def most_there(self, aggregate: T) -> int | None:
        """How many there may be, at most: more than the maximum where that was lowered below them. None: unlimited."""
        most = self.most(aggregate)
        return None if most is None or self.kept is None else max(most, getattr(aggregate, self.kept))

    def room(self, aggregate: T) -> int | None:
        """How many more fit, from 0; None: unlimited."""
        most, used = self.most(aggregate), int(getattr(aggregate, self.counter))
        return None if most is None else max(0, most - used)

    def is_full(self, aggregate: T) -> bool:
        """Whether not even one more fits."""
        return self.room(aggregate) == 0

    def over(self, aggregate: T) -> int:
        """How many there are beyond the maximum, from 0."""
        most, used = self.most(aggregate), int(getattr(aggregate, self.counter))
        return 0 if most is None else max(0, used - most)

    def check(self, aggregate: T, amount: int = 1) -> None:
        """Raise `LimitReached` unless `amount` more fit."""
        most, used = self.most(aggregate), int(getattr(aggregate, self.counter))
        if most is not None and used + amount > most:
            raise LimitReached(self.code, limit=most, used=used)


LICENSE_ACTIVATIONS = Limit("license_activated_max_times", License, "times_activated", "max_activations")
LICENSE_OVERAGE = Limit(
    "license_activated_max_times", License, "times_activated", "most_activations", kept="activations_kept"
)
"""What is refused: beyond `LICENSE_ACTIVATIONS` a device is over what was sold, as far as the license allows that."""
LICENSE_USERS = Limit("license_users_limit_reached", License, "users_assigned", "max_license_users", kept="users_kept")
LICENSE_TRANSFERS = Limit(
    *("device_transfer_limit_reached", License, "transfer_count", "max_transfers"),
    unlimited=TRANSFERS_UNLIMITED,
    kept="transfers_kept",
)
SEAT_ACTIVATIONS = Limit("user_activated_max_times", Seat, "activations", "max_activations")
"""Of a seat in the license's epoch (`Seat.in_epoch_of`)."""

REFUSING = (LICENSE_OVERAGE, LICENSE_USERS, LICENSE_TRANSFERS)
"""Those of a license at which somebody is refused."""
LIMITS = (LICENSE_ACTIVATIONS, LICENSE_USERS, LICENSE_TRANSFERS, SEAT_ACTIVATIONS)
"""Those that are sold."""
KIND_OF: dict[Code, LimitKind] = {
    LICENSE_ACTIVATIONS.code: "devices",
    LICENSE_USERS.code: "users",
    LICENSE_TRANSFERS.code: "transfers",
    SEAT_ACTIVATIONS.code: "devices_per_user",
    "max_floating_reached": "floating",  # of slots, which nothing counts: `domain.slots`
    "license_not_enough_consumptions": "consumption",  # of a meter: `domain.meters`
}
"""By the code of a refusal."""
