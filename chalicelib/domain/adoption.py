"""Devices that came along from another license system, and how devices of ours take over their places.

That system's hardware ids are not those that our clients compute. So a device that is imported is *legacy*: it is live,
and counted as any other, but has never called. The first activation of a hardware id that is unknown here *adopts* one
of them: the legacy device is off and the new one is on, in one write that moves no counter of activations, so that no
limit is asked and none is passed. Whoever calls with the hardware id of a legacy device is that device.

A user's legacy devices are adopted by that user's devices alone, and before those of no user. These are adopted by
whoever may activate, on a user-based license within the user's own limit. Either comes before a free place: else those
who come first would use up what was bought on top, and leave to the last a place of a machine that they have replaced.
"""

from dataclasses import dataclass
from typing import Literal

from chalicelib.domain.instants import Instant
from chalicelib.domain.license import Device, DeviceReport, License, Seat

Whose = Literal["user", "license"]
"""Whose a legacy device is: the user's who activates, or nobody's."""


@dataclass(frozen=True, slots=True)
class LegacyDevice:
    """A device as another license system knows it."""

    report: DeviceReport
    email: str | None = None
    """Of its user, who has a seat. None: it is nobody's."""
    activated_at: Instant | None = None
    last_check_at: Instant | None = None
    """None: not known."""


@dataclass(frozen=True, slots=True)
class LegacyPlace:
    """A legacy device that waits to be adopted."""

    hardware_id: str
    user_id: int | None = None


def may_adopt(device: Device | None) -> bool:
    """Whether a device that is not live is unknown here: never seen, or a legacy device that has never called."""
    return device is None or device.legacy


def to_adopt(license: License, seat: Seat | None, now: Instant) -> Whose | None:
    """Whose legacy device an unknown device of this user takes over; None: there is none, and it needs a free place."""
    if license.adopt_until is None or now >= license.adopt_until:
        return None
    if seat is not None and seat.in_epoch_of(license).legacy_devices:
        return "user"
    return "license" if license.legacy_devices else None
