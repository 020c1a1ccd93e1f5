"""Uses of a license by consumption: counted, repeated under one key, and counted anew in a new period."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from chalicelib.domain.license import DeviceReport
from chalicelib.usecases import change_license
from chalicelib.usecases.add_consumption import add_consumption
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.meters import set_consumption
from tests.explore.deeds import Deed, Do, deactivate, of_license, reset_device
from tests.explore.slots import OVER_AT, SlotJudge
from tests.explore.worlds import CLOCKS, ENDS, Made, World, make_world
from tests.model.meter import Meter
from tests.proof.history import Op
from tests.support import ADMIN, DAY, HOUR, NOW

SOLD, BEYOND = 2, 1
DEVICES = ("d0", "d1")
MIDNIGHT = NOW // DAY * DAY + DAY
STARTS = ("fresh", "last", "over", "spent", "turned", *CLOCKS)
"""Nobody has used it; one use is left, and one beyond, both of today; none, one of which was counted under a key days
ago; all were used up yesterday; and the period ends for one of two clocks."""
KEY = "k"


def use(device: str, amount: int, key: str | None = None) -> Do:
    """Use it on a device."""

    def do(world: World) -> None:
        lookup = world.vendor.lookup(world.license, device)
        report = DeviceReport(device)
        add_consumption(world.vendor.code, lookup, amount, report, ADMIN, key=key, now=world.now)

    return do


def _used(made: Made, amount: int, at: int, key: str | None = None) -> None:
    """Let the first device use it then."""
    report = DeviceReport("d0")
    lookup = made.vendor.lookup(made.license, "d0")
    add_consumption(made.vendor.code, lookup, amount, report, ADMIN, key=key, now=at)
    meter = made.model.meter
    assert meter is not None
    sent = frozenset({(("d0", None), key)} if key else ())
    made.model = replace(made.model, meter=replace(meter, used=meter.used + amount, sent=meter.sent | sent))


def _prepare(start: str, made: Made) -> None:
    made.activate(0, 1)
    beyond, period = (BEYOND, 0) if start == "over" else (0, -1 if start == "turned" else 0)
    made.model = replace(made.model, meter=Meter(SOLD, beyond, period=period, is_periodic=start in PERIODIC))
    match start:
        case "last":
            _used(made, SOLD - 1, NOW - HOUR)
        case "over":
            _used(made, SOLD, NOW - HOUR)
        case "spent":
            _used(made, 1, made.vendor.now, KEY)
            _used(made, SOLD - 1, made.vendor.now)
        case "turned":
            _used(made, SOLD, NOW - DAY)
        case "ahead" | "behind":
            _used(made, SOLD, MIDNIGHT - HOUR)


PERIODIC = ("turned", *CLOCKS)


@cache
def world(start: str) -> World:
    """The world of that start."""
    terms: dict[str, Any] = {"license_type": "consumption", "max_consumptions": SOLD}
    terms |= {"allow_overages": True, "max_overages": BEYOND} if start == "over" else {}
    terms |= {"consumption_period": "daily"} if start in PERIODIC else {}
    made = make_world("key", start, partial(_prepare, start), most=len(DEVICES), **terms)
    return replace(made, now=_NOW.get(start, NOW))


_NOW = {"ahead": MIDNIGHT - HOUR // 30, "behind": MIDNIGHT + HOUR // 30}
"""So that the period turns between the one clock and the other."""


@dataclass(slots=True)
class MeterJudge(SlotJudge):
    """As any other of a license; and what is left when all is over is as the calls before say."""

    rule = "as many uses are left as the answers say"

    @staticmethod
    def answers(world: World) -> Iterator[Op]:
        """What uses are answered when all calls are over, by the first clock, until none is left."""
        ahead = world.is_over_for(0)
        for number in range(1, 6):
            device = DEVICES[number % 2]
            answer = Deed("use", "use", use(device, 1)).outcome(world).answer
            yield Op("use", OVER_AT + number, OVER_AT + number + 0.5, answer, device, None, 1, ahead=ahead)


def _sell(most: int) -> Do:
    def do(world: World) -> None:
        change_terms(world.vendor.code, world.license.id, {"max_consumptions": most}, ADMIN, now=world.now)

    return do


def _expire(world: World) -> None:
    change_license.extend(world.vendor.code, world.license.id, ENDS["past"], None, ADMIN, now=world.now)


def _all() -> Iterator[Deed]:
    yield Deed("use", "use", use("d0", 1), "d0", limit=1)
    yield Deed("use-other", "use", use("d1", 1), "d1", limit=1)
    yield Deed("use-two", "use", use("d1", 2), "d1", limit=2)
    yield Deed("use-once", "use", use("d0", 1, KEY), "d0", limit=1, sent=KEY)
    yield Deed("sell-fewer", "resize uses", _sell(1), limit=1)
    yield Deed("sell-more", "resize uses", _sell(3), limit=3)
    yield Deed("count-anew", "count anew", of_license(set_consumption, 0), limit=0)
    yield Deed("deactivate", "deactivate", deactivate("d0", 0), "d0", 0)
    yield Deed("reset-device", "reset device", reset_device("d0", 0), "d0", 0)
    yield Deed("disable", "disable", of_license(change_license.set_enabled, False))
    yield Deed("expire", "expire", _expire)


DEEDS: dict[str, Deed] = {deed.name: deed for deed in _all()}
