"""What is wrong with the fields of a request, in our words: pydantic finds it, and no caller hears of pydantic.

A field is named by the path that its sender wrote, such as `licenses.3.max_activations`, and each sentence says what
may be sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from inspect import isclass
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import ErrorDetails

from chalicelib.domain.errors import Invalid
from chalicelib.web.error_responses import MAX_FIELDS

MAX_NAME = 64
"""Characters of a name that are answered."""
Bounds = Mapping[str, Any]  # as pydantic has them
"""What pydantic says besides of an error, by its own names."""


def field_errors(model: type[BaseModel], given: object, found: ValidationError, where: str) -> list[Invalid]:
    """One error for each of the first fields that are wrong; `where` names the whole of what was given."""
    details = found.errors(include_url=False)[:MAX_FIELDS]
    return [_field_error(model, one, _path(given, one), where) for one in details]


def _path(given: Any, found: ErrorDetails) -> list[str]:  # any JSON
    """The parts of an error's location that are the sender's: pydantic adds in which kind of value it is."""
    path, location = [], found["loc"]
    for place, part in enumerate(location):
        is_index = isinstance(given, list) and isinstance(part, int)
        if is_index or (isinstance(given, dict) and part in given):
            given = given[part]
        elif found["type"] != "missing" or place < len(location) - 1:
            continue
        path.append(str(part)[:MAX_NAME])
    return path


def _field_error(model: type[BaseModel], found: ErrorDetails, path: Sequence[str], where: str) -> Invalid:
    field, kind = ".".join(path) or where, found["type"]
    if kind == "missing" or (len(path) == 1 and found["input"] in (None, "")):
        return Invalid("missing_hardware_id" if field == "hardware_id" else "missing_parameters", field=field)
    if kind == "extra_forbidden":
        return _unknown(field, path[-1], model, path[:-1])
    if kind == "bool_type" and where != "query" and NoneType in _kinds_at(model, path):  # a query has texts alone
        return Invalid("boolean_malformed", of="nullable", field=field)
    if kind in ERRORS:
        return ERRORS[kind](field, found.get("ctx", {}))
    return Invalid("field_malformed", field=field, reason=found["msg"])  # a sentence of our own validators


def _unknown(field: str, name: str, model: type[BaseModel], path: Sequence[str]) -> Invalid:
    """Of a name that there is not; where the model says why (`not_served`, by how names begin), that is said."""
    for one in _models_at(model, path):
        for begins, reason in getattr(one, "not_served", {}).items():
            if name.startswith(begins):
                return Invalid("field_malformed", field=field, reason=reason)
    names = names_at(model, path)
    near = get_close_matches(name, names)
    if near:
        return Invalid("name_unknown", of="near", field=field, names=", ".join(near))
    return Invalid("name_unknown", field=field, names=", ".join(names))


def names_at(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """The names of the fields that there are at a path, as they are sent."""
    models = _models_at(model, path)
    return sorted({field.alias or name for one in models for name, field in one.model_fields.items()})


def _kinds_at(model: type[BaseModel], path: Sequence[str]) -> set[object]:
    """All that the field at a path may be."""
    fields = [one.model_fields.get(path[-1]) for one in _models_at(model, path[:-1])] if path else []
    return {part for field in fields if field is not None for part in _parts_of(field.annotation)}


def _parts_of(kind: object) -> Iterator[object]:
    yield kind
    for part in get_args(kind):
        yield from _parts_of(part)


def _models_at(kind: Any, path: Sequence[str]) -> Iterator[type[BaseModel]]:  # whatever a field may be annotated with
    if isclass(kind) and issubclass(kind, RootModel):
        yield from _models_at(kind.model_fields["root"].annotation, path)
    elif isclass(kind) and issubclass(kind, BaseModel):
        if not path:
            yield kind
        elif path[0] in kind.model_fields:
            yield from _models_at(kind.model_fields[path[0]].annotation, path[1:])
    elif get_origin(kind) in (list, dict):
        if path and (get_origin(kind) is dict or path[0].isdigit()):
            yield from _models_at(get_args(kind)[-1], path[1:])
    else:  # a union, or what is annotated
        for part in get_args(kind):
            yield from _models_at(part, path)


def _choices(bounds: Bounds) -> str:
    """`'a', 'b' or False` as it is sent: a, b or false."""
    written: str = bounds["expected"]
    return written.replace("False", "false").replace("True", "true").replace("'", "")


def _integer(field: str, _: Bounds) -> Invalid:
    return Invalid("integer_malformed", field=field)


def _object(field: str, _: Bounds) -> Invalid:
    return Invalid("validation_error", of="object", field=field)


ERRORS: Mapping[str, Callable[[str, Bounds], Invalid]] = {
    "bool_type": lambda field, _: Invalid("boolean_malformed", field=field),
    "int_type": _integer,
    "int_parsing": _integer,
    "int_parsing_size": _integer,
    "int_from_float": _integer,
    "finite_number": _integer,
    "string_type": lambda field, _: Invalid("validation_error", of="text", field=field),
    "list_type": lambda field, _: Invalid("validation_error", of="list", field=field),
    "dict_type": _object,
    "model_type": _object,
    "greater_than_equal": lambda field, bound: Invalid("number_too_small", field=field, least=bound["ge"]),
    "less_than_equal": lambda field, bound: Invalid("number_too_large", field=field, most=bound["le"]),
    "string_too_short": lambda field, bound: Invalid("text_too_short", field=field, least=bound["min_length"]),
    "string_too_long": lambda field, bound: Invalid("text_too_long", field=field, most=bound["max_length"]),
    "too_short": lambda field, bound: Invalid("entries_too_few", field=field, least=bound["min_length"]),
    "too_long": lambda field, bound: Invalid("entries_too_many", field=field, most=bound["max_length"]),
    "literal_error": lambda field, bound: Invalid("choice_unknown", field=field, choices=_choices(bound)),
}
"""What pydantic finds, by its type of error: all that a model of a request can meet, see tests/web."""
