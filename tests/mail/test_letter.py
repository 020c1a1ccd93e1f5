"""A mail as it goes out: both parts say the same, with the company's face; and it leads to the portal or nowhere."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from chalicelib.domain.catalog import Company
from chalicelib.domain.mail import Mail, MailCode
from chalicelib.mail.letter import to_letter
from chalicelib.mail.messages import write_mail
from chalicelib.mail.sender import Letter, MailError
from tests.mail.test_messages import CODES, PARAMS, each_mail

URL = "https://licenses.vendor.test/prod"
COMPANY = Company(
    *("QBITEC", 1, "Größe & <Söhne>", 0),
    accent="#7a1fa2",
    logo='<svg xmlns="http://www.w3.org/2000/svg"/>',
    reply_to="sales@vendor.test",
    support_email="help@vendor.test",
)


BUTTON = "/portal/invited?t=1"


class Page(HTMLParser):
    """What a mail program shows of HTML, and what else is in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._text = ""
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        """The values of attributes that a program would load something by."""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._text += "" if tag in ("a", "wbr") else " "
        self._inside = tag
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            elif name in ("src", "background", "srcset", "style"):
                self.loaded.append(value or "")

    def handle_data(self, data: str) -> None:
        if self._inside not in ("style", "title"):
            self._text += data

    @property
    def words(self) -> list[str]:
        """What is read."""
        return self._text.split()


def letter(mail: Mail, company: Company | None = COMPANY, url: str = URL) -> Letter:
    return to_letter("1", mail, company, url)


def mail_of(code: MailCode, **params: str) -> Mail:
    return _mail_in("en", code, **params)


def _mail_in(language: str, code: MailCode, **params: str) -> Mail:
    given = PARAMS | {"name": COMPANY.name, "link": BUTTON, "who": "ada@customer.test"} | params
    return write_mail(code, "bob@customer.test", "QBITEC", given, language=language)


@each_mail
def test_both_parts_of_every_mail_say_the_same(language: str, code: MailCode) -> None:
    """But for the label of a button, whose address stands in the plain text."""
    sent = letter(_mail_in(language, code))
    assert f'<html lang="{language}">' in sent.html
    page = Page(sent.html)
    plain = re.sub(r"^( {4}[^:\n]+):", r"\1", sent.text, flags=re.MULTILINE)  # in HTML, columns stand apart without
    plain = re.sub(rf"{URL}/portal/(invited|account)\S+", "", plain)
    assert page.words == [*COMPANY.name.split(), *plain.split()]


@pytest.mark.parametrize("code", CODES)
def test_a_mail_leads_to_the_portal_and_nowhere_else_and_loads_nothing(code: MailCode) -> None:
    sent = letter(mail_of(code))
    page = Page(sent.html)
    assert page.links
    assert [link for link in page.links if not re.fullmatch(rf"{URL}/portal(/.*)?", link)] == []
    assert page.loaded == []
    assert page.tags <= {
        *("html", "head", "meta", "title", "style", "body"),
        *("main", "h1", "p", "table", "tr", "th", "td", "a", "wbr"),
    }
    assert re.findall(r"url\(|@import|https?://(?!licenses\.vendor\.test)", sent.html) == []


def test_a_link_that_stands_alone_is_a_button_and_whole_in_plain_text() -> None:
    sent = letter(mail_of("invitation", link="/portal/invited?t=a&u=b"))
    assert f'<a class="button" href="{URL}/portal/invited?t=a&amp;u=b">Choose a password</a>' in sent.html
    assert f"    Choose a password: {URL}/portal/invited?t=a&u=b\n" in sent.text


@pytest.mark.parametrize(
    "value", ["//evil.test/portal", "/portals", "/portal@evil.test", "/portal.evil.test", "https://evil.test"]
)
def test_what_is_no_path_of_the_portal_is_no_link(value: str) -> None:
    sent = letter(mail_of("seat_given", product=value, name=value, who=value))
    assert Page(sent.html).links == [f"{URL}/portal"]
    assert f"    Vendor:        {value}\n" in sent.text


def test_no_value_begins_a_row_of_its_own() -> None:
    sent = letter(mail_of("seat_given", product="x\n\n    Choose a password:  /portal/evil\n\n"))
    assert Page(sent.html).links == [f"{URL}/portal"]
    assert f"{URL}/portal/evil" not in sent.text


def test_the_face_is_that_of_the_company_and_can_be_read_by_day_and_by_night() -> None:
    sent = letter(mail_of("seat_given"))
    assert (sent.sender, sent.reply_to) == (COMPANY.name, "sales@vendor.test")
    assert '<h1 class="vendor">Größe &amp; &lt;Söhne&gt;</h1>' in sent.html
    assert "    Support:       help@vendor.test\n" in sent.text
    day, night = sent.html.split("prefers-color-scheme: dark")
    assert ("#7a1fa2" in day, "#7a1fa2" in night) == (True, False)


def test_a_company_without_a_face_is_mailed_for_with_ours() -> None:
    plain = replace(COMPANY, accent="", reply_to="", support_email="")
    sent = letter(mail_of("seat_given"), plain)
    assert (sent.reply_to, "Support" in sent.text, "#0b6b54" in sent.html) == ("", False, True)
    assert letter(mail_of("seat_given"), None).sender == ""


def test_a_mail_with_a_link_waits_where_nobody_knows_where_the_portal_is() -> None:
    with pytest.raises(MailError, match=r"SEATKEEPER_PORTAL_URL"):
        letter(mail_of("invitation"), url="")
    assert "Portal" not in letter(mail_of("seat_given"), url="").text
