"""A date alone is a day of the company's: its last instant where something ends, its first where it begins."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.days import (
    day_of,
    ends_a_day,
    first_instant,
    last_instant,
    local,
    read_moment,
    renewed,
    time_zone,
)
from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.instants import LATEST, add, from_iso, parse_duration, to_iso

ZONES = ["", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu", "America/Sao_Paulo"]


@pytest.mark.parametrize(
    ("text", "zone", "first", "last"),
    [
        ("2026-12-31", "", "2026-12-31T00:00:00.000Z", "2026-12-31T23:59:59.999Z"),
        ("2026-12-31", "Europe/Berlin", "2026-12-30T23:00:00.000Z", "2026-12-31T22:59:59.999Z"),
        ("2026-12-31", "America/Los_Angeles", "2026-12-31T08:00:00.000Z", "2027-01-01T07:59:59.999Z"),
        ("2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"),
        ("2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z"),
        ("2028-02-29", "", "2028-02-29T00:00:00.000Z", "2028-02-29T23:59:59.999Z"),
        ("1970-01-01", "Europe/Berlin", "1970-01-01T00:00:00.000Z", "1970-01-01T22:59:59.999Z"),
        ("9999-12-31", "", "9999-12-31T00:00:00.000Z", "9999-12-31T23:59:59.999Z"),
        ("9999-12-31", "America/Los_Angeles", "9999-12-31T08:00:00.000Z", "9999-12-31T23:59:59.999Z"),
        ("2026-12-31T12:00:00Z", "Europe/Berlin", "2026-12-31T12:00:00.000Z", "2026-12-31T12:00:00.000Z"),
        ("2026-12-31T00:00:00Z", "", "2026-12-31T00:00:00.000Z", "2026-12-31T00:00:00.000Z"),
    ],
)
def test_a_date_alone_is_a_whole_day_and_an_instant_is_itself(text: str, zone: str, first: str, last: str) -> None:
    moment = read_moment(text)
    assert (to_iso(first_instant(moment, zone)), to_iso(last_instant(moment, zone))) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "2026-02-30", "2026-1-1", "31.12.2026", "1969-12-31", "2026-12-31T", "\u0662026-01-01"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="date_"):
        read_moment(text)


@given(st.dates(date(1970, 1, 2), date(9999, 12, 31)), st.sampled_from(ZONES))
def test_the_last_instant_of_a_day_ends_it_and_belongs_to_it(day: date, zone: str) -> None:
    last = last_instant(day, zone)
    assert ends_a_day(last, zone)
    if last < LATEST:
        assert day_of(last, zone) == day
        assert day_of(last + 1, zone) > day
        assert ends_a_day(last - 999, zone)
        assert not ends_a_day(last - 60_000, zone)


@pytest.mark.parametrize(("day", "zone"), [("2027-04-29", "Africa/Cairo"), ("2027-09-04", "America/Santiago")])
def test_a_day_ends_where_the_next_one_begins_at_one(day: str, zone: str) -> None:
    """There clocks go forward at midnight."""
    last = last_instant(read_moment(day), zone)
    assert ends_a_day(last, zone)
    assert not ends_a_day(last - 60_000, zone)
    assert not ends_a_day(last + 1, zone)


def test_midnight_ends_no_day() -> None:
    assert not ends_a_day(from_iso("2026-12-31T00:00:00Z"), "")
    assert not ends_a_day(from_iso("2026-12-31T23:59:59Z"), "Europe/Berlin")
    assert ends_a_day(from_iso("2026-12-31T23:59:59Z"), "")


@pytest.mark.parametrize(("text", "zone"), [("", ""), (" UTC ", ""), ("Europe/Berlin", "Europe/Berlin")])
def test_a_time_zone_is_a_name_of_the_list(text: str, zone: str) -> None:
    assert time_zone(text) == zone


@pytest.mark.parametrize(
    "text", ["CEST+1", "Europe/Nowhere", "../../etc/passwd", "/etc/localtime", "x" * 1000, "Europe", "\0"]
)
def test_what_is_no_time_zone_is_refused(text: str) -> None:
    with pytest.raises(SeatkeeperError, match="time_zone_unknown"):
        time_zone(text)


# --- renewals -----------------------------------------------------------------------------------------------------

DAYS = st.dates(date(1971, 1, 1), date(2999, 12, 31))
TIMES = st.integers(0, LATEST // 10)


def is_last_of_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    ("end", "duration", "zone", "ends"),
    [
        ("2027-01-31", "1m", "", ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30", "2027-07-31"]),
        ("2027-01-31", "1m", "Europe/Berlin", ["2027-02-28", "2027-03-31", "2027-04-30"]),
        ("2027-01-31", "1m", "America/Los_Angeles", ["2027-02-28", "2027-03-31", "2027-04-30"]),
        ("2027-01-30", "1m", "", ["2027-02-28", "2027-03-31"]),
        ("2027-01-28", "1m", "", ["2027-02-28", "2027-03-31"]),
        ("2027-03-28", "1m", "", ["2027-04-28", "2027-05-28"]),
        ("2027-11-30", "3m", "", ["2028-02-29", "2028-05-31"]),
        ("2028-02-29", "1y", "", ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        ("2027-03-20", "10d", "Europe/Berlin", ["2027-03-30", "2027-04-09"]),
        ("2027-03-03", "1m", "America/Santiago", ["2027-04-03"]),  # whose last hour there is twice
    ],
)
def test_an_end_is_renewed_by_whole_days_of_the_companys(end: str, duration: str, zone: str, ends: list[str]) -> None:
    at = last_instant(date.fromisoformat(end), zone)
    for expected in ends:
        at = renewed(at, parse_duration(duration), zone)
        assert at == last_instant(date.fromisoformat(expected), zone)


@given(DAYS, st.integers(1, 24), st.sampled_from(["m", "y"]), st.sampled_from(ZONES))
def test_renewals_by_months_never_come_to_an_earlier_day_of_the_month(day: date, n: int, unit: str, zone: str) -> None:
    end = last_instant(day, zone)
    for _ in range(6):
        later = renewed(end, parse_duration(f"{n}{unit}"), zone)
        old, new = day_of(end, zone), day_of(later, zone)
        assert (new.year - old.year) * 12 + new.month - old.month == n * (12 if unit == "y" else 1)
        assert new.day == old.day or is_last_of_month(new)
        assert not is_last_of_month(old) or is_last_of_month(new)
        assert ends_a_day(later, zone)
        assert new.day >= min(day.day, monthrange(new.year, new.month)[1])
        end = later


@given(TIMES, st.sampled_from(["7h", "30d", "1m", "12m", "1y"]), st.sampled_from(ZONES))
def test_a_renewal_keeps_the_time_of_the_clocks_and_without_a_zone_is_a_sum(at: int, duration: str, zone: str) -> None:
    lasts = parse_duration(duration)
    if not is_last_of_month(day_of(at, "")):
        assert ends_a_day(at, "") or renewed(at, lasts, "") == add(at, lasts)
    later = renewed(at, lasts, zone)
    assert later > at
    shift = abs(local(later, zone).replace(tzinfo=None) - local(at, zone).replace(tzinfo=None))
    if duration != "7h" and not ends_a_day(at, zone):
        assert min(shift % timedelta(days=1), -shift % timedelta(days=1)) <= timedelta(hours=1)


@pytest.mark.parametrize("duration", ["1h", "1d", "1m", "1y", "1000y"])
def test_a_renewal_beyond_the_calendar_is_refused(duration: str) -> None:
    for zone in ZONES:
        with pytest.raises(Invalid, match="date_out_of_range"):
            renewed(LATEST - 1, parse_duration(duration), zone)
