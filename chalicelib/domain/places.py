"""Who may take a place, who holds one, and who is refused: the guards of activation, check and deactivation.

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

A device that holds a place passes 8 to 11: repeating an activation is safe and counts nothing.
"""

from dataclasses import asdict, dataclass, replace

from chalicelib.domain.history import Actor
from chalicelib.domain.ids import new_id
from chalicelib.domain.instants import Instant, add, parse_duration
from chalicelib.domain.license import (
    TRANSFERS_FORBIDDEN,
    Device,
    DeviceReport,
    License,
    Seat,
    device_tag,
    is_expired,
    is_live,
)
from chalicelib.domain.people import User
from chalicelib.domain.rate import LEAST_CHANGES, Bucket, bucket_of
from chalicelib.domain.refusal import Refused

CHECK_NOTED_EVERY_MS = 15 * 60_000
"""`last_check_at` is written at most this often for one device: a check is a read, not a write."""

_TOO_FAST = "Too many devices were activated on this license within an hour; try again later."
_USER_TOO_FAST = "This user has activated too many devices on this license within an hour; try again later."


@dataclass(frozen=True, slots=True)
class Place:
    """All that one decision about one device needs, as read at one moment. Absent items are None."""

    license: License | None
    device: Device | None = None
    seat: Seat | None = None
    user: User | None = None
    blocked: bool = False
    """Whether the device has an item that says that it may not be used here."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A place to take: what the atomic write has to move besides the counters."""

    license: License
    bucket: Bucket
    """What the activation takes a change out of; and out of the user's share of it (`seat_bucket`)."""
    device_id: int
    """The device's id: the one it has, or a new one."""
    already_live: bool = False
    transfer: bool = False
    """The activation takes over a place that another device gave up."""
    fills_vacated: bool = False
    validity_period: Instant | None = None
    """Set where this first activation starts `valid_duration`."""


@dataclass(frozen=True, slots=True)
class Release:
    """A place to give back. `live` is false when there is nothing to give: the call is a repeat."""

    license: License
    device: Device
    live: bool


def grant_activation(
    place: Place, report: DeviceReport, *, prevent_vm: bool, least_changes: int = LEAST_CHANGES, now: Instant
) -> Grant:
    """Decide an activation. Raises `Refused` with the first guard that fails.

    `least_changes`: in an hour, of a license of few devices.
    """
    license, tag = _usable(place, report.hardware_id), device_tag(report.hardware_id)
    if license.start_date is not None and now < license.start_date:
        raise Refused("license_start_date_not_reached")
    if is_expired(license, now):
        raise Refused("license_expired")
    if prevent_vm and report.is_vm:
        raise Refused("vm_not_allowed")
    device_id = new_id(now) if place.device is None else place.device.id
    bucket = bucket_of(license.max_activations, least_changes)
    if place.device is not None and is_live(place.device, license, place.seat):
        return Grant(license, bucket, device_id, already_live=True)
    transfer = license.vacated > 0 and license.last_vacated != tag
    if transfer:
        _guard_transfer(license)
    if place.seat is not None and _full(place.seat.taken(license), place.seat.max_activations):
        raise Refused("user_activated_max_times")
    if _full(license.times_activated, license.max_activations):
        raise Refused("license_activated_max_times")
    _guard_rate(license, place.seat, bucket, now)
    return Grant(
        license,
        bucket,
        device_id,
        transfer=transfer,
        fills_vacated=license.vacated > 0,
        validity_period=_validity_at_first_activation(license, now),
    )


def assign_bucket(license: License, actor: Actor) -> Bucket | None:
    """What the seats are taken out of that a customer gives, twice as many as were sold; None for the vendor."""
    return bucket_of(license.max_license_users, LEAST_CHANGES) if actor.is_customer else None


def after_activation(place: Place, grant: Grant, report: DeviceReport, now: Instant) -> Place:
    """The place as the write of `grant` leaves it, for the answer."""
    if grant.already_live:
        return place
    license = replace(
        grant.license,
        times_activated=grant.license.times_activated + 1,
        known_devices=grant.license.known_devices + (place.device is None),
        transfer_count=grant.license.transfer_count + grant.transfer,
        first_activated_at=grant.license.first_activated_at or now,
        validity_period=grant.validity_period or grant.license.validity_period,
        bucket_full_at=grant.bucket.after_change(grant.license.bucket_full_at, now),
    )
    seat = place.seat
    if seat is not None:
        seat = replace(
            seat,
            activations=seat.taken(license) + 1,
            license_epoch=license.epoch,
            bucket_full_at=seat_bucket(license, seat, grant.bucket).after_change(seat.bucket_full_at, now),
        )
    device = Device(
        id=grant.device_id,
        user_id=None if seat is None else seat.user_id,
        active=True,
        epoch=license.epoch,
        seat_epoch=None if seat is None else seat.epoch,
        first_activated_at=now if place.device is None else place.device.first_activated_at,
        activated_at=now,
        last_check_at=now,
        **asdict(report),
    )
    return replace(place, license=license, seat=seat, device=device)


def seat_bucket(license: License, seat: Seat, bucket: Bucket) -> Bucket:
    """What one user may take out of the license's `bucket`, by how many devices the seat allows."""
    return bucket.share(license.max_activations if seat.max_activations is None else seat.max_activations)


def holder(place: Place, hardware_id: str) -> tuple[License, Device]:
    """The license and the live device of a check. Raises `Refused`."""
    license = _usable(place, hardware_id)
    if place.device is None or not is_live(place.device, license, place.seat):
        raise Refused("device_not_found")
    return license, place.device


def release(place: Place) -> Release:
    """Decide a deactivation: allowed on a license in any state, and safe to repeat. Raises `Refused`."""
    license = _existing(place)
    if place.device is None:
        raise Refused("device_not_found")
    return Release(license, place.device, is_live(place.device, license, place.seat))


def counts_as_given_up(license: License, actor: Actor) -> bool:
    """Whether places that this actor resets count as given up, so that the next other device is a transfer.

    Not those that the vendor resets, nor where the vendor has sold resets that are free.
    """
    return actor.is_customer and not license.free_resets


def transfers_left(license: License) -> int | None:
    """How many more devices may take the place of another; None where transfers are not limited."""
    if license.max_transfers == TRANSFERS_FORBIDDEN:
        return 0
    return max(0, license.max_transfers - license.transfer_count) if license.max_transfers else None


def guard_reset(license: License, actor: Actor, taken: int) -> None:
    """Refuse to give up so many places at once that not all could be taken again, not by their own devices either.

    `taken`: how many there are. Each then needs a transfer, as those do that were given up before.
    """
    left, needed = transfers_left(license), license.vacated + taken
    if not taken or left is None or needed <= left or not counts_as_given_up(license, actor):
        return
    forbidden = license.max_transfers == TRANSFERS_FORBIDDEN
    sentence = (
        f"Then {needed} devices could come back as transfers only, and {left} transfers are left. Reset single devices "
        "first, of which the last can come back, or ask your vendor."
    )
    raise Refused("device_transfer_not_allowed" if forbidden else "device_transfer_limit_reached", sentence)


def check_is_due(device: Device, now: Instant) -> bool:
    """Whether this check is to be noted as the device's last one."""
    return now - device.last_check_at >= CHECK_NOTED_EVERY_MS


def _existing(place: Place) -> License:
    license = place.license
    if license is None or (license.authorization_method == "user" and place.seat is None):
        raise Refused("license_not_found")
    return license


def _usable(place: Place, hardware_id: str) -> License:
    license = _existing(place)
    if not license.enabled:
        raise Refused("license_not_enabled")
    if place.blocked or device_tag(hardware_id) in license.blacklist:
        raise Refused("blacklisted")
    return license


def _guard_transfer(license: License) -> None:
    if license.max_transfers == TRANSFERS_FORBIDDEN:
        raise Refused("device_transfer_not_allowed")
    if 0 < license.max_transfers <= license.transfer_count:
        raise Refused("device_transfer_limit_reached")


def _guard_rate(license: License, seat: Seat | None, bucket: Bucket, now: Instant) -> None:
    wait, why = bucket.wait_ms(license.bucket_full_at, now), _TOO_FAST
    if seat is not None:
        own = seat_bucket(license, seat, bucket).wait_ms(seat.bucket_full_at, now)
        wait, why = (own, _USER_TOO_FAST) if own > wait else (wait, why)
    if wait:
        raise Refused("rate_limit_exceeded", why, retry_after=-(-wait // 1000))


def _full(used: int, limit: int | None) -> bool:
    return limit is not None and used >= limit


def _validity_at_first_activation(license: License, now: Instant) -> Instant | None:
    if license.first_activated_at is not None or license.valid_duration is None:
        return None
    return add(now, parse_duration(license.valid_duration))
