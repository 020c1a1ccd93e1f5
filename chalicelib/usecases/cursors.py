"""Cursors: positions in lists, as they leave the process. Sealed, so that one of another list, or made up, opens none,
and none says what the position is: it may be a row that whoever holds the cursor is not shown.

A cursor is an address into the database. The company and the license stand in the key of what is read, whatever a
cursor says; the seal keeps what is no position from being read from, and a filter from being changed on the way.
"""

import base64
import hmac
import json
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag

from chalicelib.domain.errors import Invalid
from chalicelib.encryption import hmac_sha256, seal, unseal

_MAC_LENGTH = 32
"""Hex digits: 128 bits."""


def to_cursor(scope: Sequence[str | int], position: str) -> str:
    """The cursor for a position in the list that `scope` names: which list, whose, by which filter and order.

    Letters, digits, `-` and `_`; the empty position is the empty cursor.
    """
    return base64.urlsafe_b64encode(seal(position, json.dumps(scope))).decode().rstrip("=") if position else ""


def from_cursor(scope: Sequence[str | int], cursor: str) -> str:
    """The position that a cursor of this list holds. Raises `Invalid`: `cursor_invalid`, for one of any other list."""
    if not cursor:
        return ""
    try:
        sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError:
        raise Invalid("cursor_invalid", field="cursor") from None
    try:
        return unseal(sealed, json.dumps(scope))
    except InvalidTag:
        return _signed(scope, sealed)


def _signed(scope: Sequence[str | int], cursor: bytes) -> str:
    """Of a cursor of before they were sealed, which was signed alone."""
    mac, position = cursor[:_MAC_LENGTH], cursor[_MAC_LENGTH:].decode(errors="replace")
    if not hmac.compare_digest(mac, hmac_sha256(json.dumps([*scope, position]), "cursor")[:_MAC_LENGTH].encode()):
        raise Invalid("cursor_invalid", field="cursor")
    return position
