"""Cells that no spreadsheet of any country takes for a formula, and that are read back as they were."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.spreadsheet import as_meant, to_csv

STARTS = "=+-@|\uff1d\uff0b\uff0d\uff20"
EVIL = st.text("=+-@|\uff1d\uff20'\" \t\r\n;,ab\ufeff", max_size=12)
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | EVIL


def written(*cells: str) -> list[str]:
    """The cells as a spreadsheet reads them."""
    [_, row] = csv.reader(io.StringIO(to_csv(cells, [cells]), newline=""))
    return row


@given(st.lists(CELL, min_size=1, max_size=4))
def test_what_is_written_is_read_back_and_begins_like_no_formula(cells: list[str]) -> None:
    shown = written(*cells)
    assert [as_meant(cell) for cell in shown] == cells
    for cell in shown:
        for part in re.split('[;,\t\r\n"]', cell):  # what some spreadsheet takes for a cell of its own
            assert part.lstrip(" \ufeff\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029")[:1] not in set(STARTS)
        assert cell[:1] not in set("\t\r\n")


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", ["", " ", "\ufeff", "\u3000", "a;", "a,", "a\t", "a\n", 'a"; '])
def test_a_formula_is_one_nowhere(before: str, start: str) -> None:
    cell = f"{before}{start}cmd|' /C calc'!A0"
    [shown] = written(cell)
    assert f"{before}'{start}" in shown
    assert as_meant(shown) == cell


def test_titles_are_cells_too() -> None:
    assert to_csv(["=1+1"], []) == "'=1+1\r\n"


@pytest.mark.parametrize("cell", ["Ada - Lovelace", "a=b", "O'Brien", "it's 5 - 3", "1-2", "x@y.test"])
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert written(cell) == [cell]
