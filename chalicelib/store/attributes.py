# mypy: disable-error-code="override"
# pynamodb's operators make its own expressions; the same operators make ours here.
"""The attributes of items: pynamodb's, which declare what is stored and how a value is written and read.

In a class of items an attribute is what a write says of it, by Python's operators: `LicenseItem.epoch == 3` is a
condition, `LicenseItem.epoch.set(3)` an action, both as text (`store.expressions`). In an item it is its value.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any, Self, TypeVar, overload

from pynamodb import attributes as pynamodb
from pynamodb.constants import NUMBER, STRING_SET

from chalicelib.store.expressions import Action, Condition, Operand, TypedValue

V = TypeVar("V")
M = TypeVar("M")


class Attribute(pynamodb.Attribute[V]):
    """An attribute that is said in text. Nothing is compared with what has no attribute, None or an empty set.

    `name`: in the code. `path`: in expressions, a placeholder of the name that is stored, whatever words are reserved.
    """

    name: str
    path: str

    def __init__(  # no default: `store.schema.Item` knows none
        self,
        *,
        hash_key: bool = False,
        range_key: bool = False,
        null: bool | None = None,
        attr_name: str | None = None,
    ) -> None:
        super().__init__(hash_key, range_key, null, attr_name=attr_name)
        self.name = attr_name or ""
        self.path = f"#{attr_name}"

    def __set_name__(self, owner: type[object], name: str) -> None:
        super().__set_name__(owner, name)
        self.name = name
        self.path = f"#{self.attr_name}"

    # pynamodb looks the name up at each of these, and whether it is in a map.
    @overload
    def __get__(self, item: None, kind: type[object]) -> Self: ...
    @overload
    def __get__(self, item: object, kind: type[object]) -> V: ...
    def __get__(self, item: Any, kind: type[object]) -> Any:  # by the attribute
        return self if item is None else item.attribute_values.get(self.name)

    def __set__(self, item: Any, value: V | None) -> None:  # of whatever class
        item.attribute_values[self.name] = value

    def exists(self) -> Condition:
        """That the item has it."""
        return Condition(f"attribute_exists ({self.path})")

    def does_not_exist(self) -> Condition:
        """That the item has it not, or that there is no item."""
        return Condition(f"attribute_not_exists ({self.path})")

    def __eq__(self, other: "V | Attribute[V]") -> Condition:
        return self._compared("=", other)

    def __ne__(self, other: "V | Attribute[V]") -> Condition:
        return self._compared("<>", other)

    def __lt__(self, other: "V | Attribute[V]") -> Condition:
        return self._compared("<", other)

    def __le__(self, other: "V | Attribute[V]") -> Condition:
        return self._compared("<=", other)

    def __gt__(self, other: "V | Attribute[V]") -> Condition:
        return self._compared(">", other)

    def __ge__(self, other: "V | Attribute[V]") -> Condition:
        return self._compared(">=", other)

    __hash__ = object.__hash__

    def __or__(self, value: V) -> Operand:
        """What there is, or else this value."""
        return Operand(f"if_not_exists ({self.path}, ?)", (self._typed(value),))

    def set(self, value: V | Operand | None) -> Action:
        """Let it be this. What has no attribute removes it."""
        if isinstance(value, Operand):
            return Action("SET", self.attr_name, f"{self.path} = {value.text}", value.values)
        if value is None or (content := self.serialize(value)) is None:
            return self.remove()
        return Action("SET", self.attr_name, f"{self.path} = ?", ({self.attr_type: content},))

    def remove(self) -> Action:
        """Let there be none."""
        return Action("REMOVE", self.attr_name, self.path)

    def _compared(self, operator: str, other: "V | Attribute[V]") -> Condition:
        if isinstance(other, Attribute):
            return Condition(f"{self.path} {operator} {other.path}")
        return Condition(f"{self.path} {operator} ?", (self._typed(other),))

    def _typed(self, value: V) -> TypedValue:
        """Raises `TypeError` for what has no attribute: a comparison with it would never be true."""
        if value is None or (content := self.serialize(value)) is None:
            raise TypeError(f"{self.attr_name} is never {value}: it does not exist")
        return {self.attr_type: content}


class TextAttribute(Attribute[str], pynamodb.UnicodeAttribute):
    """A text."""


class BooleanAttribute(Attribute[bool], pynamodb.BooleanAttribute):
    """Yes or no."""


class JSONAttribute(Attribute[Any], pynamodb.JSONAttribute):  # whatever JSON says
    """What JSON says, as a text."""


class IntegerAttribute(Attribute[int]):
    """A number without a fraction: all of ours are."""

    attr_type = NUMBER

    serialize = str  # type: ignore[assignment] # which serves as well as a method, for less
    deserialize = int  # type: ignore[assignment] # as above

    def add(self, amount: int) -> Action:
        """Count so many more."""
        return Action("ADD", self.attr_name, f"{self.path} ?", ({NUMBER: str(amount)},))


class SetAttribute(Attribute[frozenset[M]]):
    """A set, stored as texts. An empty one has no attribute."""

    attr_type = STRING_SET
    null = True

    def serialize(self, value: Iterable[M]) -> list[str] | None:
        return sorted(map(str, value)) or None

    def add(self, members: AbstractSet[M]) -> Action:
        """Let these be in it, too."""
        return Action("ADD", self.attr_name, f"{self.path} ?", (self._typed(frozenset(members)),))

    def delete(self, members: AbstractSet[M]) -> Action:
        """Let these be in it no more."""
        return Action("DELETE", self.attr_name, f"{self.path} ?", (self._typed(frozenset(members)),))

    def contains(self, member: M) -> Condition:
        """That this is in it."""
        return Condition(f"contains ({self.path}, ?)", ({"S": str(member)},))


class TextSetAttribute(SetAttribute[str]):
    """A set of texts."""

    def deserialize(self, value: list[str]) -> frozenset[str]:
        return frozenset(value)


class IdSetAttribute(SetAttribute[int]):
    """A set of ids."""

    def deserialize(self, value: list[str]) -> frozenset[int]:
        return frozenset(map(int, value))


AnyAttribute = Attribute[Any]  # of whatever type of value
