"""A vendor's own host: the portal there is that vendor's alone, and no link is made of what a request calls it."""

from urllib.parse import urlsplit

import pytest

from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.branding import set_branding
from tests.mailbox import mailed_code, mailed_link, mails
from tests.portal.browser import Browser, Page
from tests.store.costs import counted
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, PASSWORD, chosen, issued

STRANGER = "otto@other.test"


@pytest.fixture
def host(vendor: Vendor) -> str:
    """The vendor's; a manager of the vendor has a password."""
    host = f"{vendor.code.lower()}.vendor.test"
    set_branding(vendor.code, "#7a1fa2", None, ADMIN, name="Qbitec", host=host, now=vendor.now)
    issued(vendor, "viewer")
    chosen(vendor, MANAGER)
    return host


def at(host: str) -> Browser:
    return Browser(Host=host)


def is_of_vendor(page: Page) -> bool:
    """Whether a page shows the vendor: all of it or nothing."""
    shown = "Qbitec" in page.answer.text, any("/portal/theme/7a1fa2.css" in loaded for loaded in page.loads)
    assert len(set(shown)) == 1, shown
    return shown[0]


@pytest.mark.parametrize("path", ["/", "/portal", "/portal/log-in", "/portal/licenses"])
def test_whatever_is_opened_there_leads_to_the_log_in_of_the_vendor(vendor: Vendor, host: str, path: str) -> None:
    page = Browser(Host=f"{host.upper()}:8443", Accept="text/html").get(path)
    assert (page.status, page.path, is_of_vendor(page)) == (200, "/portal/log-in", True)
    assert page.form("/portal/log-in").fields["company"] == vendor.code
    assert "readonly" in page.answer.text
    elsewhere = Browser(Host="licenses.vendor.test").get("/portal/log-in")
    assert (is_of_vendor(elsewhere), "readonly" in elsewhere.answer.text) == (False, False)


def test_who_logs_in_there_and_out_again_stays_there(vendor: Vendor, host: str) -> None:
    browser = at(host)
    wrong = browser.log_in(vendor.code, MANAGER, "wrong")
    assert (wrong.status, is_of_vendor(wrong)) == (401, True)
    assert "Email or password is wrong." in wrong.words
    page = browser.send(wrong, email=MANAGER, password=PASSWORD)
    assert (page.path, is_of_vendor(page)) == ("/portal", True)
    left = browser.send(page, "/portal/log-out")
    assert (left.path, is_of_vendor(left)) == ("/portal/log-in", True)


def test_a_forgotten_password_is_that_of_the_vendors_account(vendor: Vendor, host: str) -> None:
    browser = at(host)
    asked = browser.send(browser.get("/portal/forgotten"), email=MANAGER, company="ANOTHER")
    assert is_of_vendor(asked)
    done = browser.send(
        asked, "/portal/forgotten/code", code=mailed_code(vendor, MANAGER), new_password="a new way along the sea"
    )
    assert (done.path, is_of_vendor(done)) == ("/portal/log-in", True)


def test_there_is_no_other_company_there(vendor: Vendor, host: str) -> None:
    other = Vendor()
    other.assign(other.issue("revit"), STRANGER)
    chosen(other, STRANGER)
    for code in (other.code, "NOBODY", other.code.lower()):
        page = at(host).get(f"/portal/{code}")
        assert (page.status, is_of_vendor(page)) == (404, True)
    assert at(host).get(f"/portal/{vendor.code.lower()}").path == "/portal/log-in"
    page = at(host).get(f"/portal/log-in?company={other.code}")
    assert (page.form("/portal/log-in").fields["company"], is_of_vendor(page)) == (vendor.code, True)
    sent = at(host).log_in(other.code, STRANGER, PASSWORD)
    assert (sent.status, is_of_vendor(sent)) == (401, True)
    assert Browser().log_in(other.code, STRANGER, PASSWORD).path == "/portal/seats"


def test_an_invitation_of_another_company_is_none_there(vendor: Vendor, host: str) -> None:
    links = []
    for company in (vendor, Vendor()):
        assign_user(company.code, company.issue("revit").id, STRANGER, 1, ADMIN, invite=True, now=company.now)
        links.append(mailed_link(company, STRANGER))
    browser, (own, others) = at(host), links
    shown = browser.get("/portal/invitation", link=own)
    for page in (
        browser.get("/portal/invitation", link=others),
        browser.send(shown, link=others, new_password=PASSWORD),
    ):
        assert (page.status, is_of_vendor(page), "This link no longer works" in page.words) == (400, True, True)
    assert browser.send(shown, new_password=PASSWORD).path == "/portal/log-in"
    assert Browser().get("/portal/invitation", link=others).status == 200


@pytest.mark.parametrize("path", ["/portal/nothing-there", "/portal/licenses/1/nothing", "/portal/invitation?link=x"])
def test_what_is_wrong_is_said_by_the_vendor(host: str, path: str) -> None:
    page = at(host).get(path)
    assert (page.status in (400, 404), is_of_vendor(page)) == (True, True)


def test_what_cannot_be_read_is_said_by_the_vendor(host: str) -> None:
    page = Page(at(host).http.post("/portal/log-in", content=b"{}", headers={"Content-Type": "application/json"}))
    assert (page.status, is_of_vendor(page)) == (415, True)


def test_mails_lead_to_the_vendors_host_whatever_the_request_calls_it(vendor: Vendor, host: str) -> None:
    Browser(Host="evil.test").send("/portal/forgotten", company=vendor.code, email=MANAGER)
    mail = next(mail for mail in mails(vendor, MANAGER) if "code" in str(mail["Subject"]).lower())
    text = str(mail)
    assert f"https://{host}/portal" in text
    assert "evil.test" not in text


@pytest.mark.parametrize("path", ["/", "/portal", "/portal/log-in", "/portal/forgotten", "/portal/nothing"])
def test_no_link_is_made_of_what_a_request_calls_the_host(host: str, path: str) -> None:
    for named in (host, "evil.test", "evil.test:443@x"):
        answer = Browser(Host=named, Accept="text/html").http.get(path)
        page, to = Page(answer), answer.headers.get("Location", "")
        assert not [link for link in [to, *page.links, *page.loads] if urlsplit(link).netloc]
        assert "evil" not in answer.text


def test_the_log_in_costs_one_read_more_in_a_minute(vendor: Vendor, host: str) -> None:
    browser = at(host)
    browser.get("/portal/log-in")
    with counted() as cost:
        browser.get("/portal/log-in")
    assert len(cost.calls) == 1  # of the company, as by its code
    with counted() as cost:
        Browser(Host=f"other.{host}").get("/portal/log-in")
    assert len(cost.calls) == 1
    with counted() as cost:
        Browser(Host=f"other.{host}").get("/portal/log-in")
    assert cost.calls == []


def test_a_page_of_a_session_costs_what_it_costs_elsewhere(vendor: Vendor, host: str) -> None:
    costs = []
    for browser in (Browser(), at(host)):
        browser.log_in(vendor.code, MANAGER, PASSWORD)
        browser.get("/portal/licenses")
        with counted() as cost:
            browser.get("/portal/licenses")
        costs.append(len(cost.calls))
    assert costs[0] == costs[1]
