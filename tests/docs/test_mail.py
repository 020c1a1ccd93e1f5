"""docs/mail.md: every kind of mail is in it, and who may switch it off."""

import re
from typing import get_args

from chalicelib.domain.mail import OF_COMPANY, OF_PERSON, TO_MANAGERS, TO_VENDOR, MailCode
from chalicelib.languages import languages
from tests.docs.pages import DOCS

PAGE = (DOCS / "mail.md").read_text()
ROWS = {
    row[0].strip("`"): row[1:]
    for row in (
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| `.*\|$", PAGE, re.MULTILINE)
    )
    if len(row) == 5
}


def test_every_kind_is_documented_and_no_other() -> None:
    assert list(ROWS) == list(get_args(MailCode))


def test_the_page_says_who_switches_it_off() -> None:
    assert {code for code, row in ROWS.items() if row[2] == "can be off"} == OF_COMPANY
    assert {code for code, row in ROWS.items() if row[3] == "can be off"} == OF_PERSON


def test_the_page_says_to_whom_it_goes() -> None:
    assert {code for code, row in ROWS.items() if row[0] == "managers"} == TO_MANAGERS
    assert {code for code, row in ROWS.items() if row[0] == "the vendor"} == TO_VENDOR


def test_every_language_is_named() -> None:
    assert all(f"`{language}`" in PAGE for language in languages())
