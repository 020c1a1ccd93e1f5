"""What a function has left when it has returned, as bytes: of two calls that left the same it is forgotten how.

A function's variables are gone once it has returned. What it was answered meanwhile can be told only by what it returns
or raises, by what it was given, if it has changed that, and by what the process remembers. Whoever was called at the
same point and left the same goes on alike, whatever he was answered.
"""

from collections.abc import Callable
from functools import partial, wraps
from io import BytesIO
from pickle import Pickler
from threading import Condition, Lock
from typing import Any, ParamSpec, TypeVar

from chalicelib.runtime import runtime
from tests.explore.scripts import current_script

P = ParamSpec("P")
R = TypeVar("R")


def returning(do: Callable[P, R]) -> Callable[P, R]:
    """The same function, of which it is told what it has left.

    It must move nothing else: no variable of those who call it, and no context variable.
    """

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


def _left(*what: object) -> bytes:
    """Raises `PicklingError` and the like for what cannot be told."""
    here, into = runtime(), BytesIO()
    _Pickler(into).dump((what, here.caches, here.turns))
    return into.getvalue()


def _raised(error: BaseException | None) -> object:
    """An error, with those that led to it: callers look at these, too."""
    if error is None:
        return None
    return type(error), error.args, vars(error), _raised(error.__cause__), _raised(error.__context__)


class _Pickler(Pickler):
    """Locks are free: each task is alone in its process."""

    def reducer_override(self, value: Any) -> Any:  # of whatever kind
        return (str, ()) if isinstance(value, _LOCKS) else NotImplemented


_LOCKS = (type(Lock()), Condition)
