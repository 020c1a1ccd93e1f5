"""Somebody leaves: all seats on licenses of one customer are taken away."""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.domain.errors import Denied
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import Instant
from chalicelib.usecases.change_seat import remove_account


@dataclass(frozen=True, slots=True)
class Removed:
    """What came of it: the licenses on which the person has no seat any more, and why others kept it."""

    licenses: list[int]
    refused: dict[int, Denied]


def remove_person(company: str, license_ids: Iterable[int], user_id: int, actor: Actor, *, now: Instant) -> Removed:
    """Take the seats away and switch their devices off, license by license: each is a write of its own.

    A license whose transfers are used up keeps its seat, for nobody could take the devices' places again. Doing so
    again takes away what is left. Raises `Unavailable`, …
    """
    removed, refused = [], dict[int, Denied]()
    for license_id in license_ids:
        try:
            remove_account(company, license_id, user_id, actor, now=now)
        except Denied as error:
            refused[license_id] = error
        else:
            removed.append(license_id)
    return Removed(removed, refused)
