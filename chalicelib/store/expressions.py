"""What a write requires and what it does, as the text of DynamoDB's expressions from the beginning.

Attributes make them by Python's operators (`store.attributes`): `(SeatItem.epoch == 3) & SeatItem.pk.exists()` is a
text with `?` for each value, and the values beside it. A request numbers these; that is remembered by the text, of
which there are as many as our writes have shapes. pynamodb's own expressions are trees, walked anew for each write.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import Any, Literal

TypedValue = dict[str, Any]  # what it is, the letter of its type says
"""A value as DynamoDB writes it: type → content."""
Parameters = dict[str, Any]  # texts, and names and values by their placeholders
Clause = Literal["SET", "REMOVE", "ADD", "DELETE"]

_KEPT = 1024
"""Shapes that are remembered; our writes have some hundred."""


class Condition:
    """What has to be true of an item when it is written. Conditions join by `&`, `|` and `~`."""

    __slots__ = ("text", "values")

    def __init__(self, text: str, values: tuple[TypedValue, ...] = ()) -> None:
        self.text = text
        self.values = values

    def __and__(self, other: "Condition") -> "Condition":
        return Condition(f"({self.text} AND {other.text})", self.values + other.values)

    def __or__(self, other: "Condition") -> "Condition":
        return Condition(f"({self.text} OR {other.text})", self.values + other.values)

    def __invert__(self) -> "Condition":
        return Condition(f"(NOT {self.text})", self.values)

    def __bool__(self) -> bool:
        raise TypeError("a condition is decided by the database: join conditions by & | ~")

    def __repr__(self) -> str:
        return f"{self.text} {list(self.values)}"


class Operand:
    """What an attribute is set to that the database computes."""

    __slots__ = ("text", "values")

    def __init__(self, text: str, values: tuple[TypedValue, ...]) -> None:
        self.text = text
        self.values = values

    def __add__(self, amount: int) -> "Operand":
        return Operand(f"{self.text} + ?", (*self.values, {"N": str(amount)}))


class Action:
    """What an update does to one attribute, named as it is stored."""

    __slots__ = ("attribute", "clause", "text", "values")

    def __init__(self, clause: Clause, attribute: str, text: str, values: tuple[TypedValue, ...] = ()) -> None:
        self.clause = clause
        self.attribute = attribute
        self.text = text
        self.values = values

    def __repr__(self) -> str:
        return f"{self.clause} {self.text} {list(self.values)}"


def parameters(condition: Condition | None, actions: Sequence[Action] = ()) -> Parameters:
    """The parameters of a request that say these: the expressions, and the names and values in them."""
    clauses: dict[Clause, list[Action]] = {}
    for action in actions:
        clauses.setdefault(action.clause, []).append(action)
    update = " ".join([f"{clause} {', '.join([action.text for action in of])}" for clause, of in clauses.items()])
    values = [value for of in clauses.values() for action in of for value in action.values]
    if condition is not None:
        values += condition.values
    expressions, names, placeholders = _numbered(update, "" if condition is None else condition.text)
    asked: Parameters = dict(expressions)
    if names:
        asked["ExpressionAttributeNames"] = dict(names)
    if values:
        asked["ExpressionAttributeValues"] = dict(zip(placeholders, values, strict=True))
    return asked


@lru_cache(maxsize=_KEPT)
def _numbered(update: str, condition: str) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The expressions of a request by their parameters, its names, and the placeholders of its values."""
    number = count()
    texts = {"UpdateExpression": update, "ConditionExpression": condition}
    expressions = {kind: re.sub(r"\?", lambda _: f":{next(number)}", text) for kind, text in texts.items() if text}
    names = {name: name[1:] for text in expressions.values() for name in re.findall(r"#\w+", text)}
    return expressions, names, [f":{n}" for n in range(next(number))]
