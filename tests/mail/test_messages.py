"""What mails say: every code in every language, with all that it needs, in lines that are shown whole."""

import re
from string import Formatter
from typing import get_args

import pytest

from chalicelib.domain.mail import MailCode
from chalicelib.mail.messages import ENGLISH, Catalog, write_mail

PARAMS = dict.fromkeys(("name", "code", "minutes", "product", "order", "old", "new", "link", "days"), "✱")
CODES: tuple[MailCode, ...] = get_args(MailCode)


@pytest.mark.parametrize("code", CODES)
def test_every_mail_says_who_it_is_about_in_lines_that_are_shown_whole(code: MailCode) -> None:
    mail = write_mail(code, "ada@customer.test", "QBITEC", PARAMS | {"name": "A vendor"})
    assert ("A vendor" in mail.subject, mail.subject.count("\n")) == (True, 0)
    assert re.search(r"^    Company code:  QBITEC$", mail.text, re.MULTILINE)
    assert re.search(r"^    E-mail:        ada@customer.test$", mail.text, re.MULTILINE)
    assert max(map(len, mail.text.splitlines())) <= 100
    assert mail.text[0].isupper(), "a sentence"


def test_what_stands_in_a_mail_is_not_read_as_a_template() -> None:
    mail = write_mail(
        "seat_given", "ada@customer.test", "QBITEC", {"name": "{who}", "who": "{to}", "product": "{email}"}
    )
    assert mail.subject == "You may use {email} ({who})"


def test_all_words_of_a_mail_are_of_the_catalog() -> None:
    """Another language is another catalog, with the same parameters."""
    bare = {
        code: tuple(" ".join(f"{{{name}}}" for _, name, _, _ in Formatter().parse(part) if name) for part in parts)
        for code, parts in ENGLISH.mails.items()
    }
    for code in CODES:
        other = Catalog({code: (bare[code][0], bare[code][1])}, vendor="✱", portal="✱", support="✱")
        mail = write_mail(code, "✱", "✱", PARAMS, catalog=other)
        assert set(mail.subject + mail.text) <= {"✱", " "}, code
