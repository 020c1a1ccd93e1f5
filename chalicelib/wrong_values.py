"""What is wrong with what operators write (the environment, secrets, files of settings), in our words.

pydantic finds it, and nobody hears of pydantic: a field says itself what may stand there (its `description`), and what
else can be wrong has words here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Bounds = Mapping[str, Any]  # as pydantic has them
_NUMBER = "must be a number"


def wrong_values(model: type[BaseModel], error: ValidationError, name: Callable[[str], str] = str) -> str:
    """Each field that is wrong, and why: `usage.check_ms (is missing), usage.page_ms (must be a number)`.

    `name`: what the operator calls a field. No value is shown.
    """
    found = error.errors(include_url=False, include_input=False)
    return ", ".join(f"{name('.'.join(map(str, one['loc'])))} ({_why(model, one)})" for one in found)


def _why(model: type[BaseModel], found: ErrorDetails) -> str:
    kind, bounds = found["type"], found.get("ctx", {})
    field = model.model_fields.get(str(found["loc"][0])) if found["loc"] else None
    if kind == "value_error":  # of a validator of ours
        return str(bounds["error"])
    if kind not in ("missing", "extra_forbidden") and field is not None and field.description:
        return field.description
    return _WORDS[kind](bounds) if kind in _WORDS else "is malformed"


_WORDS: Mapping[str, Callable[[Bounds], str]] = {
    "missing": lambda _: "is missing",
    "extra_forbidden": lambda _: "is not known here",
    "float_type": lambda _: _NUMBER,
    "float_parsing": lambda _: _NUMBER,
    "finite_number": lambda _: _NUMBER,
    "int_type": lambda _: "must be a whole number",
    "int_parsing": lambda _: "must be a whole number",
    "int_from_float": lambda _: "must be a whole number",
    "greater_than": lambda bounds: f"must be more than {bounds['gt']:g}",
    "greater_than_equal": lambda bounds: f"must be {bounds['ge']:g} or more",
    "less_than_equal": lambda bounds: f"must be {bounds['le']:g} or less",
    "string_type": lambda _: "must be a text",
    "list_type": lambda _: "must be a list",
    "tuple_type": lambda _: "must be a list",
    "too_long": lambda bounds: f"must have at most {bounds['max_length']} entries",
    "dict_type": lambda _: "must have names with values",
    "model_type": lambda _: "must have names with values",
}
