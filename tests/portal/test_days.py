"""How pages say on which day somebody was last heard of: the days of the reader."""

import pytest

from chalicelib.languages import Reader, writing_for
from chalicelib.portal.render import _last_use as last_use
from tests.support import DAY, HOUR, NOW


def words(before: int, language: str = "en", zone: str = "UTC") -> str:
    """What is read at six in the morning (UTC) of a use so long ago."""
    with writing_for(Reader(language, zone)):
        return str(last_use(NOW - before, NOW)).split(">")[1].removesuffix("</time")


@pytest.mark.parametrize(
    ("before", "english", "german"),
    [
        (-HOUR, "today", "heute"),  # of another machine's clock
        (6 * HOUR, "today", "heute"),
        (6 * HOUR + 1, "yesterday", "gestern"),
        (30 * HOUR, "yesterday", "gestern"),
        (30 * HOUR + 1, "2 days ago", "vor 2 Tagen"),
        (31 * DAY, "31 days ago", "vor 31 Tagen"),
        (32 * DAY, "23 Oct 2026", "23. Okt. 2026"),
    ],
)
def test_a_last_use_is_told_by_the_day(before: int, english: str, german: str) -> None:
    assert (words(before), words(before, "de")) == (english, german)


def test_days_are_those_of_the_reader() -> None:
    assert words(5 * HOUR + 1) == "today"
    assert (words(10 * HOUR), words(10 * HOUR, zone="Asia/Tokyo")) == ("yesterday", "today")


def test_the_day_is_all_that_is_known() -> None:
    with writing_for(Reader("en", "")):
        assert str(last_use(NOW - 30 * HOUR, NOW)) == '<time datetime="2026-11-23" title="23 Nov 2026">yesterday</time>'
        assert (last_use(None, NOW), str(last_use(NOW, NOW))) == (
            "never",
            '<time datetime="2026-11-24" title="24 Nov 2026">today</time>',
        )
