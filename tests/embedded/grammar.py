"""What a request is made of, without its names and values: in these words the tests say what they cover."""

import re
from collections.abc import Iterator
from typing import Any

_PLACEHOLDER = re.compile(r"[#:]\w+")
_NAME = re.compile(r"\b(pk|part)\b")
_ATOM = re.compile(r"\w+ ?\((?:#|, |:[A-Z]+)+\)|(?:#|:[A-Z]+) (?:[=<>]+) (?:#|:[A-Z]+)|# BETWEEN :[A-Z]+ AND :[A-Z]+")
_CLAUSE = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\b")
_ACTION = re.compile(r", (?=#(?: |$|,))")
_CONTENTS = {
    "Item",
    "Key",
    "Limit",
    "ProjectionExpression",
    "TableName",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ExclusiveStartKey",
    "AttributeDefinitions",
    "KeySchema",
    "Keys",
}
"""Parameters whose content is looked at elsewhere, or is no matter of the engine's."""


def features(operation: str, request: dict[str, Any]) -> set[str]:
    """The words for all that is in a request."""
    if operation in {"TransactWriteItems", "TransactGetItems"}:
        steps = [(f"{operation}.{kind}", asked) for step in request["TransactItems"] for kind, asked in step.items()]
    elif operation == "BatchWriteItem":
        steps = [
            (f"{operation}.{kind}", a)
            for ones in request["RequestItems"].values()
            for o in ones
            for kind, a in o.items()
        ]
    elif operation == "BatchGetItem":
        steps = [(operation, asked) for asked in request["RequestItems"].values()]
    else:
        steps = [(operation, request)]
    return {word for name, asked in steps for word in _words(name, asked)}


def _words(operation: str, request: dict[str, Any]) -> Iterator[str]:
    yield operation
    for parameter, content in request.items():
        if parameter in {"ConditionExpression", "KeyConditionExpression"}:
            yield f"{operation} {parameter}"
            yield from _of_condition(_normal(content, request), parameter)
        elif parameter == "UpdateExpression":
            yield from _of_update(_normal(content, request))
        elif parameter in _CONTENTS:
            yield f"{operation} {parameter}"
        elif parameter != "ReturnConsumedCapacity":
            yield f"{operation} {parameter} {content}"
    for item in (request.get("Item", {}), request.get("ExpressionAttributeValues", {})):
        yield from (f"a value of type {kind}" for value in item.values() for kind in value)


def _normal(text: str, request: dict[str, Any]) -> str:
    """The expression, with `#` for each attribute and `:` with its type for each value."""
    values = request.get("ExpressionAttributeValues", {})

    def plain(found: re.Match[str]) -> str:
        return "#" if found[0].startswith("#") else ":" + "".join(values[found[0]])

    return _NAME.sub("#", _PLACEHOLDER.sub(plain, text)).replace("(#", "(#").replace(" (", "(")


def _of_condition(text: str, parameter: str) -> Iterator[str]:
    yield from (f"{parameter} {atom}" for atom in _ATOM.findall(text))
    left = _ATOM.sub("", text)
    yield from (f"{parameter} {word}" for word in re.findall(r"[A-Z]+", left))
    assert not re.sub(r"AND|OR|NOT|[() ]", "", left), f"what is this? {left}"


def _of_update(text: str) -> Iterator[str]:
    _, *parts = _CLAUSE.split(text)
    for clause, actions in zip(parts[::2], parts[1::2], strict=True):
        yield from (f"UpdateExpression {clause} {action}" for action in _ACTION.split(actions.strip()))
