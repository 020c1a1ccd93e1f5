"""Every kind of item that is stored."""

from typing import Any

from pynamodb.models import Model

from chalicelib.store import items


def kinds() -> list[Any]:
    """The classes of `chalicelib.store.items`, in the order in which they stand there."""
    found = [kind for kind in vars(items).values() if isinstance(kind, type) and issubclass(kind, Model)]
    return [kind for kind in found if kind is not Model]
