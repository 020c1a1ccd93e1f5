"""docs/performance.md shows all that is measured: each call, target, layer and case has its row."""

import pytest

from infra.bench import growth, profile
from infra.bench.figures import CAPACITY_ROWS, OTHERS
from infra.bench.page import FIGURES, GROWTH, PROFILE
from infra.bench.rows import ROWS
from infra.serve import ROOT
from tests.docs.pages import DOCS

PAGE = (DOCS / "performance.md").read_text()
CASES = (f"{growth.STORED:,} licenses more", f"a license of {growth.FEW} devices", f"one of {growth.MANY:,}")


def part(name: str) -> str:
    """What a command has written, between its marks."""
    _, _, rest = PAGE.partition(f"<!-- {name}: written by a command -->\n")
    text, mark, _ = rest.partition(f"<!-- end of {name} -->")
    assert mark, f"the page has no marks for {name}"
    return text


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        (FIGURES, [*(row.title for row in ROWS), *(text for text, _ in OTHERS.values())]),
        (PROFILE, [layer for _, layer in profile.LAYERS]),
        (GROWTH, CASES),
    ],
)
def test_each_row_is_there_and_dated(name: str, rows: list[str]) -> None:
    written = part(name)
    assert written[:3] == "202"
    assert [row for row in rows if f"\n| {row} |" not in written] == []


def test_each_call_that_is_profiled_has_its_lines() -> None:
    assert [call for call in profile.CALLS if f"| {call}: line |" not in part(PROFILE)] == []


def test_what_one_machine_carries_is_what_was_measured() -> None:
    cells = [
        [cell.strip() for cell in line.split("|")]
        for title in CAPACITY_ROWS
        for line in part(FIGURES).splitlines()
        if f"| {title} |" in line
    ]
    cores = part(FIGURES).partition(" cores")[0].rpartition(" ")[2]
    check, activation = (row[3] for row in cells)
    assert (
        f"of {cores} cores carries {check} checks or {activation} activations a second"
        in (ROOT / "README.md").read_text()
    )


def test_a_million_checks_cost_what_the_table_of_costs_says() -> None:
    table = (DOCS / "operations.md").read_text()
    (row,) = (line for line in table.splitlines() if line.startswith("| check by key, once in 15 minutes |"))
    assert f"A million checks on AWS cost {row.split('|')[-2].strip(' *')} USD " in PAGE


@pytest.mark.parametrize("module", ["bench", "bench.profile", "bench.growth"])
def test_each_command_is_named(module: str) -> None:
    assert f".venv/bin/python -m infra.{module} " in PAGE or f".venv/bin/python -m infra.{module}\n" in PAGE
