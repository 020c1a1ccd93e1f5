"""Texts and numbers as people type and paste them, and as programs report them."""

import pytest

from chalicelib.domain.counts import read_count
from chalicelib.domain.pasted import composed, safe_to_show, visible
from chalicelib.usecases.assign_user import Profile


@pytest.mark.parametrize(
    ("text", "count"),
    [
        *(
            ("5", 5),
            (" 5\n", 5),
            ("+5", 5),
            ("5.0", 5),
            ("5,00", 5),
            ("0", 0),
            ("007", 7),
            ("\uff15", 5),
            ("\ufeff5", 5),
        ),
        *(
            (text, None)
            for text in (
                "",
                "-1",
                "1.5",
                "1e3",
                "\xb2",
                "1_000",
                "\u0665",
                "five",
                "9" * 17,
                "5.",
                "1 0",
                "1,000",
                "1.000",
            )
        ),
    ],
    ids=ascii,
)
def test_a_count_is_read_in_every_form_that_means_one(text: str, count: int | None) -> None:
    assert read_count(text) == count


def test_a_name_has_one_form_however_its_letters_were_typed() -> None:
    assert Profile("Zoe\u0308", "Mu\u0308ller") == Profile("Zo\xeb", "M\xfcller")
    assert Profile("Zo\xeb\n", "M\xfc\tller\u200b", "+41\xa01") == Profile("Zo\xeb", "M\xfc ller", "+41 1")
    assert composed("a" + "\u0301\u0323" * 500) == "a" + "\u0301\u0323" * 500  # too long to be worth it


def test_what_nobody_sees_is_left_out() -> None:
    assert visible(" a\u200b\xadb\ufeff ") == "ab"
    assert visible("a\u200db") == "ab"
    assert visible("a\u200db", joiners=True) == "a\u200db"


def test_what_a_program_reports_disturbs_nothing_around_it() -> None:
    assert safe_to_show("a\nb\u202ec\x9b", 10) == "a\u240abc\u2426"
    assert safe_to_show("abc", 2) == "ab"
