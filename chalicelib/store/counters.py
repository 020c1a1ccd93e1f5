"""What is counted in a window of time and then forgotten: failures of strangers, mails alike, emails asked for."""

from contextlib import suppress

from chalicelib.domain.instants import Instant
from chalicelib.domain.origin import Failures
from chalicelib.store import reads, writes
from chalicelib.store.database import ConditionFailed
from chalicelib.store.items.ephemera import FailuresItem


def to_failures(item: FailuresItem | None, now: Instant) -> Failures:
    """What an item counts; nothing where its time is over."""
    failures = Failures() if item is None else item.to_domain()
    return failures if failures.until > now else Failures()


def read_count(item: FailuresItem, now: Instant) -> Failures:
    """What is counted there. Consistent."""
    return to_failures(reads.get(item, now=now), now)


def count_one(item: FailuresItem, now: Instant, window_ms: int, *, until: Instant = 0, most: int | None = None) -> None:
    """Count one more in the window that is under way, else in one of so many milliseconds that begins now.

    `until`: the end of a window that was seen under way, which saves a write. Raises `ConditionFailed` where `most` are
    counted.
    """
    kind = FailuresItem
    expires = kind.expires.set((until or now + window_ms) // 1000)
    if not until:
        begun = kind.until.does_not_exist() | (kind.until <= now)
        with suppress(ConditionFailed):
            writes.update(item, [kind.times.set(1), kind.until.set(now + window_ms), expires], begun)
            return
    writes.update(item, [kind.times.add(1), expires], None if most is None else kind.times < most)


def count_back(item: FailuresItem, now: Instant) -> None:
    """Take back one that was counted, where its window lasts."""
    with suppress(ConditionFailed):
        writes.update(item, [FailuresItem.times.add(-1)], (FailuresItem.until > now) & (FailuresItem.times > 0))
