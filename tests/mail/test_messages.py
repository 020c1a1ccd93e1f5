"""What mails say: every code in every language, with all that it needs, in lines that are shown whole."""

import re
from dataclasses import fields
from datetime import date
from string import Formatter
from typing import get_args

import pytest

from chalicelib.domain.mail import TO_MANAGERS, Language, MailCode
from chalicelib.mail.messages import CATALOGS, write_mail

PARAMS = dict.fromkeys(
    (
        *("name", "code", "minutes", "product", "order", "old", "new", "link", "days", "time", "address", "page"),
        *("date", "limit", "endpoint"),
    ),
    "✱",
)
CODES: tuple[MailCode, ...] = get_args(MailCode)
LANGUAGES: tuple[Language, ...] = get_args(Language)
COMPANY_CODE = {"en": "Company code:", "de": "Firmencode:"}
EMAIL = {"en": "E-mail:", "de": "E-Mail:"}
each_mail = pytest.mark.parametrize(("language", "code"), [(lang, code) for lang in LANGUAGES for code in CODES])


@each_mail
def test_every_mail_says_who_it_is_about_in_lines_that_are_shown_whole(language: Language, code: MailCode) -> None:
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_mail_with_the_same_parameters(language: Language) -> None:
    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    ours, english = CATALOGS[language], CATALOGS["en"]
    assert set(ours.mails) == set(CODES)
    for code in CODES:
        for part, same in zip(ours.mails[code], english.mails[code], strict=True):
            assert names(part) == names(same), code
    assert ours.items.keys() == TO_MANAGERS
    for code, item in ours.items.items():
        assert names(item) == names(english.items[code]), code
    assert all(getattr(ours, field.name) for field in fields(ours))


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
        *("05.12.2026, in 1 Tag", "05.12.2026, in 7 Tagen"),
    ]


def test_a_row_without_a_value_is_left_out() -> None:
    mail = write_mail("users_taken", "", "", PARAMS | {"order": None, "limit": 3})
    assert ("Order" in mail.text, "    Users:         3\n" in mail.text, mail.item in mail.text) == (False, True, True)


def test_languages_are_told_apart() -> None:
    for code in CODES:
        texts = {catalog.mails[code] for catalog in CATALOGS.values()}
        assert len(texts) == len(CATALOGS), code
