"""Device variables: names and values that an application keeps with its device."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.ids import DEVICE_STEP
from chalicelib.domain.instants import Instant

MAX_VARIABLES = 100
"""Variables of one device."""
MAX_CHARACTERS = 30_000
"""Of all their names and values: one item of DynamoDB's 400 KB, even where each character takes the most bytes, 12."""
MAX_NAME, MAX_VALUE = 64, 512  # characters


_PLACES = DEVICE_STEP - 1
"""That the ids of devices leave for those of their variables."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable; `id` is its place on this device, from 1 on, `created_at` when it got its value."""

    id: int
    name: str
    value: str
    created_at: Instant


def variable_id(variable: Variable, device_id: int) -> int:
    """The id of a variable among all of the company: one of the numbers behind that of its device."""
    return device_id + variable.id


def merge(known: list[Variable], variables: dict[str, str], now: Instant, last_place: int = 0) -> list[Variable]:
    """The variables of a device after the client has sent some. Raises `Invalid` where they become too many.

    What is sent again, as it is known already, stays as it is: a repeat changes nothing. `last_place`: the one that was
    given last. A new variable gets the next one that is free, so that one that was deleted lends its id to no other for
    as long as may be.
    """
    merged = {variable.name: variable for variable in known}
    if len(merged.keys() | variables.keys()) > MAX_VARIABLES:
        raise Invalid("variables_too_many", field="variables", most=MAX_VARIABLES)
    taken = {variable.id for variable in known}
    for name, value in variables.items():
        if name in merged and merged[name].value == value:
            continue
        if name in merged:
            place = merged[name].id
        else:
            place = next(place for place in _places_behind(last_place) if place not in taken)
            taken.add(place)
        merged[name] = Variable(place, name, value, now)
    return _guarded(list(merged.values()))


def change(known: list[Variable], place: int, name: str | None, value: str | None, now: Instant) -> list[Variable]:
    """The variables of a device after one of them has got another name or value; None leaves it.

    Raises `NotFound`: `variable_not_found`, and `Invalid` where another has the name, or they become too long.
    """
    old = find(known, place)
    new = replace(old, name=old.name if name is None else name, value=old.value if value is None else value)
    if new == old:
        return known
    if any(other.name == new.name for other in known if other.id != place):
        raise Invalid("variable_exists", field="variable")
    return _guarded([replace(new, created_at=now) if one.id == place else one for one in known])


def find(known: list[Variable], place: int) -> Variable:
    """The variable at a place. Raises `NotFound`: `variable_not_found`."""
    found = next((variable for variable in known if variable.id == place), None)
    if found is None:
        raise NotFound("variable_not_found")
    return found


def _places_behind(last_place: int) -> Iterator[int]:
    """All places, those behind this one first."""
    return ((last_place + step) % _PLACES + 1 for step in range(_PLACES))


def _guarded(variables: list[Variable]) -> list[Variable]:
    if sum(len(variable.name) + len(variable.value) for variable in variables) > MAX_CHARACTERS:
        raise Invalid("variables_too_long", field="variables", most=MAX_CHARACTERS)
    return variables
