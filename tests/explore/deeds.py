"""What is done at once: use cases that write, each as one call on a world's license, and what that is to the model."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chalicelib.domain.errors import SeatkeeperError, Unavailable
from chalicelib.domain.license import is_expired
from chalicelib.usecases import change_device, change_license, change_seat
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.sweep import sweep
from tests.explore.worlds import ENDS, SEAT, Kind, World
from tests.model.license import End, Verb
from tests.proof.history import BUSY, CRASHED, DIED
from tests.proof.weather import Died
from tests.race.clients import OK, OK_EXPIRED
from tests.support import ADMIN, NOW

Do = Callable[[World], str | None]
"""Answers what is not just `ok`."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One call, as it is named in schedules."""

    name: str
    verb: Verb
    """What it is to the model."""
    do: Do
    device: str | None = None
    user: int | None = None
    """Of `worlds.PEOPLE`."""
    limit: int | None = None
    kinds: tuple[Kind, ...] = ("key", "users")

    def outcome(self, world: World) -> str:
        """Do it; answers as `tests.proof.history.Op.answer` has it."""
        try:
            return self.do(world) or OK
        except Unavailable:
            return BUSY
        except SeatkeeperError as refused:
            return refused.code
        except Died:
            return DIED
        except Exception as error:  # a bug is an answer that is never right
            return f"{CRASHED}: {type(error).__name__}: {error}"


def of_kind(kind: Kind) -> list[Deed]:
    """Those that a license of this kind has."""
    return [deed for deed in DEEDS.values() if kind in deed.kinds]


def _activate(device: str, user: int) -> Do:
    def do(world: World) -> None:
        email = world.user(user)
        if email is None:
            world.vendor.activate(world.license, device)
        else:
            world.vendor.activate(email, device, world.passwords[email], license_id=world.license.id)

    return do


def _check(device: str, user: int) -> Do:
    def do(world: World) -> str:
        checked = world.vendor.check(world.user(user) or world.license, device, license_id=world.license.id)
        assert checked.license is not None
        return OK_EXPIRED if is_expired(checked.license, NOW) else OK

    return do


def _deactivate(device: str, user: int) -> Do:
    return lambda world: world.vendor.deactivate(world.user(user) or world.license, device, license_id=world.license.id)


def _reset_device(device: str, user: int) -> Do:
    def do(world: World) -> None:
        email = world.user(user)
        user_id = None if email is None else world.user_ids[email]
        change_device.reset_device(world.vendor.code, world.license.id, device, ADMIN, user_id=user_id, now=NOW)

    return do


def _extend(end: End) -> Do:
    def do(world: World) -> None:
        change_license.extend(world.vendor.code, world.license.id, ENDS[end], None, ADMIN, now=NOW)

    return do


def _of_license(use_case: Callable[..., object], *given: object) -> Do:
    def do(world: World) -> None:
        use_case(world.vendor.code, world.license.id, *given, ADMIN, now=NOW)

    return do


def _of_user(use_case: Callable[..., object], user: int, *given: object) -> Do:
    def do(world: World) -> None:
        use_case(world.vendor.code, world.license.id, world.user(user), *given, ADMIN, now=NOW)

    return do


def _sweep(_: World) -> None:
    sweep(now=NOW)


def _all() -> Iterator[Deed]:
    """d0 and d1 are the devices of the first two users; who has the last device or the last seat is a rival."""
    users: tuple[Kind, ...] = ("users",)
    yield Deed("activate", "activate", _activate("d2", 0), "d2", 0)
    yield Deed("activate-rival", "activate", _activate("d3", 1), "d3", 1)
    yield Deed("repeat", "activate", _activate("d0", 0), "d0", 0)
    yield Deed("check", "check", _check("d0", 0), "d0", 0)
    yield Deed("deactivate", "deactivate", _deactivate("d0", 0), "d0", 0)
    yield Deed("reset-device", "reset device", _reset_device("d0", 0), "d0", 0)
    yield Deed("block-device", "bar", _of_license(change_device.blacklist_device, "d0"), "d0", 0)
    yield Deed("reset-license", "reset license", _of_license(change_license.reset_license))
    yield Deed("disable", "disable", _of_license(change_license.set_enabled, False))
    yield Deed("enable", "enable", _of_license(change_license.set_enabled, True))
    yield Deed("expire", "expire", _extend("past"))
    yield Deed("renew", "renew", _extend("far"))
    yield Deed("sweep", "sweep", _sweep)
    yield Deed("assign", "assign", _of_user(assign_user, 2, SEAT), None, 2, SEAT, users)
    yield Deed("assign-rival", "assign", _of_user(assign_user, 3, SEAT), None, 3, SEAT, users)
    yield Deed("remove", "remove", _of_user(change_seat.remove_user, 0), None, 0, None, users)
    yield Deed("lower", "limit", _of_user(change_seat.set_max_activations, 0, 0), None, 0, 0, users)
    yield Deed("raise", "limit", _of_user(change_seat.set_max_activations, 0, 2), None, 0, 2, users)
    yield Deed("reset-user", "reset user", _of_user(change_seat.reset_activations, 0), None, 0, None, users)


DEEDS: dict[str, Deed] = {deed.name: deed for deed in _all()}
