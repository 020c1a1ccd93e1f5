"""Instants to ISO and back, and the calendar's arithmetic, to the edges of both."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Invalid
from chalicelib.domain.instants import LATEST, Duration, add, duration_days, from_iso, parse_duration, to_iso

instants = st.integers(0, LATEST)
durations = st.builds(Duration, st.integers(1, 10**12), st.sampled_from(["h", "d", "m", "y"]))


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_795_489_496_007, "2026-11-24T03:04:56.007Z"),
        (LATEST, "9999-12-31T23:59:59.999Z"),
        (None, None),
    ],
)
def test_an_instant_is_written_with_milliseconds_and_z_and_none_stays_none(
    instant: int | None, text: str | None
) -> None:
    assert to_iso(instant) == text


@pytest.mark.parametrize("instant", [-1, LATEST + 1, 10**30])
def test_an_instant_outside_the_years_1970_to_9999_is_not_written(instant: int) -> None:
    with pytest.raises(Invalid, match="date_out_of_range"):
        to_iso(instant)


@given(instants)
def test_reading_what_was_written_gives_the_same_instant(instant: int) -> None:
    assert from_iso(to_iso(instant)) == instant


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-24", "2026-11-24T00:00:00.000Z"),
        ("2026-11-24T03:04Z", "2026-11-24T03:04:00.000Z"),
        ("2026-11-24T03:04:56", "2026-11-24T03:04:56.000Z"),
        ("2026-11-24 03:04:56.5", "2026-11-24T03:04:56.500Z"),
        ("2026-11-24T03:04:56.123999999Z", "2026-11-24T03:04:56.123Z"),
        ("2026-11-24T03:04:56+02:00", "2026-11-24T01:04:56.000Z"),
        ("2026-11-24T03:04:56.789-0330", "2026-11-24T06:34:56.789Z"),
        ("2024-02-29", "2024-02-29T00:00:00.000Z"),
        ("1970-01-01T01:00+01:00", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_a_date_is_read_with_or_without_time_and_zone_where_none_means_utc(text: str, written: str) -> None:
    assert to_iso(from_iso(text)) == written


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "date_malformed"),
        ("24.11.2026", "date_malformed"),
        ("20261124", "date_malformed"),
        ("2026-W48-2", "date_malformed"),
        ("2026-11-24T03", "date_malformed"),
        ("2026-11-24Z", "date_malformed"),
        ("2026-11-24T03:04:56z", "date_malformed"),
        ("2026-11-24T03:04:56.Z", "date_malformed"),
        ("2026-11-24T03:04:56Z\n", "date_malformed"),
        ("٢٠٢٦-11-24", "date_malformed"),
        ("1795489496000", "date_malformed"),
        ("2026-11-24T03:04:56." + "1" * 1_000_000, "date_malformed"),
        ("2026-02-29", "date_impossible"),
        ("2026-11-24T24:00", "date_impossible"),
        ("2026-11-24T03:04:60Z", "date_impossible"),
        ("2026-11-24T03:04:56+24:00", "date_impossible"),
        ("0000-01-01", "date_impossible"),
        ("0001-01-01T00:00:00+23:59", "date_out_of_range"),
        ("1969-12-31T23:59:59.999Z", "date_out_of_range"),
        ("1970-01-01T00:00+01:00", "date_out_of_range"),
        ("9999-12-31T23:59:59-00:01", "date_out_of_range"),
    ],
    ids=lambda text: text[:30].encode("ascii", "replace").decode(),
)
def test_what_is_no_date_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        from_iso(text)


@given(st.text() | st.text("0123456789-:.TZ+", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert 0 <= from_iso(text) <= LATEST
    except Invalid as refusal:
        assert "date" in str(refusal)


@pytest.mark.parametrize("text", ["24h", "30d", "12m", "1y", "1000y"])
def test_a_duration_is_read_and_written_alike(text: str) -> None:
    assert str(parse_duration(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "d", "30", "0d", "-1d", "1.5d", "030d", "30D", " 30d", "30d\n", "1w", "٣d", "9" * 1_000_000 + "d"],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="duration_malformed"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["1001y", "365001d", "9999999m", "8760001h"])
def test_a_duration_past_a_thousand_years_is_refused_when_it_is_set(text: str) -> None:
    with pytest.raises(Invalid, match="duration_too_long"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2026-11-24T03:04:56.789Z", "30d", "2026-12-24T03:04:56.789Z"),
        ("2026-12-31T23:00:00Z", "2h", "2027-01-01T01:00:00.000Z"),
        ("2026-01-31T12:00:00Z", "1m", "2026-02-28T12:00:00.000Z"),
        ("2028-01-31T12:00:00Z", "1m", "2028-02-29T12:00:00.000Z"),
        ("2026-12-15", "1m", "2027-01-15T00:00:00.000Z"),
        ("2026-11-30", "3m", "2027-02-28T00:00:00.000Z"),
        ("2026-11-24", "12m", "2027-11-24T00:00:00.000Z"),
        ("2028-02-29T23:59:59.999Z", "1y", "2029-02-28T23:59:59.999Z"),
        ("2028-02-29", "4y", "2032-02-29T00:00:00.000Z"),
        ("9998-12-31T23:59:59.999Z", "1y", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_duration_is_added_by_the_calendar(start: str, duration: str, end: str) -> None:
    assert to_iso(add(from_iso(start), parse_duration(duration))) == end


@pytest.mark.parametrize("duration", ["1h", "1d", "1m", "1y"])
@pytest.mark.parametrize("instant", [LATEST, LATEST + 1, 10**30, -(10**12)])
def test_a_sum_or_a_start_outside_the_years_1970_to_9999_is_refused(instant: int, duration: str) -> None:
    with pytest.raises(Invalid, match="date_out_of_range"):
        add(instant, parse_duration(duration))


@given(instants, durations)
def test_any_sum_lies_later_and_within_the_years_or_is_refused(instant: int, duration: Duration) -> None:
    try:
        assert instant < add(instant, duration) <= LATEST
    except Invalid as refusal:
        assert refusal.code == "date_out_of_range"


@given(instants, st.integers(1, 100), st.sampled_from(["m", "y"]))
def test_months_and_years_keep_the_day_and_the_time_or_take_the_last_day(instant: int, count: int, unit: str) -> None:
    start = datetime.fromtimestamp(instant // 1000, UTC)
    if start.year > 9800:
        return
    end = datetime.fromtimestamp(add(instant, parse_duration(f"{count}{unit}")) // 1000, UTC)
    assert end.time() == start.time()
    assert (end.year - start.year) * 12 + end.month - start.month == count * (12 if unit == "y" else 1)
    assert end.day == start.day or (
        end.day < start.day and datetime.fromtimestamp(end.timestamp() + 86_400, UTC).day == 1
    )


@pytest.mark.parametrize(("text", "days"), [("30d", 30), ("12m", 360), ("1y", 365), ("24h", 1), ("25h", 2), ("1h", 1)])
def test_trial_days_count_30_a_month_365_a_year_and_a_day_begun(text: str, days: int) -> None:
    assert duration_days(parse_duration(text)) == days
