"""What a command is, and what it takes."""

from collections.abc import Callable
from dataclasses import dataclass


class NotGiven:
    """The default of an option whose values include None: the class itself."""


@dataclass(frozen=True, slots=True)
class Option:
    """`--name VALUE`, or a value by its position where the name has no dashes; a switch where nothing is read."""

    name: str
    shape: str
    help: str
    read: Callable[[str], object] | None = None
    required: bool = False
    default: object = None
    many: bool = False

    @property
    def argument(self) -> str:
        """The argument of the command's function."""
        return self.name.lstrip("-").replace("-", "_")


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is noun and verb, or the verb alone."""

    name: str
    help: str
    example: str
    options: tuple[Option, ...]

    @property
    def function(self) -> str:
        """The name of its function, in one of the modules of `main.function_of`."""
        return self.name.replace(" ", "_").replace("-", "_")
