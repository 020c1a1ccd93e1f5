"""A bucket of changes in other words than the rules': by how much of it is out. No limit is infinite."""

from dataclasses import dataclass
from fractions import Fraction
from math import inf

HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Emptied:
    """What is out of a bucket, as a share of it. A change takes one part of its size, and an hour brings all back."""

    share: Fraction = Fraction(0)
    at: int = 0
    """The instant of `share`."""

    def out(self, now: int) -> Fraction:
        """What is out now."""
        return max(Fraction(0), self.share - Fraction(now - self.at, HOUR))

    def holds_one(self, size: int, now: int) -> bool:
        """Whether another change of so many is left."""
        return self.out(now) + Fraction(1, size) <= 1

    def after_one(self, size: int, now: int) -> "Emptied":
        """With one more taken."""
        return Emptied(self.out(now) + Fraction(1, size), now)


FULL = Emptied()


def license_size(sold: float, least: int) -> int:
    """How many changes a license's bucket holds, by how many devices were sold."""
    return max(least, 10_000 if sold == inf else int(2 * sold))


def seat_size(own: float, sold: float, least: int) -> int:
    """How many that of one user holds there, who may have `own` devices: a fifth, or twice the devices."""
    whole, twice = license_size(sold, least), 2 * (sold if own == inf else own)
    return min(whole, max(1, whole // 5, 0 if twice == inf else int(twice)))
