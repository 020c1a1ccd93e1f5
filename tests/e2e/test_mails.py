"""Mails as people see them: on a phone and on a desk, by day and by night."""

from datetime import date
from typing import get_args

import playwright.sync_api as playwright
import pytest

from chalicelib.domain.catalog import Company
from chalicelib.domain.mail import MailCode
from chalicelib.domain.passkeys import MAX_NAME
from chalicelib.languages import languages
from chalicelib.mail.letter import to_letter
from chalicelib.mail.messages import Params, write_mail
from chalicelib.runtime import runtime
from tests.e2e.browser import axe
from tests.e2e.site import Site

WIDTHS = (390, 1024)
COMPANY = Company(
    *("QBITEC", 1, "Qbitec Engineering und Bauplanung GmbH", 0),
    accent="#ffd500",
    support_email="licenses-support@qbitec-engineering.example",
)
PARAMS: Params = {
    **dict.fromkeys(("product", "order", "code", "minutes", "used", "limit", "time"), "4711"),
    "name": COMPANY.name,
    "who": "friederike.schmidt-hohenlohe-langenburg@bauplanungsgesellschaft-mittelfranken.example",
    "old": "friederike.schmidt@bauplanungsgesellschaft-mittelfranken.example",
    "new": "friederike.schmidt-hohenlohe-langenburg@bauplanungsgesellschaft-mittelfranken.example",
    "link": f"/portal/invitation?link=QBITEC.891548123456.{'0123456789abcdef' * 2}",
    "page": "/portal/licenses/891548123456",
    "address": "2001:db8:1234:5678::",
    "endpoint": f"https://hooks.qbitec-engineering.example/{'a' * 120}",
    "days": 7,
    "over": 2,
    "left": 9,
    "date": date(2026, 12, 6),
    "passkey": "W" * MAX_NAME,
}


@pytest.mark.usefixtures("axe_core")
@pytest.mark.parametrize("code", get_args(MailCode))
def test_a_mail_can_be_read_at_every_width_by_day_and_by_night(page: playwright.Page, code: MailCode) -> None:
    """Also of a company whose color is too bright for text; and nothing is loaded (`browser.watched`)."""
    for language in languages():
        mail = write_mail(code, "ada@customer.example", COMPANY.code, PARAMS, language=language)
        page.set_content(to_letter("1", mail, COMPANY, runtime().settings.portal_url).html)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        begin = page.locator("td").evaluate_all(
            "cells => cells.map(cell => Math.round(cell.getBoundingClientRect().x))"
        )
        assert len(set(begin)) == 1, begin  # values stand below each other, whatever their labels
        axe(page)


def test_a_person_chooses_which_mails_to_get(either_page: playwright.Page, site: Site) -> None:
    page = either_page
    site.enter(page, "/portal/account")
    page.get_by_role("link", name="Email notifications").click()
    box = page.get_by_label("A license is assigned to me")
    playwright.expect(box).to_be_checked()
    box.uncheck()
    page.get_by_role("button", name="Save").click()
    playwright.expect(page.get_by_role("status").filter(has_text="Your choice of emails was saved.")).to_be_visible()
    page.get_by_role("link", name="Email notifications").click()
    playwright.expect(page.get_by_label("A license is assigned to me")).not_to_be_checked()
    playwright.expect(page.get_by_label("A license that I manage ends soon")).to_be_checked()
