"""Every kind of item that is stored."""

from typing import Any

from chalicelib.store.items.kinds import KINDS


def kinds() -> list[Any]:
    """The classes of all kinds of items, each once."""
    return list(dict.fromkeys(kind.item for kind in KINDS))
