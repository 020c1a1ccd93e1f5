"""docs/scale.md: its tables are what the script reckons today, and what is hottest has its answer."""

import pytest

from infra.cost.inputs import DEFAULT, read_inputs
from infra.scale.__main__ import main
from infra.scale.fleet import Fleet
from infra.scale.hot import hottest
from infra.stage.stages import PROTECTED, read_stage
from tests.docs.pages import DOCS

PAGE = (DOCS / "scale.md").read_text()
WARM = 0.1
"""Share of a limit from which the page says what is done."""


def test_the_tables_are_what_the_script_reckons(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    tables = capsys.readouterr().out.split("\n\n")
    assert len(tables) == 3
    assert [table for table in tables if table.strip() not in PAGE] == []


def test_what_is_hot_has_its_answer() -> None:
    firewall = read_stage(PROTECTED).firewall
    assert firewall is not None
    said = PAGE.partition("## What is done then")[2]
    hot = [one.what for one in hottest(Fleet(), read_inputs(DEFAULT).usage, firewall, 300) if one.share > WARM]
    assert [what for what in hot if f"**{what}**" not in said] == []
