"""A schedule as a sequence diagram that a person can read: a line for each use case and one for the database (SVG)."""

from collections.abc import Sequence
from html import escape

from tests.explore.footprints import NOTHING
from tests.explore.schedule import Step, in_calls

WIDTH, TOP, ROW = 1180, 96, 30
_SENT, _FAILED, _FAULT = "#57606a", "#cf222e", "#9a6700"


def svg(names: Sequence[str], steps: Sequence[Step], answers: Sequence[str], title: str, broken: str) -> str:
    """The picture, as text of an SVG document. `names` and `answers`: of each task."""
    lines = [WIDTH * (number + 1) // (len(names) + 2) for number in range(len(names))]
    calls = list(in_calls(steps))
    database, height = WIDTH - 330, TOP + ROW * (len(calls) + 2) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 26, title, 16),
        _text(16, 46, broken, 12, _FAILED),
    ]
    for name, x in (*zip(names, lines, strict=True), ("the database", database)):
        parts.append(_text(x, TOP - 22, name, 13, anchor="middle"))
        parts.append(f'<line x1="{x}" y1="{TOP - 12}" x2="{x}" y2="{height - 40}" stroke="#d0d7de"/>')
    for number, call in enumerate(calls):
        step = call[-1]
        y, x = TOP + ROW * number + 10, lines[step.task]
        color = _FAULT if step.fault else _FAILED if step.failed else _SENT
        parts.append(f'<line x1="{x}" y1="{y}" x2="{database}" y2="{y}" stroke="{color}" stroke-width="1.5"/>')
        parts.append(f'<path d="M{database} {y} l-8 -4 v8 z" fill="{color}"/>')
        what = step.fault or ("a condition did not hold" if step.failed else "")
        parts.append(_text(x + 8, y - 5, f"{step.call.operation}{f': {what}' if what else ''}", 11, color))
        parts.append(_text(database + 10, y + 4, _about(call), 10))
    for answer, x in zip(answers, lines, strict=True):
        parts.append(_text(x, height - 22, answer, 12, _SENT, "middle"))
    return "\n".join([*parts, "</svg>\n"])


def _about(steps: Sequence[Step]) -> str:
    """What is written or read, by the kinds of its items."""
    found = [step.footprint if step.footprint != NOTHING else step.call.footprint for step in steps]
    places = [place for one in found for place in sorted(one.writes) or sorted(one.reads)]
    parts = [place.part or place.pk for place in places] + [part.first for one in found for part in one.ranges]
    return ", ".join(dict.fromkeys(part.partition("#")[0] for part in parts))


def _text(x: int, y: int, text: str, size: int, color: str = "#1f2328", anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{color}" text-anchor="{anchor}">{escape(text)}</text>'
