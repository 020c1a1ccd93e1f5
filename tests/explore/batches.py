"""Seats for a list of people: reserved by one write, given one after the other, or given back."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from chalicelib.domain.events import Actor
from chalicelib.usecases import change_license, change_seat
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.batch_assign import continue_batch, end_batch, start_batch
from tests.explore.deeds import Deed, Do, activate, of_license, of_user, replaced
from tests.explore.judge import Judge
from tests.explore.worlds import PEOPLE, SEATED, Made, World, make_world
from tests.proof.history import Op
from tests.proof.rules import Aftermath, Violation
from tests.race.clients import OK
from tests.support import ADMIN

CYD, EVE = 2, 4
"""Who stands in the list: the one has an account, and the other gets one with the seat."""
LISTED = (CYD, EVE)
LISTER = Actor("manager")
"""Who brings it: what he does to seats is done by a batch alone."""
SEATS = {"short": 1, "room": 2, "reserved": 2, "spare": 3, "midway": 2}
"""By the start, the seats that are not given. Then a list has reserved two, the first of which is given midway."""


def _start(made: Made, *people: int) -> None:
    vendor, license = made.vendor, made.license
    vendor.now += 1
    text = _text(people)
    made.batch = start_batch(vendor.code, license.id, text, True, LISTER, now=vendor.now)
    made.model = replace(made.model, waiting=_seats(people))


def _go_on(made: Made, *given: int) -> None:
    """Give the seats to these, who are the first that wait."""
    vendor, license, steps = made.vendor, made.license, iter(given)
    next(steps)
    vendor.now += 1
    keep_going = lambda: next(steps, None) is not None  # noqa: E731 - short and local
    continue_batch(vendor.code, license.id, made.batch, LISTER, keep_going, now=vendor.now)
    seats = made.model.seats | _seats(given)
    made.model = replace(made.model, seats=seats, waiting=made.model.waiting - seats)


def _over(made: Made) -> None:
    """There was a list before, whose people have their seats no more."""
    _start(made, CYD)
    _go_on(made, CYD)
    made.vendor.now += 1
    change_seat.remove_user(made.vendor.code, made.license.id, PEOPLE[CYD], ADMIN, now=made.vendor.now)
    made.model = replace(made.model, seats=made.model.seats - _seats((CYD,)))


def _reserved(made: Made) -> None:
    _start(made, *LISTED)


def _midway(made: Made) -> None:
    _start(made, *LISTED)
    _go_on(made, CYD)


_PREPARE = {"short": _over, "room": _over, "reserved": _reserved, "spare": _reserved, "midway": _midway}


@cache
def world(start: str) -> World:
    """The world of that start."""

    def prepare(made: Made) -> None:
        made.activate(0)
        made.model = replace(made.model, listed=tuple((PEOPLE[number], 1) for number in LISTED))
        _PREPARE[start](made)

    return make_world("users", start, prepare, users=SEATED + SEATS[start])


def _seats(people: tuple[int, ...]) -> frozenset[tuple[str, float]]:
    return frozenset((PEOPLE[number], 1) for number in people)


def _text(people: tuple[int, ...]) -> str:
    return "\n".join(PEOPLE[number] for number in people)


def _begin(everybody: bool) -> Do:
    def do(world: World) -> None:
        start_batch(world.vendor.code, world.license.id, _text(LISTED), everybody, LISTER, now=world.now)

    return do


def _continue(world: World) -> None:
    continue_batch(world.vendor.code, world.license.id, world.batch, LISTER, lambda: True, now=world.now)


def _end(world: World) -> None:
    end_batch(world.vendor.code, world.license.id, world.batch, LISTER, now=world.now)


def _all() -> Iterator[Deed]:
    yield Deed("start-all", "reserve all", _begin(True))
    yield Deed("start-some", "reserve some", _begin(False))
    yield Deed("continue", "fill", _continue, None, LISTED, 1)
    yield Deed("end-batch", "give back", _end)
    yield Deed("assign-listed", "assign", of_user(assign_user, EVE, 1), None, EVE, 1)
    yield Deed("assign-other", "assign", of_user(assign_user, 3, 1), None, 3, 1)
    yield Deed("remove-listed", "remove", of_user(change_seat.remove_user, CYD), None, CYD)
    yield Deed("remove-other", "remove", of_user(change_seat.remove_user, 0), None, 0)
    yield Deed("replace-by-listed", "replace", replaced(0, EVE), None, 0, other=EVE)
    yield Deed("limit-listed", "limit", of_user(change_seat.set_max_activations, CYD, 2), None, CYD, 2)
    yield Deed("reset-listed", "reset user", of_user(change_seat.reset_activations, CYD), None, CYD)
    yield Deed("activate-listed", "activate", activate("d2", CYD), "d2", CYD)
    yield Deed("reset-license", "reset license", of_license(change_license.reset_license))


DEEDS: dict[str, Deed] = {deed.name: deed for deed in _all()}


class BatchJudge(Judge):
    """Judges also that a list is told as what came of it."""

    def _judged(self, history: tuple[Op, ...], after: Aftermath) -> Iterator[Violation]:
        yield from super()._judged(history, after)
        counted = Counter[str]()
        for event in after.events:
            counted[event.type] += event.actor.name == LISTER.name
            counted["reserved"] += int(event.detail.get("people") or 0) * (event.type == "batch_started")
            counted["given back"] += int(event.detail.get("given_back") or 0)
        left, reserved = counted["reserved"] - counted["user_assigned"] - counted["given back"], sum(after.reserved)
        if left != reserved:
            yield Violation(
                "a list adds up", f"{left} seats should be left, and {reserved} are reserved: {dict(counted)}"
            )
        begun = [op for op in history if op.verb in ("reserve all", "reserve some")]
        sure = 1 + sum(op.answer == OK for op in begun)
        over = counted["batch_finished"] + counted["batch_ended"]
        is_told = sure <= counted["batch_started"] <= sure + sum(op.is_open for op in begun)
        if not is_told or over + len(after.reserved) != counted["batch_started"]:
            yield Violation("a list is told once", f"{sure} begun, {len(after.reserved)} under way: {dict(counted)}")
