"""A date alone is a day of the company's: its last instant where something ends, its first where it begins."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.days import day_of, ends_a_day, first_instant, last_instant, read_moment, time_zone
from chalicelib.domain.errors import Invalid, SeatkeeperError
from chalicelib.domain.instants import LATEST, from_iso, to_iso

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
