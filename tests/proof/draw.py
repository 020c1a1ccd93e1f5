"""A history as a time line that a person can read: one lane a device or user, one bar a call (SVG)."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isinf

from tests.proof.history import Op
from tests.race.clients import OK, OK_EXPIRED

ROW, WIDTH, LEFT, TOP = 34, 1180, 190, 58
LETTER = 5.5
"""The width of a letter of a bar's label, about."""
_GRANTED = {OK: "#1a7f37", OK_EXPIRED: "#9a6700"}
_REFUSED, _OPEN = "#cf222e", "#8c959f"


def svg(history: Sequence[Op], title: str) -> str:
    """The picture, as text of an SVG document."""
    first = min(op.start for op in history)
    last = max(op.start if isinf(op.end) else op.end for op in history)
    scale = (WIDTH - LEFT - 30) / max(last - first, 1e-6)
    bars = [_Bar(op, LEFT + (op.start - first) * scale, (min(op.end, last) - op.start) * scale) for op in history]
    rows = _rows(bars)
    height = TOP + ROW * len(rows) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="28" font-size="16" font-weight="600">{escape(title)}</text>',
        f'<text x="16" y="46" font-size="12" fill="#57606a">{(last - first) * 1000:.1f} ms, left to right; '
        "green: granted, amber: granted though ended, red: refused, grey: not answered</text>",
    ]
    for number, (lane, drawn) in enumerate(rows):
        y = TOP + ROW * number + 30
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - 10}" y2="{y}" stroke="#d0d7de"/>')
        parts.append(f'<text x="16" y="{y + 4}" font-size="12">{escape(lane)}</text>')
        parts.extend(bar.drawn(y - 6) for bar in drawn)
    return "\n".join([*parts, "</svg>\n"])


@dataclass(frozen=True, slots=True)
class _Bar:
    op: Op
    x: float
    width: float

    @property
    def label(self) -> str:
        return f"{self.op.verb}: {self.op.answer}"

    @property
    def end(self) -> float:
        """Where the next one of the same row may begin."""
        return self.x + max(self.width, LETTER * len(self.label)) + LETTER

    def drawn(self, y: int) -> str:
        color = _OPEN if self.op.is_open else _GRANTED.get(self.op.answer, _REFUSED)
        x = min(self.x, WIDTH - LETTER * len(self.label))
        return (
            f'<g><title>{escape(str(self.op))}</title><rect x="{self.x:.1f}" y="{y}" width="{max(self.width, 3):.1f}" '
            f'height="12" rx="3" fill="{color}"/>'
            f'<text x="{x:.1f}" y="{y - 4}" font-size="10">{escape(self.label)}</text></g>'
        )


def _rows(bars: list[_Bar]) -> list[tuple[str, list[_Bar]]]:
    """The bars of each lane, in as many rows as they need so that none covers another."""
    lanes: dict[str, list[list[_Bar]]] = {}
    for bar in sorted(bars, key=lambda bar: bar.x):
        rows = lanes.setdefault(_lane(bar.op), [])
        free = next((row for row in rows if row[-1].end <= bar.x), None)
        if free is None:
            rows.append([bar])
        else:
            free.append(bar)
    return [(lane if number == 0 else "", row) for lane, rows in lanes.items() for number, row in enumerate(rows)]


def _lane(op: Op) -> str:
    return " ".join(part for part in (op.device, op.user) if part) or "the license"
