"""What mails say: every code in every language, with all that it needs, in lines that are shown whole."""

import re
from datetime import date
from typing import get_args

import pytest

from chalicelib.domain.mail import TO_MANAGERS, MailCode
from chalicelib.languages import languages
from chalicelib.mail.messages import write_mail
from chalicelib.mail.texts import ITEM, TEXTS

PARAMS: dict[str, str | int | date | None] = dict.fromkeys(
    (
        *("name", "code", "minutes", "product", "order", "old", "new", "link", "time", "address", "page"),
        *("date", "used", "limit", "over", "endpoint", "left", "passkey"),
    ),
    "✱",
) | {"days": 7}
CODES: tuple[MailCode, ...] = get_args(MailCode)
LANGUAGES = tuple(languages())
COMPANY_CODE = {"en": "Company code:", "de": "Firmencode:"}
EMAIL = {"en": "Email:", "de": "E-Mail:"}
each_mail = pytest.mark.parametrize(("language", "code"), [(lang, code) for lang in LANGUAGES for code in CODES])


@each_mail
def test_every_mail_says_who_it_is_about_in_lines_that_are_shown_whole(language: str, code: MailCode) -> None:
    mail = write_mail(code, "ada@customer.test", "QBITEC", PARAMS | {"name": "A vendor"}, language=language)
    assert mail.language == language
    assert ("A vendor" in mail.subject, mail.subject.count("\n")) == (True, 0)
    assert re.search(rf"^    {COMPANY_CODE[language]} +QBITEC$", mail.text, re.MULTILINE)
    assert re.search(rf"^    {EMAIL[language]} +ada@customer.test$", mail.text, re.MULTILINE)
    assert max(map(len, mail.text.splitlines())) <= 100
    assert mail.text[0].isupper() or mail.text[0] == "✱", "a sentence"
    of_tables = re.findall(r"(?<=\n\n)((?: {4}.+\n)(?: {4}.+\n)+)", mail.text)
    assert {len(match) for table in of_tables for match in re.findall(r"^ {4}[^:]+: +", table, re.MULTILINE)} <= {19}


def test_what_stands_in_a_mail_is_not_read_as_a_template() -> None:
    mail = write_mail(
        "seat_given", "ada@customer.test", "QBITEC", {"name": "{who}", "who": "{to}", "product": "{email}"}
    )
    assert mail.subject == "You may use {email} ({who})"


def test_days_are_written_as_people_of_the_language_write_them() -> None:
    params = PARAMS | {"date": date(2026, 12, 5)}
    texts = [
        write_mail("license_ends", "", "", params | {"days": days}, language=language).item
        for language in LANGUAGES
        for days in (1, 7)
    ]
    ends = [re.search(r"(?:Ends|Endet): +(.+)", text) for text in texts]
    assert [match and match[1] for match in ends] == [
        *("5 Dec 2026, in 1 day", "5 Dec 2026, in 7 days"),
        *("5. Dez. 2026, in 1 Tag", "5. Dez. 2026, in 7 Tagen"),
    ]


def test_a_row_without_a_value_is_left_out() -> None:
    mail = write_mail("users_taken", "", "", PARAMS | {"order": None, "used": 3, "limit": 3, "over": 0})
    assert "Order" not in mail.text
    assert "    Users:         3 / 3\n" in mail.item
    assert mail.item in mail.text


def test_languages_are_told_apart() -> None:
    for code in CODES:
        mails = [write_mail(code, "", "", PARAMS, language=language) for language in LANGUAGES]
        assert len({mail.subject for mail in mails}) == len({mail.text for mail in mails}) == len(LANGUAGES), code


def test_mails_to_managers_have_rows_about_a_license() -> None:
    assert {code for code, text in TEXTS.items() if text.item} == TO_MANAGERS
    assert {code for code, text in TEXTS.items() if ITEM in text.blocks} == TO_MANAGERS


def test_a_mail_in_a_language_that_we_do_not_have_is_english() -> None:
    assert write_mail("seat_given", "", "", PARAMS, language="tlh").subject == "You may use ✱ (✱)"
