"""Any sequence of calls on one license, against a small model: the answers, the counters and the audit agree.

Hypothesis prints how to replay what it finds.
"""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.domain.refusal import Refused
from chalicelib.usecases import change_device, change_license, change_seat
from tests.support import ADMIN, DAY, NOW, Vendor

PLACES, SEAT_PLACES, MAX_TRANSFERS = 3, 2, 2
DEVICES = st.sampled_from(["a", "b", "c", "d", "e"])


def answer(call: Callable[[], Any]) -> str:
    """`granted`, or the code of the refusal."""
    try:
        call()
    except Refused as refused:
        return refused.code
    return "granted"


class ByKey(RuleBasedStateMachine):
    """A key-based license of three places and two transfers, with an end."""

    @initialize()
    def issue(self) -> None:
        self.vendor = Vendor()
        self.end = NOW + 10 * DAY
        self.license = self.vendor.issue(
            license_type="time-limited",
            validity_period=self.end,
            max_activations=PLACES,
            max_transfers=MAX_TRANSFERS,
        )
        self.live: set[str] = set()
        self.known: set[str] = set()
        self.vacated, self.last, self.transfers = 0, "", 0
        self.enabled, self.now = True, NOW

    @rule(device=DEVICES)
    def activate(self, device: str) -> None:
        expected = self._expected(device)
        assert answer(lambda: self.vendor.activate(self.license, device, now=self.now)) == expected
        if expected == "granted" and device not in self.live:
            self._take(device)

    @rule(device=DEVICES)
    def check(self, device: str) -> None:
        expected = "granted" if device in self.live else "device_not_found"
        expected = expected if self.enabled else "license_not_enabled"
        assert answer(lambda: self.vendor.check(self.license, device, now=self.now)) == expected

    @rule(device=DEVICES)
    def deactivate(self, device: str) -> None:
        expected = "granted" if device in self.known else "device_not_found"
        assert answer(lambda: self.vendor.deactivate(self.license, device, now=self.now)) == expected
        if device in self.live:
            self.live.remove(device)
            self.vacated, self.last = self.vacated + 1, device

    @rule(device=DEVICES)
    def reset_device(self, device: str) -> None:
        change = lambda: change_device.reset_device(  # noqa: E731 - a call to be judged
            self.vendor.code, self.license.id, device, ADMIN, now=self.now
        )
        assert answer(change) == ("granted" if device in self.known else "device_not_found")
        self.live.discard(device)

    @rule()
    def reset_license(self) -> None:
        change_license.reset_license(self.vendor.code, self.license.id, ADMIN, now=self.now)
        self.live, self.vacated, self.last, self.transfers = set(), 0, "", 0

    @rule(enabled=st.booleans())
    def enable(self, enabled: bool) -> None:
        change_license.set_enabled(self.vendor.code, self.license.id, enabled, ADMIN, now=self.now)
        self.enabled = enabled

    @rule(days=st.sampled_from([1, 4]))
    def time_passes(self, days: int) -> None:
        self.now += days * DAY

    @rule()
    def extend(self) -> None:
        self.end = self.now + 10 * DAY
        change_license.extend(self.vendor.code, self.license.id, self.end, None, ADMIN, now=self.now)

    @invariant()
    def the_store_agrees(self) -> None:
        stored = self.vendor.stored(self.license)
        assert (stored.times_activated, stored.transfer_count) == (len(self.live), self.transfers)
        assert len(self.live) <= PLACES
        assert self.transfers <= MAX_TRANSFERS
        assert self.vendor.differences() == []

    def _expected(self, device: str) -> str:
        if not self.enabled:
            return "license_not_enabled"
        if self.now >= self.end:
            return "license_expired"
        if device in self.live:
            return "granted"
        if self.vacated and self.last != device and self.transfers == MAX_TRANSFERS:
            return "device_transfer_limit_reached"
        return "granted" if len(self.live) < PLACES else "license_activated_max_times"

    def _take(self, device: str) -> None:
        if self.vacated:
            self.vacated -= 1
            if self.last == device:
                self.last = ""
            else:
                self.transfers += 1
        self.live.add(device)
        self.known.add(device)


class ByUser(RuleBasedStateMachine):
    """A user-based license of three places, two users and two places a user. The users are known by their id."""

    USERS = st.sampled_from(["x@u.example", "y@u.example", "z@u.example"])

    @initialize()
    def issue(self) -> None:
        self.vendor = Vendor()
        self.license = self.vendor.issue("revit", max_activations=PLACES, max_license_users=2)
        self.passwords: dict[str, str] = {}
        self.seats: dict[str, set[str]] = {}
        self.limits: dict[str, int] = {}

    @rule(user=USERS)
    def assign(self, user: str) -> None:
        expected = "user_already_assigned" if user in self.seats else "granted"
        if user not in self.seats and len(self.seats) == 2:
            expected = "license_users_limit_reached"

        def assign() -> None:
            _, password = self.vendor.assign(self.license, user, SEAT_PLACES)
            self.passwords.setdefault(user, password or "")
            self.seats[user], self.limits[user] = set(), SEAT_PLACES

        assert answer(assign) == expected

    @rule(user=USERS, device=DEVICES)
    def activate(self, user: str, device: str) -> None:
        if user not in self.passwords:
            return
        held = self.seats.get(user)
        expected = "granted"
        if held is None:
            expected = "license_not_found"
        elif device not in held and len(held) >= self.limits[user]:
            expected = "user_activated_max_times"
        elif device not in held and sum(map(len, self.seats.values())) >= PLACES:
            expected = "license_activated_max_times"
        assert answer(lambda: self.vendor.activate(user, device, self.passwords[user])) == expected
        if expected == "granted" and held is not None:
            held.add(device)

    @rule(user=USERS, device=DEVICES)
    def check(self, user: str, device: str) -> None:
        if user in self.seats:
            expected = "granted" if device in self.seats[user] else "device_not_found"
            assert answer(lambda: self.vendor.check(user, device)) == expected
        else:
            assert answer(lambda: self.vendor.check(user, device)) == "license_not_found"

    @rule(user=USERS, limit=st.integers(0, PLACES))
    def set_limit(self, user: str, limit: int) -> None:
        assert self._change(change_seat.set_max_activations, user, limit) == self._if_assigned(user)
        if user in self.seats:
            self.limits[user] = limit

    @rule(user=USERS)
    def reset_seat(self, user: str) -> None:
        assert self._change(change_seat.reset_activations, user) == self._if_assigned(user)
        if user in self.seats:
            self.seats[user] = set()

    @rule(user=USERS)
    def remove(self, user: str) -> None:
        assert self._change(change_seat.remove_user, user) == self._if_assigned(user)
        self.seats.pop(user, None)

    @rule()
    def reset_license(self) -> None:
        change_license.reset_license(self.vendor.code, self.license.id, ADMIN, now=NOW)
        self.seats = {user: set() for user in self.seats}

    @invariant()
    def the_store_agrees(self) -> None:
        stored = self.vendor.stored(self.license)
        assert (stored.users_assigned, stored.times_activated) == (
            len(self.seats),
            sum(map(len, self.seats.values())),
        )
        assert self.vendor.differences() == []

    def _change(self, change: Callable[..., Any], user: str, *more: Any) -> str:
        # The clock moves on, so that no seat gets the epoch that it had before.
        self.vendor.now += 1
        return answer(lambda: change(self.vendor.code, self.license.id, user, *more, ADMIN, now=self.vendor.now))

    def _if_assigned(self, user: str) -> str:
        return "granted" if user in self.seats else "user_not_found"


_SETTINGS = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)
TestByKey, TestByUser = ByKey.TestCase, ByUser.TestCase
TestByKey.settings = TestByUser.settings = _SETTINGS
