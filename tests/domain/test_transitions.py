"""Which transitions are due, to the millisecond, and what a change of dates does to what was announced."""

from typing import Any

import pytest

from chalicelib.domain.license import Phase
from chalicelib.domain.transitions import Transition, announced_after_change, next_due, transitions_due
from tests.domain.samples import DAY, HOUR, NOW, a_license

GRACE, EXPIRED = Transition("grace", NOW), Transition("expired", NOW + 24 * HOUR)


@pytest.mark.parametrize(
    ("announced", "past_end", "expected"),
    [
        ("valid", -1, []),
        ("valid", 0, [GRACE]),
        ("valid", 24 * HOUR - 1, [GRACE]),
        ("valid", 24 * HOUR, [GRACE, EXPIRED]),
        ("valid", 5000 * DAY, [GRACE, EXPIRED]),
        ("grace", 24 * HOUR - 1, []),
        ("grace", 24 * HOUR, [EXPIRED]),
        ("expired", 5000 * DAY, []),
    ],
)
def test_what_has_happened_and_is_not_announced_is_due_in_order(
    announced: Phase, past_end: int, expected: list[Transition]
) -> None:
    license = a_license(validity_period=NOW, grace_period=24, announced_phase=announced)
    assert transitions_due(license, NOW + past_end) == expected


def test_without_grace_the_license_goes_straight_to_its_end() -> None:
    license = a_license(validity_period=NOW)
    assert transitions_due(license, NOW - 1) == []
    assert transitions_due(license, NOW) == [Transition("expired", NOW)]


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({}, None),
        ({"grace_period": 24}, None),
        ({"valid_duration": "30d"}, None),
        ({"validity_period": NOW}, NOW),
        ({"validity_period": NOW, "announced_phase": "expired"}, None),
        ({"validity_period": NOW, "grace_period": 24}, NOW),
        ({"validity_period": NOW, "grace_period": 24, "announced_phase": "grace"}, NOW + 24 * HOUR),
        ({"validity_period": NOW, "grace_period": 24, "announced_phase": "expired"}, None),
    ],
)
def test_the_next_transition_is_the_first_that_is_not_announced(terms: dict[str, Any], expected: int | None) -> None:
    assert next_due(a_license(**terms)) == expected


@pytest.mark.parametrize(
    ("announced", "now_in", "expected"),
    [
        ("valid", "valid", "valid"),
        ("valid", "grace", "valid"),
        ("valid", "expired", "valid"),
        ("grace", "valid", "valid"),
        ("grace", "grace", "grace"),
        ("grace", "expired", "grace"),
        ("expired", "valid", "valid"),
        ("expired", "grace", "grace"),
        ("expired", "expired", "expired"),
    ],
)
def test_coming_back_to_life_takes_back_what_was_announced_and_no_more(
    announced: Phase, now_in: Phase, expected: Phase
) -> None:
    assert announced_after_change(announced, now_in) == expected
