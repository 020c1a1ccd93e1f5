"""Device variables: names and values that an application keeps with its device."""

from dataclasses import dataclass

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import Instant

MAX_VARIABLES = 100
"""Variables of one device."""
MAX_CHARACTERS = 30_000
"""Of all their names and values: one item of DynamoDB's 400 KB, even where each character takes the most bytes, 12."""
MAX_NAME, MAX_VALUE = 64, 512  # characters


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable; `id` is its place in the order of creation on this device, `created_at` when it got its value."""

    id: int
    name: str
    value: str
    created_at: Instant


def merge(known: list[Variable], variables: dict[str, str], now: Instant) -> list[Variable]:
    """The variables of a device after the client has sent some. Raises `Invalid` where they become too many.

    What is sent again, as it is known already, stays as it is: a repeat changes nothing.
    """
    merged = {variable.name: variable for variable in known}
    for name, value in variables.items():
        if name in merged and merged[name].value == value:
            continue
        number = merged[name].id if name in merged else len(merged) + 1
        merged[name] = Variable(number, name, value, now)
    if len(merged) > MAX_VARIABLES:
        raise Invalid("variables_too_many", field="variables", most=MAX_VARIABLES)
    if sum(len(variable.name) + len(variable.value) for variable in merged.values()) > MAX_CHARACTERS:
        raise Invalid("variables_too_long", field="variables", most=MAX_CHARACTERS)
    return list(merged.values())
