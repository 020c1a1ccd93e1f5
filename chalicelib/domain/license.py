"""A license, its seats and devices, and what can be said of them at an instant.

Counters (`times_activated`, `users_assigned`, `activations`) are moved by the store's conditional writes alone;
nothing here writes. Instants are integer milliseconds since the epoch, UTC (`domain.instants`).

A device is *live* while it holds an activation. Liveness is derived, so that many activations end by one small write:

* a reset of the license raises `License.epoch`, and every device of an older epoch is off;
* a reset of one user's activations gives the seat a new `Seat.epoch`, and that user's devices are off.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from hashlib import sha256
from typing import Literal, overload

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import LATEST, Instant
from chalicelib.domain.pasted import MAX_KEPT, composed, one_line, safe_to_show

AuthorizationMethod = Literal["license-key", "user"]
UnmeteredType = Literal["perpetual", "time-limited", "subscription"]
LicenseType = Literal[UnmeteredType, "consumption"]
"""`consumption`: each use is counted (`domain.meters`); it may have an end, or none."""
Period = Literal["daily", "weekly", "monthly", "annually"]
"""Of uses that are counted."""
RenewalBasis = Literal["end", "now", "later"]
"""What a renewal counts from: the old end, also where that is past; now; or whichever of them is later."""
Overage = Literal["none", "1.25x", "1.5x", "2x", "always"]
"""How many devices may be active, by how many were sold; `always`: any number."""
Phase = Literal["valid", "grace", "expired"]
Status = Literal["disabled", "expired", "grace", "scheduled", "inactive", "active"]

HOUR_MS = 3_600_000
MAX_NAME = 60
"""Characters of a license's name."""
LEAST_IDLE_DEVICES = 1000
MAX_LISTED_USERS = 10
"""Users that a license is listed with."""
FLOATING_TIMEOUT = 120
"""Minutes, where nothing else is sold."""
_SHARES: Mapping[Overage, tuple[int, int]] = {"none": (1, 1), "1.25x": (5, 4), "1.5x": (3, 2), "2x": (2, 1)}
"""As fractions; `always` has none."""
TRANSFERS_FORBIDDEN = -1
TRANSFERS_UNLIMITED = 0


@dataclass(frozen=True, slots=True)
class License:
    """The terms and the counters of one license. `None` in a limit means unlimited, in a date that there is none."""

    company: str
    id: int
    product: str
    authorization_method: AuthorizationMethod
    license_type: LicenseType
    created_at: Instant
    license_key: str | None = None
    enabled: bool = True
    disabled_by: Literal["vendor", "customer"] | None = None
    """Who has disabled it. None where it is disabled: the vendor, of before that was kept."""
    is_trial: bool = False
    max_activations: int | None = None
    overage: Overage = "none"
    """How far `times_activated` may go beyond `max_activations`: those who come then are let in, and told of."""
    times_activated: int = 0
    floating_users: int = 0
    """How many of the active devices may use it at once, each with a slot (`domain.slots`); 0: it is not floating."""
    floating_timeout: int = FLOATING_TIMEOUT
    """Minutes that a slot is held after a check."""
    max_consumptions: int | None = None
    """How often it may be used in one period. None: unlimited, or no matter: uses are not counted."""
    allow_negative_consumptions: bool = False
    """Whether a use can be given back."""
    allow_overages: bool = False
    max_overages: int = 0
    """Uses beyond `max_consumptions`, where those are allowed; 0: any number."""
    consumption_period: Period | None = None
    """In which uses are counted anew. None: never."""
    max_license_users: int | None = None
    users_assigned: int = 0
    max_transfers: int = TRANSFERS_UNLIMITED
    free_resets: bool | None = None
    """Whether an activation that the customer resets counts as released by nobody: taking it is no transfer."""
    prevent_vm: bool | None = None
    """Whether it can be activated on no virtual machine; None: as its product says (`prevents_vm`)."""
    transfer_count: int = 0
    released: int = 0
    """Activations released by a deactivation, or reset by the customer, and not taken again: the next one of another
    device is a transfer."""
    last_released_by: str | None = None
    """Hardware hash of the device that was released last; None where a reset released several at once."""
    validity_period: Instant | None = None
    valid_duration: str | None = None
    """Sets `validity_period` at the first activation: `30d`, `12m`, `1y`."""
    start_date: Instant | None = None
    grace_period: int = 0
    """Hours past `validity_period` in which the license still counts as valid; 0 where no grace is allowed."""
    renewal_basis: RenewalBasis = "later"
    """What its renewals count from, where who renews it does not say."""
    first_activated_at: Instant | None = None
    announced_phase: Phase = "valid"
    """The last phase that the history has; the true phase is `phase(license, now)`."""
    notified_until: Instant | None = None
    """Notices of its end (`transitions.NOTICE_DAYS`) that are of up to this instant are given, or never will be: the
    license was nearer to its end when it got it. None: those of up to `created_at`."""
    activations_kept: int = field(default=0, compare=False)
    users_kept: int = field(default=0, compare=False)
    transfers_kept: int = field(default=0, compare=False)
    """How many there were when the limit was changed last: so many stay, whatever it is."""
    slots_known: int = 0
    """Where fewer slots are sold than before: how many there were, as long as some beyond them may be in use."""
    slot_takes: int = 0
    """How often a slot was taken."""
    slot_releases: int = 0
    """How often slots were given back, those of a user at once. None of these counts what a reset gives back."""
    order_id: str | None = None
    customer: str | None = None
    """The email of the customer."""
    bought_as: str | None = None
    """The email that the customer had when the license was sold, where it has changed or the customer was merged into
    another one: by it passwords are kept apart (`domain.access`)."""
    sold_in: str | None = None
    """The order that it was sold in, where it was moved to another one since: the license's id may be that order's."""
    name: str | None = None
    """What its managers call it, to tell it from others of the product. None: nothing."""
    archived_at: Instant | None = None
    """Since when the vendor has put it away, and refuses every use. Where `disabled_by` is None then, it was enabled
    before, and is again once it is restored."""
    epoch: int = 0
    revision: int = field(default=0, compare=False)
    """How often the terms were changed. Activations, resets and other counters do not move it."""
    bucket_full_at: Instant | None = None
    """When the bucket of changes is full again (`domain.rate`); None: since ever."""
    seats_full_at: Instant | None = None
    """When the bucket of seats that customers give is full again; None: since ever."""
    legacy_devices: int = 0
    """Devices of another license system that wait to be adopted (`domain.adoption`) and belong to no user; those of a
    user are counted in the seat."""
    adopt_until: Instant | None = None
    """Until when they may be, those of users, too: then they lapse. None: there are none."""
    known_devices: int = 0
    """Devices that are or were active, and are not forgotten; without those of before they were counted."""
    blocked_devices: int = 0
    """How many devices may never be activated here; each has an item of its own."""
    blacklist: frozenset[str] = frozenset()
    """Tags of such devices, of those that were named before they had items."""
    customer_id: int | None = field(default=None, compare=False)
    """Under which id a list looks for the record of the customer first. It may be that of another one by now; None, of
    before it was kept: it follows from the email, by a read more."""
    listed_users: frozenset[int] = field(default=frozenset(), compare=False)
    """Whose seats a list looks for: of the first `MAX_LISTED_USERS` who have got one those who still have it. Some may
    be missing, or have none by now: then the license's seats say it, by a read more."""

    @property
    def most_activations(self) -> int | None:
        """How many devices may be active at once, those beyond what was sold among them. None: any number."""
        return with_overage(self.max_activations, self.overage)


@dataclass(frozen=True, slots=True)
class DeletedLicense:
    """What stays known of a license that was deleted, beside its history."""

    company: str
    id: int
    product: str
    created_at: Instant
    deleted_at: Instant
    license_key: str | None = None
    """No other license ever gets it."""
    order_id: str | None = None
    """The order that it was sold in."""
    is_cleared: bool = False
    """Whether all is gone that it had: seats, devices, and what led to them."""


@dataclass(frozen=True, slots=True)
class LicenseState:
    """Of a license, what tells its status and its use, as the fields of the same names there."""

    id: int
    license_type: LicenseType
    authorization_method: AuthorizationMethod
    enabled: bool
    times_activated: int
    users_assigned: int
    product: str
    disabled_by: Literal["vendor", "customer"] | None = None
    first_activated_at: Instant | None = None
    validity_period: Instant | None = None
    grace_period: int = 0
    start_date: Instant | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """One user's seat on a user-based license."""

    user_id: int
    email: str
    activations: int
    epoch: int
    license_epoch: int
    """The license's epoch that `activations` belongs to; in any later epoch the seat holds none."""
    assigned_at: Instant
    max_activations: int | None = None
    first_name: str | None = None
    """Names and phone number as the license's customer gave them, and shown to him alone. None: of before they were."""
    last_name: str | None = None
    phone_number: str | None = None
    revision: int = field(default=0, compare=False)
    """How often the seat's own limit was changed."""
    bucket_full_at: Instant | None = None
    """When the user's own bucket of changes is full again (`domain.rate`); None: since ever. No reset fills it."""
    legacy_devices: int = 0
    """Of the `activations`, those of devices that wait to be adopted by one of the user's own (`domain.adoption`)."""
    last_used_at: Instant | None = None
    """When the user was last heard of here, by an activation or a check: behind by `USE_INTERVAL_MS` at most."""

    @property
    def unused_since(self) -> Instant:
        """The last use; of who has never used the license, when the seat was given."""
        return self.last_used_at or self.assigned_at

    def in_epoch_of(self, license: "License") -> "Seat":
        """The seat as it counts in the license's epoch: after a reset of the license with no activations."""
        if self.license_epoch == license.epoch:
            return self
        return replace(self, activations=0, legacy_devices=0, license_epoch=license.epoch)

    def activations_in(self, license: License) -> int:
        """Activations of this seat that count in the license's epoch."""
        return self.activations if self.license_epoch == license.epoch else 0


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What a client says of the device it runs on."""

    hardware_id: str
    hostname: str | None = None
    os_ver: str | None = None
    ip: str | None = None
    mac_address: str | None = None
    is_vm: bool | None = None
    vm_info: str | None = None
    app_ver: str | None = None
    sdk_ver: str | None = None


REPORTED = tuple(field.name for field in fields(DeviceReport))
"""The names of what a client says, which a `Device` has, too."""


@dataclass(frozen=True, slots=True)
class Device:
    """A hardware id on a license (of one user, where the license is user-based)."""

    id: int
    hardware_id: str
    active: bool
    epoch: int
    first_activated_at: Instant
    activated_at: Instant
    last_check_at: Instant
    user_id: int | None = None
    seat_epoch: int | None = None
    hostname: str | None = None
    os_ver: str | None = None
    ip: str | None = None
    mac_address: str | None = None
    is_vm: bool | None = None
    vm_info: str | None = None
    app_ver: str | None = None
    sdk_ver: str | None = None
    legacy: bool = False
    """Whether it came from another license system and has never called. While it is live, it waits to be adopted."""
    slot: int | None = None
    """The number of the slot that it has taken last; whether it holds it, the slot says (`domain.slots`)."""
    slot_moves: int = 0
    """How often it has got a slot, or given one back."""
    slots_full_at: Instant | None = None
    """When its bucket of slots is full again (`domain.slots`); None: since ever."""


def license_title(product: str, license: License) -> str:
    """What people call a license of the product of this name: with the name that its managers have given it."""
    return f"{product} \N{EM DASH} {license.name}" if license.name else product


def license_name(text: str) -> str | None:
    """The stored form of a license's name, in one line; None for an empty one. Raises `Invalid` at the field `name`."""
    name = one_line(text)
    if len(name) > MAX_NAME:
        raise Invalid("text_too_long", field="name", most=MAX_NAME)
    if not name.isprintable():
        raise Invalid("text_not_printable", field="name")
    return name or None


def with_overage(sold: int | None, overage: Overage) -> int | None:
    """How many devices may be active where so many were sold: whole ones, no part of one. None: any number."""
    if sold is None or overage == "always":
        return None
    times, of = _SHARES[overage]
    return sold * times // of


def hash_hardware_id(hardware_id: str) -> str:
    """A short name of fixed length for a hardware id, which clients may choose freely and long (96 bits)."""
    return sha256(hardware_id.encode()).hexdigest()[:24]


def hash_host_name(host_name: str) -> str:
    """The same for the name that a device has in its network, in which large and small letters are alike.

    One that is looked for as the device sent it is that which was kept of it.
    """
    return hash_hardware_id(composed(safe_to_show(host_name, MAX_KEPT)).strip().casefold())


def idle_devices_kept(license: License) -> int:
    """How many devices that are not live a license remembers; those beyond are forgotten, their history is not."""
    sold = license.times_activated if license.max_activations is None else license.max_activations
    return max(LEAST_IDLE_DEVICES, 4 * sold)


def is_live(device: Device, license: License, seat: Seat | None) -> bool:
    """Whether the device is live: switched on, and by no reset since."""
    if not device.active or device.epoch != license.epoch:
        return False
    if license.authorization_method == "license-key" or (device.legacy and device.user_id is None):
        return True
    return seat is not None and device.seat_epoch == seat.epoch


@overload
def ends_at(validity_period: Instant, grace_period: int) -> Instant: ...
@overload
def ends_at(validity_period: Instant | None, grace_period: int) -> Instant | None: ...
def ends_at(validity_period: Instant | None, grace_period: int) -> Instant | None:
    """The first instant at which a license of these terms is expired; the calendar's last, where that is later."""
    return None if validity_period is None else min(LATEST, validity_period + grace_period * HOUR_MS)


def within_calendar(validity_period: Instant, grace_period: int) -> bool:
    """Whether a license of these terms ends within the years that a date can be written in."""
    return validity_period + grace_period * HOUR_MS <= LATEST


def phase(license: License | LicenseState, now: Instant) -> Phase:
    """Where in its life the license is, by its dates and the clock alone."""
    end = ends_at(license.validity_period, license.grace_period)
    if end is not None and now >= end:
        return "expired"
    if license.validity_period is not None and now >= license.validity_period:
        return "grace"
    return "valid"


def is_expired(license: License, now: Instant) -> bool:
    """Past `validity_period` and past the grace period, where one is allowed."""
    return phase(license, now) == "expired"


def prevents_vm(license: License, of_product: bool) -> bool:
    """Whether it can be activated on no virtual machine; `of_product`: what its product says, if it says nothing."""
    return of_product if license.prevent_vm is None else license.prevent_vm


def is_activated(license: License | LicenseState) -> bool:
    """At least one device is active. A subscription counts as activated from the start."""
    return license.license_type == "subscription" or license.times_activated > 0


def status(license: License | LicenseState, now: Instant) -> Status:
    """The one word shown for a license; the gravest that is true. Never `active` where an activation is refused."""
    if not license.enabled:
        return "disabled"
    where = phase(license, now)
    if where != "valid":
        return where
    if license.start_date is not None and now < license.start_date:
        return "scheduled"
    return "active" if is_activated(license) else "inactive"
