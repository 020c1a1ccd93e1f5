"""What is done at once: use cases that write, each as one call on a world's license, and what that is to the model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib.domain.errors import SeatkeeperError, Unavailable
from chalicelib.domain.license import is_expired
from chalicelib.usecases import change_device, change_license, change_seat
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.replace_user import replace_user
from chalicelib.usecases.sweep import sweep
from tests.explore.worlds import ENDS, PEOPLE, SEATS, Kind, World
from tests.model.license import End, Verb
from tests.proof.history import BUSY, CRASHED, DIED
from tests.proof.weather import Died
from tests.race.clients import OK, OK_EXPIRED
from tests.support import ADMIN


class Outcome(NamedTuple):
    """What came of it: the answer, as `tests.proof.history.Op` has it, and the id of the device's place."""

    answer: str = OK
    place: int | None = None


Do = Callable[[World], Outcome | None]
"""Answers what is not just `ok`."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One call, as it is named in schedules."""

    name: str
    verb: Verb
    """What it is to the model."""
    do: Do
    device: str | None = None
    user: int | tuple[int, ...] | None = None
    """Of `worlds.PEOPLE`; those whom it is done to one after the other."""
    limit: int | None = None
    other: int | None = None
    """Who comes in the place of the user."""
    sent: str | None = None
    """The key of a use, of those that count once."""
    kinds: tuple[Kind, ...] = ("key", "users")

    @property
    def users(self) -> tuple[int | None, ...]:
        """Whom it is done to; None where it is done to no user."""
        return self.user if isinstance(self.user, tuple) else (self.user,)

    def outcome(self, world: World) -> Outcome:
        """Do it. Raises nothing."""
        return outcome_of(lambda: self.do(world))


def outcome_of(do: Callable[[], Outcome | None]) -> Outcome:
    """What came of it, whatever it raises."""
    try:
        return do() or Outcome()
    except Unavailable:
        return Outcome(BUSY)
    except SeatkeeperError as refused:
        return Outcome(refused.code)
    except Died:
        return Outcome(DIED)
    except Exception as error:  # a bug is an answer that is never right
        return Outcome(f"{CRASHED}: {type(error).__name__}: {error}")


def of_kind(kind: Kind) -> list[Deed]:
    """Those that a license of this kind has."""
    return [deed for deed in DEEDS.values() if kind in deed.kinds]


def activate(device: str, user: int) -> Do:
    """Activate a device, by this user where there are users."""

    def do(world: World) -> Outcome:
        email = world.user(user)
        password, by_id = (None, {}) if email is None else (world.passwords[email], {"license_id": world.license.id})
        snapshot = world.vendor.activate(email or world.license, device, password, **by_id, now=world.now)
        assert snapshot.device is not None
        return Outcome(OK, snapshot.device.id)

    return do


def check(device: str, user: int) -> Do:
    def do(world: World) -> Outcome:
        who, by_id = world.user(user) or world.license, {"license_id": world.license.id}
        checked = world.vendor.check(who, device, now=world.now, **by_id)
        assert checked.license is not None
        assert checked.device is not None
        return Outcome(OK_EXPIRED if is_expired(checked.license, world.now) else OK, checked.device.id)

    return do


def deactivate(device: str, user: int) -> Do:
    def do(world: World) -> None:
        who, by_id = world.user(user) or world.license, {"license_id": world.license.id}
        world.vendor.deactivate(who, device, now=world.now, **by_id)

    return do


def reset_device(device: str, user: int) -> Do:
    def do(world: World) -> None:
        email = world.user(user)
        user_id = None if email is None else world.user_ids[email]
        change_device.reset_device(world.vendor.code, world.license.id, device, ADMIN, user_id=user_id, now=world.now)

    return do


def _extend(end: End) -> Do:
    def do(world: World) -> None:
        change_license.extend(world.vendor.code, world.license.id, ENDS[end], None, ADMIN, now=world.now)

    return do


def resize(places: int, *, strictly: bool = False) -> Do:
    def do(world: World) -> None:
        code, changes = world.vendor.code, {"max_activations": places}
        change_terms(code, world.license.id, changes, ADMIN, strict=strictly, now=world.now)

    return do


def of_license(use_case: Callable[..., object], *given: object) -> Do:
    """By an operator, on the license."""

    def do(world: World) -> None:
        use_case(world.vendor.code, world.license.id, *given, ADMIN, now=world.now)

    return do


def of_user(use_case: Callable[..., object], user: int, *given: object) -> Do:
    """By an operator, on this user of the license."""

    def do(world: World) -> None:
        use_case(world.vendor.code, world.license.id, world.user(user), *given, ADMIN, now=world.now)

    return do


def replaced(user: int, other: int) -> Do:
    """By an operator, this user by that person."""
    return of_user(replace_user, user, PEOPLE[other])


def sweep_all(world: World) -> None:
    sweep(now=world.now)


def _all() -> Iterator[Deed]:
    """d0 and d1 are the devices of the first two users. Rivals want the same last device, of the license or of one
    user, or the same last seat.
    """
    users: tuple[Kind, ...] = ("users",)
    yield Deed("activate", "activate", activate("d2", 0), "d2", 0)
    yield Deed("activate-rival", "activate", activate("d3", 1), "d3", 1)
    yield Deed("activate-own-rival", "activate", activate("d4", 1), "d4", 1)
    yield Deed("repeat", "activate", activate("d0", 0), "d0", 0)
    yield Deed("check", "check", check("d0", 0), "d0", 0)
    yield Deed("deactivate", "deactivate", deactivate("d0", 0), "d0", 0)
    yield Deed("deactivate-other", "deactivate", deactivate("d1", 1), "d1", 1)
    yield Deed("reset-device", "reset device", reset_device("d0", 0), "d0", 0)
    yield Deed("block-device", "bar", of_license(change_device.blacklist_device, "d0"), "d0")
    yield Deed("reset-license", "reset license", of_license(change_license.reset_license))
    yield Deed("disable", "disable", of_license(change_license.set_enabled, False))
    yield Deed("enable", "enable", of_license(change_license.set_enabled, True))
    yield Deed("expire", "expire", _extend("past"))
    yield Deed("renew", "renew", _extend("far"))
    yield Deed("sell-more", "resize", resize(3), limit=3)
    yield Deed("sell-less", "resize", resize(1), limit=1)
    yield Deed("sell-unused", "resize strictly", resize(1, strictly=True), limit=1)
    yield Deed("sweep", "sweep", sweep_all)
    yield Deed("assign", "assign", of_user(assign_user, 2, SEATS[2]), None, 2, SEATS[2], kinds=users)
    yield Deed("assign-rival", "assign", of_user(assign_user, 3, SEATS[3]), None, 3, SEATS[3], kinds=users)
    yield Deed("remove", "remove", of_user(change_seat.remove_user, 0), None, 0, kinds=users)
    yield Deed("replace", "replace", replaced(0, 2), None, 0, other=2, kinds=users)
    yield Deed("replace-rival", "replace", replaced(1, 2), None, 1, other=2, kinds=users)
    yield Deed("lower", "limit", of_user(change_seat.set_max_activations, 0, 0), None, 0, 0, kinds=users)
    yield Deed("raise", "limit", of_user(change_seat.set_max_activations, 1, 2), None, 1, 2, kinds=users)
    yield Deed("reset-user", "reset user", of_user(change_seat.reset_activations, 0), None, 0, kinds=users)


DEEDS: dict[str, Deed] = {deed.name: deed for deed in _all()}
