"""In which forms a value may be sent: JSON has numbers and booleans, a query has their texts, and clients mix the two.

Each reader brings what it knows to the one form that the model takes, and leaves all else to be refused there.
"""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_core import PydanticCustomError, PydanticKnownError

from chalicelib.domain.variables import MAX_NAME, MAX_VARIABLES
from chalicelib.web.canonical import MAX_SAFE_INTEGER, canonical_json
from chalicelib.web.freshness import blank_to_none

MAX_ID = MAX_SAFE_INTEGER
SentId = Annotated[int, Field(ge=1, le=MAX_ID)] | Annotated[str, Field(pattern="^0*[1-9][0-9]{0,15}$")] | None
SentWhole = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)] | Annotated[str, Field(pattern="^-?[0-9]{1,16}$")] | None
SentCount = Annotated[int, Field(ge=0, le=MAX_ID)] | Annotated[str, Field(pattern="^[0-9]{1,16}$")] | None
SentFlag = bool | Literal[0, 1, "0", "1", "true", "false"] | None
SentValue = str | float | bool | None
"""What `read_id`, `read_whole`, `read_flag` and `read_value` take, for the OpenAPI document."""

_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": None}


def read_id(value: object) -> object:
    """An id: an integer, also as `12.0`, or its decimal digits."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        digits = value.lstrip("0") or "0"
        return int(digits) if len(digits) <= len(str(MAX_ID)) else MAX_ID + 1  # int() of very many is slow
    return blank_to_none(value)


def read_whole(value: object) -> object:
    """A whole number, as `read_id` has one, or below zero."""
    if isinstance(value, str) and value.startswith("-") and value[1:].isdecimal():
        digits = read_id(value[1:])
        return -digits if isinstance(digits, int) else value
    return read_id(value)


def read_flag(value: object) -> object:
    """A boolean: `true`, `false`, 1, 0, or one of these as a text, in any case."""
    if isinstance(value, str):
        return _FLAGS.get(value.lower(), value)
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else value


def read_value(value: object) -> str:
    """The value of a variable, as the text that it is kept and answered as: `8`, `0.1`, `true`."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return canonical_json(value).decode()
    raise PydanticCustomError("variable", "give a text, a number or a boolean")


def read_variables(value: object) -> object:
    """Variables by name; one that is null is absent. Their number is bounded before any of them is looked at."""
    if not isinstance(value, dict):
        return value
    given = {name: one for name, one in value.items() if one is not None}
    if len(given) > MAX_VARIABLES:
        bound = {"field_type": "Dictionary", "max_length": MAX_VARIABLES, "actual_length": len(given)}
        raise PydanticKnownError("too_long", bound)
    if not all(1 <= len(name) <= MAX_NAME for name in given):
        raise PydanticCustomError("variable_name", f"a name has 1 to {MAX_NAME} characters")
    return given
