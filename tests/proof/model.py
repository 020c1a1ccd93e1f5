"""What a license is, by the contract: its states, and the one right answer to each call in each state.

In sets and plain counts, and in other words than the rules of the product: nothing of `chalicelib` is used here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from tests.proof.history import Key, Op, Verb
from tests.race.clients import OK, OK_EXPIRED

End = Literal["far", "near", "past"]
"""When a license ends: near is past for a clock that is ahead, and for no other."""


@dataclass(frozen=True, slots=True)
class License:
    """One license at one instant."""

    places: int
    """`max_activations`."""
    users: int | None = None
    """`max_license_users`; None where the license is key-based."""
    transfers: int | None = None
    """`max_transfers`; None where they are not limited, and nobody counts."""
    barred: frozenset[str] = frozenset()
    """Devices that are blacklisted."""
    enabled: bool = True
    end: End = "far"
    transferred: int = 0
    vacated: int = 0
    """Places that were given up by a device, and not taken again."""
    last: str | None = None
    """The device that gave one up last."""
    seats: frozenset[tuple[str, int]] = frozenset()
    """Users with their own limits."""
    live: frozenset[Key] = frozenset()
    """Devices that hold a place."""
    known: frozenset[Key] = frozenset()
    """Devices that ever held one."""

    def seat(self, user: str | None) -> int | None:
        """The own limit of a user who is assigned."""
        return next((limit for guard_live_device, limit in self.seats if guard_live_device == user), None)

    def has(self, user: str | None) -> bool:
        """Whether this user may call at all: anybody with the key, or who is assigned."""
        return self.users is None or self.seat(user) is not None

    def refusal(self, op: Op) -> str:
        """Why this call may not use it at all; empty where it may."""
        if not self.has(op.user):
            return "license_not_found"
        if not self.enabled:
            return "license_not_enabled"
        return "blacklisted" if op.device in self.barred else ""

    def is_expired(self, op: Op) -> bool:
        """Whether it is over, for the clock of the server that is called."""
        return self.end == "past" or (self.end == "near" and op.ahead)


Answered = tuple[str, License]


def call(license: License, op: Op) -> Answered:
    """The right answer to a call, and the license after it."""
    return _RULES[op.verb](license, op)


def _activate(license: License, op: Op) -> Answered:
    if refusal := license.refusal(op):
        return refusal, license
    if license.is_expired(op):
        return "license_expired", license
    if op.key in license.live:
        return OK, license
    if refusal := _no_transfer(license, op) or _no_room(license, op):
        return refusal, license
    return OK, replace(_filled(license, op), live=license.live | {op.key}, known=license.known | {op.key})


def _no_transfer(license: License, op: Op) -> str:
    if license.transfers is None or license.vacated == 0 or license.last == op.device:
        return ""
    return "device_transfer_limit_reached" if license.transferred >= license.transfers else ""


def _no_room(license: License, op: Op) -> str:
    own = license.seat(op.user)
    if own is not None and sum(user == op.user for _, user in license.live) >= own:
        return "user_activated_max_times"
    return "license_activated_max_times" if len(license.live) >= license.places else ""


def _filled(license: License, op: Op) -> License:
    """With one of the vacated places taken again, where there is any: by its own device, or by another."""
    if license.vacated == 0:
        return license
    if license.last == op.device:
        return replace(license, vacated=license.vacated - 1, last=None)
    return replace(license, vacated=license.vacated - 1, transferred=license.transferred + 1)


def _check(license: License, op: Op) -> Answered:
    if refusal := license.refusal(op):
        return refusal, license
    if op.key not in license.live:
        return "device_not_found", license
    return OK_EXPIRED if license.is_expired(op) else OK, license


def _deactivate(license: License, op: Op) -> Answered:
    if not license.has(op.user):
        return "license_not_found", license
    answer, after = _reset_device(license, op)
    if license.transfers is not None and after.live != license.live:
        after = replace(after, vacated=license.vacated + 1, last=op.device)
    return answer, after


def _reset_device(license: License, op: Op) -> Answered:
    if op.key not in license.known:
        return "device_not_found", license
    return OK, replace(license, live=license.live - {op.key})


def _reset_license(license: License, _: Op) -> Answered:
    return OK, replace(license, live=frozenset(), transferred=0, vacated=0, last=None)


def _assign(license: License, op: Op) -> Answered:
    if license.seat(op.user) is not None:
        return "user_already_assigned", license
    if license.users is None or len(license.seats) >= license.users:
        return "license_users_limit_reached", license
    return OK, replace(license, seats=license.seats | {_seat(op)})


def _remove(license: License, op: Op) -> Answered:
    answer, without = _reset_user(license, op)
    return answer, replace(without, seats=_others(license, op))


def _limit(license: License, op: Op) -> Answered:
    if license.seat(op.user) is None:
        return "user_not_found", license
    return OK, replace(license, seats=_others(license, op) | {_seat(op)})


def _reset_user(license: License, op: Op) -> Answered:
    if license.seat(op.user) is None:
        return "user_not_found", license
    return OK, replace(license, live=frozenset(key for key in license.live if key[1] != op.user))


def _seat(op: Op) -> tuple[str, int]:
    assert op.user is not None
    assert op.limit is not None
    return op.user, op.limit


def _others(license: License, op: Op) -> frozenset[tuple[str, int]]:
    return frozenset(seat for seat in license.seats if seat[0] != op.user)


_RULES: dict[Verb, Callable[[License, Op], Answered]] = {
    "activate": _activate,
    "check": _check,
    "deactivate": _deactivate,
    "reset device": _reset_device,
    "reset license": _reset_license,
    "assign": _assign,
    "remove": _remove,
    "limit": _limit,
    "reset user": _reset_user,
    "enable": lambda license, _: (OK, replace(license, enabled=True)),
    "disable": lambda license, _: (OK, replace(license, enabled=False)),
    "expire": lambda license, _: (OK, replace(license, end="past")),
    "lapse": lambda license, _: (OK, replace(license, end="near")),
    "renew": lambda license, _: (OK, replace(license, end="far")),
    "sweep": lambda license, _: (OK, license),
}
