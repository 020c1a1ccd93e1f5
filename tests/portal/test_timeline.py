"""The line of a license's life: all its dates, in order, and no two labels in one place."""

from itertools import pairwise

import pytest

from chalicelib.domain.license import HOUR_MS, License
from chalicelib.portal.timeline import LABEL_WIDTH, Validity, timeline, validity
from tests.domain.samples import a_license as sample
from tests.support import DAY, NOW

FULL: dict[str, int] = {
    "created_at": NOW - 100 * DAY,
    "start_date": NOW - 99 * DAY,
    "first_activated_at": NOW - 98 * DAY,
    "validity_period": NOW + DAY,
    "grace_period": 72,
}


def test_all_dates_stand_on_the_line_in_their_order() -> None:
    line = timeline(sample(**FULL), NOW)
    assert [mark.kind for mark in line.milestones] == [
        "created",
        "start",
        "first_activated",
        "today",
        "valid_until",
        "grace_end",
    ]
    assert [mark.x for mark in line.milestones] == sorted(mark.x for mark in line.milestones)
    assert (line.milestones[0].x, line.milestones[-1].x) == line.track
    assert line.milestones[-1].when == NOW + DAY + 72 * HOUR_MS
    assert line.grace == (line.milestones[4].x, line.milestones[5].x)


def test_the_words_say_the_same() -> None:
    assert timeline(sample(created_at=NOW), NOW + DAY).text == (
        "The life of the license: Created 24 Nov 2026, Today 25 Nov 2026."
    )


@pytest.mark.parametrize(
    "license", [sample(**FULL), sample(created_at=NOW), sample(**(FULL | {"created_at": NOW + DAY}))]
)
@pytest.mark.parametrize("later", [0, 1, DAY, 4000 * DAY])
def test_no_two_labels_of_a_row_overlap(license: License, later: int) -> None:
    line = timeline(license, NOW + later)
    rows = {mark.row for mark in line.milestones}
    for row in rows:
        places = [mark.x for mark in line.milestones if mark.row == row]
        assert all(right - left >= LABEL_WIDTH for left, right in pairwise(places))
    assert rows == set(range(len(rows)))


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"created_at": NOW - 50 * DAY, "validity_period": NOW + 50 * DAY}, Validity(50, 50)),
        ({"created_at": NOW - DAY, "start_date": NOW, "validity_period": NOW + 4 * DAY}, Validity(0, 4)),
        ({"created_at": NOW, "start_date": NOW + DAY, "validity_period": NOW + 2 * DAY}, Validity(0, 2)),
        ({"validity_period": NOW, "grace_period": 48}, Validity(100, 2)),
        ({"validity_period": NOW - DAY, "grace_period": 24}, Validity(100, None)),
        ({"validity_period": NOW}, Validity(100, None)),
        ({"created_at": NOW, "validity_period": NOW + 1}, Validity(0, 0)),
        ({"validity_period": None}, Validity(0, None)),
    ],
)
def test_the_meter_of_its_time_tells_what_has_passed_and_the_days_to_its_next_end(
    terms: dict[str, int | None], expected: Validity
) -> None:
    given = {"created_at": NOW - 100 * DAY} | terms
    assert validity(sample(**given), NOW) == expected
