"""Where a generator stands, in values that can be compared: two that stand alike go on alike, whatever led there."""

import gc
from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, is_dataclass
from itertools import chain, islice
from threading import Lock
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FrameType,
    FunctionType,
    GeneratorType,
    MethodType,
    ModuleType,
)
from typing import Any

_EMPTY: tuple[Iterable[object], ...] = ((), [], {}, {}.values(), range(0))
_ITERATORS = (*(type(iter(one)) for one in _EMPTY), enumerate, map, filter, chain, islice)
"""That tell by themselves what is left of them."""


def standing(value: Any) -> Hashable:
    """All that a value is, or that it will yet do. Raises `TypeError` for what cannot be told."""
    for types, state in _STATES:
        if isinstance(value, types):
            return type(value), state(value)
    if is_dataclass(value):
        return type(value), *(standing(getattr(value, one.name)) for one in fields(value))
    if hasattr(value, "__dict__"):
        return type(value), standing(vars(value))
    raise TypeError(f"{type(value)} does not tell where it stands")


def _all(values: Iterable[object]) -> Hashable:
    return tuple(map(standing, values))


def _of_generator(generator: Any) -> Hashable:
    """Its place in the code, its variables, and what it goes through by turns: CPython shows all that it holds."""
    if (frame := generator.gi_frame) is None:
        return None
    held = (one for one in gc.get_referents(generator) if not isinstance(one, FrameType))
    return id(generator.gi_code), frame.f_lasti, _all(held)


_STATES: tuple[tuple[tuple[Any, ...], Callable[[Any], Hashable]], ...] = (
    ((type(None), bool, int, float, str, bytes, range), lambda value: value),
    ((type, ModuleType, BuiltinFunctionType, CodeType), id),  # nobody changes these
    ((GeneratorType,), _of_generator),
    ((FunctionType,), lambda do: (id(do.__code__), standing(do.__defaults__), standing(do.__closure__))),
    ((MethodType,), lambda do: (standing(do.__func__), standing(do.__self__))),
    ((type(Lock()),), lambda lock: lock.locked()),
    ((CellType,), lambda cell: standing(cell.cell_contents)),
    ((dict,), lambda value: _all(value.items())),
    ((tuple, list, set, frozenset), _all),
    (_ITERATORS, lambda left: standing(left.__reduce__())),
)
