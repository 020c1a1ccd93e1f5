"""Which notice of a license's end is given: each once, none from the end on, and after a gap the nearest alone."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.license import License
from chalicelib.domain.transitions import NOTICE_DAYS, Due, Notice, due_at, due_of, notice_due
from tests.domain.samples import DAY, HOUR, NOW, a_license

END = NOW + 100 * DAY


def due_notice(license: License) -> Due | None:
    """For which notice a license is filed, if for any."""
    return next((due for due in due_of(license) if due.notified_until is not None), None)


def days(license: License, *sweeps: int) -> list[int | None]:
    """Of which days notice is given at each of these instants; None: of none."""
    given = []
    for now in sweeps:
        due = due_notice(license)
        notice = None if due is None else notice_due(due, now)
        given.append(None if notice is None else notice.days)
        if due is not None and (due_at(due) or now) <= now:
            license = replace(license, notified_until=now)
    return given


def test_notice_is_given_to_the_millisecond_of_each_of_the_days_before_the_end_and_before_grace() -> None:
    license = a_license(validity_period=END, grace_period=24)
    for before in NOTICE_DAYS:
        at = END - before * DAY
        assert days(replace(license, notified_until=at - 1), at - 1, at, at + 1, END) == [None, before, None, None]


@pytest.mark.parametrize(
    ("before", "expected"),
    [(8 * DAY, 30), (7 * DAY, 7), (2 * DAY, 3), (DAY - 1, 1), (1, 1), (0, None), (-50 * DAY, None)],
)
def test_after_a_gap_the_nearest_notice_is_given_once_and_none_from_the_end_on(
    before: int, expected: int | None
) -> None:
    license = a_license(validity_period=END)
    assert days(license, END - before, END - before, END - before) == [expected, None, None]


def test_of_days_that_a_license_never_had_no_notice_is_given() -> None:
    ten = a_license(validity_period=END, created_at=END - 10 * DAY)
    every_hour = range(END - 10 * DAY, END + DAY, HOUR)
    assert [one for one in days(ten, *every_hour) if one] == [7, 3, 1]
    assert [one for one in days(replace(ten, created_at=END - 7 * DAY), *every_hour) if one] == [3, 1]
    assert due_of(replace(ten, created_at=END - DAY)) == [
        Due("ACME", 7, "valid", 0, END)  # a license of a day: its expiry alone
    ]


@pytest.mark.parametrize(
    ("terms", "filed"),
    [
        ({}, []),
        ({"valid_duration": "30d"}, []),
        ({"validity_period": END}, [END, END - 30 * DAY]),
        ({"validity_period": END, "grace_period": 24}, [END, END - 30 * DAY]),
        ({"validity_period": END, "notified_until": END - 7 * DAY}, [END, END - 3 * DAY]),
        ({"validity_period": END, "notified_until": END - DAY}, [END]),
        ({"validity_period": END, "announced_phase": "grace", "grace_period": 24}, [END + DAY]),
        ({"validity_period": END, "announced_phase": "expired"}, []),
    ],
)
def test_a_license_is_filed_for_its_next_transition_and_its_next_notice(
    terms: dict[str, Any], filed: list[int]
) -> None:
    assert [due_at(due) for due in due_of(a_license(**terms))] == filed


def test_older_code_finds_no_transition_in_a_notice() -> None:
    """It reads what it knows of, the announced phase, and passes by what it has nothing to announce of."""
    [transition, notice] = due_of(a_license(validity_period=END, grace_period=24))
    assert (transition.announced_phase, transition.notified_until) == ("valid", None)
    assert (notice.announced_phase, notice.notified_until) == ("expired", NOW - 100 * DAY)


INSTANTS = st.integers(0, 80 * DAY).map(lambda before: END - before)


@given(created=INSTANTS, sweeps=st.lists(INSTANTS | INSTANTS.map(lambda at: at + 40 * DAY), max_size=30))
def test_whatever_the_gaps_each_notice_is_given_once_in_order_and_in_time(created: int, sweeps: list[int]) -> None:
    license, given, at = a_license(validity_period=END, created_at=created), list[Notice](), list[int]()
    for now in sorted(sweep for sweep in sweeps if sweep >= created):
        due = due_notice(license)
        if due is not None and (notice := notice_due(due, now)) is not None:
            assert created < notice.at <= now < END
            assert not [days for days in NOTICE_DAYS if notice.at < END - days * DAY <= now], "the nearest"
            given.append(notice)
            at.append(now)
        if due is not None and (due_at(due) or now) <= now:
            license = replace(license, notified_until=now)
    assert all(one.days > other.days for one, other in pairwise(given)), given
    missed = [days for days in NOTICE_DAYS if any(created < END - days * DAY <= now < END for now in sweeps)]
    assert bool(given) == bool(missed)
    assert not missed or given[-1].days == min(missed)
