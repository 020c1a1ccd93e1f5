"""The store against the model: every step is a use case on the engine, and afterwards what is stored is looked at."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from math import inf
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from chalicelib.domain.activation import CHECK_INTERVAL_MS
from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.events import Actor, EventType
from chalicelib.domain.license import is_expired, is_live
from chalicelib.domain.transitions import NOTICE_DAYS
from chalicelib.domain.usage import activations_of
from chalicelib.runtime import runtime, using
from chalicelib.store import reads
from chalicelib.store.items.events import EventItem
from chalicelib.store.items.licenses import DeviceItem, LicenseItem, SeatItem
from chalicelib.store.keys import license_pk
from chalicelib.store.schema import Item, Raw
from chalicelib.usecases import change_device, change_license, change_seat
from chalicelib.usecases.replace_user import replace_user
from chalicelib.usecases.sweep import sweep
from tests.model.license import OK, OK_EXPIRED, Key, Verb
from tests.model.license import License as Model
from tests.model.machine import EXPIRED, GRACE, USERS, VALID, LicenseMachine, Step, There, maximum
from tests.support import ADMIN, DAY, NOW, Vendor

T = TypeVar("T")

ACTORS = {"vendor": ADMIN, "customer": Actor("user:manager@customer.test")}
EVENTS: dict[Verb, EventType] = {
    "activate": "device_activated",
    "deactivate": "device_deactivated",
    "reset license": "license_reset",
    "assign": "user_assigned",
    "remove": "user_removed",
    "replace": "user_replaced",
    "limit": "user_limit_changed",
    "reset user": "user_activations_reset",
    "enable": "license_enabled",
    "disable": "license_disabled",
    "bar": "device_blacklisted",
    "extend": "license_extended",
}
ALWAYS: tuple[Verb, ...] = ("reset license", "limit", "reset user")
"""What is recorded also where it changes nothing; of the others, a repeat is not."""


class OnTheEngine(LicenseMachine):
    """A license of a vendor of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.operator = ExitStack()

    def teardown(self) -> None:
        self.operator.close()
        assert self.vendor.differences() == []

    def issue(self, terms: dict[str, Any], least: int) -> None:
        settings = runtime().settings.model_copy(update={"license_changes_per_hour": least})
        self.operator.enter_context(using(replace(runtime(), settings=settings)))
        self.vendor = Vendor()
        self.license = self.vendor.issue("revit" if self.by_user else "viewer", **terms)
        self.accounts: dict[str, tuple[int, str | None]] = {}
        self.recorded: list[tuple[int, EventType]] = [(NOW, "license_issued")]
        self.announced_phase = VALID
        self.notified_until = NOW
        self.heard: dict[Key, int] = {}
        if self.by_user:
            for user in USERS:  # each has an account, and nobody a seat
                account, password = self.vendor.assign(self.license, user, 0)
                self.accounts[user] = account.id, password
                change_seat.remove_user(self.vendor.code, self.license.id, user, ADMIN, now=NOW)
                self.recorded += [(NOW, "user_assigned"), (NOW, "user_removed")]

    def carry_out(self, step: Step) -> str:
        self.vendor.now = int(step.clock)
        try:
            return self.called(step) if step.verb in ("activate", "check", "deactivate") else self.managed(step)
        except SeatkeeperError as denied:
            return denied.code

    def called(self, step: Step) -> str:
        """By the license's id and by its key, or the user's name, in turns."""
        who, device = step.user or self.license, step.device or ""
        by_id = {"license_id": self.license.id} if step.clock // 10 % 2 else {}
        if step.verb == "deactivate":
            self.vendor.deactivate(who, device, **by_id)
            return OK
        if step.verb == "check":
            checked = self.vendor.check(who, device, **by_id).license
            assert checked == self.vendor.stored(self.license)
            return OK_EXPIRED if is_expired(checked, self.vendor.now) else OK
        password = None if step.user is None else self.accounts[step.user][1]
        snapshot = self.vendor.activate(who, device, password, **by_id)
        assert snapshot.license == self.vendor.stored(self.license)
        assert snapshot.device is not None
        assert is_live(snapshot.device, snapshot.license, snapshot.seat)
        return OK

    def managed(self, step: Step) -> str:
        limit = maximum(inf if step.limit is None else step.limit)
        if step.verb == "sweep":
            sweep(now=self.vendor.now)
        elif step.verb == "assign":
            account, password = self.vendor.assign(self.license, step.user or "", limit)
            self.accounts[account.email] = account.id, password
        else:
            deeds: dict[Verb, tuple[Callable[..., Any], tuple[Any, ...]]] = {
                "reset device": (change_device.reset_device, (step.device,)),
                "bar": (change_device.blacklist_device, (step.device,)),
                "reset license": (change_license.reset_license, ()),
                "enable": (change_license.set_enabled, (True,)),
                "disable": (change_license.set_enabled, (False,)),
                "extend": (change_license.extend, (maximum(step.to), None)),
                "remove": (change_seat.remove_user, (step.user,)),
                "replace": (replace_user, (step.user, step.other)),
                "limit": (change_seat.set_max_activations, (step.user, limit)),
                "reset user": (change_seat.reset_activations, (step.user,)),
            }
            use_case, given = deeds[step.verb]
            use_case(self.vendor.code, self.license.id, *given, ACTORS[step.by], now=self.vendor.now)
        return OK

    # --- what else is stored --------------------------------------------------------------------------------------

    def noticed(self, step: Step, before: Model) -> None:
        """What the history has of it, and when the device was heard of last."""
        now, after, key = int(step.clock), self.model, (step.device or "", step.user)
        if step.verb == "sweep":
            self.give_notice(before, now)
        if step.verb == "sweep" or (step.verb == "extend" and before.end != after.end):
            now += self.announce(before, now)
        if step.verb in ALWAYS or (step.verb in EVENTS and before != after):
            self.recorded.append((now, EVENTS[step.verb]))
        if step.verb in ("reset device", "bar"):
            self.recorded += [(now, "device_reset")] * len(before.live - after.live)
        self.announced_phase = (
            min(self.announced_phase, self.phase()) if before.end != after.end else self.announced_phase
        )
        self.notified_until = int(step.clock) if before.end != after.end else self.notified_until
        is_new = key in after.live - before.live
        if step.verb in ("activate", "check") and (is_new or now - self.heard[key] >= CHECK_INTERVAL_MS):
            self.heard[key] = now

    def give_notice(self, license: Model, now: int) -> None:
        """The event of the days to its end that it has come within since the last sweep, while it has not ended."""
        if any(self.notified_until < license.end - days * DAY <= now for days in NOTICE_DAYS):
            self.notified_until = now
            self.recorded += [(now, "license_will_expire")] if now < license.end else []

    def announce(self, license: Model, now: int) -> int:
        """The events of what has come about up to now; answers how many."""
        reached = EXPIRED if license.is_expired(now) else GRACE if now >= license.end else VALID
        kinds: dict[int, EventType] = {GRACE: "grace_started", EXPIRED: "license_expired"}
        due = [kind for phase, kind in kinds.items() if self.announced_phase < phase <= reached]
        due = due if license.grace else due[-1:]
        self.recorded += [(now + number, kind) for number, kind in enumerate(due)]
        self.announced_phase = reached
        return len(due)

    def there(self) -> There:
        stored = self.items()
        (license,) = _values(stored, LicenseItem, "license")
        seats = {seat.email: seat for seat in _values(stored, SeatItem, "seat#")}
        emails = {id: email for email, (id, _) in self.accounts.items()}
        devices = _values(stored, DeviceItem, "device#")
        return There(license, seats, {(one.hardware_id, emails.get(one.user_id or 0)): one for one in devices})

    @invariant()
    def history_and_checks_are_stored(self) -> None:
        stored = self.items()
        events = [(int(item["at"]["N"]), item["type"]["S"]) for part, item in stored.items() if part.startswith("at#")]
        answers = [event for event in events if event[1] != "license_limit_reached"]  # noted once a day, of refusals
        assert sorted(answers) == sorted(self.recorded)  # those of one millisecond have no order
        there = self.there()
        assert {key: device.last_check_at for key, device in there.devices.items()} == self.heard
        assert sum(map(activations_of, _values(stored, EventItem, "at#"))) == there.license.times_activated

    @invariant()
    def the_revision_tells_how_often_terms_were_changed(self) -> None:
        assert self.vendor.stored(self.license).revision == self.model.revision

    def items(self) -> dict[str, Raw]:
        """All that is stored of the license, by sort key."""
        found = reads.query_raw(LicenseItem, license_pk(self.vendor.code, self.license.id))
        return {item["part"]["S"]: item for item in found}


def _values(stored: dict[str, Raw], item: type[Item[T]], prefix: str) -> list[T]:
    """The domain's values of one kind."""
    return [item.from_raw(raw) for part, raw in stored.items() if part.startswith(prefix)]


TestStore = OnTheEngine.TestCase
TestStore.settings = settings(
    max_examples=15,
    stateful_step_count=40,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # no time is measured here
)
