"""Cursors: positions in lists, as they leave the process. Signed, so that one of another list, or made up, opens none.

A cursor is an address into the database. The company and the license stand in the key of what is read, whatever a
cursor says; the signature keeps what is no position from being read from, and a filter from being changed on the way.
"""

import base64
import hmac
import json
from collections.abc import Sequence

from chalicelib.domain.errors import Invalid
from chalicelib.encryption import hmac_sha256

_MAC_LENGTH = 32
"""Hex digits: 128 bits."""


def to_cursor(scope: Sequence[str | int], position: str) -> str:
    """The cursor for a position in the list that `scope` names: which list, whose, by which filter and order.

    Letters, digits, `-` and `_`; the empty position is the empty cursor.
    """
    text = f"{_mac(scope, position)}{position}".encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=") if position else ""


def from_cursor(scope: Sequence[str | int], cursor: str) -> str:
    """The position that a cursor of this list holds. Raises `Invalid`: `cursor_invalid`, for one of any other list."""
    if not cursor:
        return ""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        raise Invalid("cursor_invalid") from None
    mac, position = text[:_MAC_LENGTH], text[_MAC_LENGTH:]
    if not hmac.compare_digest(mac.encode(), _mac(scope, position).encode()):
        raise Invalid("cursor_invalid")
    return position


def _mac(scope: Sequence[str | int], position: str) -> str:
    return hmac_sha256(json.dumps([*scope, position]), "cursor")[:_MAC_LENGTH]
