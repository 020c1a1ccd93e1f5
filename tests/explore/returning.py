"""What a function has left when it has returned, as bytes: of two calls that left the same it is forgotten how.

A function's variables are gone once it has returned. What it was answered meanwhile can be told only by what it returns
or raises, by what it was given, if it has changed that, also by the variables of others that it was given with their
functions, by context variables, and by what the process remembers. Whoever was called at the same point and left the
same goes on alike, whatever he was answered.
"""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import fields, is_dataclass
from functools import partial, wraps
from io import BytesIO
from pickle import Pickler, PicklingError
from threading import Condition, Lock
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

from chalicelib.runtime import runtime
from tests.explore.scripts import current_script

P = ParamSpec("P")
R = TypeVar("R")


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
            script.returns(do.__qualname__, since, partial(_left, _raised(error), given, named))
            raise
        script.returns(do.__qualname__, since, partial(_left, result, given, named))
        return result

    return returning_do


def _left(*what: object) -> bytes | None:
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
    """Locks are free: each task is alone in its process. A function that others have made is told by its code, and by
    the variables that it shares with them; a set by what is in it, in whatever order it goes through that.
    """

    def reducer_override(self, value: Any) -> Any:  # of whatever kind
        if isinstance(value, FunctionType) and "<" in value.__qualname__:
            shared = tuple(cell.cell_contents for cell in value.__closure__ or ())
            return tuple, ((id(value.__code__), value.__defaults__, value.__kwdefaults__, shared),)
        if is_dataclass(value) and not isinstance(value, type):
            parts = (getattr(value, one.name) for one in fields(value))
            return tuple, ((type(value), *(sorted(one, key=repr) if isinstance(one, _SETS) else one for one in parts)),)
        return (str, ()) if isinstance(value, _LOCKS) else NotImplemented


_LOCKS = (type(Lock()), Condition)
_SETS = (set, frozenset)
