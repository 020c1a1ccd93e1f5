"""Threads in which stands what is set for who starts them: the runtime, and the log record that is open."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import chain, islice
from typing import Any, TypeVar

R = TypeVar("R")
T = TypeVar("T")

_AT_ONCE = 8
_READ_AHEAD = 500
"""Rows whose answers are awaited together: so many are in memory."""


class ThreadPool(ThreadPoolExecutor):
    """Each task runs in a copy of the context in which it was submitted."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:  # as its base
        """As `ThreadPoolExecutor.submit`; `map` goes this way, too."""
        return super().submit(copy_context().run, fn, *args, **kwargs)


def map_in_turns(do: Callable[[R], T], rows: Iterable[R], of: Callable[[R], Hashable]) -> Iterator[T]:
    """What `do` answers to each row, in their order. Some are done at once, those of the same one after the other.

    Else rows that change the same item would lose to each other, and be decided again and again.
    """
    waiting = iter(rows)
    with ThreadPool(_AT_ONCE) as threads:
        while some := list(islice(waiting, _READ_AHEAD)):
            yield from _answers(threads, do, some, of)


def _answers(threads: ThreadPool, do: Callable[[R], T], rows: Sequence[R], of: Callable[[R], Hashable]) -> Iterator[T]:
    groups = defaultdict[Hashable, list[int]](list)
    for place, row in enumerate(rows):
        groups[of(row)].append(place)
    answers = threads.map(lambda places: [do(rows[place]) for place in places], groups.values())
    done = dict(zip(chain.from_iterable(groups.values()), chain.from_iterable(answers), strict=True))
    return map(done.__getitem__, range(len(rows)))
