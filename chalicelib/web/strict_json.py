"""The strict reader for request bodies: what it accepts, canonical.py can write."""

import json
from codecs import BOM_UTF8
from math import isfinite
from typing import Any, Never

from chalicelib.web.canonical import MAX_SAFE_INTEGER, has_lone_surrogate

MAX_DEPTH = 64
"""Containers inside each other; far above any real body."""


def parse_json(text: bytes) -> Any:  # whatever the JSON is; models read it
    """Read one JSON value from ``text``, which has to be UTF-8; a byte order mark before it is skipped.

    Numbers become what JavaScript makes of them: an integer beyond ±(2^53 - 1) is the nearest float. Of a
    repeated key the last value holds.

    Raises ValueError with a short sentence for anything malformed, NaN and Infinity, a number no double can
    hold, a lone surrogate, and containers nested deeper than MAX_DEPTH. The sentence never quotes the body,
    which may hold a password.
    """
    try:
        value = _DECODER.decode(text.removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError:
        raise ValueError("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"The JSON is malformed at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise _too_deep() from None
    _check(value)
    return value


def _check(value: object) -> None:
    """Walk the value level by level, without recursion, and refuse excess depth and lone surrogates."""
    level, room = [value], MAX_DEPTH
    while level:
        below: list[object] = []
        for node in level:
            if isinstance(node, str):
                if not node.isascii() and has_lone_surrogate(node):
                    raise ValueError("The JSON holds a lone surrogate.")
            elif isinstance(node, dict | list):
                if not room:
                    raise _too_deep()
                below += node
                if isinstance(node, dict):
                    below += node.values()
        level, room = below, room - 1


def _too_deep() -> ValueError:
    return ValueError(f"The JSON is nested deeper than {MAX_DEPTH} levels.")


def _int(digits: str) -> int | float:
    # A safe integer has at most 16 digits and a sign. Longer ones never reach int(), which is quadratic.
    if len(digits) <= 17 and -MAX_SAFE_INTEGER <= (value := int(digits)) <= MAX_SAFE_INTEGER:
        return value
    return _float(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise ValueError("The JSON holds a number out of range.")
    return value


def _constant(_name: str) -> Never:
    raise ValueError("The JSON holds NaN or Infinity, which are no JSON.")


_DECODER = json.JSONDecoder(parse_int=_int, parse_float=_float, parse_constant=_constant)
