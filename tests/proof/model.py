"""What a license is, by the contract: its states, and the one right answer to each call in each state.

In sets and plain counts, and in other words than the rules of the product: nothing of `chalicelib` is used here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.proof.history import Key, Op, Verb
from tests.race.clients import OK, OK_EXPIRED


@dataclass(frozen=True, slots=True)
class License:
    """One license at one instant."""

    places: int
    """`max_activations`."""
    users: int | None = None
    """`max_license_users`; None where the license is key-based."""
    enabled: bool = True
    expired: bool = False
    seats: frozenset[tuple[str, int]] = frozenset()
    """Users with their own limits."""
    live: frozenset[Key] = frozenset()
    """Devices that hold a place."""
    known: frozenset[Key] = frozenset()
    """Devices that ever held one."""

    def seat(self, user: str | None) -> int | None:
        """The own limit of a user who is assigned."""
        return next((limit for holder, limit in self.seats if holder == user), None)

    def has(self, user: str | None) -> bool:
        """Whether this user may call at all: anybody with the key, or who is assigned."""
        return self.users is None or self.seat(user) is not None


Answered = tuple[str, License]


def call(license: License, op: Op) -> Answered:
    """The right answer to a call, and the license after it."""
    return _RULES[op.verb](license, op)


def _activate(license: License, op: Op) -> Answered:
    if not license.has(op.user):
        return "license_not_found", license
    if not license.enabled:
        return "license_not_enabled", license
    if license.expired:
        return "license_expired", license
    if op.key in license.live:
        return OK, license
    refusal = _no_room(license, op)
    if refusal:
        return refusal, license
    return OK, replace(license, live=license.live | {op.key}, known=license.known | {op.key})


def _no_room(license: License, op: Op) -> str:
    own = license.seat(op.user)
    if own is not None and sum(user == op.user for _, user in license.live) >= own:
        return "user_activated_max_times"
    return "license_activated_max_times" if len(license.live) >= license.places else ""


def _check(license: License, op: Op) -> Answered:
    if not license.has(op.user):
        return "license_not_found", license
    if not license.enabled:
        return "license_not_enabled", license
    if op.key not in license.live:
        return "device_not_found", license
    return OK_EXPIRED if license.expired else OK, license


def _deactivate(license: License, op: Op) -> Answered:
    return _reset_device(license, op) if license.has(op.user) else ("license_not_found", license)


def _reset_device(license: License, op: Op) -> Answered:
    if op.key not in license.known:
        return "device_not_found", license
    return OK, replace(license, live=license.live - {op.key})


def _reset_license(license: License, _: Op) -> Answered:
    return OK, replace(license, live=frozenset())


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
    "expire": lambda license, _: (OK, replace(license, expired=True)),
    "renew": lambda license, _: (OK, replace(license, expired=False)),
    "sweep": lambda license, _: (OK, license),
}
