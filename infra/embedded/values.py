"""Values as DynamoDB types them: `{"S": text}`, `{"N": digits}`, `{"BOOL": truth}` and `{"SS": [text, …]}`.

Our store has no others. Nulls, lists and maps are kept as they are, for older code keeps what newer code has written;
no operator looks into them. Bytes and other sets are refused.
"""

import re
from collections.abc import Callable
from decimal import Context, Decimal, InvalidOperation, Overflow, Underflow
from typing import Any

import orjson

from infra.embedded.errors import Refused, invalid

Untyped = Any  # of a request, before anybody has looked at it
Value = dict[str, Any]  # its content is what its type says
"""One type and its content."""
Item = dict[str, Value]
"""Attribute name → value."""

Order = Callable[[Any, Any], bool]  # an operator's, of whatever has an order
"""Whether one thing comes before another."""

MAX_DEPTH = 32
MAX_DIGITS = 38
MAX_EXPONENT, MIN_EXPONENT = 125, -130
_is_plain = re.compile(r"(?:0|-?[1-9][0-9]{0,37})(?![\s\S])").match
_is_number = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?(?![\s\S])").match
_exact = Context(prec=1000, Emax=999_999, Emin=-999_999, traps=[InvalidOperation, Overflow, Underflow])


def checked(value: Untyped, room: int = MAX_DEPTH) -> Value:
    """A value as it is stored; `room`: how many lists and maps may still open. Raises `Refused`."""
    if not isinstance(value, dict) or len(value) != 1:
        raise invalid("Supplied AttributeValue must contain exactly one of the supported datatypes")
    ((kind, content),) = value.items()
    if kind == "S":
        _check_text(content)
        return value
    if kind == "N":
        number = canonical(content)
        return value if number == content else {"N": number}
    if kind == "BOOL":
        if not isinstance(content, bool):
            raise Refused("SerializationException", f"{content!r} is no Boolean")
        return value
    if kind == "SS":
        return _checked_set(content)
    return _checked_document(kind, content, room)


def _checked_document(kind: str, content: Untyped, room: int) -> Value:
    if not room:
        raise invalid("Nesting Levels have exceeded supported limits: Attributes must have at most 32 levels")
    if kind == "NULL" and content is True:
        return {kind: content}
    if kind == "L" and isinstance(content, list):
        return {kind: [checked(member, room - 1) for member in content]}
    if kind == "M" and isinstance(content, dict):
        for name in content:
            _check_text(name)
        return {kind: {name: checked(member, room - 1) for name, member in content.items()}}
    raise invalid(f"the embedded engine stores no such values of the type {kind}")


def _check_text(content: Untyped) -> None:
    if not isinstance(content, str):
        raise Refused("SerializationException", f"{type(content).__name__} is no text")
    if not content.isascii():
        try:
            content.encode()
        except UnicodeEncodeError:
            raise Refused("SerializationException", "half a surrogate pair is no text") from None


def _checked_set(content: Untyped) -> Value:
    if not isinstance(content, list | tuple | set | frozenset):
        raise Refused("SerializationException", f"{type(content).__name__} is no set")
    members = list(content)
    for member in members:
        _check_text(member)
    if not members:
        raise invalid("One or more parameter values were invalid: An string set  may not be empty")
    if len(set(members)) < len(members):
        listed = ", ".join(members)
        raise invalid(f"One or more parameter values were invalid: Input collection [{listed}] contains duplicates.")
    return {"SS": sorted(members)}


def canonical(text: Untyped) -> str:
    """A number as DynamoDB writes it. Raises `Refused`."""
    if not isinstance(text, str):
        raise Refused("SerializationException", f"{type(text).__name__} is no text of a number")
    if _is_plain(text):
        return text
    if not _is_number(text):
        raise invalid(f"The parameter cannot be converted to a numeric value: {text}")
    return _written(Decimal(text, _exact))


def added(one: str, other: str) -> str:
    """The sum of two canonical numbers. Raises `Refused`."""
    if len(one) < MAX_DIGITS and len(other) < MAX_DIGITS and _is_plain(one) and _is_plain(other):
        return str(int(one) + int(other))
    return _written(_exact.add(Decimal(one), Decimal(other)))


def _written(number: Decimal) -> str:
    if not number:
        return "0"
    if number.adjusted() > MAX_EXPONENT:
        raise invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if number.adjusted() < MIN_EXPONENT:
        raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    number = number.normalize(_exact)
    if len(number.as_tuple().digits) > MAX_DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    return f"{number:f}"


def sort_value(value: Value) -> "str | int | Decimal":
    """What texts or numbers are compared by."""
    content = value.get("N")
    if content is None:
        return str(value["S"])  # by code points, which is the order of UTF-8
    return int(content) if _is_plain(content) else Decimal(content)


def is_in_order(order: Order, one: Value | None, other: Value | None) -> bool:
    """Whether two texts or two numbers are in that order; others never are."""
    if one is None or other is None or one.keys() != other.keys() or not ("S" in one or "N" in one):
        return False
    return order(sort_value(one), sort_value(other))


def size(value: Value) -> int:
    """Bytes, by DynamoDB's rules."""
    ((kind, content),) = value.items()
    if kind in {"BOOL", "NULL"}:
        return 1
    if kind == "SS":
        return sum(len(text.encode()) for text in content)
    if kind not in {"S", "N"}:  # as it is stored, which is more than it is to DynamoDB
        return len(orjson.dumps(content))
    text = str(content)
    if kind == "S":
        return len(text.encode())
    digits = text.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def item_size(item: Item) -> int:
    """Bytes of names and values."""
    return sum(len(name.encode()) + size(value) for name, value in item.items())
