"""What a vendor keeps with an object of its own and nobody here reads: any object of JSON, up to a size."""

import json

from chalicelib.domain.errors import Invalid
from chalicelib.domain.types import Json, JsonValue

MAX_METADATA = 16_384
"""Bytes of it, as JSON without spaces."""
MAX_LEVELS = 32
"""Of objects and lists in each other."""
_ANSWERED_LEVELS = 120
"""An answer has 128 of them, some of which are around the metadata. Older versions took 64, and of files any number."""
_MAX_INTEGER = 2**53 - 1
"""What JavaScript can count to: an answer has no more."""


def guard_metadata(metadata: Json, most: int = MAX_METADATA) -> None:
    """That it may be kept, and be answered wherever it belongs.

    Raises `Invalid`, at the field `metadata`: `metadata_too_large`, with `most` in KB; `metadata_malformed` where it is
    nested deeper than `MAX_LEVELS`, or has a number or a half of a character that no answer can have.
    """
    written = _written(metadata) if _can_be_answered(metadata, MAX_LEVELS) else None
    if written is None:
        raise Invalid("metadata_malformed", field="metadata", levels=MAX_LEVELS)
    if len(written) > most:
        raise Invalid("metadata_too_large", field="metadata", most=most // 1024)


def can_be_answered(metadata: Json) -> bool:
    """Whether an answer can have metadata that is stored: older versions kept what `guard_metadata` refuses."""
    return _can_be_answered(metadata, _ANSWERED_LEVELS) and _written(metadata) is not None


def _written(metadata: Json) -> bytes | None:
    """As JSON; None where it has a number or a half of a character that JSON has not."""
    try:
        return json.dumps(metadata, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        return None


def _can_be_answered(value: JsonValue, levels: int) -> bool:
    """Whether it opens no more levels than these, and no integer is too large."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return levels > 0 and all(_can_be_answered(one, levels - 1) for one in inner)
    return not isinstance(value, int) or abs(value) <= _MAX_INTEGER
