"""What is wrong is said by a page of the portal: with its navigation, for who is logged in, in his language."""

import re
from collections.abc import Callable

import pytest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.license import License
from chalicelib.portal.render import HERE
from chalicelib.portal.request import MAX_TEXT
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_account import choose_language
from chalicelib.usecases.initial_password import initial_password
from chalicelib.usecases.order_managers import change_order
from tests.portal.browser import Browser, Page, at, browser_of
from tests.store.costs import counted
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, account, issued

ADA, SUPPORT = "ada@customer.test", "help@qbitec.test"
OF_MANAGERS = ["/portal", "/portal/licenses", "/portal/people", "/portal/activity"]
OF_ALL = ["/portal/seats", "/portal/account"]
BACK = ["/portal"]
Open = Callable[[Browser, License], Page]


def sent(browser: Browser, **headers: str) -> Page:
    """What is answered to no form at all."""
    return Page(browser.http.post("/portal/licenses/1/name", content=b"{}", headers=headers))


WRONG: dict[str, tuple[int, Open]] = {
    "an address of nothing": (404, lambda browser, _: browser.get("/portal/nothing")),
    "one deep down": (404, lambda browser, _: browser.get("/portal/a/b/c")),
    "a company's code at the wrong place": (404, lambda browser, _: browser.get("/portal/nothing-there")),
    "no license": (404, lambda browser, _: browser.get("/portal/licenses/1")),
    "no user": (404, lambda browser, license: browser.get(at(license, "/users/1/limit"))),
    "what is denied": (403, lambda browser, license: browser.get(at(license, "/name"))),
    "no cursor": (400, lambda browser, _: browser.get("/portal/licenses", after="x")),
    "a long search": (400, lambda browser, _: browser.get("/portal/search", search="x" * (MAX_TEXT + 1))),
    "no text": (400, lambda browser, _: browser.get("/portal/search?search=%ff")),
    "no form": (415, lambda browser, _: sent(browser, **{"Content-Type": "application/json"})),
}


@pytest.fixture
def license(vendor: Vendor) -> License:
    """On which its manager may not set a name, of a vendor with a face."""
    set_branding(vendor.code, "#7a1fa2", None, ADMIN, name="Qbitec", support_email=SUPPORT, now=vendor.now)
    license = issued(vendor)
    vendor.assign(license, ADA)
    change_order(vendor.code, license.order_id or "", ADMIN, denied=frozenset({"name_license"}), now=vendor.now)
    return license


def has_face(page: Page) -> bool:
    """Whether a page shows the vendor: all of it or nothing."""
    shown = (
        "Qbitec" in page.words,
        any("/portal/theme/7a1fa2.css" in loaded for loaded in page.loads),
        f"mailto:{SUPPORT}" in page.links,
    )
    assert len(set(shown)) == 1, shown
    return shown[0]


def inside(page: Page) -> list[str]:
    """The links of a page that stay in the portal."""
    return [link for link in page.links if link.startswith("/")]


def without_links(page: Page) -> str:
    """What is written beside the links of a page."""
    return re.sub(r"<a\b.*?</a>", "", page.answer.text, flags=re.DOTALL)


@pytest.mark.parametrize(("status", "wrong"), WRONG.values(), ids=WRONG)
def test_an_error_is_a_page_of_the_portal_for_who_is_logged_in(
    license: License, manager: Browser, status: int, wrong: Open
) -> None:
    page = wrong(manager, license)
    assert (page.status, inside(page), has_face(page)) == (status, [*OF_MANAGERS, *OF_ALL, *BACK], True)
    assert "aria-current" not in page.answer.text
    assert MANAGER in page.words
    assert SUPPORT not in without_links(page)
    assert manager.send(page, "/portal/log-out").path == "/portal/log-in"
    over = wrong(manager, license)
    assert (over.path == "/portal/log-in" or inside(over) == BACK, MANAGER in over.words) == (True, False)


def test_whom_to_ask_is_a_link_wherever_something_is_refused(license: License, manager: Browser) -> None:
    page = manager.get(at(license, "/name"))
    assert f'Write to <a href="mailto:{SUPPORT}" hx-boost="false">{SUPPORT}</a>.' in page.answer.text
    sources = [template.read_text() for template in (HERE / "templates").glob("*.html")]
    shown = [found for source in sources for found in re.findall(r"{{ (?:error|line)\b[^}]*}}", source)]
    assert len(shown) > 5, "forms say what is refused"
    assert [one for one in shown if "mailable(company)" not in one] == []


def test_who_manages_nothing_has_the_navigation_of_a_user(vendor: Vendor, license: License) -> None:
    assert inside(browser_of(vendor, ADA).get("/portal/nothing")) == [*OF_ALL, *BACK]


def test_who_is_to_choose_a_password_is_offered_nothing_else(vendor: Vendor, license: License) -> None:
    browser = Browser()
    browser.log_in(vendor.code, ADA, initial_password(account(vendor, ADA)) or "")
    page = browser.get("/portal/nothing")
    assert (page.status, inside(page), has_face(page), ADA in page.words) == (404, BACK, True, True)


def test_a_session_that_has_ended_shows_the_company_and_no_more(vendor: Vendor, license: License) -> None:
    here, there = browser_of(vendor, MANAGER), browser_of(vendor, MANAGER)
    here.send("/portal/account/sessions")
    page = there.get("/portal/nothing")
    assert (page.status, inside(page), has_face(page), MANAGER in page.words) == (404, BACK, True, False)


def test_what_is_wrong_is_said_in_the_language_of_who_is_logged_in(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    choose_language(vendor.code, account(vendor, MANAGER).id, "de", "", ADMIN, now=vendor.now)
    for path in ("/portal/nothing", "/portal/a/b/c", "/portal/search?search=%ff"):
        page = manager.get(path)
        assert ('lang="de"' in page.answer.text, "Abmelden" in page.words) == (True, True)
        assert not {"There", "The", "Not"} & set(page.words.split())


def test_an_error_costs_one_read_more_than_what_has_found_it(license: License, manager: Browser) -> None:
    manager.get("/portal/nothing")  # whose host this is, is known from now on
    for path, most in (
        ("/portal/a/b/c", 2),
        ("/portal/licenses/1", 3),
        (at(license, "/name"), 2),
        (at(license, "/users/1/limit"), 2),
        ("/portal/licenses?after=x", 1),
    ):
        with counted() as cost:
            manager.get(path)
        assert (len(cost.calls) <= most, cost.write_units) == (True, 0), (path, cost.calls)


def breaks(*_: object, **__: object) -> None:
    raise ZeroDivisionError


def is_busy(*_: object, **__: object) -> None:
    raise Unavailable("database_busy")


@pytest.mark.parametrize(("fails", "status"), [(breaks, 500), (is_busy, 503)])
def test_a_server_in_trouble_reads_nothing_and_shows_what_it_has_in_memory(
    license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch, fails: Callable[..., None], status: int
) -> None:
    manager.get("/portal/account")
    monkeypatch.setattr("chalicelib.usecases.portal_queries.managed_licenses", fails)
    with counted() as cost:
        page = manager.get("/portal/licenses")
    assert (page.status, has_face(page), inside(page)) == (status, True, BACK)
    assert cost.calls == []


def test_where_even_who_asks_cannot_be_read_the_page_is_that_of_a_server_in_trouble(
    license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.portal.error_pages.who_is_told", is_busy)
    page = manager.get("/portal/a/b/c")
    assert (page.status, has_face(page), page.answer.headers["Retry-After"]) == (503, True, "1")
