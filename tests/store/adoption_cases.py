"""What is done with legacy devices, as cases of `tests.store.cases`."""

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import DeviceReport, License
from chalicelib.usecases import activate, adopt, change_device, check, deactivate
from chalicelib.usecases.sweep import SWEEP
from tests.store import states
from tests.store.case import Case
from tests.support import ADMIN, DAY, HOUR, NOW, Vendor

UNTIL = NOW + 60 * 365 * DAY
"""After all sweeps of other tests: a sweep is of all companies."""


def add(vendor: Vendor, license: License, *hardware_ids: str, email: str | None = None, until: Instant = UNTIL) -> int:
    """Add legacy devices, of one user or of none."""
    given = [LegacyDevice(DeviceReport(hardware_id), email) for hardware_id in hardware_ids]
    return adopt.add_legacy_devices(vendor.code, license.id, given, until, ADMIN, now=NOW)


def _waiting(vendor: Vendor) -> License:
    license = vendor.issue()
    add(vendor, license, "old")
    return license


def _seated(vendor: Vendor) -> states.Seated:
    """A legacy device of the user, and one of nobody."""
    seated = states.seated(vendor)
    add(vendor, seated.license, "old", email=states.ADA)
    add(vendor, seated.license, "nobodys")
    return seated


ADOPTION_CASES = (
    Case(
        "add legacy devices",
        adopt.add_legacy_devices,
        lambda v: v.issue(),
        lambda v, x: add(v, x, "old-1", "old-2"),
        ("legacy_devices_added",),
    ),
    Case(
        "adopt a device",
        activate.activate,
        _waiting,
        lambda v, x: v.activate(x, "pc"),
        ("device_activated",),
    ),
    Case(
        "adopt a device of a user",
        activate.activate,
        _seated,
        lambda v, x: v.activate(states.ADA, "pc", x.password),
        ("device_activated",),
    ),
    Case(
        "check from a legacy device",
        check.check,
        _waiting,
        lambda v, x: v.check(x, "old", now=NOW + HOUR),
        ("device_activated",),
    ),
    Case(
        "activate a legacy device itself",
        adopt.claim,
        _waiting,
        lambda v, x: v.activate(x, "old"),
        ("device_activated",),
    ),
    Case(
        "deactivate a legacy device",
        deactivate.deactivate,
        _waiting,
        lambda v, x: v.deactivate(x, "old"),
        ("device_deactivated",),
    ),
    Case(
        "reset a legacy device of nobody",
        change_device.reset_device,
        _seated,
        lambda v, x: change_device.reset_device(v.code, x.license.id, "nobodys", ADMIN, now=NOW),
        ("device_reset",),
    ),
    Case(
        "let legacy devices lapse",
        adopt.lapse,
        _seated,
        lambda v, x: adopt.lapse(v.code, x.license.id, SWEEP, now=UNTIL),
        ("device_lapsed", "device_lapsed"),
    ),
)
