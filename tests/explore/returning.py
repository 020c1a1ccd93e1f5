"""What a function has left when it has returned, as bytes: of two calls that left the same it is forgotten how.

A function's variables are gone once it has returned. What it was answered meanwhile can be told only by what it returns
or raises, by what it was given, if it has changed that, also by the variables of others that it was given with their
functions, by context variables, and by what the process remembers. Whoever was called at the same point and left the
same goes on alike, whatever he was answered.
"""

from collections import OrderedDict
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import fields, is_dataclass
from functools import cache, partial, wraps
from io import BytesIO
from pickle import Pickler, PicklingError
from threading import Condition, Lock
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

from chalicelib.runtime import runtime
from tests.explore.scripts import current_script

P = ParamSpec("P")
R = TypeVar("R")


@cache
def returning(do: Callable[P, R]) -> Callable[P, R]:
    """The same function, of which it is told what it has left: nothing else is moved by a function of a module."""

    @wraps(do)
    def returning_do(*given: P.args, **named: P.kwargs) -> R:
        script = current_script()
        if script is None:
            return do(*given, **named)
        since = script.since
        try:
            result = do(*given, **named)
        except Exception as error:
            script.returns(do.__qualname__, since, partial(left, _raised(error), given, named))
            raise
        script.returns(do.__qualname__, since, partial(left, result, given, named))
        return result

    return returning_do


def left(*what: object) -> bytes | None:
    """None for what cannot be told, as a generator that others go on with."""
    here, into = runtime(), BytesIO()
    context = sorted((var.name, value) for var, value in copy_context().items() if value is not here)
    pickler = _Pickler(into)
    pickler.fast = True  # by values alone: whether two are one object depends on what the process has met before
    try:
        pickler.dump((what, context, here.caches, here.turns))
    except (PicklingError, TypeError, AttributeError, ValueError):
        return None
    return into.getvalue()


def _raised(error: BaseException | None) -> object:
    """An error, with those that led to it: callers look at these, too."""
    if error is None:
        return None
    return type(error), error.args, vars(error), _raised(error.__cause__), _raised(error.__context__)


class _Pickler(Pickler):
    """Tells a value of a dataclass by its fields, and what is of a plain class by all that it has; a set by what is in
    it, in whatever order it goes through that; a function that others have made by its code, and by the variables that
    it shares with them. Locks are free: each task is alone in its process.
    """

    def persistent_id(self, value: Any) -> object:  # of whatever kind
        """What tells it, in simpler values; None for what pickle tells by itself."""
        tell = _TELLING[type(value)]
        return None if tell is None else tell(value)


class _Telling(dict[type, Callable[[Any], object] | None]):
    """By their kinds, how values are told."""

    def __missing__(self, kind: type) -> Callable[[Any], object] | None:
        tell = self[kind] = _telling(kind, len(self))
        return tell


_TELLING = _Telling()


def _telling(kind: type, number: int) -> Callable[[Any], object] | None:
    """`number`: of the kind, for its name is long to write, and to find."""
    if kind is FunctionType:
        return _of_function
    if issubclass(kind, OrderedDict):
        return lambda value: (number, tuple(value.items()))
    if kind in (set, frozenset, *_LOCKS):
        return (lambda _: number) if kind in _LOCKS else (lambda value: (number, *sorted(value, key=repr)))
    if is_dataclass(kind):
        names = [one.name for one in fields(kind)]
        return lambda value: (number, *[getattr(value, name) for name in names])
    own = [name for one in kind.__mro__[:-1] for name in vars(one)]
    if kind.__new__ is object.__new__ and kind.__dictoffset__ and _BY_HAND.isdisjoint(own):
        return lambda value: (number, vars(value))
    return None


def _of_function(value: Any) -> object:
    if "<" not in value.__qualname__:
        return None
    shared = [cell.cell_contents for cell in value.__closure__ or ()]
    return id(value.__code__), value.__defaults__, value.__kwdefaults__, shared


_LOCKS = (type(Lock()), Condition)
_BY_HAND = {"__slots__", "__reduce__", "__reduce_ex__", "__getstate__"}
"""What a class has that is told otherwise than by all that its values have."""
