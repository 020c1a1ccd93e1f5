"""The revision of what is changed: the one that a caller has seen, and the one that it has then."""

from dataclasses import replace
from typing import Any, Protocol, TypeVar

from chalicelib.domain.errors import Denied


class Revised(Protocol):
    """What has a revision."""

    @property
    def revision(self) -> int:
        """How often it was changed."""


V = TypeVar("V", bound=Any)  # a dataclass with a revision


def guard_revision(found: Revised, revision: int | None) -> None:
    """That it is the one which the caller has seen; None: whichever. Raises `Denied`: `revision_changed`."""
    if revision is not None and found.revision != revision:
        raise Denied("revision_changed")


def revised(old: V, new: V) -> V:
    """Something as it is stored once `old` was made into `new`."""
    return new if new == old else replace(new, revision=old.revision + 1)
