"""Somebody leaves: all seats on licenses of one customer are taken away."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.errors import Denied, NotFound, Unavailable
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.usecases.change_seat import remove_account


@dataclass(frozen=True, slots=True)
class Removed:
    """What came of it: the licenses on which the person has no seat any more, and why others kept it."""

    licenses: list[int]
    refused: dict[int, Denied | Unavailable]


def remove_person(company: str, license_ids: Iterable[int], user_id: int, actor: Actor, *, now: Instant) -> Removed:
    """Take the seats away and switch their devices off, license by license: each is a write of its own.

    A license whose transfers are used up keeps its seat, for nobody could take the devices' places again. Doing so
    again takes away what is left. Raises `Unavailable` where none was taken away.
    """
    removed, refused = list[int](), dict[int, Denied | Unavailable]()
    for license_id in license_ids:
        try:
            remove_account(company, license_id, user_id, actor, now=now)
        except (Denied, Unavailable) as error:
            refused[license_id] = error
        except NotFound:  # the license is gone, and the seat with it
            pass
        else:
            removed.append(license_id)
    busy = next((error for error in refused.values() if isinstance(error, Unavailable)), None)
    if busy is not None and not removed:
        raise busy
    return Removed(removed, refused)
