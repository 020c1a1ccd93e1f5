"""The parts of a cold start, of the app as it is here; `tests/stage` has the package."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.bench.imports import INSTALLED
from infra.stage.coldstart import PARTS, Situation, parts_ms, situation, table
from infra.stage.stages import ROOT, StageError, read_stage


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Situation]:
    """Of a stage with one active device."""
    with situation(read_stage("dev"), tmp_path_factory.mktemp("cold") / "home") as asked:
        yield asked


def test_each_part_runs_and_what_is_asked_is_granted(asked: Situation) -> None:
    taken = parts_ms(asked, [ROOT, INSTALLED])
    assert len(taken) == 1 + len(PARTS)
    assert min(taken) > 0


def test_a_function_that_lacks_a_library_is_one_sentence(asked: Situation) -> None:
    with pytest.raises(StageError, match=r"^The package does not run: .*No module named 'chalice'$"):
        parts_ms(asked, [Path("/nowhere")])


def test_a_check_that_is_not_granted_is_no_figure(asked: Situation) -> None:
    unsigned = replace(asked, events=asked.events | {"check": asked.events["check"] | {"headers": {}}})
    with pytest.raises(StageError, match=r"^The package answers \[400, 400, 200\], and not 200 each time\.$"):
        parts_ms(unsigned, [ROOT, INSTALLED])


def test_the_table_has_each_part_and_the_import_beside_its_libraries() -> None:
    parts = [float(number) for number in range(1 + len(PARTS))]
    lines = table([[*parts, 440.0, 400.0, 220.0], [*(2 * ms for ms in parts), 600.0, 400.0, 400.0]]).splitlines()
    assert len(lines) == 2 + 1 + len(PARTS) + 2
    assert lines[3] == f"| {PARTS[0][0]} | 1.0 | 1.5 |"
    assert lines[-2].endswith("as they are installed | 1.10 | 1.30 |")
    assert lines[-1].endswith("as they are packaged | 2.00 | 1.68 |")
