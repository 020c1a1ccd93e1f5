"""The rules against the model: decisions of the domain are applied to values in memory, one after another."""

from dataclasses import replace
from math import inf
from typing import Any

from hypothesis import settings
from hypothesis.stateful import invariant, rule

from chalicelib.domain.activation import (
    Snapshot,
    apply_activation,
    decide_activation,
    decide_deactivation,
    guard_live_device,
    guard_reset,
)
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor
from chalicelib.domain.license import (
    Device,
    DeviceReport,
    License,
    Phase,
    Seat,
    hash_hardware_id,
    is_expired,
    is_live,
    phase,
)
from chalicelib.domain.limits import LICENSE_USERS
from chalicelib.domain.transitions import announced_after_change, next_due, transitions_due
from tests.domain.samples import a_license
from tests.model.license import OK, OK_EXPIRED, Key
from tests.model.machine import LicenseMachine, Step, There, maximum

PHASES: tuple[Phase, ...] = ("valid", "grace", "expired")
ACTORS = {"vendor": Actor("admin"), "customer": Actor("user:manager@customer.test")}


class InMemory(LicenseMachine):
    """What the store would write is written here, in the plainest way."""

    license: License

    def issue(self, terms: dict[str, Any], least: int) -> None:
        self.license = a_license(authorization_method="user" if self.by_user else "license-key", **terms)
        self.least, self.epochs, self.reached = least, 0, 0
        self.seats: dict[str, Seat] = {}
        self.known: dict[Key, Device] = {}

    def there(self) -> There:
        return There(self.license, self.seats, self.known)

    def carry_out(self, step: Step) -> str:
        done = {"activate": self.activated, "check": self.checked, "deactivate": self.deactivated}.get(step.verb)
        try:
            return (done or self.managed)(step)
        except SeatkeeperError as denied:
            return denied.code

    def snapshot(self, step: Step) -> Snapshot:
        """As the store reads it."""
        key, seat = (step.device or "", step.user), self.seats.get(step.user or "")
        return Snapshot(self.license, self.known.get(key), seat)

    # --- by applications ------------------------------------------------------------------------------------------

    def activated(self, step: Step) -> str:
        snapshot, report, now = self.snapshot(step), DeviceReport(step.device or ""), int(step.clock)
        decision = decide_activation(snapshot, report, prevent_vm=False, least_changes=self.least, now=now)
        after = apply_activation(snapshot, decision, report, now)
        assert after.license is not None
        assert after.device is not None
        if decision.already_active:
            assert after == snapshot
            return OK
        self.license = after.license
        self.known[after.device.hardware_id, step.user] = after.device
        if after.seat is not None:
            self.seats[after.seat.email] = after.seat
        return OK

    def checked(self, step: Step) -> str:
        snapshot = self.snapshot(step)
        assert guard_live_device(snapshot, step.device or "") == (self.license, snapshot.device)
        return OK_EXPIRED if is_expired(self.license, int(step.clock)) else OK

    def deactivated(self, step: Step) -> str:
        decision = decide_deactivation(self.snapshot(step))
        if decision.live:
            self.free([(decision.device.hardware_id, step.user)])
            self.give_up(1, decision.device.hardware_id)
        return OK

    def free(self, keys: list[Key]) -> None:
        """Take back the places of these devices."""
        for key in keys:
            self.known[key] = replace(self.known[key], active=False)
            if key[1] is not None:
                seat = self.seats[key[1]].in_epoch_of(self.license)
                self.seats[key[1]] = replace(seat, activations=seat.activations - 1)
        self.license = replace(self.license, times_activated=self.license.times_activated - len(keys))

    def give_up(self, places: int, last: str | None) -> None:
        """The next other device is a transfer, for each of them."""
        if places:
            tag = None if last is None else hash_hardware_id(last)
            self.license = replace(self.license, released=self.license.released + places, last_released_by=tag)

    # --- by managers and the vendor -------------------------------------------------------------------------------

    def live(self, device: str | None = None) -> list[Key]:
        """The devices that hold a place, of one hardware id where given."""
        found = ((key, one) for key, one in self.known.items() if device in (None, key[0]))
        return [key for key, one in found if is_live(one, self.license, self.seats.get(key[1] or ""))]

    def managed(self, step: Step) -> str:
        if step.verb in ("assign", "limit", "remove", "replace", "reset user"):
            return self.shared(step)
        match step.verb:
            case "reset device" if not any(device == step.device for device, _ in self.known):
                return "device_not_found"
            case "reset device" | "bar":
                keys = self.live(step.device)
                self.free(keys)
                self.give_up(len(keys) if step.by == "customer" else 0, step.device)
                if step.verb == "bar":
                    barred = self.license.blacklist | {hash_hardware_id(step.device or "")}
                    self.license = replace(self.license, blacklist=barred)
            case "reset license":
                self.reset(step)
            case "enable" | "disable" if step.by == "customer" and self.license.disabled_by == "vendor":
                return OK if step.verb == "disable" else "disabled_by_vendor"
            case "enable" | "disable":
                on = step.verb == "enable"
                self.license = replace(self.license, enabled=on, disabled_by=None if on else step.by)
            case "extend":
                dated = replace(self.license, validity_period=int(step.to))
                announced = announced_after_change(dated.announced_phase, phase(dated, self.now))
                self.license, self.reached = replace(dated, announced_phase=announced), self.phase()
            case "sweep":
                self.swept()
        return OK

    def reset(self, step: Step) -> None:
        taken = self.license.times_activated
        guard_reset(self.license, ACTORS[step.by], taken)
        self.license = replace(self.license, epoch=self.license.epoch + 1, times_activated=0)
        if step.by == "customer":
            self.give_up(taken, None)
        else:
            self.license = replace(self.license, transfer_count=0, released=0, last_released_by=None)

    def shared(self, step: Step) -> str:
        """Seats. Of who has none, and of a limit that is too high, use cases ask."""
        user, limit, license = step.user or "", maximum(inf if step.limit is None else step.limit), self.license
        seat = self.seats.get(user)
        if (seat is None) != (step.verb == "assign"):
            return "user_not_found" if seat is None else "user_already_assigned"
        if step.other in self.seats:
            return "user_already_assigned"
        if step.limit is not None and step.limit > self.model.places:
            return "max_activations_too_high"
        self.epochs += 1
        if seat is None:
            LICENSE_USERS.check(license)
            self.seats[user] = Seat(self.epochs, user, 0, self.epochs, license.epoch, self.now, limit)
            self.license = replace(license, users_assigned=license.users_assigned + 1)
        elif step.verb == "limit":
            self.seats[user] = replace(seat, max_activations=limit)
        else:
            taken = seat.activations_in(license)
            guard_reset(license, ACTORS[step.by], taken)
            self.license = replace(license, times_activated=license.times_activated - taken)
            self.give_up(taken if step.by == "customer" else 0, None)
            self.seats[user] = replace(seat, activations=0, epoch=self.epochs)
            if step.verb in ("remove", "replace"):
                del self.seats[user]
            if step.other is not None:
                self.epochs += 1
                limit = seat.max_activations
                self.seats[step.other] = Seat(self.epochs, step.other, 0, self.epochs, license.epoch, self.now, limit)
            elif step.verb == "remove":
                self.license = replace(self.license, users_assigned=license.users_assigned - 1)
        return OK

    # --- the clock ------------------------------------------------------------------------------------------------

    @rule()
    def move_clock_to_just_before_the_next_transition(self) -> None:
        due = next_due(self.license)
        if due is not None and due > self.now:
            self.now = due - 1
            assert transitions_due(self.license, self.now) == []
            assert phase(self.license, due) != phase(self.license, self.now)

    def swept(self) -> None:
        due = transitions_due(self.license, self.now)
        assert bool(due) == ((at := next_due(self.license)) is not None and at <= self.now)
        answers = [PHASES.index(self.license.announced_phase), *(PHASES.index(transition.phase) for transition in due)]
        assert answers == sorted(set(answers)), "each once, one after the other"
        assert all(transition.at <= self.now for transition in due)
        self.license = replace(self.license, announced_phase=PHASES[answers[-1]])
        assert answers[-1] == self.phase()
        assert transitions_due(self.license, self.now) == []

    @invariant()
    def phases_only_go_forward_while_the_dates_stay(self) -> None:
        assert PHASES.index(phase(self.license, self.now)) == self.phase() >= self.reached
        self.reached = self.phase()


TestLicense = InMemory.TestCase
TestLicense.settings = settings(max_examples=200, stateful_step_count=40)
