"""Threads in which stands what is set for who starts them: the runtime, and the log record that is open."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from itertools import islice
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

    Else rows that change the same item would lose to each other, and be decided again and again. Where `do` fails, the
    answers to all that are done by then come first, and then its error.
    """
    waiting = iter(rows)
    with ThreadPool(_AT_ONCE) as threads:
        while some := list(islice(waiting, _READ_AHEAD)):
            yield from _answers(threads, do, some, of)


def _answers(threads: ThreadPool, do: Callable[[R], T], rows: Sequence[R], of: Callable[[R], Hashable]) -> Iterator[T]:
    groups = defaultdict[Hashable, list[int]](list)
    for place, row in enumerate(rows):
        groups[of(row)].append(place)
    done = dict[int, T]()

    def do_all(places: Sequence[int]) -> None:
        for place in places:
            done[place] = do(rows[place])

    turns = [threads.submit(do_all, places) for places in groups.values()]
    try:
        wait(turns, return_when=FIRST_EXCEPTION)
    finally:
        begun = [turn for turn in turns if not turn.cancel()]
    wait(begun)
    yield from (done[place] for place in sorted(done))
    for turn in begun:
        turn.result()
