"""The store against a small model: any sequence of calls on one license, with a clock that moves.

Every step is a use case on the engine. The model says in sets and plain counts what the contract says: the answer, who
holds a place afterwards, and what the history tells. After each step the stored items are held against it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.history import EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, is_live
from chalicelib.domain.places import CHECK_NOTED_EVERY_MS
from chalicelib.domain.refusal import Refused
from chalicelib.store import licenses, places
from chalicelib.usecases import change_device, change_license, change_seat
from chalicelib.usecases.sweep import sweep
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor

MINUTE = 60_000
USERS = ("ada@customer.test", "bob@customer.test", "eve@customer.test")
HARDWARE = ("a", "b", "c")
VALID, GRACE, EXPIRED = 0, 1, 2
Key = tuple[str, str | None]
"""A device: its hardware id, and its user where the license is user-based."""

hardware = st.sampled_from(HARDWARE)
users = st.runner().flatmap(lambda machine: st.sampled_from([*machine.seated(), *machine.seated(), *USERS]))
"""Those who have a seat more often than those who have none."""
seat_limits = st.sampled_from([2, 1, 3, None, 0])


@dataclass
class Model:
    """One license by the contract. No limit is infinite; the only seat of a key-based license is that of None."""

    max_activations: float
    max_users: float
    max_transfers: int
    duration: int | None
    """Days from the first activation."""
    grace: int
    start: Instant
    seats: dict[str | None, float] = field(default_factory=dict)
    """Who may activate, and each one's own limit."""
    live: set[Key] = field(default_factory=set)
    heard: dict[Key, Instant] = field(default_factory=dict)
    """When a device that was ever active was noted last."""
    owed: int = 0
    """Deactivations that no activation has followed yet."""
    last: str | None = None
    """The hardware id that was active last, until it is active again."""
    transfers: int = 0
    enabled: bool = True
    blacklist: set[str] = field(default_factory=set)
    end: float = inf
    announced: int = VALID
    history: list[tuple[Instant, EventType]] = field(default_factory=list)

    def live_of(self, user: str | None) -> set[Key]:
        return {key for key in self.live if key[1] == user}

    def phase(self, now: Instant) -> int:
        return EXPIRED if now >= self.end + self.grace * HOUR else GRACE if now >= self.end else VALID

    def refuses_use(self, key: Key) -> list[str]:
        reasons = {
            "license_not_found": key[1] not in self.seats,
            "license_not_enabled": not self.enabled,
            "blacklisted": key[0] in self.blacklist,
        }
        return [code for code, holds in reasons.items() if holds]

    def refuses_activation(self, key: Key, now: Instant) -> list[str]:
        moves = self.owed > 0 and self.last != key[0]
        reasons = {
            "license_start_date_not_reached": now < self.start,
            "license_expired": self.phase(now) == EXPIRED,
        }
        if key not in self.live:
            reasons |= {
                "device_transfer_not_allowed": moves and self.max_transfers == -1,
                "device_transfer_limit_reached": moves and 0 < self.max_transfers <= self.transfers,
                "user_activated_max_times": len(self.live_of(key[1])) >= self.seats.get(key[1], 0),
                "license_activated_max_times": len(self.live) >= self.max_activations,
            }
        return self.refuses_use(key) + [code for code, holds in reasons.items() if holds]

    def take(self, key: Key, now: Instant) -> None:
        if self.owed:
            self.owed -= 1
            self.transfers += self.last != key[0]
            self.last = None if self.last == key[0] else self.last
        if self.duration is not None and self.end == inf:
            self.end = now + self.duration * DAY
        self.live.add(key)
        self.heard[key] = now
        self.tell(now, "device_activated")

    def note(self, key: Key, now: Instant) -> None:
        """A live device was heard of."""
        if now - self.heard[key] >= CHECK_NOTED_EVERY_MS:
            self.heard[key] = now

    def reset_device(self, hardware_id: str, now: Instant) -> None:
        for key in [key for key in self.live if key[0] == hardware_id]:
            self.live.remove(key)
            self.tell(now, "device_reset")

    def announce(self, now: Instant) -> int:
        """The events of what has happened up to now; answers how many."""
        phases = (GRACE, EXPIRED) if self.grace else (EXPIRED,)
        due = [phase for phase in phases if self.announced < phase <= self.phase(now)]
        for number, phase in enumerate(due):
            self.tell(now + number, "grace_started" if phase == GRACE else "license_expired")
            self.announced = phase
        return len(due)

    def tell(self, at: Instant, event: EventType) -> None:
        self.history.append((at, event))


class Machine(RuleBasedStateMachine):
    """What is the same for both kinds of license."""

    product: str
    max_users: int | None = None

    @initialize(
        max_activations=st.sampled_from([2, 1, 3, None]),
        max_transfers=st.sampled_from([-1, 0, 0, 1, 2]),
        duration=st.sampled_from([1, 3, None]),
        grace=st.sampled_from([12, 0]),
        start=st.sampled_from([None, None, None, NOW + HOUR]),
    )
    def issue(
        self, max_activations: int | None, max_transfers: int, duration: int | None, grace: int, start: Instant | None
    ) -> None:
        self.vendor = Vendor()
        self.accounts: dict[str, tuple[int, str | None]] = {}
        terms: dict[str, Any] = {"license_type": "perpetual"}
        if duration is not None:
            terms = {"license_type": "time-limited", "valid_duration": f"{duration}d", "grace_period": grace}
        self.license = self.vendor.issue(
            self.product,
            max_activations=max_activations,
            max_license_users=self.max_users,
            max_transfers=max_transfers,
            start_date=start,
            **terms,
        )
        self.model = Model(
            _endless(max_activations), _endless(self.max_users), max_transfers, duration, grace, start or NOW
        )
        self.model.tell(NOW, "license_issued")
        self.begin()

    # --- calls of clients -------------------------------------------------------------------------------------

    @rule(data=st.data(), user=users, by_id=st.booleans())
    def activate_several(self, data: st.DataObject, user: str, by_id: bool) -> None:
        for hardware_id in data.draw(st.permutations(HARDWARE)):
            self.activate(hardware_id, user, by_id)

    @rule(hardware_id=hardware, user=users, by_id=st.booleans())
    def activate(self, hardware_id: str, user: str, by_id: bool) -> None:
        self.activate_at(self.tick(), self.key(hardware_id, user), by_id)

    @precondition(lambda self: self.model.phase(self.vendor.now) != EXPIRED and self.model.end < inf)
    @rule(hardware_id=hardware, user=users, past=st.sampled_from([-1, 0]))
    def activate_around_the_end(self, hardware_id: str, user: str, past: int) -> None:
        self.vendor.now = max(self.tick(), int(self.model.end) + self.model.grace * HOUR + past)
        self.activate_at(self.vendor.now, self.key(hardware_id, user), by_id=True)

    @rule(hardware_id=hardware, user=users, by_id=st.booleans())
    def check(self, hardware_id: str, user: str, by_id: bool) -> None:
        now, key, model = self.tick(), self.key(hardware_id, user), self.model
        expected = model.refuses_use(key) + ["device_not_found"] * (key not in model.live)
        with answered(expected):
            place = self.vendor.check(*self.call(key), **self.named(by_id))
            assert place.license == self.vendor.stored(self.license)
        if not expected:
            model.note(key, now)

    @rule(hardware_id=hardware, user=users, by_id=st.booleans())
    def deactivate(self, hardware_id: str, user: str, by_id: bool) -> None:
        now, key, model = self.tick(), self.key(hardware_id, user), self.model
        unknown = [("license_not_found", key[1] not in model.seats), ("device_not_found", key not in model.heard)]
        expected = [code for code, holds in unknown if holds]
        with answered(expected):
            self.vendor.deactivate(*self.call(key), **self.named(by_id))
        if not expected and key in model.live:
            model.live.remove(key)
            model.owed, model.last = model.owed + 1, hardware_id
            model.tell(now, "device_deactivated")

    @precondition(lambda self: self.model.live)
    @rule(data=st.data(), onto=hardware)
    def move(self, data: st.DataObject, onto: str) -> None:
        """Give a place back, and take one with whichever device."""
        hardware_id, user = data.draw(st.sampled_from(sorted(self.model.live, key=str)))
        self.deactivate(hardware_id, user or "", by_id=True)
        self.activate(onto, user or "", by_id=True)

    # --- what managers and vendors do -------------------------------------------------------------------------

    @precondition(lambda self: self.model.live)
    @rule(hardware_id=hardware)
    def reset_device(self, hardware_id: str) -> None:
        now, model = self.tick(), self.model
        known = any(key[0] == hardware_id for key in model.heard)
        with answered([] if known else ["device_not_found"]):
            freed = change_device.reset_device(*self.of(hardware_id), ADMIN, now=now)
            assert freed == sum(key[0] == hardware_id for key in model.live)
        model.reset_device(hardware_id, now)

    @rule(hardware_id=st.just(HARDWARE[-1]))
    def blacklist_device(self, hardware_id: str) -> None:
        now = self.tick()
        change_device.blacklist_device(*self.of(hardware_id), ADMIN, now=now)
        if hardware_id not in self.model.blacklist:
            self.model.blacklist.add(hardware_id)
            self.model.tell(now, "device_blacklisted")
        self.model.reset_device(hardware_id, now)

    @precondition(lambda self: self.model.live or self.model.owed)
    @rule()
    def reset_license(self) -> None:
        now = self.tick()
        change_license.reset_license(*self.of(), ADMIN, now=now)
        self.model = replace(self.model, live=set(), owed=0, last=None, transfers=0)
        self.model.tell(now, "license_reset")

    @rule(enabled=st.sampled_from([True, True, False]))
    def enable_or_disable(self, enabled: bool) -> None:
        now = self.tick()
        change_license.set_enabled(*self.of(), enabled, ADMIN, now=now)
        if enabled != self.model.enabled:
            self.model.enabled = enabled
            self.model.tell(now, "license_enabled" if enabled else "license_disabled")

    @precondition(lambda self: self.model.end < inf)
    @rule(days=st.sampled_from([-1, 0, 1, 2, None]))
    def extend(self, days: int | None) -> None:
        """To an instant some days from now; by a day where none are given."""
        now, model = self.tick(), self.model
        end, by = (now + days * DAY, None) if days is not None else (None, "1d")
        change_license.extend(*self.of(), end, by, ADMIN, now=now)
        new = max(model.end, now) + DAY if end is None else end
        if new != model.end:
            missed = model.announce(now)
            model.tell(now + missed, "license_extended")
            model.end = new
            model.announced = min(model.announced, model.phase(now))

    @precondition(lambda self: self.model.end < inf)
    @rule()
    def sweep(self) -> None:
        now = self.tick()
        sweep(now=now)
        self.model.announce(now)

    # --- the clock --------------------------------------------------------------------------------------------

    @rule(wait=st.sampled_from([MINUTE, CHECK_NOTED_EVERY_MS - 10, CHECK_NOTED_EVERY_MS, 11 * HOUR, DAY]))
    def move_clock(self, wait: int) -> None:
        self.vendor.now += wait

    def begin(self) -> None:
        """Who may activate at first."""
        raise NotImplementedError

    def tick(self) -> Instant:
        """A new instant, with room for a few events before the next one."""
        self.vendor.now += 10
        return self.vendor.now

    # --- what always holds ------------------------------------------------------------------------------------

    @invariant()
    def what_is_stored_is_what_the_model_says(self) -> None:
        model, license = self.model, self.vendor.stored(self.license)
        assert license.times_activated == len(model.live)
        assert (license.transfer_count, license.vacated) == (model.transfers, model.owed)
        assert (license.enabled, _endless(license.validity_period)) == (model.enabled, model.end)
        seats = {seat.email: seat for seat in licenses.seats(*self.of())}
        assert license.users_assigned == len(seats)
        assert {email: _endless(seat.max_activations) for email, seat in seats.items()} == {
            email: limit for email, limit in model.seats.items() if email is not None
        }
        assert all(seat.taken(license) == len(model.live_of(email)) for email, seat in seats.items())
        devices = {(device.hardware_id, self.email(device.user_id)): device for device in places.devices(*self.of())}
        assert {key: device.last_check_at for key, device in devices.items()} == model.heard
        assert {k for k, d in devices.items() if is_live(d, license, seats.get(k[1] or ""))} == model.live

    @invariant()
    def the_history_tells_what_happened(self) -> None:
        told = [(event.at, event.type) for event in self.vendor.history(self.license)]
        assert sorted(told) == sorted(self.model.history)  # those of one millisecond have no order

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        assert self.vendor.differences() == []

    # --- helpers ----------------------------------------------------------------------------------------------

    def activate_at(self, now: Instant, key: Key, by_id: bool) -> None:
        expected = self.model.refuses_activation(key, now)
        with answered(expected):
            place = self.vendor.activate(*self.call(key), self.password(key[1]), **self.named(by_id))
        if expected:
            return
        if key in self.model.live:
            self.model.note(key, now)
        else:
            self.model.take(key, now)
        assert place.license is not None
        assert place.device is not None
        assert is_live(place.device, place.license, place.seat)
        assert place.license.times_activated == len(self.model.live)

    def key(self, hardware_id: str, user: str) -> Key:
        return hardware_id, user if self.product == "revit" else None

    def call(self, key: Key) -> tuple[License | str, str]:
        return key[1] or self.license, key[0]

    def named(self, by_id: bool) -> dict[str, Any]:
        return {"license_id": self.license.id} if by_id else {}

    def of(self, *more: Any) -> tuple[Any, ...]:
        return self.vendor.code, self.license.id, *more

    def password(self, user: str | None) -> str | None:
        return None if user is None else self.accounts[user][1]

    def seated(self) -> list[str]:
        return [user for user in self.model.seats if user is not None]

    def email(self, user_id: int | None) -> str | None:
        return next((email for email, (id, _) in self.accounts.items() if id == user_id), None)


class ByKeyMachine(Machine):
    """A key-based license: whoever knows the key has the one seat."""

    product = "viewer"

    def begin(self) -> None:
        self.model.seats[None] = inf


class ByUserMachine(Machine):
    """A user-based license for two of three users."""

    product, max_users = "revit", 2

    def begin(self) -> None:
        for user in USERS:
            self.assign(user, 0)
            self.remove(user)
        for user in USERS[:2]:
            self.assign(user, self.license.max_activations)

    @precondition(lambda self: len(self.model.seats) < len(USERS))
    @rule(user=st.sampled_from(USERS), limit=seat_limits)
    def assign(self, user: str, limit: int | None) -> None:
        now, model = self.tick(), self.model
        reasons = [
            ("user_already_assigned", user in model.seats),
            ("max_activations_too_high", _endless(limit) > model.max_activations),
            ("license_users_limit_reached", len(model.seats) >= model.max_users),
        ]
        expected = [code for code, holds in reasons if holds]
        with answered(expected):
            account, initial = self.vendor.assign(self.license, user, limit)
            self.accounts[user] = account.id, initial
        if not expected:
            model.seats[user] = _endless(limit)
            model.tell(now, "user_assigned")

    @precondition(lambda self: self.model.live)
    @rule(user=users)
    def remove(self, user: str) -> None:
        self.change(user, change_seat.remove_user, "user_removed")
        if self.model.seats.pop(user, None) is not None:
            self.model.live -= self.model.live_of(user)

    @precondition(lambda self: self.model.live)
    @rule(user=users)
    def reset_activations(self, user: str) -> None:
        self.change(user, change_seat.reset_activations, "user_activations_reset")
        self.model.live -= self.model.live_of(user)

    @rule(user=users, limit=seat_limits)
    def set_max_activations(self, user: str, limit: int | None) -> None:
        too_high = ["max_activations_too_high"] * (_endless(limit) > self.model.max_activations)
        self.change(user, change_seat.set_max_activations, "user_limit_changed", limit, refusals=too_high)
        if user in self.model.seats and not too_high:
            self.model.seats[user] = _endless(limit)

    def change(
        self, user: str, function: Callable[..., None], event: EventType, *more: Any, refusals: Sequence[str] = ()
    ) -> None:
        """Change a user's seat, if there is one."""
        now = self.tick()
        expected = ["user_not_found"] * (user not in self.model.seats) + list(refusals)
        with answered(expected):
            function(*self.of(user), *more, ADMIN, now=now)
        if not expected:
            self.model.tell(now, event)


@contextmanager
def answered(expected: list[str]) -> Iterator[None]:
    """What is done inside is refused with the first of these codes; granted where there is none."""
    try:
        yield
    except Refused as refused:
        assert expected[:1] == [refused.code], refused.detail
    else:
        assert expected == []


def _endless(limit: int | None) -> float:
    return inf if limit is None else limit


TestByKey, TestByUser = ByKeyMachine.TestCase, ByUserMachine.TestCase
TestByKey.settings = TestByUser.settings = settings(
    max_examples=20, stateful_step_count=40, deadline=None, print_blob=True
)
