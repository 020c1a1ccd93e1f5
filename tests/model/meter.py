"""What a license by consumption counts, beside what any license is (`tests.model.license`)."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Meter:
    """What counts uses."""

    sold: float
    beyond: float = 0
    used: int = 0
    """In the newest period that anybody has used it in."""
    period: int = 0
    """Its number: by a clock that stands at 0 it is 0, by one that is ahead 1; -1 is the one before."""
    is_periodic: bool = False
    sent: frozenset[tuple[tuple[str, str | None], str]] = frozenset()
    """The uses that were counted under a key, each by its device."""

    def at(self, clock: float) -> "Meter":
        """As it counts by a server's clock."""
        period = max(self.period, int(clock))
        return replace(self, used=0, period=period) if self.is_periodic and period > self.period else self
