"""Whoever brings licenses in: each rule finds what breaks it, and the same row twice is one license."""

import pytest

from chalicelib.domain.events import Event
from tests.proof.history import CRASHED, Op
from tests.proof.importers import DEVICES, DONE, ONCE, ROWS, WHOLE, Brought, bring_in, brought_in, wrongly_brought_in
from tests.race.clients import OK
from tests.support import ADMIN, NOW, Vendor


def added(devices: int) -> Event:
    return Event.new("legacy_devices_added", ADMIN, NOW, devices=devices)


THERE: Brought = [("", []), *((row, [added(1), added(1)]) for row in ROWS)]
HISTORY = [Op("bring in", 0, 1, OK, row) for row in ROWS]


def test_what_is_right_breaks_no_rule() -> None:
    assert list(wrongly_brought_in(HISTORY, THERE)) == []


@pytest.mark.parametrize(
    ("there", "rule"),
    [
        ([*THERE, THERE[1]], ONCE),
        (THERE[:-1], ONCE),
        ([*THERE[:-1], ("row 4", [added(1)])], WHOLE),
        ([*THERE[:-1], ("row 4", [added(len(DEVICES)), added(1)])], WHOLE),
    ],
)
def test_what_a_row_has_made_is_counted(there: Brought, rule: str) -> None:
    assert [one.rule for one in wrongly_brought_in(HISTORY, there)] == [rule]


@pytest.mark.parametrize("answer", [f"{CRASHED}: KeyError", "already_exists"])
def test_no_row_is_refused(answer: str) -> None:
    wrong = Op("bring in", 2, 3, answer, "row 1")
    assert [(one.rule, one.shown_by) for one in wrongly_brought_in([*HISTORY, wrong], THERE)] == [(DONE, (wrong,))]


def test_the_same_rows_again_make_no_license_more(vendor: Vendor) -> None:
    for row in (*ROWS, *ROWS):
        assert bring_in(vendor.code, row).answer == OK
    assert list(wrongly_brought_in(HISTORY, brought_in(vendor))) == []
