"""A history as a time line that a person can read: one lane a device or user, one bar a call (SVG)."""

from collections.abc import Sequence
from html import escape
from math import isinf

from tests.proof.history import Op

LANE, WIDTH, LEFT, TOP = 46, 1180, 190, 58
_COLOURS = {"ok": "#1a7f37", "ok, expired": "#9a6700", "lost": "#8c959f", "service_busy": "#8c959f"}
_REFUSED = "#cf222e"


def svg(history: Sequence[Op], title: str) -> str:
    """The picture, as text of an SVG document."""
    lanes = list(dict.fromkeys(_lane(op) for op in sorted(history, key=lambda op: op.start)))
    first = min(op.start for op in history)
    last = max(op.start if isinf(op.end) else op.end for op in history)
    scale = (WIDTH - LEFT - 30) / max(last - first, 1e-6)
    height = TOP + LANE * len(lanes) + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="28" font-size="16" font-weight="600">{escape(title)}</text>',
        f'<text x="16" y="46" font-size="12" fill="#57606a">{(last - first) * 1000:.1f} ms, left to right; '
        "green: granted, amber: granted though ended, red: refused, grey: not answered</text>",
    ]
    for row, lane in enumerate(lanes):
        y = TOP + LANE * row + 30
        parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - 10}" y2="{y}" stroke="#d0d7de"/>')
        parts.append(f'<text x="16" y="{y + 4}" font-size="12">{escape(lane)}</text>')
    for op in history:
        end = last if isinf(op.end) else op.end
        x, y = LEFT + (op.start - first) * scale, TOP + LANE * lanes.index(_lane(op)) + 24
        width = max((end - op.start) * scale, 3)
        colour = _COLOURS.get(op.answer, _REFUSED)
        parts.append(
            f'<g><title>{escape(str(op))}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="12" rx="3" '
            f'fill="{colour}" fill-opacity="0.85"/>'
            f'<text x="{x:.1f}" y="{y - 4}" font-size="10">{escape(f"{op.verb}: {op.answer}")}</text></g>'
        )
    return "\n".join([*parts, "</svg>\n"])


def _lane(op: Op) -> str:
    return " ".join(part for part in (op.device, op.user) if part) or "the license"
