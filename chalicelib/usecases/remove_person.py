"""Somebody leaves: all seats on licenses of one customer are taken away."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.errors import Denied, Forbidden, NotFound, Unavailable
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.usecases.change_seat import remove_account
from chalicelib.usecases.permissions import permitted


@dataclass(frozen=True, slots=True)
class Removed:
    """What came of it: the licenses on which the person has no seat any more, and why others kept it."""

    licenses: list[int]
    refused: dict[int, Denied | Forbidden | Unavailable]


def remove_person(
    company: str, license_ids: Iterable[int], user_id: int, actor: Actor, *, manager_id: int | None = None, now: Instant
) -> Removed:
    """Take the seats away and switch their devices off, license by license: each is a write of its own.

    A license whose transfers are used up keeps its seat, for nobody could take the devices' places again; so does one
    where the manager may not remove users. Doing so again takes away what is left. `manager_id`: who asks, None for an
    operator. Raises `Unavailable` where none was taken away.
    """
    removed, refused = list[int](), dict[int, Denied | Forbidden | Unavailable]()
    for license_id in license_ids:
        try:
            with permitted(company, manager_id, license_id, ("remove_users",)):
                remove_account(company, license_id, user_id, actor, now=now)
        except (Denied, Forbidden, Unavailable) as error:
            refused[license_id] = error
        except NotFound:  # the license is gone, and the seat with it
            pass
        else:
            removed.append(license_id)
    busy = next((error for error in refused.values() if isinstance(error, Unavailable)), None)
    if busy is not None and not removed:
        raise busy
    return Removed(removed, refused)
