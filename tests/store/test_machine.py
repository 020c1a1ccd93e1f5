"""The store against a small model: any sequence of calls on one license, with a clock that moves.

Every step is a use case on the engine. The model says in sets and plain counts what the contract says: the answer, who
holds a place afterwards, and what the history tells. After each step the stored items are held against it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.activation import CHECK_INTERVAL_MS
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor, EventType
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import License, is_live
from chalicelib.runtime import runtime, using
from chalicelib.store import database
from chalicelib.store.items import DeviceItem, LicenseItem, SeatItem
from chalicelib.store.keys import license_pk
from chalicelib.store.schema import Item, Raw
from chalicelib.usecases import change_device, change_license, change_seat
from chalicelib.usecases.sweep import sweep
from tests.buckets import Emptied, license_size, seat_size
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor

T = TypeVar("T")

MINUTE = 60_000
USERS = ("ada@customer.test", "bob@customer.test", "eve@customer.test")
HARDWARE = ("a", "b", "c")
VALID, GRACE, EXPIRED = 0, 1, 2
Key = tuple[str, str | None]
"""A device: its hardware id, and its user where the license is user-based."""

hardware, users = st.sampled_from(HARDWARE), st.sampled_from(USERS)
devices = st.runner().flatmap(lambda machine: st.sampled_from(machine.devices()))
seat_limits = st.sampled_from([2, 1, 3, None, 0])
CUSTOMER = Actor("user:manager@customer.test")
actors = st.sampled_from([CUSTOMER, ADMIN])


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
    least: int
    """Changes of any license within an hour."""
    seats: dict[str | None, float] = field(default_factory=dict)
    """Who may activate, and each one's own limit."""
    bucket: Emptied = field(default_factory=Emptied)
    buckets: dict[str | None, Emptied] = field(default_factory=dict)
    """Each user's own."""
    live: set[Key] = field(default_factory=set)
    heard: dict[Key, Instant] = field(default_factory=dict)
    """When a device that was ever active was noted last."""
    owed: int = 0
    """Places that were given up, by a deactivation or reset by the customer, and that no activation took yet."""
    last: str | None = None
    """The hardware id that gave up its place last, until it is active again; None where several did at once."""
    transfers: int = 0
    enabled: bool = True
    disabled_by: Actor | None = None
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
                "rate_limit_exceeded": not all(b.holds_one(size, now) for b, size in self.sized(key[1])),
            }
        return self.refuses_use(key) + [code for code, holds in reasons.items() if holds]

    def sized(self, user: str | None) -> list[tuple[Emptied, int]]:
        """The buckets that an activation takes a change out of, with how many each holds."""
        whole = [(self.bucket, license_size(self.max_activations, self.least))]
        if user not in self.buckets:
            return whole
        return [*whole, (self.buckets[user], seat_size(self.seats[user], self.max_activations, self.least))]

    def take(self, key: Key, now: Instant) -> None:
        for bucket, size in self.sized(key[1]):
            bucket.take(size, now)
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
        if now - self.heard[key] >= CHECK_INTERVAL_MS:
            self.heard[key] = now

    def reset_device(self, hardware_id: str, now: Instant, by: Actor) -> None:
        for key in [key for key in self.live if key[0] == hardware_id]:
            self.live.remove(key)
            self.tell(now, "device_reset")
            if by == CUSTOMER:
                self.owed, self.last = self.owed + 1, hardware_id

    def reset_at_once(self, keys: set[Key], by: Actor) -> None:
        self.live -= keys
        if keys and by == CUSTOMER:
            self.owed, self.last = self.owed + len(keys), None

    def refuses_reset(self, keys: set[Key], by: Actor) -> list[str]:
        """Where so many places would need a transfer that there are not transfers enough."""
        left = inf if self.max_transfers == 0 else max(0, self.max_transfers - self.transfers)
        if not keys or by == ADMIN or self.owed + len(keys) <= left:
            return []
        return ["device_transfer_not_allowed" if self.max_transfers == -1 else "device_transfer_limit_reached"]

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

    def __init__(self) -> None:
        super().__init__()
        self.operator = ExitStack()

    @initialize(
        max_activations=st.sampled_from([2, 1, 3, None]),
        max_transfers=st.sampled_from([-1, 0, 0, 1, 2]),
        duration=st.sampled_from([1, 3, None]),
        grace=st.sampled_from([12, 0]),
        start=st.sampled_from([None, None, None, NOW + HOUR]),
        least=st.sampled_from([100, 2]),
    )
    def issue(
        self,
        max_activations: int | None,
        max_transfers: int,
        duration: int | None,
        grace: int,
        start: Instant | None,
        least: int,
    ) -> None:
        settings = runtime().settings.model_copy(update={"license_changes_per_hour": least})
        self.operator.enter_context(using(replace(runtime(), settings=settings)))
        self.vendor = Vendor()
        self.accounts: dict[str, tuple[int, str | None]] = {}
        self.audited: dict[str, Raw] = {}
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
            _endless(max_activations), _endless(self.max_users), max_transfers, duration, grace, start or NOW, least
        )
        self.model.tell(NOW, "license_issued")
        self.begin()

    def begin(self) -> None:
        """Who may activate at first."""
        raise NotImplementedError

    def teardown(self) -> None:
        self.operator.close()

    # --- calls of clients -------------------------------------------------------------------------------------

    @rule(keys=st.lists(devices, min_size=1, max_size=4), by_id=st.booleans())
    def activate(self, keys: list[Key], by_id: bool) -> None:
        for key in keys:
            self.activate_at(self.tick(), key, by_id)

    @precondition(lambda self: self.model.phase(self.vendor.now) != EXPIRED and self.model.end < inf)
    @rule(key=devices, past=st.sampled_from([-1, 0]))
    def activate_around_the_end(self, key: Key, past: int) -> None:
        self.vendor.now = max(self.tick(), int(self.model.end) + self.model.grace * HOUR + past)
        self.activate_at(self.vendor.now, key, by_id=True)

    @rule(key=devices, by_id=st.booleans())
    def check(self, key: Key, by_id: bool) -> None:
        now, model = self.tick(), self.model
        expected = model.refuses_use(key) + ["device_not_found"] * (key not in model.live)
        with answered(expected):
            snapshot = self.vendor.check(*self.call(key), **self.named(by_id))
            assert snapshot.license == self.vendor.stored(self.license)
        if not expected:
            model.note(key, now)

    @rule(key=devices, by_id=st.booleans())
    def deactivate(self, key: Key, by_id: bool) -> None:
        now, model = self.tick(), self.model
        unknown = [("license_not_found", key[1] not in model.seats), ("device_not_found", key not in model.heard)]
        expected = [code for code, holds in unknown if holds]
        with answered(expected):
            self.vendor.deactivate(*self.call(key), **self.named(by_id))
        if not expected and key in model.live:
            model.live.remove(key)
            model.owed, model.last = model.owed + 1, key[0]
            model.tell(now, "device_deactivated")

    @precondition(lambda self: self.model.live)
    @rule(key=devices, onto=devices)
    def move(self, key: Key, onto: Key) -> None:
        """Give a place back, and take one."""
        self.deactivate(key, by_id=True)
        self.activate_at(self.tick(), onto, by_id=True)

    @precondition(lambda self: self.model.live and not self.model.owed)
    @rule(key=devices)
    def come_and_go(self, key: Key) -> None:
        """Give a place back and take it again, until the rate stops it."""
        for _ in range(3):
            self.deactivate(key, by_id=True)
            self.activate_at(self.tick(), key, by_id=True)

    # --- what managers and vendors do -------------------------------------------------------------------------

    @precondition(lambda self: self.model.live)
    @rule(hardware_id=hardware, by=actors)
    def reset_device(self, hardware_id: str, by: Actor) -> None:
        now, model = self.tick(), self.model
        known = any(key[0] == hardware_id for key in model.heard)
        with answered([] if known else ["device_not_found"]):
            freed = self.manage(change_device.reset_device, hardware_id, by=by)
            assert freed == sum(key[0] == hardware_id for key in model.live)
        model.reset_device(hardware_id, now, by)

    @rule(hardware_id=st.just(HARDWARE[-1]))
    def blacklist_device(self, hardware_id: str) -> None:
        now = self.tick()
        self.manage(change_device.blacklist_device, hardware_id)
        if hardware_id not in self.model.blacklist:
            self.model.blacklist.add(hardware_id)
            self.model.tell(now, "device_blacklisted")
        self.model.reset_device(hardware_id, now, ADMIN)

    @precondition(lambda self: self.model.live or self.model.owed)
    @rule(by=actors)
    def reset_license(self, by: Actor) -> None:
        now, live = self.tick(), set(self.model.live)
        expected = self.model.refuses_reset(live, by)
        with answered(expected):
            self.manage(change_license.reset_license, by=by)
        if expected:
            return
        self.model.reset_at_once(live, by)
        if by == ADMIN:
            self.model = replace(self.model, owed=0, last=None, transfers=0)
        self.model.tell(now, "license_reset")

    @rule(enabled=st.sampled_from([True, True, False]), by=actors)
    def enable_or_disable(self, enabled: bool, by: Actor) -> None:
        now, model = self.tick(), self.model
        final = by == CUSTOMER and model.disabled_by == ADMIN
        with answered(["disabled_by_vendor"] * (enabled and final)):
            self.manage(change_license.set_enabled, enabled, by=by)
        word = None if enabled else by
        if final or word == model.disabled_by:
            return
        model.enabled, model.disabled_by = enabled, word
        model.tell(now, "license_enabled" if enabled else "license_disabled")

    @precondition(lambda self: self.model.end < inf)
    @rule(days=st.sampled_from([-1, 0, 1, 2, None]))
    def extend(self, days: int | None) -> None:
        """To an instant some days from now; by a day where none are given."""
        now, model = self.tick(), self.model
        end, by = (now + days * DAY, None) if days is not None else (None, "1d")
        self.manage(change_license.extend, end, by)
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

    @rule(wait=st.sampled_from([MINUTE, CHECK_INTERVAL_MS - 10, CHECK_INTERVAL_MS, 11 * HOUR, DAY]))
    def move_clock(self, wait: int) -> None:
        self.vendor.now += wait

    def tick(self) -> Instant:
        """A new instant, with room for a few events before the next one."""
        self.vendor.now += 10
        return self.vendor.now

    # --- what always holds ------------------------------------------------------------------------------------

    @invariant()
    def the_store_agrees(self) -> None:
        stored = self.items()
        if stored != self.audited:
            assert self.vendor.differences() == []
            self.audited = stored
        model, (license,) = self.model, _values(stored, LicenseItem, "license")
        assert license.times_activated == len(model.live)
        assert (license.transfer_count, license.vacated) == (model.transfers, model.owed)
        assert (license.enabled, _endless(license.validity_period)) == (model.enabled, model.end)
        seats = {seat.email: seat for seat in _values(stored, SeatItem, "seat#")}
        assert license.users_assigned == len(seats)
        if self.product == "revit":
            assert {email: _endless(seat.max_activations) for email, seat in seats.items()} == model.seats
        assert all(seat.activations_in(license) == len(model.live_of(email)) for email, seat in seats.items())
        devices = {(d.hardware_id, self.email(d.user_id)): d for d in _values(stored, DeviceItem, "device#")}
        assert {key: device.last_check_at for key, device in devices.items()} == model.heard
        assert {k for k, d in devices.items() if is_live(d, license, seats.get(k[1] or ""))} == model.live
        told = [(int(item["at"]["N"]), item["type"]["S"]) for part, item in stored.items() if part.startswith("at#")]
        assert sorted(told) == sorted(model.history)  # those of one millisecond have no order

    def items(self) -> dict[str, Raw]:
        """All that is stored of the license, by sort key."""
        query: dict[str, Any] = {
            "TableName": LicenseItem.Meta.table_name,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": license_pk(self.vendor.code, self.license.id)}},
            "ConsistentRead": True,
        }
        return {item["part"]["S"]: item for item in database._pages(query, None)}

    # --- helpers ----------------------------------------------------------------------------------------------

    def activate_at(self, now: Instant, key: Key, by_id: bool) -> None:
        expected = self.model.refuses_activation(key, now)
        with answered(expected):
            snapshot = self.vendor.activate(*self.call(key), self.password(key[1]), **self.named(by_id))
        if expected:
            return
        if key in self.model.live:
            self.model.note(key, now)
        else:
            self.model.take(key, now)
        assert snapshot.license is not None
        assert snapshot.device is not None
        assert is_live(snapshot.device, snapshot.license, snapshot.seat)
        assert snapshot.license.times_activated == len(self.model.live)

    def devices(self) -> list[Key]:
        """All, those of who may activate twice, and those that are active a third time."""
        users = USERS if self.product == "revit" else (None,)
        return sorted(self.model.live, key=str) + [(h, user) for user in (*self.model.seats, *users) for h in HARDWARE]

    def call(self, key: Key) -> tuple[License | str, str]:
        return key[1] or self.license, key[0]

    def named(self, by_id: bool) -> dict[str, Any]:
        return {"license_id": self.license.id} if by_id else {}

    def manage(self, function: Callable[..., Any], *told: Any, by: Actor = ADMIN) -> Any:
        """Call a use case of those who manage the license."""
        return function(self.vendor.code, self.license.id, *told, by, now=self.vendor.now)

    def password(self, user: str | None) -> str | None:
        return None if user is None else self.accounts[user][1]

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

    @rule(user=users, limit=seat_limits)
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
            model.seats[user], model.buckets[user] = _endless(limit), Emptied()
            model.tell(now, "user_assigned")

    @precondition(lambda self: self.model.live)
    @rule(user=users, by=actors)
    def remove(self, user: str, by: Actor = ADMIN) -> None:
        live = self.model.live_of(user)
        refusals = self.model.refuses_reset(live, by)
        self.change(user, change_seat.remove_user, "user_removed", refusals=refusals, by=by)
        if not refusals and self.model.seats.pop(user, None) is not None:
            del self.model.buckets[user]
            self.model.reset_at_once(live, by)

    @precondition(lambda self: self.model.live)
    @rule(user=users, by=actors)
    def reset_activations(self, user: str, by: Actor) -> None:
        live = self.model.live_of(user)
        refusals = self.model.refuses_reset(live, by)
        self.change(user, change_seat.reset_activations, "user_activations_reset", refusals=refusals, by=by)
        if not refusals:
            self.model.reset_at_once(live, by)

    @rule(user=users, limit=seat_limits)
    def set_max_activations(self, user: str, limit: int | None) -> None:
        too_high = ["max_activations_too_high"] * (_endless(limit) > self.model.max_activations)
        self.change(user, change_seat.set_max_activations, "user_limit_changed", limit, refusals=too_high)
        if user in self.model.seats and not too_high:
            self.model.seats[user] = _endless(limit)

    def change(
        self,
        user: str,
        function: Callable[..., None],
        event: EventType,
        *more: Any,
        refusals: Sequence[str] = (),
        by: Actor = ADMIN,
    ) -> None:
        """Change a user's seat, if there is one."""
        now = self.tick()
        expected = ["user_not_found"] * (user not in self.model.seats) + list(refusals)
        with answered(expected):
            self.manage(function, user, *more, by=by)
        if not expected:
            self.model.tell(now, event)


@contextmanager
def answered(expected: list[str]) -> Iterator[None]:
    """What is done inside is refused with the first of these codes; granted where there is none."""
    try:
        yield
    except SeatkeeperError as refused:
        assert expected[:1] == [refused.code], refused.detail
    else:
        assert expected == []


def _values(stored: dict[str, Raw], item: type[Item[T]], prefix: str) -> list[T]:
    """The domain's values of one kind."""
    return [item.from_raw(raw) for part, raw in stored.items() if part.startswith(prefix)]


def _endless(limit: int | None) -> float:
    return inf if limit is None else limit


TestByKey, TestByUser = ByKeyMachine.TestCase, ByUserMachine.TestCase
TestByKey.settings = TestByUser.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # no time is measured here
)
