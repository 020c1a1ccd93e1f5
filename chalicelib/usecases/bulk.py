"""The same change of many objects: each by itself, with a result for each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.domain.errors import SeatkeeperError
from chalicelib.threads import map_in_turns
from chalicelib.usecases.idempotency import in_steps

T = TypeVar("T")

MAX_ROWS = 1000
"""Of one call."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one object."""

    id: int
    error: SeatkeeperError | None
    """None: it is done."""
    answer: Any = None  # of whichever change it is
    """Of the change."""


def change_each(rows: Sequence[T], id_of: Callable[[T], int], change: Callable[[T], object]) -> list[Row]:
    """Change each, some at once; what is refused of one keeps no other from being changed. In the order of `rows`.

    Rows of the same object are done one after the other, so the last one stands. `change` may be repeated: a call that
    was cut short comes again as a whole.
    """

    def outcome(row: T) -> Row:
        try:
            return Row(id_of(row), None, change(row))
        except SeatkeeperError as error:
            return Row(id_of(row), error)

    with in_steps():
        return list(map_in_turns(outcome, rows, id_of))
