"""What a command is, and what it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from keyword import iskeyword


class NotGiven:
    """The default of an option whose values include None: the class itself."""


@dataclass(frozen=True, slots=True)
class Option:
    """`--name VALUE`, or a value by its position where the name has no dashes; a switch where nothing is read.

    `many`: it may be given several times, or at its position several values, and one at least.
    """

    name: str
    shape: str
    help: str
    read: Callable[[str], object] | None = None
    required: bool = False
    default: object = None
    many: bool = False

    def is_in(self, value: object) -> bool:
        """Whether a value is one that was given, and not what it is without."""
        return value is not self.default and not (self.many and not value) and not (self.read is None and not value)

    @property
    def argument(self) -> str:
        """The argument of the command's function; behind a word of Python stands a dash."""
        word = self.name.lstrip("-").replace("-", "_")
        return f"{word}_" if iskeyword(word) else word


READING = frozenset(
    {"explain", "export", "find", "history", "list", "log", "plan", "preview", "report", "show", "verify"}
)
"""Verbs of commands that change nothing. All others take --dry-run."""
LISTING = frozenset({"find", "history", "list", "log"})
"""Verbs of commands that answer rows: those take --csv."""
SUBJECTS: Mapping[str, str] = {
    "customer": "--customer",
    "customer-account": "--account",
    "feature": "--feature",
    "field": "--field",
    "label": "--label",
    "management-key": "--key",
    "order": "--order",
    "policy": "--policy",
    "scheduled-update": "--update",
    "user": "--email",
    "webhook": "--webhook",
}
"""The options that name what a command of a noun is about, where that has no position. A device has none: its hardware
id may be a dash.
"""
_ASIDE = frozenset({"--company", "--revision", "--strict"})
"""Options of a `set` that say of what, or when, and not what is changed."""
FINAL = frozenset({"delete", "merge", "retire", "revoke"})
"""Verbs of what cannot be undone: it is done with --yes alone, or with a --confirm of its own."""


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is noun and verb, or the verb alone. What a command does to data follows from its verb."""

    name: str
    help: str
    example: str
    options: tuple[Option, ...]

    @property
    def function(self) -> str:
        """The name of its function, in one of the modules of `main.function_of`."""
        return self.name.replace(" ", "_").replace("-", "_")

    @property
    def line(self) -> str:
        """How it is typed, as an example."""
        return f"{self.name} {self.example}{' --yes' if self.is_final else ''}"

    @property
    def changes(self) -> bool:
        """Whether it may change anything."""
        return self._verb not in READING

    @property
    def lists(self) -> bool:
        """Whether it answers rows."""
        return self._verb in LISTING

    @property
    def is_final(self) -> bool:
        """Whether it is done with --yes alone."""
        return self._verb in FINAL and all(option.name != "--confirm" for option in self.options)

    @property
    def subject(self) -> Option | None:
        """What it is about, of its noun, where it is about one: `-` there reads many."""
        noun, _, verb = self.name.partition(" ")
        placed = (one for one in self.options if not (one.name.startswith("--") or one.many))
        named = (one for one in self.options if one.name == SUBJECTS.get(noun) and one.required)
        return next(chain(placed, named), None) if verb else None

    @property
    def changing(self) -> tuple[Option, ...]:
        """Of a `set` the options that say what is changed: one of them has to be given."""
        if self._verb != "set":
            return ()
        named = (one for one in self.options if one.name.startswith("--"))
        return tuple(one for one in named if not one.required and one.name not in _ASIDE)

    @property
    def _verb(self) -> str:
        return self.name.rpartition(" ")[2]
