"""The states that schedules start from: one license each, of two devices, in the place that its name says.

A world is made by the use cases themselves, and kept as what is then stored. The model is told what that is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

from chalicelib.domain.instants import Instant, to_iso
from chalicelib.domain.license import License
from chalicelib.store import activations, database
from chalicelib.store.tables import TABLE_KEYS
from chalicelib.usecases import change_license, change_seat
from tests.explore.engine import MemoryEngine, State, make_tables
from tests.explore.scheduler import controlled
from tests.model import license as model
from tests.model.license import End, Key
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor

Kind = Literal["key", "users"]
PLACES, USERS, SEATED, MAX_TRANSFERS = 2, 3, 2, 2
OVERAGE = "1.5x"
"""Devices, seats and those that are given, and how often a device may be another, where that is limited."""
SEATS = (2, 1, 1, 1)
"""Devices of each user's seat."""
GRACE_HOURS = 24
BEGIN: Instant = NOW - 3 * DAY
"""When the license was issued, and its devices activated: a check at `NOW` is noted again."""
ENDS: dict[End, Instant] = {"far": NOW + 10 * DAY, "near": NOW - HOUR, "past": NOW - 2 * DAY}
"""At `NOW` valid, in its grace, and expired."""
APART_MS = 10
"""By how much the clock of each who calls is ahead of the one before."""
CLOCKS: dict[str, int] = {"ahead": HOUR // 12, "behind": -HOUR // 12}
"""By the start how far the second clock is from the first, which stands at `NOW`."""
OVER: dict[str, Instant] = {"ahead": NOW + HOUR // 30, "behind": NOW - HOUR // 30}
"""When the grace is over there: for one of the two clocks it is."""
PEOPLE = tuple(f"{name}@customer.test" for name in ("ada", "bob", "cyd", "dan", "eve"))
"""Of the users two are seated, and one seat is left; all but the last one have an account."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A state, and what is in it."""

    name: str
    kind: Kind
    state: State
    vendor: Vendor
    license: License
    model: model.License
    passwords: dict[str, str]
    """Of each user."""
    user_ids: dict[str, int]
    places: dict[Key, int]
    """The id of the place of each device that is known."""
    before: frozenset[str]
    """The keys of the events that are there."""
    batch: int
    """The id of the batch that was begun last; 0: there was none."""
    now: Instant = NOW
    """When it is called."""

    def is_over_for(self, number: int) -> bool:
        """Whether the license is by the clock of this one of those at once, and not by others."""
        return self.name in OVER and NOW + number * CLOCKS[self.name] >= OVER[self.name]

    def user(self, number: int) -> str | None:
        """The user of that number; None where the license has none."""
        return PEOPLE[number] if self.kind == "users" else None


Prepare = Callable[["Made"], None]


@dataclass(slots=True)
class Made:
    """A world while it is made: what is done to the license is done to the model, too."""

    kind: Kind
    vendor: Vendor
    license: License
    model: model.License
    passwords: dict[str, str] = field(default_factory=dict)
    user_ids: dict[str, int] = field(default_factory=dict)
    batch: int = 0

    def activate(self, *devices: int) -> None:
        """Each by the user of its number, where there are users."""
        for device in devices:
            self.vendor.now += 1
            self.activate_one(f"d{device}", None if self.kind == "key" else PEOPLE[device])

    def activate_one(self, device: str, user: str | None, host_name: str | None = None) -> None:
        """Of this user, where there are users; on a device that reports this name."""
        key: Key = device, user
        report = {"hostname": host_name}
        self.vendor.activate(user or self.license, device, self.passwords.get(user or ""), report=report)
        self.model = replace(self.model, live=self.model.live | {key}, known=self.model.known | {key})

    def end(self, end: End, at: Instant | None = None) -> None:
        """Give the license this end, which the model takes for that one, so late that no notice of it is due."""
        at = ENDS[end] if at is None else at
        change_license.extend(self.vendor.code, self.license.id, at, None, ADMIN, now=at - HOUR)
        self.model = replace(self.model, end=model.ENDS[end])

    def reset(self) -> None:
        """Reset the license."""
        self.vendor.now += 1
        change_license.reset_license(self.vendor.code, self.license.id, ADMIN, now=self.vendor.now)
        self.model = replace(self.model, live=frozenset())

    def disable(self) -> None:
        """Disable the license."""
        self.vendor.now += 1
        change_license.set_enabled(self.vendor.code, self.license.id, False, ADMIN, now=self.vendor.now)
        self.model = replace(self.model, enabled=False, disabled_by="vendor")


def _full(made: Made) -> None:
    made.activate(0, 1)


def _beyond(made: Made) -> None:
    """It is full, and one device more may be let in."""
    _full(made)
    made.model = replace(made.model, share=model.SHARES[OVERAGE])


def _reset(made: Made) -> None:
    _full(made)
    made.reset()


def _in_grace(made: Made) -> None:
    made.activate(0)
    made.end("near")


def _expired(made: Made) -> None:
    made.activate(0)
    made.end("past")


def _almost_over(start: str) -> Prepare:
    """Its grace is over between the one clock and the other."""

    def prepare(made: Made) -> None:
        made.activate(0)
        made.end("near", OVER[start] - GRACE_HOURS * HOUR)

    return prepare


def _disabled(made: Made) -> None:
    made.activate(0)
    made.disable()


def _moved(made: Made) -> None:
    """Its places were given up, and may be moved to another device once more."""
    vendor, license = made.vendor, made.license
    for do, device in ((vendor.activate, 0), (vendor.activate, 1), (vendor.deactivate, 0), (vendor.activate, 2)):
        do(license, f"d{device}")
    vendor.deactivate(license, "d1")
    vendor.deactivate(license, "d2")
    known: frozenset[Key] = frozenset({("d0", None), ("d1", None), ("d2", None)})
    made.model = replace(made.model, transfers=MAX_TRANSFERS, transferred=1, released=2, last="d2", known=known)


def _shared(made: Made) -> None:
    """Two users have it on the same device."""
    made.activate(0)
    made.activate_one("d0", PEOPLE[1])


_PREPARE: dict[str, Prepare] = {
    "empty": lambda _: None,
    "below": lambda made: made.activate(0),
    "limit": _full,
    "beyond": _beyond,
    "reset": _reset,
    "grace": _in_grace,
    "expired": _expired,
    "disabled": _disabled,
    "moved": _moved,
    "shared": _shared,
    **{start: _almost_over(start) for start in CLOCKS},
}
KINDS: tuple[Kind, ...] = ("key", "users")
_COMMON = ("empty", "below", "limit", "reset", "grace", "expired", "disabled", *CLOCKS)
STARTS: dict[Kind, tuple[str, ...]] = {"key": (*_COMMON, "moved", "beyond"), "users": (*_COMMON, "shared")}
"""No device, one below the limit, at the limit, and so on."""


@cache
def world(kind: Kind, name: str) -> World:
    """The world of that name. Always the same one, to the last id."""
    terms: dict[str, dict[str, Any]] = {"moved": {"max_transfers": MAX_TRANSFERS}, "beyond": {"overage": OVERAGE}}
    return make_world(kind, name, _PREPARE[name], **terms.get(name, {}))


def make_world(kind: Kind, name: str, prepare: Prepare, users: int = USERS, most: int = PLACES, **terms: Any) -> World:
    """One license with a key, or with so many users; what is done to it besides its making is `prepare`."""
    engine, terms = new_engine({}), {"license_type": "time-limited"} | terms
    with controlled(engine):
        vendor = Vendor(now=BEGIN)
        product = "viewer" if kind == "key" else "revit"
        terms |= {"max_license_users": users} if kind == "users" else {}
        license = vendor.issue(
            product,
            validity_period=ENDS["far"],
            grace_period=GRACE_HOURS,
            max_activations=most,
            **terms,
        )
        made = Made(kind, vendor, license, model.License(most, users if kind == "users" else None))
        if kind == "users":
            _seat_people(made)
        prepare(made)
        before = frozenset(event.key for event in vendor.history(license))
        emails = {id: email for email, id in made.user_ids.items()}
        devices = activations.devices(vendor.code, license.id)
        places = {(one.hardware_id, emails.get(one.user_id or 0)): one.id for one in devices}
    vendor.now = NOW
    people = made.passwords, made.user_ids
    return World(name, kind, engine.state, vendor, license, made.model, *people, places, before, made.batch)


def _seat_people(made: Made) -> None:
    for number, email in enumerate(PEOPLE[: len(SEATS)]):
        made.vendor.now += 1
        user, password = made.vendor.assign(made.license, email, SEATS[number])
        made.passwords[email], made.user_ids[email] = password or "", user.id
        if number >= SEATED:
            change_seat.remove_user(made.vendor.code, made.license.id, email, ADMIN, now=made.vendor.now)
    made.model = replace(made.model, seats=frozenset(zip(PEOPLE[:SEATED], SEATS, strict=False)))


def new_engine(state: State) -> MemoryEngine:
    """An engine with the stage's tables."""
    connection = database.connection()
    return MemoryEngine(make_tables({connection.table_name(name): keys for name, keys in TABLE_KEYS.items()}), state)


def ends_as_told() -> dict[str, str]:
    """Which end of the model each `validity_period` is, as events tell it."""
    return dict.fromkeys(almost_over(), "near") | {to_iso(instant): end for end, instant in ENDS.items()}


def almost_over() -> frozenset[str]:
    """Those ends after which the grace is over by one of two clocks."""
    return frozenset(to_iso(instant - GRACE_HOURS * HOUR) for instant in OVER.values())
