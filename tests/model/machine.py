"""Any sequence of calls on one license, with a clock that moves: after each, the product has to be where the model is.

A subclass says how a call is carried out and what is there then: of values in memory (tests/domain/test_machine.py), or
by the use cases on the engine (tests/store/test_machine.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.activation import CHECK_INTERVAL_MS
from chalicelib.domain.license import Device, License, Seat, is_live
from tests.domain.samples import DAY, HOUR, NOW
from tests.model.license import OK, SHARES, By, Key, Rate, Verb, call
from tests.model.license import License as Model

MINUTE = 60_000
USERS = ("ada@customer.test", "bob@customer.test", "eve@customer.test")
HARDWARE = ("a", "b", "c")
VALID, GRACE, EXPIRED = 0, 1, 2

hardware, users = st.sampled_from(HARDWARE), st.sampled_from(USERS)
devices = st.runner().flatmap(lambda machine: st.sampled_from(machine.devices()))
seat_limits = st.sampled_from([2.0, 1.0, 3.0, inf, 0.0])
by: st.SearchStrategy[By] = st.sampled_from(("customer", "vendor"))


@dataclass(frozen=True, slots=True)
class Step:
    """A call, at the instant `clock`."""

    verb: Verb
    clock: float
    device: str | None = None
    user: str | None = None
    other: str | None = None
    limit: float | None = None
    seen: int | None = None
    sent: str | None = None
    by: By = "vendor"
    to: float = inf


@dataclass(frozen=True, slots=True)
class There:
    """What is there: the license, its seats by email, and its devices."""

    license: License
    seats: Mapping[str, Seat]
    devices: Mapping[Key, Device]


def maximum(limit: float) -> int | None:
    """As the product has it."""
    return None if limit == inf else int(limit)


class LicenseMachine(RuleBasedStateMachine):
    """One license, its seats and devices, and the clock."""

    now: int = NOW
    model: Model

    def issue(self, terms: dict[str, Any], least: int) -> None:
        """Make a license of these terms of `domain.license.License`; `least` changes within an hour."""
        raise NotImplementedError

    def carry_out(self, step: Step) -> str:
        """Let the product do it; answers `ok` (a check: `ok, expired`), or the code of the refusal."""
        raise NotImplementedError

    def there(self) -> There:
        """What is there now."""
        raise NotImplementedError

    def noticed(self, step: Step, before: Model) -> None:
        """Called after each step that was granted, with the model of before."""

    @initialize(
        by_user=st.booleans(),
        max_activations=st.sampled_from([2, 1, 3, None]),
        overage=st.sampled_from(["none", "none", "1.5x", "2x", "always"]),
        max_transfers=st.sampled_from([-1, 0, 0, 1, 2]),
        days=st.sampled_from([1, 3, None]),
        grace=st.sampled_from([12, 0]),
        start=st.sampled_from([None, None, None, NOW + HOUR]),
        least=st.sampled_from([100, 2]),
    )
    def begin(
        self,
        by_user: bool,
        max_activations: int | None,
        overage: str,
        max_transfers: int,
        days: int | None,
        grace: int,
        start: int | None,
        least: int,
    ) -> None:
        self.by_user = by_user
        self.model = Model(
            inf if max_activations is None else max_activations,
            2 if by_user else None,
            {-1: 0, 0: inf}.get(max_transfers, max_transfers),
            share=SHARES[overage],
            start=start or -inf,
            grace=grace * HOUR if days else 0,
            duration=days and days * DAY,
            rate=Rate(least),
            revision=0,
        )
        terms = {
            "license_type": "time-limited" if days else "perpetual",
            "valid_duration": f"{days}d" if days else None,
            "grace_period": grace if days else 0,
            "max_activations": max_activations,
            "overage": overage,
            "max_license_users": 2 if by_user else None,
            "max_transfers": max_transfers,
            "start_date": start,
        }
        self.issue(terms, least)
        for user in USERS[:2] if by_user else ():
            self.step("assign", user=user, limit=self.model.places)

    def step(self, verb: Verb, **given: Any) -> str:
        """One call, ten milliseconds after the last: its answer and what it leaves are those of the model."""
        self.now += 10
        step, before = Step(verb, self.now, **given), self.model
        expected, self.model = call(before, step)
        assert self.carry_out(step) == expected, step
        if expected.startswith(OK):
            self.noticed(step, before)
        return expected

    # --- by applications ------------------------------------------------------------------------------------------

    @rule(keys=st.lists(devices, min_size=1, max_size=4))
    def activate(self, keys: list[Key]) -> None:
        for device, user in keys:
            self.step("activate", device=device, user=user)

    @precondition(lambda self: self.model.end < inf and not self.model.is_expired(self.now))
    @rule(key=devices, past=st.sampled_from([-1, 0]))
    def activate_around_the_end(self, key: Key, past: int) -> None:
        self.now = max(self.now, int(self.model.end + self.model.grace) + past - 10)
        self.activate([key])

    @rule(key=devices)
    def check(self, key: Key) -> None:
        self.step("check", device=key[0], user=key[1])

    @rule(key=devices)
    def deactivate(self, key: Key) -> None:
        self.step("deactivate", device=key[0], user=key[1])

    @precondition(lambda self: self.model.live)
    @rule(key=devices, onto=devices)
    def move(self, key: Key, onto: Key) -> None:
        """Give a place back, and take one."""
        self.deactivate(key)
        self.activate([onto])

    @precondition(lambda self: self.model.live and not self.model.released)
    @rule(key=devices)
    def come_and_go(self, key: Key) -> None:
        """Give a place back and take it again, until the rate stops it."""
        for _ in range(3):
            self.move(key, key)

    # --- by managers and the vendor -------------------------------------------------------------------------------

    @precondition(lambda self: self.model.live)
    @rule(device=hardware, by=by)
    def reset_device(self, device: str, by: By) -> None:
        self.step("reset device", device=device, by=by)

    @precondition(lambda self: self.model.live or self.model.released)
    @rule(by=by)
    def reset_license(self, by: By) -> None:
        self.step("reset license", by=by)

    @rule()
    def blacklist_device(self) -> None:
        self.step("bar", device=HARDWARE[-1])

    @rule(verb=st.sampled_from(("enable", "enable", "disable")), by=by)
    def enable_or_disable(self, verb: Verb, by: By) -> None:
        self.step(verb, by=by)

    @precondition(lambda self: self.model.end < inf)
    @rule(days=st.sampled_from([-1, 0, 1, 2]))
    def extend(self, days: int) -> None:
        self.step("extend", to=self.now + 10 + days * DAY)

    @precondition(lambda self: self.by_user)
    @rule(user=users, limit=seat_limits)
    def assign(self, user: str, limit: float) -> None:
        self.step("assign", user=user, limit=limit)

    @precondition(lambda self: self.by_user)
    @rule(user=users, limit=seat_limits)
    def set_max_activations(self, user: str, limit: float) -> None:
        self.step("limit", user=user, limit=limit)

    @precondition(lambda self: self.by_user and self.model.live)
    @rule(verb=st.sampled_from(("remove", "reset user")), user=users, by=by)
    def remove_user_or_reset_activations(self, verb: Verb, user: str, by: By) -> None:
        self.step(verb, user=user, by=by)

    @precondition(lambda self: self.by_user)
    @rule(user=users, other=users, by=by)
    def replace_user(self, user: str, other: str, by: By) -> None:
        self.step("replace", user=user, other=other, by=by)

    # --- the clock ------------------------------------------------------------------------------------------------

    @rule(wait=st.sampled_from([MINUTE, CHECK_INTERVAL_MS - 10, CHECK_INTERVAL_MS, 11 * HOUR, DAY]))
    def move_clock(self, wait: int) -> None:
        self.now += wait

    @precondition(lambda self: self.model.end < inf)
    @rule()
    def sweep(self) -> None:
        self.step("sweep")

    # --- what always holds ----------------------------------------------------------------------------------------

    @invariant()
    def the_product_is_where_the_model_is(self) -> None:
        there, expected = self.there(), self.model
        license, seats = there.license, there.seats
        live = {key for key, device in there.devices.items() if is_live(device, license, seats.get(key[1] or ""))}
        assert live == expected.live
        assert set(there.devices) == expected.known
        assert license.times_activated == len(expected.live)
        assert (license.transfer_count, license.released) == (expected.transferred, expected.released)
        assert (license.enabled, license.validity_period) == (expected.enabled, maximum(expected.end))
        assert {(email, seat.max_activations) for email, seat in seats.items()} == {
            (email, maximum(limit)) for email, limit in expected.seats
        }
        assert license.users_assigned == len(seats)
        for email, seat in seats.items():
            assert seat.activations_in(license) == len(expected.of_user(email))

    def phase(self) -> int:
        """Where in its life the license is."""
        if self.model.is_expired(self.now):
            return EXPIRED
        return GRACE if self.now >= self.model.end else VALID

    def devices(self) -> list[Key]:
        """All, those of who may activate twice, and those that are active a third time."""
        seated = [user for user, _ in sorted(self.model.seats)]
        callers = (*seated, *USERS) if self.by_user else (None, None)
        return sorted(self.model.live, key=str) + [(device, user) for user in callers for device in HARDWARE]
