"""What a license is, by the contract: its states, and the one right answer to each call in each state.

In sets and plain counts, and in other words than the rules of the product: nothing of `chalicelib` is used here. The
state machines of the domain and of the store (`tests.model.machine`) and the proof (`tests.proof`) all ask this model.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Literal, Protocol

from tests.model.buckets import FULL, Emptied, license_size, seat_size
from tests.model.meter import Meter

OK = "ok"
OK_EXPIRED = "ok, expired"
"""A check of a device that is live, on a license that is over."""

Verb = Literal[
    "activate", "check", "deactivate", "release",  # by an application, on a device
    "reset device", "reset license", "reset user", "assign", "remove", "replace", "limit",  # by a manager
    "reserve all", "reserve some", "fill", "give back",  # by a manager, for a list of people
    "take slot back",  # by a manager, or the vendor
    "use", "resize uses", "count anew",  # of what is counted: by an application, and by the vendor
    "enable", "disable", "expire", "lapse", "renew", "extend", "bar", "sweep",  # by the vendor, and by the clock
    "resize", "resize strictly", "resize as seen", "resize slots", "import",  # by the vendor
    "bring in",  # by the vendor: a license of another system, of which there is no model
]  # fmt: skip
By = Literal["vendor", "customer"]
Key = tuple[str, str | None]
"""A device: its hardware id, and its user where the license is user-based."""
End = Literal["far", "near", "past"]
"""When a license of the proof ends: near is past for a clock that is ahead, and for no other."""
SHARES = {"none": 1, "1.25x": 1.25, "1.5x": 1.5, "2x": 2, "always": inf}
"""By the word for it."""
ENDS: dict[End, float] = {"past": 0, "near": 1, "far": inf}
"""These ends, by a clock that stands at 1 where it is ahead, and else at 0."""


class Call(Protocol):
    """What the rules ask of a call."""

    @property
    def verb(self) -> Verb: ...
    @property
    def clock(self) -> float:
        """When the server thinks that it is, by the measure of `License.end`."""

    @property
    def device(self) -> str | None: ...
    @property
    def user(self) -> str | None: ...
    @property
    def other(self) -> str | None:
        """Who comes in the place of the user."""

    @property
    def limit(self) -> float | None:
        """Of a seat that is assigned or changed, or of the license that is resized; or how many uses."""

    @property
    def seen(self) -> int | None:
        """The revision that is to be changed; None: whichever."""

    @property
    def sent(self) -> str | None:
        """The key of a use, of those that count once."""

    @property
    def by(self) -> By: ...
    @property
    def to(self) -> float:
        """The end that the license is given."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast places are taken."""

    least: int
    """Changes within an hour that any license may make."""
    bucket: Emptied = FULL
    own: frozenset[tuple[str, Emptied]] = frozenset()
    """That of each user who has taken a place."""


@dataclass(frozen=True, slots=True)
class License:
    """One license at one instant. No limit is infinite."""

    places: float
    """`max_activations`."""
    users: float | None = None
    """`max_license_users`; None where the license is key-based."""
    transfers: float | None = None
    """`max_transfers`: 0 where they are forbidden; None where they are not limited, and nobody counts."""
    share: float = 1
    """How many devices are let in, by `places`: whole ones."""
    slots: float | None = None
    """`floating_users`: how many devices may use it at once; None where it is not floating."""
    held: frozenset[tuple[Key, float]] = frozenset()
    """Which devices have a slot, each until when, by the measure of `end`: one that is taken now lasts for good."""
    meter: Meter | None = None
    """None where uses are not counted."""
    barred: frozenset[str] = frozenset()
    """Devices that are blacklisted."""
    enabled: bool = True
    disabled_by: By | None = None
    start: float = -inf
    end: float = inf
    """Without the grace."""
    grace: float = 0
    duration: float | None = None
    """From the first activation to the end; None where there is no such, or it has come."""
    transferred: int = 0
    released: int = 0
    """Places that were given up, by a device or reset by the customer, and not taken again."""
    last: str | None = None
    """The device that gave one up last; None where several were reset at once."""
    seats: frozenset[tuple[str, float]] = frozenset()
    """Users with their own limits."""
    listed: tuple[tuple[str, float], ...] = ()
    """The people of the list for whom seats are reserved, each with the limit of the seat."""
    waiting: frozenset[tuple[str, float]] = frozenset()
    """Those of an earlier list who have a seat that is reserved, and not given yet."""
    reserved: int = 0
    """Seats that are reserved for others."""
    live: frozenset[Key] = frozenset()
    """Devices that hold a place."""
    known: frozenset[Key] = frozenset()
    """Devices that ever held one."""
    imported: tuple[Key, ...] = ()
    """Devices of another system that have never called, in the order in which they are adopted; of no user, too."""
    adopt_until: float = inf
    """Until when."""
    rate: Rate | None = None
    """None where it stops nobody."""
    revision: int | None = None
    """How often its terms were changed; None where nobody asks."""

    def seat(self, user: str | None) -> float | None:
        """The own limit of a user who is assigned."""
        return next((limit for seated, limit in self.seats if seated == user), None)

    @property
    def is_full(self) -> bool:
        """Whether no device more is let in."""
        return len(self.live) + 1 > self.places * self.share

    @property
    def free(self) -> float:
        """Seats that are neither given nor reserved."""
        return (self.users or 0) - len(self.seats) - len(self.waiting) - self.reserved

    def has(self, user: str | None) -> bool:
        """Whether this user may call at all: anybody with the key, or who is assigned."""
        return self.users is None or self.seat(user) is not None

    def of_user(self, user: str | None) -> frozenset[Key]:
        """The places that a user holds."""
        return frozenset(key for key in self.live if key[1] == user)

    def refusal(self, call: Call) -> str:
        """Why this call may not use it at all; empty where it may."""
        if not self.has(call.user):
            return "license_not_found"
        if not self.enabled:
            return "license_not_enabled"
        return "blacklisted" if call.device in self.barred else ""

    def is_expired(self, clock: float) -> bool:
        """Whether it is over, for the clock of the server that is called."""
        return clock >= self.end + self.grace


Answered = tuple[str, License]


def call(license: License, call: Call) -> Answered:
    """The right answer to a call, and the license after it."""
    answer, after = _RULES[call.verb](license, call)
    if not all(key in after.live for key, _ in after.held):  # whoever is active no more holds no slot
        after = replace(after, held=frozenset(one for one in after.held if one[0] in after.live))
    return answer, after


def _key(call: Call) -> Key:
    assert call.device is not None
    return call.device, call.user


# --- by applications ----------------------------------------------------------------------------------------------


def _activate(license: License, call: Call) -> Answered:
    if refusal := license.refusal(call):
        return refusal, license
    if call.clock < license.start:
        return "license_start_date_not_reached", license
    if license.is_expired(call.clock):
        return "license_expired", license
    if _key(call) in license.live:
        return OK, _claimed(license, call)
    place = _adopted(license, call)
    refusal = _no_transfer(license, call, place) or _no_room(license, call, place) or _too_fast(license, call)
    if refusal:
        return refusal, license
    after = _begun(_counted(_filled(license, call) if place is None else license, call), call)
    imported = tuple(key for key in license.imported if key != _key(call))
    live = license.live - {place} | {_key(call)}
    return OK, replace(after, live=live, known=license.known | {_key(call)}, imported=imported)


def _waiting(license: License) -> list[Key]:
    """The devices of another system that hold places which others may take over."""
    return [key for key in license.imported if key in license.live]


def _adopted(license: License, call: Call) -> Key | None:
    """Whose place a device takes that was never seen to call: one of its user's, else one of nobody's."""
    is_known = _key(call) in license.known and _key(call) not in license.imported
    if is_known or call.clock >= license.adopt_until:
        return None
    waiting = _waiting(license)
    return next((key for user in (call.user, None) for key in waiting if key[1] == user), None)


def _heard_of(license: License, keys: frozenset[Key]) -> License:
    """These are as any other devices from now on."""
    if not keys.intersection(license.imported):
        return license
    return replace(license, imported=tuple(key for key in license.imported if key not in keys))


def _claimed(license: License, call: Call) -> License:
    """After a call of a device that holds a place; the first call of an imported one is its activation here."""
    key = _key(call)
    return _begun(_heard_of(license, frozenset({key})), call) if key in license.imported else license


def _no_transfer(license: License, call: Call, place: Key | None) -> str:
    if place is not None or license.transfers is None or license.released == 0 or license.last == call.device:
        return ""
    return _transfers_end(license) if license.transferred >= license.transfers else ""


def _transfers_end(license: License) -> str:
    return "device_transfer_limit_reached" if license.transfers else "device_transfer_not_allowed"


def _no_room(license: License, call: Call, place: Key | None = None) -> str:
    """`place`: one that is taken over, and so is taken already: of the license, and of the user whose it was."""
    own, is_theirs = license.seat(call.user), place is not None and place[1] == call.user
    if own is not None and not is_theirs and len(license.of_user(call.user)) >= own:
        return "user_activated_max_times"
    return "license_activated_max_times" if place is None and license.is_full else ""


def _buckets(license: License, rate: Rate, user: str | None) -> tuple[tuple[Emptied, int], tuple[Emptied, int] | None]:
    """What an activation takes a change out of, with how many each holds: the license's, and the user's own."""
    whole, own = license_size(license.places, rate.least), license.seat(user)
    if own is None:
        return (rate.bucket, whole), None
    mine = next((emptied for owner, emptied in rate.own if owner == user), FULL)
    return (rate.bucket, whole), (mine, seat_size(own, license.places, rate.least))


def _too_fast(license: License, call: Call) -> str:
    if license.rate is None:
        return ""
    both = (one for one in _buckets(license, license.rate, call.user) if one is not None)
    holds = (emptied.holds_one(size, int(call.clock)) for emptied, size in both)
    return "" if all(holds) else "rate_limit_exceeded"


def _counted(license: License, call: Call) -> License:
    """With a change taken out of the buckets."""
    if license.rate is None:
        return license
    (bucket, size), mine = _buckets(license, license.rate, call.user)
    rate = replace(license.rate, bucket=bucket.after_one(size, int(call.clock)))
    if mine is not None and call.user is not None:
        others = {(owner, emptied) for owner, emptied in rate.own if owner != call.user}
        rate = replace(rate, own=frozenset(others | {(call.user, mine[0].after_one(mine[1], int(call.clock)))}))
    return replace(license, rate=rate)


def _filled(license: License, call: Call) -> License:
    """With one of the released places taken again, where there is any: by its own device, or by another."""
    if license.released == 0:
        return license
    if license.last == call.device:
        return replace(license, released=license.released - 1, last=None)
    return replace(license, released=license.released - 1, transferred=license.transferred + 1)


def _begun(license: License, call: Call) -> License:
    """With the end that follows from the first activation."""
    if license.duration is None:
        return license
    return replace(license, end=call.clock + license.duration, duration=None)


def _check(license: License, call: Call) -> Answered:
    if refusal := license.refusal(call):
        return refusal, license
    if _key(call) not in license.live:
        return "device_not_found", license
    if license.is_expired(call.clock):
        return OK_EXPIRED, _claimed(license, call)
    return _held(_claimed(license, call), call)


def _held(license: License, call: Call) -> Answered:
    """With a slot of the device's: for longer, or one that nobody holds, or that has lapsed for the server's clock."""
    if license.slots is None:
        return OK, license
    key, used = _key(call), {one for one, until in license.held if until > call.clock}
    if key not in used and len(used) >= license.slots:
        return "max_floating_reached", license
    all_taken = len(license.held) >= license.slots  # then it is one that has lapsed
    kept = {one for one in license.held if one[0] != key and (one[0] in used or key in used or not all_taken)}
    return OK, replace(license, held=frozenset(kept | {(key, inf)}))


def _release(license: License, call: Call) -> Answered:
    if not license.has(call.user):
        return "license_not_found", license
    if _key(call) not in license.known:
        return "device_not_found", license
    if license.slots is None:
        return "license_not_floating", license
    return OK, replace(license, held=frozenset(one for one in license.held if one[0] != _key(call)))


def _use(license: License, call: Call) -> Answered:
    meter, refusal = license.meter, license.refusal(call)
    if not refusal and _key(call) not in license.live:
        refusal = "device_not_found"
    if not refusal and license.is_expired(call.clock):
        refusal = "license_expired"
    if refusal or meter is None:
        return refusal or "license_not_consumption", license
    meter, sent = meter.at(call.clock), frozenset({(_key(call), call.sent)} if call.sent else ())
    if sent & meter.sent:
        return OK, license
    used = meter.used + int(_limit_of(call))
    if used > meter.sold + meter.beyond:
        return "license_not_enough_consumptions", license
    return OK, replace(license, meter=replace(meter, used=used, sent=meter.sent | sent))


def _count_anew(license: License, call: Call) -> Answered:
    assert license.meter is not None
    return OK, replace(license, meter=replace(license.meter.at(call.clock), used=int(_limit_of(call))))


def _resize_uses(license: License, call: Call) -> Answered:
    assert license.meter is not None
    return _edited(license, meter=replace(license.meter, sold=_limit_of(call)))


def _deactivate(license: License, call: Call) -> Answered:
    if not license.has(call.user):
        return "license_not_found", license
    if _key(call) not in license.known:
        return "device_not_found", license
    keys = license.live & {_key(call)}
    return OK, _heard_of(_released(license, keys, call.device), keys)


def _released(license: License, keys: frozenset[Key], last: str | None) -> License:
    """Without these places, the next of which may go to `last` alone without being moved."""
    after = replace(license, live=license.live - keys)
    if license.transfers is None or not keys:
        return after
    return replace(after, released=license.released + len(keys), last=last)


# --- by managers --------------------------------------------------------------------------------------------------


def _freed(license: License, call: Call, keys: frozenset[Key], last: str | None = None) -> License:
    """Without places that were reset: those that the customer resets count as given up."""
    if call.by == "customer":
        return _released(license, keys, last)
    return replace(license, live=license.live - keys)


def _too_many(license: License, call: Call, keys: frozenset[Key]) -> str:
    """Why so many places may not be reset at once: they could not all come back."""
    if license.transfers is None or call.by == "vendor" or not keys:
        return ""
    left = max(0, license.transfers - license.transferred)
    return _transfers_end(license) if license.released + len(keys) > left else ""


def _reset_device(license: License, call: Call) -> Answered:
    keys = {key for key in license.known if key[0] == call.device and call.user in (None, key[1])}
    if not keys:
        return "device_not_found", license
    return OK, _heard_of(_freed(license, call, license.live & keys, call.device), license.live & keys)


def _take_slot_back(license: License, call: Call) -> Answered:
    keys = {key for key in license.known if key[0] == call.device and call.user in (None, key[1])}
    if license.slots is None:
        return "license_not_floating", license
    if not keys:
        return "device_not_found", license
    return OK, replace(license, held=frozenset(one for one in license.held if one[0] not in keys))


def _reset_license(license: License, call: Call) -> Answered:
    if refusal := _too_many(license, call, license.live):
        return refusal, license
    after = _freed(license, call, license.live)
    return OK, after if call.by == "customer" else replace(after, transferred=0, released=0, last=None)


def _assign(license: License, call: Call) -> Answered:
    if license.seat(call.user) is not None:
        return "user_already_assigned", license
    if _limit_of(call) > license.places:
        return "max_activations_too_high", license
    if license.free < 1:
        return "license_users_limit_reached", license
    return OK, replace(license, seats=license.seats | {_seat(call)})


def _remove(license: License, call: Call) -> Answered:
    answer, without = _reset_user(license, call)
    if answer != OK:
        return answer, license
    if (rate := without.rate) is not None:
        rate = replace(rate, own=frozenset(one for one in rate.own if one[0] != call.user))
    return OK, replace(without, seats=_others(license, call), rate=rate)


def _replace(license: License, call: Call) -> Answered:
    limit = license.seat(call.user)
    if limit is None:
        return "user_not_found", license
    if license.seat(call.other) is not None:
        return "user_already_assigned", license
    answer, without = _remove(license, call)
    if answer != OK:
        return answer, license
    assert call.other is not None
    return OK, replace(without, seats=without.seats | {(call.other, limit)})


def _limit(license: License, call: Call) -> Answered:
    if license.seat(call.user) is None:
        return "user_not_found", license
    if _limit_of(call) > license.places:
        return "max_activations_too_high", license
    return OK, replace(license, seats=_others(license, call) | {_seat(call)})


def _reset_user(license: License, call: Call) -> Answered:
    if license.seat(call.user) is None:
        return "user_not_found", license
    keys = license.of_user(call.user)
    if refusal := _too_many(license, call, keys):
        return refusal, license
    return OK, _freed(license, call, keys)


def _reserve(license: License, everybody: bool) -> Answered:
    wanted = sum(license.seat(user) is None for user, _ in license.listed)
    if not wanted:
        return "list_needs_no_seat", license
    if license.free < (wanted if everybody else 1):
        return "license_users_limit_reached", license
    return OK, replace(license, reserved=license.reserved + min(wanted, int(license.free)))


def _fill(license: License, call: Call) -> Answered:
    """The seat of one who waits is given, or given back, where the person has one by now."""
    waits = frozenset(one for one in license.waiting if one[0] == call.user)
    given = waits if license.seat(call.user) is None else frozenset()
    return OK, replace(license, waiting=license.waiting - waits, seats=license.seats | given)


def _limit_of(call: Call) -> float:
    assert call.limit is not None
    return call.limit


def _seat(call: Call) -> tuple[str, float]:
    assert call.user is not None
    return call.user, _limit_of(call)


def _others(license: License, call: Call) -> frozenset[tuple[str, float]]:
    return frozenset(seat for seat in license.seats if seat[0] != call.user)


# --- by the vendor, and by the clock ------------------------------------------------------------------------------


def _edited(license: License, **terms: Any) -> Answered:
    """With other terms; the same ones are no change."""
    after = replace(license, **terms)
    if license.revision is None or after == license:
        return OK, after
    return OK, replace(after, revision=license.revision + 1)


def _enable(license: License, call: Call) -> Answered:
    if call.by == "customer" and license.disabled_by == "vendor":
        return "disabled_by_vendor", license
    return _edited(license, enabled=True, disabled_by=None)


def _disable(license: License, call: Call) -> Answered:
    if call.by == "customer" and license.disabled_by == "vendor":
        return OK, license
    return _edited(license, enabled=False, disabled_by=call.by)


def _bar(license: License, call: Call) -> Answered:
    """No device of this hardware id may be active here any more."""
    assert call.device is not None
    keys = frozenset(key for key in license.live if key[0] == call.device)
    after = replace(license, barred=license.barred | {call.device}, live=license.live - keys)
    return OK, _heard_of(after, keys)


def _resize(license: License, call: Call, *, strictly: bool = False) -> Answered:
    """Sell more places, or fewer: who holds one keeps it, or it is refused for that. Others may have been faster."""
    assert call.limit is not None
    if call.seen not in (None, license.revision):
        return "revision_changed", license
    if strictly and len(license.live) > call.limit:
        return "limit_below_use", license
    return _edited(license, places=call.limit)


def _import(license: License, call: Call) -> Answered:
    """A device of another system comes along, and holds a place; from then on all of them wait without an end."""
    after = replace(license, adopt_until=inf)
    if call.user is not None and not license.has(call.user):
        return "user_not_found", license
    if _key(call) in license.known:
        return OK, after
    if refusal := _no_room(license, call):
        return refusal, license
    if call.device in license.barred:
        return "blacklisted", license
    keys = {_key(call)}
    return OK, replace(
        after, live=license.live | keys, known=license.known | keys, imported=(*license.imported, _key(call))
    )


def _sweep(license: License, call: Call) -> Answered:
    """The places of those that nobody may adopt any more are free."""
    waiting = frozenset(_waiting(license))
    if call.clock < license.adopt_until or not waiting:
        return OK, license
    return OK, _heard_of(replace(license, live=license.live - waiting), waiting)


_RULES: dict[Verb, Callable[[License, Call], Answered]] = {
    "activate": _activate,
    "check": _check,
    "deactivate": _deactivate,
    "release": _release,
    "reset device": _reset_device,
    "take slot back": _take_slot_back,
    "reset license": _reset_license,
    "assign": _assign,
    "remove": _remove,
    "replace": _replace,
    "limit": _limit,
    "reset user": _reset_user,
    "reserve all": lambda license, _: _reserve(license, everybody=True),
    "reserve some": lambda license, _: _reserve(license, everybody=False),
    "fill": _fill,
    "give back": lambda license, _: (OK, replace(license, waiting=frozenset())),
    "enable": _enable,
    "disable": _disable,
    "expire": lambda license, _: _edited(license, end=ENDS["past"]),
    "lapse": lambda license, _: _edited(license, end=ENDS["near"]),
    "renew": lambda license, _: _edited(license, end=ENDS["far"]),
    "extend": lambda license, call: _edited(license, end=call.to),
    "bar": _bar,
    "resize": _resize,
    "resize strictly": lambda license, call: _resize(license, call, strictly=True),
    "resize as seen": _resize,
    "use": _use,
    "resize uses": _resize_uses,
    "count anew": _count_anew,
    "resize slots": lambda license, call: _edited(license, slots=call.limit),
    "import": _import,
    "sweep": _sweep,
}
