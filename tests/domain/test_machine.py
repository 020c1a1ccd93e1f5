"""The rules against a small model: any sequence of calls, resets, changes of terms and moves of the clock.

Decisions of the domain are applied to values in memory, one after another. What is to hold at every step is said in
other words than the rules': sets of devices that hold a place, and the wording of the contract.
"""

from dataclasses import dataclass, field, replace
from math import inf

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.activation import (
    Snapshot,
    apply_activation,
    decide_activation,
    decide_deactivation,
    guard_live_device,
)
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.instants import Instant, add, parse_duration
from chalicelib.domain.license import Device, DeviceReport, License, Phase, Seat, hash_hardware_id, is_live, phase
from chalicelib.domain.transitions import announced_after_change, next_due, transitions_due
from tests.buckets import Emptied, license_size, seat_size
from tests.domain.samples import DAY, HOUR, NOW, a_license

USERS = (1, 2)
HARDWARE = ("a", "b", "c")
PHASES: tuple[Phase, ...] = ("valid", "grace", "expired")

limits = st.integers(0, 4) | st.none()
users, hardware = st.sampled_from(USERS), st.sampled_from(HARDWARE)
mostly = st.sampled_from([True, True, True, False])  # so that most activations reach the milder guards
Key = tuple[str, int | None]
"""A device: its hardware id, and its user where the license is user-based."""


@dataclass
class Model:
    """What the contract says, in sets and plain counts."""

    live: set[Key] = field(default_factory=set)
    known: set[Key] = field(default_factory=set)
    owed: int = 0
    """Deactivations that no activation has followed yet."""
    last: str | None = None
    """The hardware id that was active last, until it is active again."""
    transfers: int = 0
    bucket: Emptied = field(default_factory=Emptied)
    buckets: dict[int, Emptied] = field(default_factory=dict)
    """Of those who have a seat, each one's own."""
    validity: Instant | None = None
    announced: list[tuple[Phase, Instant]] = field(default_factory=list)
    """Since the dates were changed last."""

    def live_of(self, user: int | None) -> int:
        return sum(1 for _, owner in self.live if owner == user)


class LicenseMachine(RuleBasedStateMachine):
    """One license, its seats and devices, and the clock."""

    license: License

    @initialize(
        by_user=st.booleans(),
        max_activations=st.integers(1, 4) | st.none(),
        max_transfers=st.integers(-1, 2),
        duration=st.sampled_from([None, "1d", "36h"]),
        start=st.sampled_from([None, None, NOW + DAY]),
        grace=st.sampled_from([0, 12]),
        least=st.sampled_from([4, 1000]),
    )
    def begin(
        self,
        by_user: bool,
        max_activations: int | None,
        max_transfers: int,
        duration: str | None,
        start: Instant | None,
        grace: int,
        least: int,
    ) -> None:
        self.least = least
        self.license = a_license(
            authorization_method="user" if by_user else "license-key",
            license_type="perpetual" if duration is None else "time-limited",
            max_activations=max_activations,
            max_transfers=max_transfers,
            valid_duration=duration,
            start_date=start,
            grace_period=0 if duration is None else grace,
        )
        self.now, self.epochs = NOW, 0
        self.model = Model()
        self.seats: dict[int, Seat] = {}
        self.devices: dict[Key, Device] = {}
        self.seen_phase: Phase = "valid"
        if by_user:
            for user in USERS:
                self.assign(user, 2)

    # --- places -----------------------------------------------------------------------------------------------

    @rule(hardware_id=hardware, user=users)
    def activate(self, hardware_id: str, user: int) -> None:
        key, snapshot = self.snapshot(hardware_id, user)
        report = DeviceReport(hardware_id)
        expected = self.refusal(key)
        try:
            grant = decide_activation(snapshot, report, prevent_vm=False, least_changes=self.least, now=self.now)
        except SeatkeeperError as refused:
            assert refused.code == expected
            return
        assert expected is None
        after = apply_activation(snapshot, grant, report, self.now)
        assert after.license is not None
        assert after.device is not None
        assert grant.already_active == (key in self.model.live)
        if grant.already_active:
            assert after == snapshot
            return
        if after.license.valid_duration is not None and self.model.validity is None:
            self.model.validity = add(self.now, parse_duration(after.license.valid_duration))
        self.model_takes(key)
        came_back = grant.takes_released and not grant.transfer
        self.license = replace(
            after.license,
            vacated=self.license.vacated - grant.takes_released,
            last_vacated=None if came_back else self.license.last_vacated,
        )
        self.devices[key] = after.device
        if after.seat is not None:
            self.seats[after.seat.user_id] = after.seat

    @rule(hardware_id=hardware, user=users)
    def check(self, hardware_id: str, user: int) -> None:
        key, snapshot = self.snapshot(hardware_id, user)
        reasons = [
            ("license_not_found", not self.seated(key[1])),
            ("license_not_enabled", not self.license.enabled),
            ("blacklisted", hash_hardware_id(hardware_id) in self.license.blacklist),
            ("device_not_found", key not in self.model.live),
        ]
        expected = _first(reasons)
        try:
            assert guard_live_device(snapshot, hardware_id) == (self.license, self.devices[key])
            assert expected is None
        except SeatkeeperError as refused:
            assert refused.code == expected

    @rule(hardware_id=hardware, user=users)
    def deactivate(self, hardware_id: str, user: int) -> None:
        key, snapshot = self.snapshot(hardware_id, user)
        try:
            released = decide_deactivation(snapshot)
        except SeatkeeperError as refused:
            assert refused.code == ("device_not_found" if self.seated(key[1]) else "license_not_found")
            assert key not in self.model.known or not self.seated(key[1])
            return
        assert released.live == (key in self.model.live)
        if released.live:
            self.free(key)
            self.license = replace(
                self.license, vacated=self.license.vacated + 1, last_vacated=hash_hardware_id(hardware_id)
            )
            self.model.owed, self.model.last = self.model.owed + 1, hardware_id

    @precondition(lambda self: self.model.live)
    @rule(data=st.data(), onto=hardware)
    def move(self, data: st.DataObject, onto: str) -> None:
        """Give a place back, and take one with whichever device."""
        hardware_id, user = data.draw(st.sampled_from(sorted(self.model.live, key=str)))
        self.deactivate(hardware_id, user or 0)
        self.activate(onto, user or 0)

    @rule(hardware_id=hardware, user=users)
    def come_and_go(self, hardware_id: str, user: int) -> None:
        """Take a place and give it back, until the rate stops it."""
        for _ in range(9):
            self.activate(hardware_id, user)
            self.deactivate(hardware_id, user)

    # --- what managers and vendors do -------------------------------------------------------------------------

    @rule(hardware_id=hardware, user=users)
    def reset_device(self, hardware_id: str, user: int) -> None:
        key, snapshot = self.snapshot(hardware_id, user)
        if snapshot.device is not None and is_live(snapshot.device, self.license, snapshot.seat):
            self.free(key)

    @rule()
    def reset_license(self) -> None:
        self.license = replace(
            self.license,
            epoch=self.license.epoch + 1,
            times_activated=0,
            transfer_count=0,
            vacated=0,
            last_vacated=None,
        )
        self.model = replace(self.model, live=set(), owed=0, last=None, transfers=0)

    @precondition(lambda self: self.seats)
    @rule(user=users)
    def remove_user(self, user: int) -> None:
        if user in self.seats:
            taken = self.seats.pop(user).activations_in(self.license)
            del self.model.buckets[user]
            self.license = replace(self.license, times_activated=self.license.times_activated - taken)
            self.model.live = {key for key in self.model.live if key[1] != user}

    @precondition(lambda self: self.license.authorization_method == "user")
    @rule(user=users, limit=limits)
    def assign(self, user: int, limit: int | None) -> None:
        """Give a seat, or change its limit."""
        self.epochs += 1
        seat = self.seats.get(user) or Seat(user, f"{user}@example.com", 0, self.epochs, self.license.epoch, self.now)
        self.seats[user] = replace(seat, max_activations=limit)
        self.model.buckets.setdefault(user, Emptied())

    @precondition(lambda self: self.seats)
    @rule(user=users)
    def reset_activations(self, user: int) -> None:
        if user in self.seats:
            self.epochs += 1
            taken = self.seats[user].activations_in(self.license)
            self.license = replace(self.license, times_activated=self.license.times_activated - taken)
            self.seats[user] = replace(self.seats[user], activations=0, epoch=self.epochs)
            self.model.live = {key for key in self.model.live if key[1] != user}

    @rule(limit=limits)
    def change_limit(self, limit: int | None) -> None:
        self.license = replace(self.license, max_activations=limit)

    @rule(enabled=mostly)
    def enable_or_disable(self, enabled: bool) -> None:
        self.license = replace(self.license, enabled=enabled)

    @rule(hardware_id=hardware, forgiven=mostly)
    def blacklist(self, hardware_id: str, forgiven: bool) -> None:
        self.license = replace(
            self.license, blacklist=frozenset() if forgiven else frozenset({hash_hardware_id(hardware_id)})
        )

    @precondition(lambda self: self.license.validity_period is not None)
    @rule(days=st.integers(-2, 4))
    def extend(self, days: int) -> None:
        moved = replace(self.license, validity_period=self.now + days * DAY)
        now_in = phase(moved, self.now)
        self.license = replace(moved, announced=announced_after_change(moved.announced, now_in))
        self.model.validity = moved.validity_period
        self.seen_phase = now_in
        rank = PHASES.index(now_in)
        self.model.announced = [(p, at) for p, at in self.model.announced if PHASES.index(p) <= rank]

    # --- the clock --------------------------------------------------------------------------------------------

    @rule(hours=st.integers(0, 40))
    def move_clock(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule()
    def move_clock_to_just_before_the_next_transition(self) -> None:
        due = next_due(self.license)
        if due is not None and due > self.now:
            self.now = due - 1
            assert transitions_due(self.license, self.now) == []
            assert phase(self.license, due) != phase(self.license, self.now)

    @rule()
    def sweep(self) -> None:
        due = transitions_due(self.license, self.now)
        assert bool(due) == ((at := next_due(self.license)) is not None and at <= self.now)
        for transition in due:
            assert transition.at <= self.now
            assert transition.phase not in [p for p, _ in self.model.announced]
            self.model.announced.append((transition.phase, transition.at))
            self.license = replace(self.license, announced=transition.phase)
        assert self.license.announced == phase(self.license, self.now)
        told = [p for p, _ in self.model.announced]
        assert ["valid", *told][-1] == self.license.announced
        assert transitions_due(self.license, self.now) == []

    # --- what always holds ------------------------------------------------------------------------------------

    @invariant()
    def counters_equal_the_live_set(self) -> None:
        license = self.license
        live = {k for k, d in self.devices.items() if is_live(d, license, self.seat(k[1])) and self.seated(k[1])}
        assert live == self.model.live
        assert license.times_activated == len(live)
        assert license.transfer_count == self.model.transfers
        assert license.vacated == self.model.owed
        for user, seat in self.seats.items():
            assert seat.activations_in(license) == self.model.live_of(user)

    @invariant()
    def an_end_is_set_once_and_moved_by_the_vendor_alone(self) -> None:
        assert self.license.validity_period == self.model.validity

    @invariant()
    def phases_only_go_forward_while_the_dates_stay(self) -> None:
        here = phase(self.license, self.now)
        assert PHASES.index(here) >= PHASES.index(self.seen_phase)
        self.seen_phase = here

    # --- helpers ----------------------------------------------------------------------------------------------

    def seat(self, user: int | None) -> Seat | None:
        return None if user is None else self.seats.get(user)

    def seated(self, user: int | None) -> bool:
        return user is None or user in self.seats

    def snapshot(self, hardware_id: str, user: int) -> tuple[Key, Snapshot]:
        """As the store reads it."""
        owner = user if self.license.authorization_method == "user" else None
        key = (hardware_id, owner)
        return key, Snapshot(self.license, self.devices.get(key), self.seat(owner))

    def free(self, key: Key) -> None:
        self.devices[key] = replace(self.devices[key], active=False)
        self.license = replace(self.license, times_activated=self.license.times_activated - 1)
        seat = self.seat(key[1])
        if seat is not None:
            self.seats[seat.user_id] = replace(seat, activations=seat.activations - 1)
        self.model.live.remove(key)

    def refusal(self, key: Key) -> str | None:
        """What the contract says of an activation: the gravest reason against it, or None."""
        license, model = self.license, self.model
        end = None if model.validity is None else model.validity + license.grace_period * HOUR
        is_transfer = model.owed > 0 and model.last != key[0]
        seat = self.seat(key[1])
        reasons = [
            ("license_not_found", not self.seated(key[1])),
            ("license_not_enabled", not license.enabled),
            ("blacklisted", hash_hardware_id(key[0]) in license.blacklist),
            ("license_start_date_not_reached", license.start_date is not None and self.now < license.start_date),
            ("license_expired", end is not None and self.now >= end),
        ]
        if key not in model.live:
            reasons += [
                ("device_transfer_not_allowed", is_transfer and license.max_transfers == -1),
                ("device_transfer_limit_reached", is_transfer and 0 < license.max_transfers <= model.transfers),
                ("user_activated_max_times", seat is not None and _none_left(model.live_of(key[1]), seat)),
                ("license_activated_max_times", _none_left(len(model.live), license)),
                ("rate_limit_exceeded", not all(b.holds_one(size, self.now) for b, size in self.buckets(key[1]))),
            ]
        return _first(reasons)

    def buckets(self, user: int | None) -> list[tuple[Emptied, int]]:
        """What an activation takes a change out of, with how many that holds."""
        sold, seat = _endless(self.license.max_activations), self.seat(user)
        whole = (self.model.bucket, license_size(sold, self.least))
        if seat is None:
            return [whole]
        return [whole, (self.model.buckets[seat.user_id], seat_size(_endless(seat.max_activations), sold, self.least))]

    def model_takes(self, key: Key) -> None:
        model = self.model
        for bucket, size in self.buckets(key[1]):
            bucket.take(size, self.now)
        if model.owed:
            model.owed -= 1
            if key[0] == model.last:
                model.last = None
            else:
                model.transfers += 1
        model.live.add(key)
        model.known.add(key)


def _first(reasons: list[tuple[str, bool]]) -> str | None:
    return next((code for code, holds in reasons if holds), None)


def _endless(limit: int | None) -> float:
    return inf if limit is None else limit


def _none_left(held: int, of: License | Seat) -> bool:
    return of.max_activations is not None and held >= of.max_activations


TestLicense = LicenseMachine.TestCase
TestLicense.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
