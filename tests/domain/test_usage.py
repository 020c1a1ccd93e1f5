"""The days of which usage is shown. What is counted of them: `tests/usecases/test_overview.py`."""

from datetime import date

import pytest

from chalicelib.domain.usage import USAGE_DAYS, active_by_day, recent_days
from tests.support import NOW


@pytest.mark.parametrize("zone", ["", "Europe/Berlin", "America/Los_Angeles"])
def test_the_days_end_with_today_in_the_time_zone(zone: str) -> None:
    days = recent_days(NOW, zone)
    assert len(days) == len(set(days)) == USAGE_DAYS
    assert days == sorted(days)
    assert days[-1] == (date(2026, 11, 23) if zone == "America/Los_Angeles" else date(2026, 11, 24))


def test_without_any_event_each_day_is_as_today() -> None:
    days = recent_days(NOW, "")
    assert active_by_day(7, [], days, "") == [7] * USAGE_DAYS
