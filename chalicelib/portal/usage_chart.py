"""Active devices over some days as a line: where it runs, for a drawing, and the numbers, for who does not see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 720, 120
TABLE_STEP = 7
"""Days between two rows of the table of numbers."""


@dataclass(frozen=True, slots=True)
class UsageChart:
    """Coordinates are those of a drawing of `width` by `height`, which may be stretched."""

    width: int
    height: int
    line: str
    """The points of the line, as SVG takes them."""
    area: str
    """The same, closed along the bottom."""
    top: int
    """The number that the upper edge stands for; 0 is the lower one."""
    limit: int | None
    """How many may be active."""
    limit_y: float | None
    """How high that is drawn."""
    days: int
    table: list[tuple[date, int]]
    """Today's number, and that of each week before; the last is of the first day."""


def usage_chart(days: Sequence[date], active: Sequence[int], limit: int | None = None) -> UsageChart | None:
    """The drawing of how many devices were active on each day, oldest first. None for less than two days.

    `limit`: how many may be active, if that is to be drawn as well.
    """
    if len(days) < 2:
        return None
    top = _round_up(max(*active, limit or 0))
    step = WIDTH / (len(days) - 1)

    def y(count: int) -> float:
        return round(HEIGHT * (1 - count / top), 1)

    line = " ".join(f"{n * step:.1f},{y(count)}" for n, count in enumerate(active))
    area = f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}"
    pairs = list(zip(days, active, strict=True))
    table = [*pairs[:0:-TABLE_STEP], pairs[0]]
    return UsageChart(WIDTH, HEIGHT, line, area, top, limit, limit and y(limit), len(days), table)


def _round_up(number: int) -> int:
    """The least of 4, 10, 20, 40, 100, 200, 400 … that is no less."""
    unit: int = 10 ** (len(str(number)) - 1)
    return max(4, next(unit * n for n in (1, 2, 4, 10) if unit * n >= number))
