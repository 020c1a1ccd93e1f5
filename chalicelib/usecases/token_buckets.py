"""Rates that one process bounds by itself: generous ones, that only hold off who would keep others out."""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

_MAX_BUCKETS = 10_000


@dataclass
class TokenBuckets:
    """A bucket of tokens for each name: `burst` at first, then `per_second` more. The longest unused are forgotten."""

    per_second: float
    burst: int
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, name: str, seconds: float) -> float:
        """Take a token at this instant of a monotonic clock; answers 0, or after how many seconds there is one."""
        with self._lock:
            level, since = self._levels.pop(name, (float(self.burst), seconds))
            level = min(self.burst, level + max(0.0, seconds - since) * self.per_second)
            wait = 0.0 if level >= 1 else (1 - level) / self.per_second
            self._levels[name] = (level - (0 if wait else 1), seconds)
            if len(self._levels) > _MAX_BUCKETS:
                self._levels.popitem(last=False)
            return wait
