"""A vendor's face from the first page on: `/portal/QBITEC` is the log-in of that company, and tells no more of it."""

import re
from urllib.parse import urlsplit

import pytest

from chalicelib.domain.invitation import Invitation
from chalicelib.portal.render import logo_path
from chalicelib.usecases.branding import set_branding
from tests.mailbox import mailed_code
from tests.portal.browser import Browser, Page
from tests.store.costs import counted
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, PASSWORD, chosen, issued

LOGO, SUPPORT = '<svg xmlns="http://www.w3.org/2000/svg"/>', "help@qbitec.test"


@pytest.fixture
def vendor(vendor: Vendor) -> Vendor:
    """With a face of its own, and a manager."""
    set_branding(vendor.code, "#7a1fa2", LOGO, ADMIN, name="Qbitec", support_email=SUPPORT, now=vendor.now)
    issued(vendor, "viewer")
    chosen(vendor, MANAGER)
    return vendor


def has_face(page: Page) -> bool:
    """Whether a page shows the vendor: all of it or nothing."""
    shown = (
        "Qbitec" in page.answer.text,
        any("/portal/theme/7a1fa2.css" in loaded for loaded in page.loads),
        any("/portal/logo/" in loaded for loaded in page.loads),
        f"mailto:{SUPPORT}" in page.links,
    )
    assert len(set(shown)) == 1, shown
    return shown[0]


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_the_code_of_a_company_leads_to_its_log_in_with_the_code_filled_in(vendor: Vendor, case: object) -> None:
    code = vendor.code.lower() if case is str.lower else vendor.code
    page = Browser().get(f"/portal/{code}")
    assert (page.status, page.path, has_face(page)) == (200, "/portal/log-in", True)
    assert page.form("/portal/log-in").fields["company"] == vendor.code
    forgotten = next(link for link in page.links if link.startswith("/portal/forgotten"))
    assert has_face(Browser().get(forgotten))


def test_who_logs_in_there_with_a_wrong_password_stays_there(vendor: Vendor) -> None:
    browser = Browser()
    page = browser.get(f"/portal/{vendor.code}")
    wrong = browser.send(page, email=MANAGER, password="wrong")
    assert (wrong.status, has_face(wrong)) == (401, True)
    assert "Company code, email or password is wrong." in wrong.words
    assert browser.send(wrong, email=MANAGER, password=PASSWORD).path == "/portal"


def test_who_is_no_longer_logged_in_is_told_so_by_the_vendor_and_comes_to_what_was_asked_for(vendor: Vendor) -> None:
    here, there = Browser(), Browser()
    for browser in (here, there):
        browser.log_in(vendor.code, MANAGER, PASSWORD)
    here.send("/portal/account/sessions")
    page = there.get("/portal/people?status=using")
    assert (page.path, has_face(page), "You are no longer logged in." in page.words) == ("/portal/log-in", True, True)
    page = there.send(page, email=MANAGER, password=PASSWORD)
    assert page.path == "/portal/people"
    there.send(page, "/portal/log-out")
    left = there.get("/portal/people")
    assert (has_face(left), "You are no longer logged in." in left.words) == (False, False)


def test_who_has_forgotten_the_password_stays_with_the_vendor_to_the_new_one(vendor: Vendor) -> None:
    browser = Browser()
    asked = browser.send(browser.get(f"/portal/forgotten?company={vendor.code}"), email=MANAGER)
    assert has_face(asked)
    wrong = browser.send(asked, "/portal/forgotten/code", code="1", new_password=PASSWORD)
    assert (wrong.status, has_face(wrong)) == (400, True)
    code = mailed_code(vendor, MANAGER)
    done = browser.send(wrong, code=code, new_password="a new way along the sea")
    assert (done.path, has_face(done)) == ("/portal/log-in", True)
    assert done.form("/portal/log-in").fields["email"] == MANAGER


def test_a_link_that_is_over_shows_whose_it_was(vendor: Vendor) -> None:
    over = Browser().get(f"/portal/invitation?link={Invitation(vendor.code, 1, '0' * 32).text}")
    assert (over.status, has_face(over)) == (400, True)
    assert f"/portal/log-in?company={vendor.code}" in over.links
    assert not has_face(Browser().get(f"/portal/invitation?link={vendor.code}"))


def test_who_is_logged_in_is_told_what_is_wrong_by_the_vendor(vendor: Vendor) -> None:
    browser = Browser()
    browser.log_in(vendor.code, MANAGER, PASSWORD)
    for path in ("/portal/licenses/1", "/portal/nothing-there"):
        page = browser.get(path)
        assert (page.status, has_face(page)) == (404, True)
        stranger = Browser().get(path)
        assert not has_face(stranger)


def test_who_types_a_code_is_not_told_whether_it_was_right(vendor: Vendor) -> None:
    browser = Browser()
    wrong = browser.send("/portal/log-in", company=vendor.code, email=MANAGER, password="wrong")
    assert (wrong.status, has_face(wrong)) == (401, False)


def test_an_unknown_code_shows_the_log_in_of_nobody_and_costs_no_more() -> None:
    with counted() as cost:
        page = Browser().get("/portal/NO-SUCH-COMPANY")
    assert (page.status, page.path, has_face(page)) == (200, "/portal/log-in", False)
    assert page.form("/portal/log-in").fields["company"] == "NO-SUCH-COMPANY"
    assert len(cost.calls) <= 1


def test_who_logs_out_comes_to_the_log_in_of_the_company(vendor: Vendor) -> None:
    browser = Browser()
    page = browser.log_in(vendor.code, MANAGER, PASSWORD)
    left = browser.send(page, "/portal/log-out")
    assert (left.path, has_face(left)) == ("/portal/log-in", True)


def test_a_dark_page_shows_the_logo_for_it_where_there_is_one(vendor: Vendor) -> None:
    dark = LOGO.replace("/>", "><g/></svg>")
    assert "<source" not in Browser().get(f"/portal/{vendor.code}").answer.text
    set_branding(vendor.code, None, None, ADMIN, logo_dark=dark, now=vendor.now)
    text = Browser().get(f"/portal/{vendor.code}").answer.text
    source = re.search(r'<source srcset="([^"]+)" media="\(prefers-color-scheme: dark\)">', text)
    assert source is not None
    assert Browser().http.get(source[1]).text == dark
    assert logo_path(vendor.code, LOGO) in text


def test_the_logo_is_shown_to_everybody_by_its_address_alone(vendor: Vendor) -> None:
    page = Browser().get(f"/portal/{vendor.code}")
    logo = next(urlsplit(loaded).path for loaded in page.loads if "/portal/logo/" in loaded)
    answer = Browser().http.get(logo)
    assert (answer.status_code, answer.text) == (200, LOGO)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    for other in (
        logo.replace(vendor.code, "OTHER"),
        re.sub(r"-[0-9a-f]{12}", "-000000000000", logo),
        "/portal/logo/x",
    ):
        assert Browser().http.get(other).status_code == 404
