"""Devices of another license system, whose places wait: adopted, claimed, reset, imported, and free at their date."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from chalicelib.domain.adoption import LegacyDevice
from chalicelib.domain.instants import Instant
from chalicelib.domain.license import DeviceReport
from chalicelib.usecases import change_device, change_license, change_seat
from chalicelib.usecases.adopt import add_legacy_devices
from tests.explore.deeds import (
    Deed,
    Do,
    Outcome,
    activate,
    check,
    deactivate,
    of_license,
    of_user,
    reset_device,
    resize,
    sweep_all,
)
from tests.explore.worlds import ENDS, PEOPLE, Made, World, make_world
from tests.model.license import Key
from tests.support import ADMIN, DAY, NOW

OLD, OLDER, NOBODYS, LATER = "l0", "l1", "n0", "l2"
"""Hardware ids of the other system. Whoever adopts one comes upon the older one first, and upon the later one last."""
UNTIL: Instant = ENDS["far"] - DAY
KEY_STARTS = ("one", "last", "two", "returned", "over")
"""One waits below the limit; at the limit, beside a device; two do; one does beside a place that was given up and may
not be moved; or until a date that is past."""
USER_STARTS = ("own", "nobody")
"""One of the first user waits and one of nobody, at the limit; or one of nobody alone, below."""
_ALONE = ("activate", "activate-rival", "itself", "check-itself", "reset-itself", "block-itself", "reset-license")
FEW = {
    "one": (*_ALONE, "sell-less", "import", "import-again"),
    "last": (*_ALONE, "repeat", "deactivate", "sell-less", "import"),
    "two": (*_ALONE, "sell-less"),
    "returned": (*_ALONE, "repeat", "import"),
    "over": (*_ALONE, "import", "sweep"),
}
"""Of the starts with a key, what is done there."""


def _wait(made: Made, *hardware_ids: str, user: str | None = None, until: Instant = UNTIL) -> None:
    """Import devices, in this order."""
    for hardware_id in hardware_ids:
        made.vendor.now += 1
        given = LegacyDevice(DeviceReport(hardware_id), user)
        add_legacy_devices(made.vendor.code, made.license.id, [given], until, ADMIN, now=made.vendor.now)
        key: Key = hardware_id, user
        live, known = made.model.live | {key}, made.model.known | {key}
        made.model = replace(made.model, live=live, known=known, imported=(*made.model.imported, key))


def _one(made: Made) -> None:
    _wait(made, OLD)


def _last(made: Made) -> None:
    made.activate(0)
    _wait(made, OLD)


def _two(made: Made) -> None:
    made.activate(0)
    _give_up(made)
    _wait(made, OLDER, OLD)


def _given_up(made: Made) -> None:
    _last(made)
    _give_up(made)
    made.model = replace(made.model, transfers=0, released=1, last="d0")


def _give_up(made: Made) -> None:
    made.vendor.deactivate(made.license, "d0")
    made.model = replace(made.model, live=made.model.live - {("d0", None)})


def _over(made: Made) -> None:
    made.activate(0)
    _wait(made, OLD, until=NOW - DAY)
    made.model = replace(made.model, adopt_until=0)


def _own(made: Made) -> None:
    _wait(made, OLD, user=PEOPLE[0])
    _wait(made, NOBODYS)


def _of_nobody(made: Made) -> None:
    _wait(made, NOBODYS)


_PREPARE = {
    "one": _one,
    "last": _last,
    "two": _two,
    "returned": _given_up,
    "over": _over,
    "own": _own,
    "nobody": _of_nobody,
}


@cache
def world(start: str) -> World:
    """The world of that start."""
    terms = {"max_transfers": -1} if start == "returned" else {}
    return make_world("users" if start in USER_STARTS else "key", start, _PREPARE[start], **terms)


def _import(hardware_id: str, user: int | None) -> Do:
    def do(world: World) -> Outcome | None:
        given = LegacyDevice(DeviceReport(hardware_id), None if user is None else world.user(user))
        add_legacy_devices(world.vendor.code, world.license.id, [given], UNTIL, ADMIN, now=world.now)
        return None

    return do


def _of_key() -> Iterator[Deed]:
    yield Deed("activate", "activate", activate("d2", 0), "d2", 0)
    yield Deed("activate-rival", "activate", activate("d3", 1), "d3", 1)
    yield Deed("repeat", "activate", activate("d0", 0), "d0", 0)
    yield Deed("itself", "activate", activate(OLD, 0), OLD, 0)
    yield Deed("check-itself", "check", check(OLD, 0), OLD, 0)
    yield Deed("deactivate", "deactivate", deactivate("d0", 0), "d0", 0)
    yield Deed("reset-itself", "reset device", reset_device(OLD, 0), OLD, 0)
    yield Deed("block-itself", "bar", of_license(change_device.blacklist_device, OLD), OLD)
    yield Deed("reset-license", "reset license", of_license(change_license.reset_license))
    yield Deed("sell-less", "resize", resize(1), limit=1)
    yield Deed("import", "import", _import(LATER, 0), LATER, 0)
    yield Deed("import-again", "import", _import(OLD, 0), OLD, 0)
    yield Deed("sweep", "sweep", sweep_all)


def _of_users() -> Iterator[Deed]:
    yield Deed("activate", "activate", activate("d2", 0), "d2", 0)
    yield Deed("activate-rival", "activate", activate("d3", 1), "d3", 1)
    yield Deed("activate-own-rival", "activate", activate("d4", 1), "d4", 1)
    yield Deed("itself", "activate", activate(OLD, 0), OLD, 0)
    yield Deed("import", "import", _import(LATER, 0), LATER, 0)
    yield Deed("reset-license", "reset license", of_license(change_license.reset_license))
    yield Deed("remove", "remove", of_user(change_seat.remove_user, 0), None, 0)
    yield Deed("reset-user", "reset user", of_user(change_seat.reset_activations, 0), None, 0)
    yield Deed("lower", "limit", of_user(change_seat.set_max_activations, 0, 0), None, 0, 0)


KEY_DEEDS: dict[str, Deed] = {deed.name: deed for deed in _of_key()}
USER_DEEDS: dict[str, Deed] = {deed.name: deed for deed in _of_users()}
