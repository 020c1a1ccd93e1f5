"""What a warm process may remember, so that an ordinary call is one round trip.

Only what cannot turn a grant into an oversell: facts that never change, and for a minute the catalog. A refusal never
rests on memory: what is remembered and would refuse a call is read anew (`refuses`, `fresh`), and absence is never
remembered.

`cachetools` would not make this smaller: its clock is not an argument, and what is said above would stay ours.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from chalicelib.domain.instants import Instant

V = TypeVar("V")


class TtlCache(Generic[V]):
    """At most `size` values, each for `ttl_ms` milliseconds (None: for good). Safe for threads."""

    def __init__(self, size: int, ttl_ms: int | None) -> None:
        self._size, self._ttl_ms = size, ttl_ms
        self._values: OrderedDict[Hashable, tuple[V, Instant]] = OrderedDict()
        self._lock = Lock()

    def get(
        self,
        key: Hashable,
        load: Callable[[], V | None],
        now: Instant,
        *,
        refuses: Callable[[V], bool] = lambda _value: False,
        fresh: bool = False,
    ) -> V | None:
        """The remembered value, else what `load` finds. It is asked for anew where the remembered one `refuses` the
        call, and with `fresh`.
        """
        found = None if fresh else self._values.get(key)
        if found is not None and (self._ttl_ms is None or 0 <= now - found[1] < self._ttl_ms) and not refuses(found[0]):
            return found[0]
        value = load()
        with self._lock:
            self._values.pop(key, None)
            if value is not None:
                self._values[key] = (value, now)
                if len(self._values) > self._size:
                    self._values.popitem(last=False)
        return value
