"""What a request may say. What the engine does not know is refused, so that nothing is left out without a word."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Any

from infra.embedded.errors import Refused, invalid
from infra.embedded.values import Untyped

Request = dict[str, Any]  # its parameters are looked at one by one
Answer = dict[str, Any]  # as botocore gives it


def expect(request: Untyped, required: AbstractSet[str], optional: AbstractSet[str] = frozenset()) -> None:
    """Refuse a request that lacks a parameter, or has another one."""
    if not isinstance(request, dict):
        raise Refused("SerializationException", "a request is a map of parameters")
    given = request.keys()
    if not required <= given:
        raise invalid(f"The request must contain the parameter {min(required - given)}")
    if not given <= required | optional:
        raise invalid(f"the embedded engine does not know the parameter {min(given - required - optional)}")


def only_member(choice: Untyped, names: Collection[str]) -> tuple[str, Request]:
    """The name and the content of the one member that a choice has, of these names. Raises `Refused`."""
    if not isinstance(choice, dict) or len(choice) != 1 or next(iter(choice)) not in names:
        raise invalid(f"exactly one of {', '.join(names)} has to be there")
    ((name, content),) = choice.items()
    if not isinstance(content, dict):
        raise Refused("SerializationException", "a request is a map of parameters")
    return name, content
