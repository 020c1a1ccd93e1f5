"""How much one process does at once, and how often: what takes processors, memory and threads that others need."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import Protocol, Self

HASHES = 2
"""Of passwords, at once: each takes a processor and 19 MiB, and those who need none wait for neither."""
LOG_INS = 40
"""Under way at once: fewer than a process has threads, so that whoever needs no password finds one. `HASHES` of them
hash, the others wait."""
STRANGERS = 32
"""Of these log-ins; so whoever is known finds a turn, however many strangers come."""
DEVICE_LOOKS = 4
"""Devices that are looked for at once: whoever is held back and names one makes us read no more."""
BATCHES = 4
"""Requests at once that assign people: each keeps a thread all the time, and applications find others."""
_MAX_BUCKETS = 10_000


class CountedTurns(Protocol):
    """So many turns, as `threading.BoundedSemaphore` has them."""

    def acquire(self, blocking: bool = True) -> bool:
        """Take one; `blocking`: wait for it, or answer False at once where there is none."""

    def release(self) -> None:
        """Give one back."""

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass
class TokenBuckets:
    """A bucket of tokens for each name: `burst` at first, then `per_second` more. The longest unused are forgotten."""

    per_second: float
    burst: int
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, name: str, seconds: float) -> float:
        """Take a token at this instant; returns 0, or after how many seconds there is one. A clock that was set back
        fills nothing, and takes nothing away.
        """
        with self._lock:
            level, since = self._levels.pop(name, (float(self.burst), seconds))
            level = min(self.burst, level + max(0, seconds - since) * self.per_second)
            wait = 0.0 if level >= 1 else (1 - level) / self.per_second
            self._levels[name] = (level - (0 if wait else 1), seconds)
            if len(self._levels) > _MAX_BUCKETS:
                self._levels.popitem(last=False)
            return wait


@dataclass(frozen=True)
class Turns:
    """The turns that there are; whoever finds none waits, or has to come again."""

    hashes: CountedTurns = field(default_factory=lambda: BoundedSemaphore(HASHES))
    log_ins: CountedTurns = field(default_factory=lambda: BoundedSemaphore(LOG_INS))
    strangers: CountedTurns = field(default_factory=lambda: BoundedSemaphore(STRANGERS))
    device_looks: CountedTurns = field(default_factory=lambda: BoundedSemaphore(DEVICE_LOOKS))
    batches: CountedTurns = field(default_factory=lambda: BoundedSemaphore(BATCHES))
    log_ins_of_address: TokenBuckets = field(default_factory=lambda: TokenBuckets(per_second=10, burst=200))
    """By address, and by what is known of the caller: who is known does not share with strangers there."""
    refusals_of_address: TokenBuckets = field(default_factory=lambda: TokenBuckets(per_second=1 / 30, burst=20))
    """That are recorded, by license and network."""
    refusals_of_license: TokenBuckets = field(default_factory=lambda: TokenBuckets(per_second=1 / 10, burst=60))
    """That are recorded, by license."""

    @classmethod
    def share(cls, processes: int, counted: Callable[[int], CountedTurns]) -> Self:
        """The turns of one of so many processes, which hold together no more than one alone does.

        `counted`: makes so many turns, which are those of all processes. Each process has its share of the tokens.
        """

        def bucket(of: TokenBuckets) -> TokenBuckets:
            return TokenBuckets(of.per_second / processes, max(1, of.burst // processes))

        whole = cls()
        return cls(
            hashes=counted(HASHES),
            log_ins=counted(LOG_INS),
            strangers=counted(STRANGERS),
            device_looks=counted(DEVICE_LOOKS),
            batches=counted(BATCHES),
            log_ins_of_address=bucket(whole.log_ins_of_address),
            refusals_of_address=bucket(whole.refusals_of_address),
            refusals_of_license=bucket(whole.refusals_of_license),
        )
