"""Figures of a measurement: what is written of them, and that a target that is missed is said to be."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.bench import __main__ as bench
from infra.bench import growth, profile
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


@pytest.mark.parametrize("command", [bench.main, profile.main, growth.main])
@pytest.mark.parametrize("page", ["missing.md", "no-marks.md", "."])
def test_a_page_that_cannot_take_the_report_is_refused_before_anything_is_measured(
    command: Callable[[list[str]], int], page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no-marks.md").write_text("no marks")
    assert f"error: argument --report: {tmp_path / page} " in _refusal(
        command, ["--report", str(tmp_path / page)], capsys
    )


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--compare", "missing.json"], "missing.json cannot be read: No such file or directory"),
        (["--compare", "text.md"], "text.md is no file that --json has written"),
        (["--compare", "other.json"], "other.json is no file that --json has written"),
        (["--json", "."], ". cannot be written: Is a directory"),
        (["--json", "text.md/figures.json"], "text.md/figures.json cannot be written: "),
    ],
)
def test_a_file_of_figures_that_is_none_is_refused_before_anything_is_measured(
    options: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.md").write_text("no figures")
    (tmp_path / "other.json").write_text(json.dumps({"rows": []}))
    assert f"error: argument {options[0]}: {why}" in _refusal(bench.main, options, capsys)


def test_the_folder_of_figures_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "_measured", lambda _: figures(1))
    for _ in range(2):
        assert bench.main(["--json", str(tmp_path / "build" / "figures.json")]) == 0
        assert bench.main(["--compare", str(tmp_path / "build" / "figures.json")]) == 0


def _refusal(command: Callable[[list[str]], int], options: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        command(options)
    assert ended.value.code == 2
    return capsys.readouterr().err
