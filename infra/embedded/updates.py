"""Updates of an expression, compiled to what makes a new item of an old one."""

from collections.abc import Callable
from dataclasses import dataclass

from infra.embedded.conditions import Operand, operand
from infra.embedded.errors import invalid
from infra.embedded.source import Source, Values
from infra.embedded.values import Item, Value, added

Action = Callable[[Item, Values, Item], None]
"""Reads the item as it was, and changes the new one. Raises `Refused`."""

_WRONG_TYPE = "An operand in the update expression has an incorrect data type"


@dataclass(frozen=True, slots=True)
class Update:
    """A whole UpdateExpression."""

    actions: tuple[Action, ...]
    names: frozenset[str]
    """The attributes that it writes."""

    def apply(self, item: Item, values: Values) -> Item:
        """The new item. Raises `Refused`."""
        new = dict(item)
        for act in self.actions:
            act(item, values, new)
        return new


def update(source: Source) -> Update:
    """A whole UpdateExpression."""
    actions: list[Action] = []
    names: list[str] = []
    clauses: list[str] = []
    while not clauses or source.peek():
        clause = source.take(*_CLAUSES)
        if clause in clauses:
            source.fail(f'The "{clause}" section can only be used once in an update expression;')
        clauses.append(clause)
        actions.append(_action(source, clause, names))
        while source.comes(","):
            source.take(",")
            actions.append(_action(source, clause, names))
    return Update(tuple(actions), frozenset(names))


def _action(source: Source, clause: str, names: list[str]) -> Action:
    name = source.path()
    if name in names:
        source.fail(
            "Two document paths overlap with each other; must remove or rewrite one of these paths; "
            f"path one: [{name}], path two: [{name}]"
        )
    names.append(name)
    return _CLAUSES[clause](source, name)


def _set(source: Source, name: str) -> Action:
    source.take("=")
    left = _assigned(source)
    if not source.comes("+"):

        def assign(item: Item, values: Values, new: Item) -> None:
            new[name] = _existing(left.read(item, values))

        return assign
    source.take("+")
    right = _assigned(source)
    for side in (left, right):
        side.require(source, "operator or function: +", "N")

    def add(item: Item, values: Values, new: Item) -> None:
        one, other = _existing(left.read(item, values)), _existing(right.read(item, values))
        if "N" not in one or "N" not in other:
            raise invalid(_WRONG_TYPE)
        new[name] = {"N": added(one["N"], other["N"])}

    return add


def _assigned(source: Source) -> Operand:
    if not source.calls("if_not_exists"):
        return operand(source)
    name = source.path()
    source.take(",")
    otherwise = operand(source)
    source.take(")")
    return Operand(lambda item, values: item[name] if name in item else otherwise.read(item, values), "if_not_exists")


def _existing(value: Value | None) -> Value:
    if value is None:
        raise invalid("The provided expression refers to an attribute that does not exist in the item")
    return value


def _remove(_: Source, name: str) -> Action:
    def remove(_item: Item, _values: Values, new: Item) -> None:
        new.pop(name, None)

    return remove


def _add(source: Source, name: str) -> Action:
    placeholder = source.value()
    source.require(placeholder, "operator: ADD", "N", "SS")

    def add(item: Item, values: Values, new: Item) -> None:
        old, more = item.get(name), values[placeholder]
        if old is None:
            new[name] = more
        elif old.keys() != more.keys():
            raise invalid(_WRONG_TYPE)
        elif "N" in old:
            new[name] = {"N": added(old["N"], more["N"])}
        else:
            new[name] = {"SS": sorted({*old["SS"], *more["SS"]})}

    return add


def _delete(source: Source, name: str) -> Action:
    placeholder = source.value()
    source.require(placeholder, "operator: DELETE", "SS")

    def delete(item: Item, values: Values, new: Item) -> None:
        old = item.get(name)
        if old is None:
            return
        if "SS" not in old:
            raise invalid(_WRONG_TYPE)
        left = sorted(set(old["SS"]).difference(values[placeholder]["SS"]))
        if left:
            new[name] = {"SS": left}
        else:
            del new[name]  # no set is empty

    return delete


_CLAUSES: dict[str, Callable[[Source, str], Action]] = {"SET": _set, "REMOVE": _remove, "ADD": _add, "DELETE": _delete}
