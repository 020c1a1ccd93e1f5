"""Figures of a measurement: what is written of them, and that a target that is missed is said to be."""

from pathlib import Path

import pytest

from infra.bench.clients import BenchError
from infra.bench.figures import OTHERS, Figures, compare, tables
from infra.bench.latencies import Latencies
from infra.bench.page import FIGURES, GROWTH, write_into
from infra.bench.rows import BASE, FLOOR, OURS, ROWS

MARKS = f"<!-- {FIGURES}: written by a command -->\nold\n<!-- end of {FIGURES} -->\n"
OTHER = MARKS.replace(FIGURES, GROWTH)


def figures(times: float, **subjects: float) -> Figures:
    """As a run has them: all that is wanted is met so many times over; other subjects are so many times slower."""
    found = {}
    for row in ROWS:
        wanted = {"calls_per_second": 100.0, "cpu_ms": 1.0, "p50_ms": 1.0} | row.targets
        ours = {name: value * (times if name == "calls_per_second" else 1 / times) for name, value in wanted.items()}
        ours |= {"p99_ms": 9.0, "client_cpu_ms": 0.04, "not_granted": 0}
        slower = {
            name: ours | {"calls_per_second": ours["calls_per_second"] / by, "cpu_ms": ours["cpu_ms"] * by}
            for name, by in subjects.items()
        }
        found[row.title] = {OURS: ours, FLOOR: ours, **slower}
    return {
        "about": "today",
        "cores": 2,
        "rows": found,
        "others": {name: most / times for name, (_, most) in OTHERS.items()},
    }


def test_what_is_missed_is_marked_and_what_is_met_is_not() -> None:
    assert "missed" not in tables(figures(1))
    wanted = sum(len(row.targets) for row in ROWS) + sum(most > 0 for _, most in OTHERS.values())
    assert tables(figures(0.99)).count("missed") == wanted


def test_each_call_is_shown_with_its_floor_and_another_commit_where_it_was_measured() -> None:
    text = tables(figures(1))
    assert [row.title for row in ROWS if f"| {row.title} |" not in text] == []
    assert "commit before" not in text
    assert "1,100, 1.60 ms" in tables(figures(1, **{BASE: 2.0}))  # activations by key: half as many, at twice the CPU


def test_figures_are_compared_with_those_of_another_run() -> None:
    text = compare(figures(2), figures(1))
    assert f"{ROWS[0].title:40}2.00 times the calls a second, 0.50 times the CPU" in text
    assert "0.20, was 0.40" in text  # the sweep


def test_tables_take_the_place_of_the_last_ones_and_of_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n{OTHER}{MARKS}{OTHER}")
    for text in ("one\n", "two \\1\n"):
        write_into(page, FIGURES, text)
        assert page.read_text() == f"# Before\n{OTHER}{MARKS.replace('old', text.strip())}{OTHER}"
    page.write_text("no marks")
    with pytest.raises(BenchError, match="no place"):
        write_into(page, FIGURES, "x")


def test_samples_of_several_turns_are_one() -> None:
    one, other = (Latencies(1.0, 0.5, [0.001] * 9), Latencies(1.0, 0.3, [0.003]))
    both = Latencies.sum([one, other]).figures
    assert (both["calls_per_second"], both["p50_ms"], both["p99_ms"], both["cpu_ms"]) == (5.0, 1.0, 3.0, 80.0)
