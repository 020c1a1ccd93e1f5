"""Who may activate, who is live, and who is denied: the guards of activation, check and deactivation.

Guards run from the gravest to the mildest, always in this order; the first that fails is the answer:

1. `license_not_found`: no such license here, or the user has no seat on it
2. `license_not_enabled`
3. `blacklisted`
4. `license_start_date_not_reached`   (activation only)
5. `license_expired`                  (activation only; a check answers with `is_expired`)
6. `vm_not_allowed`                   (activation only)
7. `device_not_found`                 (check and deactivation)
8. `device_transfer_not_allowed`, `device_transfer_limit_reached`
9. `user_activated_max_times`
10. `license_activated_max_times`
11. `rate_limit_exceeded`             (the license's bucket of changes is empty, or the user's own on it: `domain.rate`;
    it ends by itself, and what waits longer says when)

A device that is live passes 8 to 11: repeating an activation is safe and counts nothing. One that adopts a legacy
device (`domain.adoption`) passes 8 and 10, and 9 where that was the user's own: it takes what is taken already.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from chalicelib.domain.adoption import Whose, may_adopt, to_adopt
from chalicelib.domain.catalog import Product
from chalicelib.domain.errors import Denied, LimitReached, NotFound, SeatkeeperError
from chalicelib.domain.events import Actor
from chalicelib.domain.extras import NO_EXTRAS, Extras
from chalicelib.domain.ids import new_device_id
from chalicelib.domain.instants import Instant, add, parse_duration, whole_seconds
from chalicelib.domain.license import (
    REPORTED,
    TRANSFERS_FORBIDDEN,
    Device,
    DeviceReport,
    License,
    Seat,
    hash_hardware_id,
    is_expired,
    is_live,
    prevents_vm,
)
from chalicelib.domain.limits import LICENSE_ACTIVATIONS, LICENSE_OVERAGE, LICENSE_TRANSFERS, SEAT_ACTIVATIONS
from chalicelib.domain.meters import Meter
from chalicelib.domain.rate import LEAST_CHANGES, Bucket, bucket_of
from chalicelib.domain.users import User

P = ParamSpec("P")
T = TypeVar("T")

CHECK_INTERVAL_MS = 15 * 60_000
"""`last_check_at` is written at most this often for one device: a check is a read, not a write."""
USE_INTERVAL_MS = 12 * 60 * 60_000
"""`last_used_at` is written at most this often for one seat, beside the device's check: people are told the day."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that one decision about one device needs, as read at one moment. Absent items are None."""

    license: License | None
    device: Device | None = None
    seat: Seat | None = None
    user: User | None = None
    blocked: bool = False
    """Whether the device has an item that says that it may not be used here."""
    extras: Extras = NO_EXTRAS
    """What the license carries besides, where the answer shows it."""
    product: Product | None = None
    """That of the license, as the call has looked it up."""
    slots_in_use: int = 0
    """Of a floating license, where the answer shows it; it may be a minute old."""
    meter: Meter | None = None
    """Of a license whose uses are counted, where the answer shows it."""


@dataclass(frozen=True, slots=True)
class ActivationDecision:
    """A grant: what the atomic write has to move besides the counters."""

    license: License
    bucket: Bucket
    """What the activation takes a change out of; and out of the user's share of it (`seat_bucket`)."""
    device_id: int
    """The device's id: the one it has, or a new one."""
    already_active: bool = False
    transfer: bool = False
    """The activation follows one that another device released."""
    takes_released: bool = False
    goes_over: bool = False
    """The device is beyond what was sold, as far as the license allows that."""
    adopts: Whose | None = None
    """Whose legacy device it takes the place of; None: it takes a free one."""

    @property
    def is_first(self) -> bool:
        """Whether it is the first activation that the license ever has."""
        return not self.already_active and self.license.first_activated_at is None


@dataclass(frozen=True, slots=True)
class DeactivationDecision:
    """A device to switch off. `live` is false where it is off already: the call is a repeat."""

    license: License
    device: Device
    live: bool


def _names_license(decide: Callable[Concatenate[Snapshot, P], T]) -> Callable[Concatenate[Snapshot, P], T]:
    """Let what `decide` raises say of which license it is, unless it says that there is none."""

    @wraps(decide)
    def decide_and_name(snapshot: Snapshot, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return decide(snapshot, *args, **kwargs)
        except SeatkeeperError as error:
            if snapshot.license is not None and error.code != "license_not_found":
                error.license_id = snapshot.license.id
            raise

    return decide_and_name


@_names_license
def decide_activation(
    snapshot: Snapshot, report: DeviceReport, *, prevent_vm: bool, least_changes: int = LEAST_CHANGES, now: Instant
) -> ActivationDecision:
    """Decide an activation. Raises `SeatkeeperError` with the first guard that fails.

    `prevent_vm`: whether its product refuses virtual machines, for where the license does not say it.
    `least_changes`: in an hour, of a license of few devices.
    """
    license, hardware_hash = _usable(snapshot, report.hardware_id), hash_hardware_id(report.hardware_id)
    if license.start_date is not None and now < license.start_date:
        raise Denied("license_start_date_not_reached")
    if is_expired(license, now):
        raise Denied("license_expired")
    if report.is_vm and prevents_vm(license, prevent_vm):
        raise Denied("vm_not_allowed")
    device_id = new_device_id(now) if snapshot.device is None else snapshot.device.id
    bucket = bucket_of(license.max_activations, least_changes)
    if snapshot.device is not None and is_live(snapshot.device, license, snapshot.seat):
        return ActivationDecision(license, bucket, device_id, already_active=True)
    adopts = to_adopt(license, snapshot.seat, now) if may_adopt(snapshot.device) else None
    takes_released = license.released > 0 and adopts is None
    transfer = takes_released and license.last_released_by != hardware_hash
    if transfer:
        _guard_transfer(license)
    if snapshot.seat is not None and adopts != "user":
        SEAT_ACTIVATIONS.check(snapshot.seat.in_epoch_of(license))
    if adopts is None:
        LICENSE_OVERAGE.check(license)
    _guard_rate(license, snapshot.seat, bucket, now)
    return ActivationDecision(
        license,
        bucket,
        device_id,
        transfer=transfer,
        takes_released=takes_released,
        goes_over=adopts is None and LICENSE_ACTIVATIONS.room(license) == 0,
        adopts=adopts,
    )


def assign_bucket(license: License, actor: Actor) -> Bucket | None:
    """What the seats are taken out of that a customer gives, twice as many as were sold; None for the vendor."""
    return bucket_of(license.max_license_users, LEAST_CHANGES) if actor.is_customer else None


def apply_activation(snapshot: Snapshot, decision: ActivationDecision, report: DeviceReport, now: Instant) -> Snapshot:
    """The snapshot as the write of `decision` leaves it, for the answer."""
    if decision.already_active:
        return apply_claim(snapshot, now)
    comes_back = decision.takes_released and not decision.transfer
    license = replace(
        begun(decision.license, now),
        times_activated=decision.license.times_activated + (decision.adopts is None),
        legacy_devices=decision.license.legacy_devices - (decision.adopts == "license"),
        known_devices=decision.license.known_devices + (snapshot.device is None),
        transfer_count=decision.license.transfer_count + decision.transfer,
        released=decision.license.released - decision.takes_released,
        last_released_by=None if comes_back else decision.license.last_released_by,
        bucket_full_at=decision.bucket.after_change(decision.license.bucket_full_at, now),
    )
    seat = snapshot.seat
    if seat is not None:
        seat = seat.in_epoch_of(license)
        seat = replace(
            seat,
            activations=seat.activations + (decision.adopts != "user"),
            legacy_devices=seat.legacy_devices - (decision.adopts == "user"),
            bucket_full_at=seat_bucket(license, seat, decision.bucket).after_change(seat.bucket_full_at, now),
            last_used_at=now,
        )
    device = Device(
        id=decision.device_id,
        user_id=None if seat is None else seat.user_id,
        active=True,
        epoch=license.epoch,
        seat_epoch=None if seat is None else seat.epoch,
        first_activated_at=now if snapshot.device is None else snapshot.device.first_activated_at,
        activated_at=now,
        last_check_at=now,
        **{name: getattr(report, name) for name in REPORTED},
    )
    return replace(snapshot, license=license, seat=seat, device=device)


def apply_claim(snapshot: Snapshot, now: Instant) -> Snapshot:
    """The snapshot as a check leaves it, for the answer: the first call of a legacy device is its activation here."""
    license, device = snapshot.license, snapshot.device
    if license is None or device is None or not device.legacy:
        return snapshot
    return replace(snapshot, license=begun(license, now))


def begun(license: License, now: Instant) -> License:
    """The license once it was activated: its first activation starts `valid_duration`, and any later one nothing."""
    end = _validity_at_first_activation(license, now)
    if end is not None:
        license = replace(license, validity_period=end, notified_until=now)
    return replace(license, first_activated_at=license.first_activated_at or now)


def seat_bucket(license: License, seat: Seat, bucket: Bucket) -> Bucket:
    """What one user may take out of the license's `bucket`, by how many devices the seat allows."""
    return bucket.share(license.max_activations if seat.max_activations is None else seat.max_activations)


@_names_license
def guard_live_device(snapshot: Snapshot, hardware_id: str) -> tuple[License, Device]:
    """The license and the live device of a check. Raises `SeatkeeperError`."""
    license = _usable(snapshot, hardware_id)
    if snapshot.device is None or not is_live(snapshot.device, license, snapshot.seat):
        raise NotFound("device_not_found")
    return license, snapshot.device


@_names_license
def decide_deactivation(snapshot: Snapshot) -> DeactivationDecision:
    """Decide a deactivation: allowed on a license in any state, and safe to repeat. Raises `SeatkeeperError`."""
    license = _existing(snapshot)
    if snapshot.device is None:
        raise NotFound("device_not_found")
    return DeactivationDecision(license, snapshot.device, is_live(snapshot.device, license, snapshot.seat))


def counts_as_release(license: License, actor: Actor) -> bool:
    """Whether activations that this actor resets count as released, so that the next other device is a transfer.

    Not those that the vendor resets, nor where the vendor has sold resets that are free.
    """
    return actor.is_customer and not license.free_resets


def guard_reset(license: License, actor: Actor, taken: int) -> None:
    """Refuse to release more activations at once than could be taken again, even by their own devices.

    `taken`: how many there are. Each then needs a transfer, as those do that were released before.
    """
    left, needed = LICENSE_TRANSFERS.room(license), license.released + taken
    if not taken or left is None or needed <= left or not counts_as_release(license, actor):
        return
    forbidden = license.max_transfers == TRANSFERS_FORBIDDEN
    if forbidden:
        raise Denied("device_transfer_not_allowed", of="reset", needed=needed, left=left)
    most, used = license.max_transfers, license.transfer_count
    raise LimitReached("device_transfer_limit_reached", of="reset", limit=most, used=used, needed=needed, left=left)


def check_is_due(device: Device, now: Instant) -> bool:
    """Whether this check is to be recorded as the device's last one."""
    return now - device.last_check_at >= CHECK_INTERVAL_MS


def use_is_due(seat: Seat, now: Instant) -> bool:
    """Whether a check of one of the user's devices at `now` is to be noted as the seat's last use."""
    return seat.last_used_at is None or now - seat.last_used_at >= USE_INTERVAL_MS


def _existing(snapshot: Snapshot) -> License:
    license = snapshot.license
    if license is None or (license.authorization_method == "user" and snapshot.seat is None):
        raise NotFound("license_not_found")
    return license


def _usable(snapshot: Snapshot, hardware_id: str) -> License:
    license = _existing(snapshot)
    if not license.enabled:
        raise Denied("license_not_enabled")
    if snapshot.blocked or (license.blacklist and hash_hardware_id(hardware_id) in license.blacklist):
        raise Denied("blacklisted")
    return license


def _guard_transfer(license: License) -> None:
    if license.max_transfers == TRANSFERS_FORBIDDEN:
        raise Denied("device_transfer_not_allowed")
    LICENSE_TRANSFERS.check(license)


def _guard_rate(license: License, seat: Seat | None, bucket: Bucket, now: Instant) -> None:
    wait, whose = bucket.wait_ms(license.bucket_full_at, now), "license"
    if seat is not None:
        own = seat_bucket(license, seat, bucket).wait_ms(seat.bucket_full_at, now)
        wait, whose = (own, "user") if own > wait else (wait, whose)
    if wait:
        raise Denied("rate_limit_exceeded", of=whose, retry_after=whole_seconds(wait))


def _validity_at_first_activation(license: License, now: Instant) -> Instant | None:
    if license.first_activated_at is not None or license.valid_duration is None:
        return None
    return add(now, parse_duration(license.valid_duration))
