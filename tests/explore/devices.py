"""What a license knows of its devices: their variables, which are blocked, which forgotten; and how it is prolonged."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache

from chalicelib.domain.errors import NotFound
from chalicelib.store import activations, deleted_licenses, licenses, reads, variables
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.items.links import LookupItem
from chalicelib.store.keys import (
    deleted_license_sort_key,
    event_sort_key,
    license_key_sort_key,
    license_pk,
    order_sort_key,
)
from chalicelib.usecases import change_device, change_license
from chalicelib.usecases.delete_license import delete_license
from chalicelib.usecases.device_variables import track_variables
from chalicelib.usecases.variables import change_variable, delete_variable
from tests.explore.deeds import activate, of_license
from tests.explore.serial import SerialDeed
from tests.explore.worlds import Made, World, make_world
from tests.support import ADMIN

IDLE = 9
"""Devices that gave their places back: one more than the license remembers (`scheduler.SMALL`)."""
FIRST = 1
"""How far the id of a device's first variable is from that of the device."""
STARTS = ("known", "crowded", "blocked")
"""A device is active and has variables; none is, and more are known than are remembered; another one is blocked."""


def _known(made: Made) -> None:
    made.activate(0)
    vendor = made.vendor
    track_variables(vendor.code, vendor.lookup(made.license, "d0"), {"a": "0"}, ADMIN, now=vendor.now)


def _crowded(made: Made) -> None:
    for number in range(IDLE):
        made.vendor.now += 1
        made.vendor.activate(made.license, f"idle{number}")
        made.vendor.deactivate(made.license, f"idle{number}")


def _blocked(made: Made) -> None:
    _known(made)
    change_device.blacklist_device(made.vendor.code, made.license.id, "d2", ADMIN, now=made.vendor.now)


_PREPARE = {"known": _known, "crowded": _crowded, "blocked": _blocked}


@cache
def world(start: str) -> World:
    """The world of that start."""
    return make_world("key", start, _PREPARE[start])


def view(world: World) -> object:
    """What is stored of the license. What it forgets of idle devices may as well be forgotten later."""
    code, license = world.vendor.code, licenses.read_license(world.vendor.code, world.license.id)
    if license is None:
        gone = deleted_licenses.read(code, world.license.id)
        # Whoever blacklists a device ends its activation in a step of its own, unless the license is gone by then.
        return {"left": left_of(world), "cleared": gone and gone.is_cleared, "events": _events(world, "device_reset")}
    devices = list(activations.devices(code, license.id))
    active = sorted(one.hardware_id for one in devices if one.active and one.epoch == license.epoch)
    kept = variables.read_variables(license, "d0", None)
    return {
        "license": (license.enabled, license.validity_period, license.times_activated, license.announced_phase),
        "active": active,
        "blocked": sorted(licenses.blocked_devices(code, license.id)),
        "variables": [(one.name, one.value) for one in kept.variables if "d0" in active],
        "events": _events(world),
        "known": license.known_devices == len(devices),
    }


def _events(world: World, *but: str) -> list[object]:
    counted = Counter[tuple[object, ...]]()
    for event in world.vendor.history(world.license):
        if event.type not in ("devices_forgotten", *but):
            counted[event.type, event.hardware_id, event.detail.get("validity_period")] += 1 + event.repeats
    return sorted(counted.items(), key=str)


def left_of(world: World) -> list[str]:
    """What is stored of a license that is deleted, but its history."""
    code, pk = world.vendor.code, license_pk(world.vendor.code, world.license.id)
    parts = [part for part in reads.sort_keys(LicenseItem, pk) if not part.startswith(event_sort_key())]
    id, kept = world.license.id, (license_key_sort_key(), deleted_license_sort_key(), order_sort_key())
    for raw in reads.query_raw(LookupItem, code):
        part, to = raw["part"]["S"], raw.get("to", {}).get("N")
        if (f"{id:016d}" in part or to == str(id)) and not part.startswith(kept):
            parts.append(part)
    return sorted(parts)


def _by_device(do: Callable[[World], object]) -> Callable[[World], None]:
    def done(world: World) -> None:
        do(world)

    return done


def _track(**values: str) -> Callable[[World], None]:
    def do(world: World) -> None:
        lookup = world.vendor.lookup(world.license, "d0")
        track_variables(world.vendor.code, lookup, values, ADMIN, now=world.now)

    return do


def _by_id(use_case: Callable[..., object], **given: str) -> Callable[[World], None]:
    """On the first variable, by a vendor's server."""

    def do(world: World) -> None:
        variable = world.places["d0", None] + FIRST
        use_case(world.vendor.code, variable, ADMIN, **given, now=world.now)

    return do


def _prolong(world: World) -> None:
    change_license.extend(world.vendor.code, world.license.id, None, "5d", ADMIN, now=world.now)


def _delete(world: World) -> None:
    """Who finds it half removed goes on; that it is gone is as well."""
    with suppress(NotFound):
        delete_license(world.vendor.code, world.license.id, ADMIN, now=world.now)


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("activate", _by_device(activate("d2", 0)), in_steps=True)
    yield SerialDeed("activate-idle", _by_device(activate("idle0", 0)), in_steps=True)
    yield SerialDeed("deactivate", lambda world: world.vendor.deactivate(world.license, "d0", now=world.now))
    yield SerialDeed("track", _track(a="1"))
    yield SerialDeed("track-rival", _track(a="2", b="2"))
    yield SerialDeed("change-variable", _by_id(change_variable, name="c", value="3"))
    yield SerialDeed("delete-variable", _by_id(delete_variable))
    yield SerialDeed("block", _by_device(of_license(change_device.blacklist_device, "d0")), in_steps=True)
    yield SerialDeed("allow", _by_device(of_license(change_device.allow_device, "d2")))
    yield SerialDeed("prolong", _prolong)
    yield SerialDeed("disable", _by_device(of_license(change_license.set_enabled, False)))
    yield SerialDeed("reset-license", _by_device(of_license(change_license.reset_license)))
    yield SerialDeed("delete-license", _delete, in_steps=True)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
FROM: dict[str, tuple[str, ...]] = {"crowded": tuple(name for name in DEEDS if not name.endswith("-variable"))}
"""From where no variable is, what has to do with it."""
LEFT_OUT = frozenset({"delete-license+delete-license/crowded", "activate+delete-license/crowded"})
"""A deletion reads each of many devices, which the other deletes or forgets; from other starts it is walked."""
