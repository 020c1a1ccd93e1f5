"""What is made when it is first needed, and once."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """A value that `make` makes when it is first asked for: one value, however many threads ask at once.

    Where `make` raises, the next who asks has it made anew.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make, self._lock = make, Lock()
        self._made: tuple[T] | None = None

    def __call__(self) -> T:
        """The value. Raises what `make` raises."""
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = (self._make(),)
        return self._made[0]
