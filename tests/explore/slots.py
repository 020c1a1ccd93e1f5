"""Slots of a floating license: taken, renewed, given back, and freed by whatever switches a device off."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from chalicelib.usecases import change_device, change_license, change_seat
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.slots import release_slot, take_slot_back
from tests.explore.deeds import Deed, Do, Outcome, check, deactivate, of_license, of_user, replaced, reset_device
from tests.explore.engine import MemoryEngine
from tests.explore.judge import AFTERWARDS, Judge
from tests.explore.schedule import Schedule, Task, alone
from tests.explore.scripts import Script, ends_of, known_in
from tests.explore.worlds import CLOCKS, ENDS, OVER, PEOPLE, Kind, Made, World, make_world
from tests.model.license import Key
from tests.proof.history import BUSY, DIED, Op
from tests.proof.rules import Violation
from tests.race.clients import OK
from tests.support import ADMIN, HOUR, NOW

SLOTS, PLACES = 2, 3
DEVICES = (("d0", 0), ("d1", 1), ("d2", 0))
"""All are active, each of the user of that number."""
LASTS_MS = HOUR
KEY_STARTS = ("free", "one", "full", "lapsed", "anew", "fewer", *CLOCKS)
"""Nobody has a slot; one does; both are in use; one of them has lapsed; both are of before a reset; three are in use of
two that are sold; and one of two has lapsed for one of two clocks. Or one user has both."""
USER_STARTS = ("one", "full", "lapsed", "theirs")
HELD = "a slot is whose the answers say"


def _hold(made: Made, *numbers: int, until: int | None = None) -> None:
    """Let devices take slots a minute before `NOW`, or so that they hold them until then."""
    at = NOW - HOUR // 60 if until is None else until - LASTS_MS
    for number in numbers:
        device, owner = DEVICES[number]
        user = None if made.kind == "key" else PEOPLE[owner]
        made.vendor.check(user or made.license, device, now=at)
        key: Key = device, user
        made.model = replace(made.model, held=made.model.held | {(key, _lasts(until))})


def _lasts(until: int | None) -> float:
    """By the model's measure, in which one clock stands at 0, and one that is ahead at 1."""
    return float("inf") if until is None else 1 if until in OVER.values() else -1


def _full(made: Made) -> None:
    _hold(made, 0, 1)


def _lapsed(made: Made) -> None:
    _hold(made, 1)
    _hold(made, 0, until=NOW - HOUR)


def _anew(made: Made) -> None:
    _full(made)
    made.reset()
    _activate(made)
    made.model = replace(made.model, held=frozenset())


def _fewer(made: Made) -> None:
    for number in range(SLOTS + 1):  # each has the slot of its number
        _resized(number + 1)(made)
        _hold(made, number)
    _resized(SLOTS)(made)


def _almost_over(start: str, made: Made) -> None:
    _hold(made, 1)
    _hold(made, 0, until=OVER[start])


def _resized(slots: int) -> Callable[[Made], None]:
    def resize(made: Made) -> None:
        change_terms(made.vendor.code, made.license.id, {"floating_users": slots}, ADMIN, now=made.vendor.now)
        made.model = replace(made.model, slots=slots)

    return resize


def _activate(made: Made) -> None:
    for device, owner in DEVICES:
        made.vendor.now += 1
        made.activate_one(device, None if made.kind == "key" else PEOPLE[owner])


_PREPARE: dict[str, Callable[[Made], None]] = {
    "free": lambda _: None,
    "one": lambda made: _hold(made, 0),
    "full": _full,
    "theirs": lambda made: _hold(made, 0, 2),
    "lapsed": _lapsed,
    "anew": _anew,
    "fewer": _fewer,
    **{start: partial(_almost_over, start) for start in CLOCKS},
}


@cache
def world(kind: Kind, start: str) -> World:
    """The world of that start."""

    def prepare(made: Made) -> None:
        made.model = replace(made.model, slots=SLOTS)
        _activate(made)
        _PREPARE[start](made)

    terms = {"floating_users": SLOTS, "floating_timeout": LASTS_MS // 60_000}
    return make_world(kind, start, prepare, most=PLACES, **terms)


@dataclass(slots=True)
class SlotJudge(Judge):
    """As any other of a license; and whoever checks it when all is over is answered as the calls before say."""

    rule = HELD

    def violations(self, schedule: Schedule) -> tuple[Violation, ...]:
        """Every rule that was broken."""
        if found := Judge.violations(self, schedule):
            return found
        if any(task.outcome.answer in (BUSY, DIED) for task in self._of_two_writes(schedule)):
            return ()
        history = [replace(op, end=min(op.end, OVER_AT)) for op in self._history(schedule)]
        probes = self._probes(schedule)
        if self.is_explained((*history, *probes)):
            return ()
        return (Violation(self.rule, "; ".join(f"{op.device}: {op.answer}" for op in probes), tuple(history)),)

    def _of_two_writes(self, schedule: Schedule) -> Iterator[Task]:
        """Who blacklists a device and dies leaves it its slot until that lapses, as its activation."""
        return (task for deed, task in zip(self.deeds, schedule.tasks, strict=True) if deed.verb == "bar")

    def _probes(self, schedule: Schedule) -> Sequence[Op]:
        ends, key = ends_of(self.world), hash(("probes", schedule.mark))
        if key not in ends:
            ends[key] = _asked(self.world, schedule.engine, schedule.mark, self.answers)
        found: Sequence[Op] = ends[key]
        return found

    @staticmethod
    def answers(world: World) -> Iterator[Op]:
        """What each device is answered when all calls are over, one after the other, by the first clock."""
        for number, (device, user) in enumerate(DEVICES, start=1):
            answer = Deed("check", "check", check(device, user)).outcome(world).answer
            about, ahead = (device, world.user(user)), world.is_over_for(0)
            yield Op("check", OVER_AT + number, OVER_AT + number + 0.5, answer, *about, ahead=ahead)


OVER_AT = 1e6
"""When all calls are over."""


def _asked(world: World, engine: MemoryEngine, mark: int, answers: Callable[[World], Iterator[Op]]) -> Sequence[Op]:
    end = engine.state
    try:
        probes = Script(AFTERWARDS, lambda: list(answers(world)), known_in(world)["the last checks", 0])
        asked: tuple[Sequence[Op], int] = alone(probes, engine, mark)
        return asked[0]
    finally:
        engine.state = end


def _release(device: str, user: int) -> Do:
    def do(world: World) -> Outcome:
        who, by_id = world.user(user) or world.license, {"license_id": world.license.id}
        release_slot(world.vendor.code, world.vendor.lookup(who, device, **by_id), ADMIN, now=world.now)
        return Outcome(OK)

    return do


def _take_back(device: str, user: int) -> Do:
    def do(world: World) -> None:
        email = world.user(user)
        user_id = None if email is None else world.user_ids[email]
        take_slot_back(world.vendor.code, world.license.id, device, ADMIN, user_id=user_id, now=world.now)

    return do


def _sell(slots: int) -> Do:
    def do(world: World) -> None:
        change_terms(world.vendor.code, world.license.id, {"floating_users": slots}, ADMIN, now=world.now)

    return do


def _expire(world: World) -> None:
    change_license.extend(world.vendor.code, world.license.id, ENDS["past"], None, ADMIN, now=world.now)


def _all() -> Iterator[Deed]:
    yield Deed("check", "check", check("d0", 0), "d0", 0)
    yield Deed("check-other", "check", check("d1", 1), "d1", 1)
    yield Deed("check-rival", "check", check("d2", 0), "d2", 0)
    yield Deed("release", "release", _release("d0", 0), "d0", 0)
    yield Deed("deactivate", "deactivate", deactivate("d0", 0), "d0", 0)
    yield Deed("reset-device", "reset device", reset_device("d0", 0), "d0", 0)
    yield Deed("block-device", "bar", of_license(change_device.blacklist_device, "d0"), "d0")
    yield Deed("take-back", "take slot back", _take_back("d0", 0), "d0", 0)
    yield Deed("reset-license", "reset license", of_license(change_license.reset_license))
    yield Deed("disable", "disable", of_license(change_license.set_enabled, False))
    yield Deed("expire", "expire", _expire)
    yield Deed("sell-fewer", "resize slots", _sell(1), limit=1)
    yield Deed("sell-more", "resize slots", _sell(3), limit=3)
    yield Deed("reset-user", "reset user", of_user(change_seat.reset_activations, 0), None, 0)
    yield Deed("remove", "remove", of_user(change_seat.remove_user, 0), None, 0)
    yield Deed("replace", "replace", replaced(0, 2), None, 0, other=2)


_OF_USERS = ("reset-user", "remove", "replace")
USER_DEEDS: dict[str, Deed] = {deed.name: deed for deed in _all()}
KEY_DEEDS = {name: deed for name, deed in USER_DEEDS.items() if name not in _OF_USERS}
