"""The one serialiser: every JSON body we sign or send is written here.

Some clients verify a signature over ``JSON.stringify(JSON.parse(body))``, not over the bytes they received,
so a body has to be its own JavaScript re-serialisation. The rules are ECMA-262's: JSON.stringify,
Number::toString and OrdinaryOwnPropertyKeys. Refused, not written: an integer that JavaScript would silently
round, and whatever has no JSON form.

Of most bodies pydantic's serialiser, in Rust, writes the same bytes in a third of the time. So what holds nothing on
which the two differ (`_is_plain`) is written by that one; all else, and every refusal, is written here.
"""

from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring as quote
from types import NoneType
from typing import Any

from pydantic_core import PydanticSerializationError, to_json

MAX_DEPTH = 128
"""Containers inside each other; twice what a request may have, which older versions kept, and far below the
interpreter's own limit."""

MAX_SAFE_INTEGER = 2**53 - 1
"""JavaScript's Number.MAX_SAFE_INTEGER."""

_MAX_ARRAY_INDEX = 2**32 - 2
_WRITTEN_ALIKE = frozenset((str, bool, NoneType))


class UnwritableError(ValueError):
    """A value without canonical form; its text is a sentence with the path: ``$['metadata']['a'] is …``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.steps: list[str | int] = []
        """From the value outwards: each container adds its own step while the error passes through."""

    def __str__(self) -> str:
        # ASCII and cut short: the steps may be a stranger's text, and the sentence may end in a log.
        path = "".join(f"[{step!a:.40}]" for step in reversed(self.steps))
        return f"${path} {self.reason}."


def canonical_json(value: object) -> bytes:
    """Write ``value`` as the UTF-8 bytes that ``JSON.stringify`` gives for it.

    Takes None, bool, int, float, Decimal, str, list, tuple and dict, and subclasses of these (a StrEnum is a
    str). A Decimal without a fraction is an integer, any other is the nearest double.

    Raises ValueError, naming the path, for NaN and the infinities, an integer beyond ±(2^53 - 1), a lone
    surrogate, a key that is not a str, any other type, and containers nested deeper than MAX_DEPTH (so for a
    cycle, too).
    """
    if _is_plain(value, MAX_DEPTH):
        try:
            return to_json(value)
        except PydanticSerializationError:  # a lone surrogate: below it is said where
            pass
    return _write(value, MAX_DEPTH).encode()


def _is_plain(value: object, room: int) -> bool:
    """Whether this container holds only what pydantic writes as JavaScript does, in ``room`` levels at most.

    No fraction, no unsafe integer, no key that may be an index, nothing of a subclass.
    """
    items: Any = value  # of any kind: each is looked at
    if type(value) is dict:
        if value and (set(map(type, value)) != {str} or min(value) < ":"):  # an index begins with a digit
            return False
        items = value.values()
    elif type(value) is not list:
        return False
    if not room:
        return False
    for item in items:
        if type(item) in _WRITTEN_ALIKE:
            continue
        if type(item) is int:
            if not -MAX_SAFE_INTEGER <= item <= MAX_SAFE_INTEGER:
                return False
        elif not _is_plain(item, room - 1):
            return False
    return True


def has_lone_surrogate(text: str) -> bool:
    """Tell whether the text holds half of a UTF-16 pair, which is no character and has no UTF-8 form."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _write(value: object, room: int) -> str:
    """Write any value; ``room`` is how many levels of containers may still open."""
    write = _WRITERS.get(type(value)) or _inherited_writer(value)
    return write(value, room)


def _inherited_writer(value: object) -> "_Writer":
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write
    raise UnwritableError(f"is of a type that JSON lacks: {type(value).__name__}")


def _null(_value: None, _room: int) -> str:
    return "null"


def _bool(value: bool, _room: int) -> str:
    return "true" if value else "false"


def _int(value: int, _room: int) -> str:
    if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        raise UnwritableError("is an integer beyond ±(2^53 - 1)")
    return int.__repr__(value)


def _float(value: float, _room: int) -> str:
    """Number::toString. Python finds the same shortest digits; only the layout around them differs."""
    mantissa, _, power = float.__repr__(value).partition("e")
    if not power:
        if mantissa in ("nan", "inf", "-inf"):
            raise UnwritableError("is not a finite number")
        return mantissa.removesuffix(".0") if value else "0"
    exponent = int(power)
    if not -7 < exponent < 21:
        return f"{mantissa}e{exponent:+d}"
    sign = "-" if value < 0 else ""
    digits = mantissa.removeprefix("-").replace(".", "")
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    return sign + digits.ljust(exponent + 1, "0")


def _decimal(value: Decimal, room: int) -> str:
    if not value.is_finite():
        raise UnwritableError("is not a finite number")
    if value != value.to_integral_value():
        return _float(float(value), room)
    if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:  # before int(), which would spell 1E+999999 out
        raise UnwritableError("is an integer beyond ±(2^53 - 1)")
    return int.__repr__(int(value))


def _str(value: str, _room: int = 0) -> str:
    if not value.isascii() and has_lone_surrogate(value):
        raise UnwritableError("holds a lone surrogate")
    return quote(value)


def _array(value: list[object] | tuple[object, ...], room: int) -> str:
    if not room:
        raise UnwritableError(f"is nested deeper than {MAX_DEPTH} levels")
    members = []
    for index, item in enumerate(value):
        try:
            members.append(_write(item, room - 1))
        except UnwritableError as error:
            error.steps.append(index)
            raise
    return f"[{','.join(members)}]"


def _object(value: dict[object, object], room: int) -> str:
    if not room:
        raise UnwritableError(f"is nested deeper than {MAX_DEPTH} levels")
    members = []
    indexed = []
    for key, item in value.items():
        if not isinstance(key, str):
            raise UnwritableError(f"has a key that is not a string: {key!a:.40}")
        try:
            member = f"{_str(key)}:{_write(item, room - 1)}"
        except UnwritableError as error:
            error.steps.append(key)
            raise
        if key[:1] <= "9" and _is_array_index(key):
            indexed.append((int(key), member))
        else:
            members.append(member)
    if indexed:
        members = [member for _, member in sorted(indexed)] + members
    return f"{{{','.join(members)}}}"


def _is_array_index(key: str) -> bool:
    """Tell whether JavaScript moves this key to the front: a whole number, plainly spelt, below 2^32 - 1."""
    if not (key.isascii() and key.isdecimal() and len(key) <= 10):
        return False
    return key == str(int(key)) and int(key) <= _MAX_ARRAY_INDEX


_Writer = Callable[[Any, int], str]  # each takes the one type that it stands for
_WRITERS: dict[type, _Writer] = {
    str: _str,
    NoneType: _null,
    bool: _bool,  # before int, which it inherits from
    int: _int,
    float: _float,
    Decimal: _decimal,
    dict: _object,
    list: _array,
    tuple: _array,
}
