"""Changes of terms that are scheduled, and due: made once, canceled or refused, whatever is done of the license."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cache, partial
from typing import Any

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.domain.scheduled_updates import MAX_UPDATES
from chalicelib.usecases import scheduled_updates
from chalicelib.usecases.change_terms import change_terms, find_sold
from chalicelib.usecases.scheduled_updates import UpdateFilter, schedule_update
from tests.explore.deeds import activate, sweep_all
from tests.explore.scheduler import controlled
from tests.explore.serial import SerialDeed
from tests.explore.worlds import Made, World, make_world, new_engine
from tests.support import ADMIN, DAY, NOW

STARTS = ("due", "strict", "crowded")
"""One is due; it is strict, and what it lowers is just in use; or no more than one place is left besides."""
CHANGED = {"max_activations": 1, "note": "As scheduled."}
"""Devices: as many as are active."""


def _schedule(made: Made, at: int, *, strict: bool = False) -> None:
    where, now = (made.vendor.code, made.license.id), made.vendor.now
    schedule_update(*where, at, CHANGED, ADMIN, strict=strict, now=now)


def _due(made: Made) -> None:
    made.activate(0)
    _schedule(made, NOW - 1)


def _strict(made: Made) -> None:
    made.activate(0)
    _schedule(made, NOW - 1, strict=True)


def _crowded(made: Made) -> None:
    _due(made)
    for later in range(MAX_UPDATES - 2):
        made.vendor.now += 1
        _schedule(made, NOW + DAY + later)


_PREPARE = {"due": _due, "strict": _strict, "crowded": _crowded}


@dataclass(frozen=True, slots=True, eq=False)
class UpdateWorld(World):
    """A license, and the update that is due."""

    update: int = 0


@cache
def world(start: str) -> UpdateWorld:
    """The world of that start, with the license as it stands there."""
    made = make_world("key", start, _PREPARE[start])
    with controlled(new_engine(made.state)):
        there = {one.name: getattr(made, one.name) for one in fields(World)}
        return UpdateWorld(**there | {"license": made.vendor.stored(made.license)}, update=_updates(made)[0].id)


def view(world: World) -> object:
    """What is stored of the license and of what is scheduled for it, and what its history says."""
    license, extras = find_sold(world.vendor.code, world.license.id)
    updates = _updates(world)
    return {
        "terms": (license.max_activations, license.times_activated, license.revision, extras.note),
        "updates": sorted((update.at, update.status, update.error.get("code", "")) for update in updates),
        "places": len({update.slot for update in updates}) == len(updates),
        "events": sorted(Counter(event.type for event in world.vendor.history(world.license)).items()),
    }


def _updates(world: World) -> list[Any]:
    return scheduled_updates.find_updates(world.vendor.code, UpdateFilter(world.license.id), "", MAX_UPDATES + 1)[0]


def _answered(do: Callable[[Any], object]) -> Callable[[World], str | None]:
    """By whoever sells; answers the refusal."""

    def answered(world: World) -> str | None:
        try:
            do(world)
        except SeatkeeperError as refused:
            return refused.code
        return None

    return answered


def _first(use_case: Callable[..., object]) -> Callable[[World], str | None]:
    """Of the one that is due."""

    def do(world: UpdateWorld) -> None:
        use_case(world.vendor.code, world.update, ADMIN, now=world.now)

    return _answered(do)


def _put_off(world: World) -> str | None:
    """The one that is due, which then does something else."""
    change = partial(scheduled_updates.change_update, fields={"at": NOW + 5 * DAY}, changes={"note": "As put off."})
    return _first(lambda company, id, actor, now: change(company, id, actor=actor, now=now))(world)


def _more(later: int) -> Callable[[World], str | None]:
    def do(world: World) -> None:
        schedule_update(world.vendor.code, world.license.id, NOW + later * DAY, CHANGED, ADMIN, now=world.now)

    return _answered(do)


def _change(**terms: Any) -> Callable[[World], str | None]:
    return _answered(lambda world: change_terms(world.vendor.code, world.license.id, terms, ADMIN, now=world.now))


def _activate(world: World) -> None:
    activate("d2", 0)(world)


def _all() -> Iterator[SerialDeed]:
    yield SerialDeed("sweep", sweep_all)
    yield SerialDeed("schedule", _more(2))
    yield SerialDeed("schedule-rival", _more(3))
    yield SerialDeed("apply", _first(scheduled_updates.apply_update))
    yield SerialDeed("put-off", _put_off)
    yield SerialDeed("cancel", _first(scheduled_updates.cancel_update))
    yield SerialDeed("delete", _first(scheduled_updates.delete_update))
    yield SerialDeed("sell-more", _change(max_activations=5))
    yield SerialDeed("note", _change(note="Paid in May."))
    yield SerialDeed("activate", _activate)


DEEDS: dict[str, SerialDeed] = {deed.name: deed for deed in _all()}
