"""Figures of a measurement: as JSON, beside those of another one, and as the tables of docs/performance.md."""

from typing import TypedDict

from infra.bench.rows import BASE, FLOOR, OURS, ROWS, Row
from infra.markdown import markdown_table


class Figures(TypedDict):
    """What `--json` writes of a measurement."""

    about: str
    cores: int | None
    rows: dict[str, dict[str, dict[str, float]]]
    """Title of a row → what is measured (`OURS`, `FLOOR`, `BASE`) → name of a figure (`Latencies.figures`)."""
    others: dict[str, float]
    """By the names of `OTHERS`."""


OTHERS = {
    "storm_seconds": ("1,000 devices on a license of 500, 64 at once, s", 1.0),
    "storm_errors": ("of these, neither granted nor refused", 0.0),
    "sweep_ms": ("sweep, a due license of 10,000 (100,000 stored), ms", 0.4),
    "memory_mb": ("memory of the server, 100,000 licenses stored, nobody has logged in, MB", 200.0),
    "memory_log_ins_mb": ("and after 800 log-ins, 16 at once, MB", 200.0),
}
"""What else is measured: what it is, and at most."""
CAPACITY_ROWS = ("check, 16 clients", "activate by key, 16 clients")
_IS_MORE_BETTER = {"calls_per_second"}


def show_row(row: Row, found: dict[str, dict[str, float]]) -> str:
    """A section for a terminal."""
    lines = [f"\n{row.title}, {row.count:,} calls"]
    for name, figures in found.items():
        refused = f"   {figures['not_granted']:,} not granted" if figures["not_granted"] else ""
        lines.append(
            f"  {name:6}{figures['calls_per_second']:7,.0f} calls/s   p50 {figures['p50_ms']:6.2f} ms   "
            f"p99 {figures['p99_ms']:6.2f} ms   CPU {figures['cpu_ms']:.2f} ms a call "
            f"(client {figures['client_cpu_ms']:.2f}){refused}"
        )
    lines += [f"  beside {other}: {_ratios(found[OURS], found[other])}" for other in found if other != OURS]
    return "\n".join(lines)


def compare(ours: Figures, before: Figures) -> str:
    """Lines for a terminal: each call beside what it was in another measurement."""
    common = [title for title in ours["rows"] if title in before["rows"]]
    rows = [f"  {title:40}{_ratios(ours['rows'][title][OURS], before['rows'][title][OURS])}" for title in common]
    others = [
        f"  {text:60}{ours['others'][name]:8.2f}, was {before['others'][name]:.2f}"
        for name, (text, _) in OTHERS.items()
        if name in ours["others"] and name in before["others"]
    ]
    return "\n".join([f"\nBeside {before['about']}", *rows, *others])


def _ratios(one: dict[str, float], other: dict[str, float]) -> str:
    calls, cpu = (_ratio(one[name], other[name]) for name in ("calls_per_second", "cpu_ms"))
    return f"{calls} times the calls a second, {cpu} times the CPU"


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}" if other else "none"


def tables(figures: Figures) -> str:
    """In Markdown: calls beside their floor (and another commit), and what else is measured."""
    has_base = any(BASE in found for found in figures["rows"].values())
    names = ["", "at least", "calls/s", "p50, p99", "CPU a call", "floor: calls/s, CPU", "CPU, times the floor's"]
    rows = [[*names, *["the commit before: calls/s, CPU"] * has_base], ["---"] * (len(names) + has_base)]
    for row in ROWS:
        found = figures["rows"][row.title]
        ours, bare = found[OURS], found[FLOOR]
        cells = [
            *(row.title, _wanted(row, ours), f"{ours['calls_per_second']:,.0f}"),
            *(f"{ours['p50_ms']:.2f}, {ours['p99_ms']:.1f} ms", f"{ours['cpu_ms']:.2f} ms"),
            *(_calls_and_cpu(bare), _ratio(ours["cpu_ms"], bare["cpu_ms"])),
        ]
        rows.append(cells + ([_calls_and_cpu(found[BASE])] if BASE in found else []))
    others = [["", "at most", "measured"], ["---"] * 3]
    for name, (text, most) in OTHERS.items():
        value = figures["others"][name]
        others.append([text, f"{most:g}{'' if value <= most else ', **missed**'}", f"{value:.3g}"])
    return f"{figures['about']}.\n\n{markdown_table(rows)}\n\n{markdown_table(others)}\n"


def capacity(figures: Figures) -> str:
    """What one machine carries, in a sentence."""
    check, activation = (f"{figures['rows'][title][OURS]['calls_per_second']:,.0f}" for title in CAPACITY_ROWS)
    return (
        f"**One machine of {figures['cores']} cores carries {check} checks or {activation} activations a second**,\n"
        "each signed, each activation on disk before it is answered ([docs/performance.md](docs/performance.md))."
    )


def _wanted(row: Row, found: dict[str, float]) -> str:
    texts = {"calls_per_second": "{:,.0f}/s", "p50_ms": "p50 {:g} ms", "cpu_ms": "CPU {:g} ms"}
    wanted = [
        texts[name].format(target) + ("" if _is_met(name, found, target) else ", **missed**")
        for name, target in row.targets.items()
    ]
    return ", ".join(wanted)


def _is_met(name: str, found: dict[str, float], target: float) -> bool:
    return found[name] >= target if name in _IS_MORE_BETTER else found[name] <= target


def _calls_and_cpu(found: dict[str, float]) -> str:
    return f"{found['calls_per_second']:,.0f}, {found['cpu_ms']:.2f} ms"
