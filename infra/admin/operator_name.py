"""Whose name stands in the history of what a command does: `admin:petra`."""

import getpass
from contextvars import ContextVar

from chalicelib.domain.events import Actor

_name: ContextVar[str] = ContextVar("operator", default="")


def act_as(name: str | None) -> None:
    """Let what follows be done by this operator; None: by the user of the operating system."""
    _name.set(name or _of_the_system())


def operator() -> Actor:
    """Who does it. `admin` alone where nobody has a name."""
    return Actor(f"admin:{_name.get()}" if _name.get() else "admin")


def _of_the_system() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have none
        return ""
