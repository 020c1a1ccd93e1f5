"""Conditions of an expression, compiled to a test of an item."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import ge, gt, le, lt

from infra.embedded.source import Read, Source, Values
from infra.embedded.values import Item, Value, is_in_order, size

Test = Callable[[Item, Values], bool]
"""Whether an item, an empty one where there is none, meets a condition with these values."""

_ORDERS = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Operand:
    """What is compared."""

    read: Read
    text: str
    """What distinguishes it from another one."""
    placeholder: str = ""
    """Of a value; `` for others."""

    def require(self, source: Source, where: str, *kinds: str) -> None:
        """Let it have one of these types, where it is a value."""
        if self.placeholder:
            source.require(self.placeholder, where, *kinds)


def condition(source: Source) -> Test:
    """A whole ConditionExpression."""
    test = _any(source)
    source.end()
    return test


def operand(source: Source) -> Operand:
    """A value, or the attribute at a path."""
    if source.peek().startswith(":"):
        placeholder = source.value()
        return Operand(lambda _, values: values[placeholder], placeholder, placeholder)
    name = source.path()
    return Operand(lambda item, _: item.get(name), name)


def check_bounds(source: Source, low: Value, high: Value) -> None:
    """Refuse bounds of BETWEEN that hold nothing."""
    if low.keys() != high.keys():
        source.fail("The BETWEEN operator requires same data type for lower and upper bounds;")
    if not is_in_order(le, low, high):
        source.fail("The BETWEEN operator requires upper bound to be greater than or equal to lower bound;")


def _any(source: Source) -> Test:
    tests = [_all(source)]
    while source.comes("OR"):
        source.take("OR")
        tests.append(_all(source))
    return reduce(lambda one, other: lambda item, values: one(item, values) or other(item, values), tests)


def _all(source: Source) -> Test:
    tests = [_one(source)]
    while source.comes("AND"):
        source.take("AND")
        tests.append(_one(source))
    return reduce(lambda one, other: lambda item, values: one(item, values) and other(item, values), tests)


def _one(source: Source) -> Test:
    if source.comes("NOT"):
        source.take("NOT")
        negated = _one(source)
        return lambda item, values: not negated(item, values)
    if source.comes("("):
        return _group(source)
    if function := source.calls(*_FUNCTIONS):
        test = _FUNCTIONS[function](source)
        source.take(")")
        return test
    return _comparison(source)


def _group(source: Source) -> Test:
    source.take("(")
    start, is_group = source.at, source.comes("(")
    test = _any(source)
    if is_group and source.closes(start):
        source.fail("The expression has redundant parentheses;")
    source.take(")")
    return test


def _exists(source: Source) -> Test:
    name = source.path()
    return lambda item, _: name in item


def _does_not_exist(source: Source) -> Test:
    name = source.path()
    return lambda item, _: name not in item


def _begins_with(source: Source) -> Test:
    name = source.path()
    source.take(",")
    prefix = source.value()
    source.require(prefix, "operator or function: begins_with", "S")

    def begins(item: Item, values: Values) -> bool:
        text: str | None = item.get(name, {}).get("S")
        return text is not None and text.startswith(values[prefix]["S"])

    return begins


def _contains(source: Source) -> Test:
    name = source.path()
    source.take(",")
    wanted = source.value()

    def contains(item: Item, values: Values) -> bool:
        whole, text = item.get(name, {}), values[wanted].get("S")
        return text is not None and text in (whole["S"] if "S" in whole else whole.get("SS", ()))

    return contains


_FUNCTIONS: dict[str, Callable[[Source], Test]] = {
    "attribute_exists": _exists,
    "attribute_not_exists": _does_not_exist,
    "begins_with": _begins_with,
    "contains": _contains,
}


def _comparison(source: Source) -> Test:
    left = _compared(source)
    operator = source.take("=", "<>", "BETWEEN", *_ORDERS)
    if operator == "BETWEEN":
        return _between(source, left)
    right = _compared(source)
    _require_distinct(source, operator, left, right)
    if operator == "=":
        return lambda item, values: _are_equal(left.read(item, values), right.read(item, values))
    if operator == "<>":
        return lambda item, values: not _are_equal(left.read(item, values), right.read(item, values))
    for side in (left, right):
        side.require(source, f"operator or function: {operator}", "S", "N")
    order = _ORDERS[operator]
    return lambda item, values: is_in_order(order, left.read(item, values), right.read(item, values))


def _compared(source: Source) -> Operand:
    if not source.calls("size"):
        return operand(source)
    name = source.path()
    source.take(")")
    return Operand(lambda item, _: _size(item.get(name)), f"size({name})")


def _size(value: Value | None) -> Value | None:
    """The `size` of a text are its bytes, of a set its members; others have none."""
    if value is None or "N" in value or "BOOL" in value:
        return None
    return {"N": str(len(value["SS"]) if "SS" in value else size(value))}


def _are_equal(one: Value | None, other: Value | None) -> bool:
    return one is not None and one == other  # numbers are canonical, and sets in order


def _between(source: Source, middle: Operand) -> Test:
    low = _compared(source)
    source.take("AND")
    high = _compared(source)
    for side in (middle, low, high):
        side.require(source, "operator or function: BETWEEN", "S", "N")
    _require_distinct(source, "BETWEEN", middle, low, high)
    if low.placeholder and high.placeholder:
        source.checks.append(lambda values: check_bounds(source, values[low.placeholder], values[high.placeholder]))

    def lies_between(item: Item, values: Values) -> bool:
        value = middle.read(item, values)
        return is_in_order(le, low.read(item, values), value) and is_in_order(le, value, high.read(item, values))

    return lies_between


def _require_distinct(source: Source, operator: str, first: Operand, *others: Operand) -> None:
    if not first.placeholder and first.text in {other.text for other in others}:
        source.fail(
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {operator}, first operand: [{first.text}]"
        )
