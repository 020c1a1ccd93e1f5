"""The expressions of a request, compiled once for each text. What is not understood is refused, never guessed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from infra.embedded.conditions import Test, check_bounds, condition
from infra.embedded.errors import invalid
from infra.embedded.requests import Request
from infra.embedded.source import Check, Source, Values
from infra.embedded.updates import Update, update
from infra.embedded.values import checked

KEPT = 2048
"""Compiled requests that are remembered; our store has some hundred."""


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """A KeyConditionExpression: names of attributes, and placeholders of values."""

    keys: tuple[str, ...]
    pk: str
    operator: str = ""
    """Of the sort key; `` where each is taken."""
    bounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expressions:
    """What a request has of them."""

    condition: Test | None
    update: Update | None
    projection: tuple[str, ...] | None
    key_condition: KeyCondition | None
    checks: tuple[Check, ...]


def compiled(request: Request) -> tuple[Expressions, Values]:
    """The expressions of a request, and its values as they are stored.

    Raises `Refused` also for names and values that are missing, or used nowhere.
    """
    for parameter in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
        if parameter in request and not request[parameter]:
            raise invalid(f"{parameter} must not be empty")
    given = request.get("ExpressionAttributeValues", {})
    found = _compiled(
        request.get("ConditionExpression"),
        request.get("UpdateExpression"),
        request.get("ProjectionExpression"),
        request.get("KeyConditionExpression"),
        tuple(request.get("ExpressionAttributeNames", {}).items()),
        tuple(given),
    )
    values = {placeholder: checked(value) for placeholder, value in given.items()}
    for check in found.checks:
        check(values)
    return found, values


def _projection(source: Source) -> tuple[str, ...]:
    names = [source.path()]
    while source.comes(","):
        source.take(",")
        names.append(source.path())
    source.end()
    if len(set(names)) < len(names):
        source.fail("Two document paths overlap with each other; must remove or rewrite one of these paths;")
    return tuple(names)


def _key_condition(source: Source) -> KeyCondition:
    """The partition key, and behind an AND one comparison of the sort key."""
    name = source.path()
    source.take("=")
    pk = source.value()
    if not source.peek():
        return KeyCondition((name,), pk)
    source.take("AND")
    part, operator, bounds = _sort_key(source)
    source.end()
    return KeyCondition((name, part), pk, operator, bounds)


def _sort_key(source: Source) -> tuple[str, str, tuple[str, ...]]:
    if source.calls("begins_with"):
        part = source.path()
        source.take(",")
        prefix = source.value()
        source.take(")")
        return part, "begins_with", (prefix,)
    part = source.path()
    operator = source.take("=", "<", "<=", ">", ">=", "BETWEEN")
    low = source.value()
    if operator != "BETWEEN":
        return part, operator, (low,)
    source.take("AND")
    high = source.value()
    source.checks.append(lambda values: check_bounds(source, values[low], values[high]))
    return part, operator, (low, high)


_PARSERS: dict[str, Callable[[Source], Any]] = {  # each makes a thing of its own
    "ConditionExpression": condition,
    "UpdateExpression": update,
    "ProjectionExpression": _projection,
    "KeyConditionExpression": _key_condition,
}


@lru_cache(maxsize=KEPT)
def _compiled(*given: Any) -> Expressions:  # four texts or None, the items of the names, the names of the values
    *texts, names, values = given
    sources = [Source(kind, text, dict(names)) for kind, text in zip(_PARSERS, texts, strict=True) if text is not None]
    parsed = {source.kind: _PARSERS[source.kind](source) for source in sources}
    for source in sources:
        for placeholder in sorted(source.used_values.difference(values)):
            source.fail(
                f"An expression attribute value used in expression is not defined; attribute value: {placeholder}"
            )
    _require_used("Names", dict(names), (source.used_names for source in sources))
    _require_used("Values", values, (source.used_values for source in sources))
    return Expressions(
        condition=parsed.get("ConditionExpression"),
        update=parsed.get("UpdateExpression"),
        projection=parsed.get("ProjectionExpression"),
        key_condition=parsed.get("KeyConditionExpression"),
        checks=tuple(check for source in sources for check in source.checks),
    )


def _require_used(what: str, given: Iterable[str], used: Iterable[set[str]]) -> None:
    if unused := sorted(set(given).difference(*used)):
        raise invalid(
            f"Value provided in ExpressionAttribute{what} unused in expressions: keys: {{{', '.join(unused)}}}"
        )
