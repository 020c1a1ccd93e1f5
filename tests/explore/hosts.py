"""Devices that report their host names: by which each is found, whatever is done to it meanwhile."""

from collections.abc import Iterator
from functools import cache

from chalicelib.domain.license import DeviceReport, is_expired
from chalicelib.usecases import change_device, change_license
from chalicelib.usecases.check import check
from tests.explore.deeds import Deed, Do, Outcome, deactivate, of_license, reset_device
from tests.explore.worlds import Made, World, make_world
from tests.race.clients import OK, OK_EXPIRED
from tests.support import ADMIN

STARTS = ("below", "limit")
"""One device that is named, of two; two."""
NAMES = ("pc-7", "laptop-3", "kiosk")
"""The name that devices have, and others that they report later."""


def _below(made: Made) -> None:
    made.activate_one("d0", None, NAMES[0])


def _limit(made: Made) -> None:
    _below(made)
    made.vendor.now += 1
    made.activate_one("d1", None, NAMES[0])


_PREPARE = {"below": _below, "limit": _limit}


@cache
def world(start: str) -> World:
    """The world of that start."""
    return make_world("key", start, _PREPARE[start])


def _activate(device: str, host_name: str) -> Do:
    def do(world: World) -> Outcome:
        report = {"hostname": host_name}
        snapshot = world.vendor.activate(world.license, device, report=report, now=world.now)
        assert snapshot.device is not None
        return Outcome(OK, snapshot.device.id)

    return do


def _check(device: str, host_name: str) -> Do:
    def do(world: World) -> Outcome:
        lookup = world.vendor.lookup(world.license, device)
        checked = check(world.vendor.code, lookup, DeviceReport(device, hostname=host_name), ADMIN, now=world.now)
        assert checked.license is not None
        assert checked.device is not None
        return Outcome(OK_EXPIRED if is_expired(checked.license, world.now) else OK, checked.device.id)

    return do


def _all() -> Iterator[Deed]:
    yield Deed("activate", "activate", _activate("d2", NAMES[0]), "d2", 0)
    yield Deed("activate-again", "activate", _activate("d0", NAMES[0]), "d0", 0)
    yield Deed("activate-renamed", "activate", _activate("d0", NAMES[1]), "d0", 0)
    yield Deed("check-renamed", "check", _check("d0", NAMES[1]), "d0", 0)
    yield Deed("check-renamed-otherwise", "check", _check("d0", NAMES[2]), "d0", 0)
    yield Deed("deactivate", "deactivate", deactivate("d0", 0), "d0", 0)
    yield Deed("reset-device", "reset device", reset_device("d0", 0), "d0", 0)
    yield Deed("block-device", "bar", of_license(change_device.blacklist_device, "d0"), "d0")
    yield Deed("reset-license", "reset license", of_license(change_license.reset_license))
    yield Deed("disable", "disable", of_license(change_license.set_enabled, False))


DEEDS: dict[str, Deed] = {deed.name: deed for deed in _all()}
