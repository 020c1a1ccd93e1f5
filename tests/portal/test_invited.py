"""Who was invited and has never logged in: said on the overview, and mailed once more, each once."""

import re
from typing import Any

import pytest

from chalicelib.domain.invitation import AGAIN_MS
from chalicelib.domain.license import License
from chalicelib.domain.paging import PAGE_SIZE
from chalicelib.domain.permissions import Permission
from chalicelib.usecases import portal_queries
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.close_account import close_account
from chalicelib.usecases.order_managers import change_order
from chalicelib.usecases.portal_queries import invited
from chalicelib.web import clock
from tests.mailbox import mails
from tests.portal.browser import Browser, Page, browser_of
from tests.store.costs import counted
from tests.support import ADMIN, DAY, HOUR, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued

ANN, BEN, CY = "ann@customer.test", "ben@customer.test", "cy@customer.test"
OTHER = "other@customer.test"
DENIED: frozenset[Permission] = frozenset({"assign_users"})
INVITED, AGAIN = "/portal/invited", "/portal/invited/again"


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(now=clock.now())


@pytest.fixture
def license(vendor: Vendor) -> License:
    return issued(vendor, "revit", max_license_users=200, max_activations=200)


def invite(vendor: Vendor, license: License, *emails: str, ago: int = DAY) -> None:
    """Assign and invite them, so many milliseconds ago."""
    for email in emails:
        given = (vendor.code, license.id, email, 1, ADMIN)
        assign_user(*given, profile=Profile("Ann", "Lee"), invite=True, now=vendor.now - ago)


def invited_at(vendor: Vendor, email: str) -> int:
    return account(vendor, email).invited_at or 0


def form_of(browser: Browser, path: str = INVITED) -> Page:
    """The form that a page of those who were invited leads to; where it leads to none, the one about nobody."""
    return browser.get(next((link for link in browser.get(path).links if link.startswith(AGAIN)), AGAIN))


def shown(browser: Browser, path: str = INVITED) -> list[str]:
    """Whom that form is about."""
    return re.findall(r'name="user-\d+" value="\d+">([^<]+)<', form_of(browser, path).answer.text)


def box(vendor: Vendor, license: License, email: str) -> dict[str, str]:
    """The field of a form that names somebody."""
    return {f"user-{account(vendor, email).id}": str(license.id)}


def test_who_has_chosen_a_password_or_uses_a_device_or_was_never_invited_does_not_wait(
    vendor: Vendor, license: License
) -> None:
    invite(vendor, license, ANN, BEN, CY)
    vendor.assign(license, "handed@customer.test")
    invite(vendor, issued(vendor, "revit", OTHER), "theirs@customer.test")
    chosen(vendor, BEN)
    close_account(vendor.code, CY, ADMIN, now=vendor.now)
    browser = browser_of(vendor, MANAGER)
    page = browser.get(INVITED)
    assert "One person was invited and has never logged in. Send again" in page.words
    assert "ann@customer.test Ann Lee Revit 1 day ago" in page.words
    assert not any(email in page.words for email in (BEN, CY, "handed@customer.test", "theirs@customer.test"))
    assert shown(browser) == [ANN]
    chosen(vendor, ANN)
    assert "No open invitations" in browser.get(INVITED).words


def test_the_overview_asks_for_it_where_the_license_has_users(vendor: Vendor, license: License) -> None:
    browser = browser_of(vendor, MANAGER)
    assert INVITED not in browser.get("/portal").links
    invite(vendor, license, ANN)
    assert INVITED in browser.get("/portal").links


def test_each_is_mailed_once_and_who_does_not_wait_any_more_is_not(vendor: Vendor, license: License) -> None:
    invite(vendor, license, ANN, BEN, CY)
    browser = browser_of(vendor, MANAGER)
    fields = form_of(browser).form(AGAIN).fields
    chosen(vendor, BEN)
    close_account(vendor.code, CY, ADMIN, now=vendor.now)
    before = [len(mails(vendor, email)) for email in (ANN, BEN, CY)]
    pages = [browser.post(AGAIN, fields) for _ in range(2)]
    said = "One of 3 invitations is on its way. 2 people no longer wait for an invitation."
    assert all(said in page.words for page in pages)
    assert [len(mails(vendor, email)) for email in (ANN, BEN, CY)] == [before[0] + 1, *before[1:]]
    assert invited_at(vendor, ANN) > vendor.now - HOUR


def test_who_was_mailed_a_quarter_of_an_hour_ago_is_left_out_and_refused(vendor: Vendor, license: License) -> None:
    invite(vendor, license, ANN)
    invite(vendor, license, BEN, ago=AGAIN_MS // 2)
    browser = browser_of(vendor, MANAGER)
    assert shown(browser) == [ANN]
    fields = form_of(browser).form(AGAIN).fields
    page = browser.post(AGAIN, fields | box(vendor, license, BEN))
    assert "One of 2 invitations is on its way." in page.words
    assert f"{BEN}: This person was invited a moment ago." in page.words
    assert shown(browser) == []
    nobody = browser.get(AGAIN).words
    assert ("Nobody can be invited again now" in nobody, "Send again" in nobody) == (True, False)
    assert "Send again" not in browser.get(INVITED).words


def test_a_form_is_about_as_many_as_a_page_shows_those_first_who_wait_longest(vendor: Vendor, license: License) -> None:
    late = [f"late{n}@customer.test" for n in range(PAGE_SIZE)]
    invite(vendor, license, *late)
    invite(vendor, license, ANN, ago=2 * DAY)
    browser = browser_of(vendor, MANAGER)
    assert shown(browser) == [ANN, *sorted(late)[: PAGE_SIZE - 1]]
    assert f"{PAGE_SIZE} invitations are on their way." in browser.send(form_of(browser)).words
    assert shown(browser) == sorted(late)[PAGE_SIZE - 1 :]


def test_nobody_else_is_mailed_by_a_form(vendor: Vendor, license: License) -> None:
    theirs = issued(vendor, "revit", OTHER)
    invite(vendor, license, ANN)
    invite(vendor, theirs, BEN)
    browser, before = browser_of(vendor, MANAGER), invited_at(vendor, BEN)
    fields = form_of(browser).form(AGAIN).fields
    assert "One of 2 invitations is on its way." in browser.post(AGAIN, fields | box(vendor, theirs, BEN)).words
    assert invited_at(vendor, BEN) == before
    assert BEN not in browser.get(AGAIN, **box(vendor, theirs, BEN)).answer.text


@pytest.mark.parametrize("within", ["a part", "a license each"])
def test_each_is_shown_once_however_many_there_are_and_mailed_from_the_page_that_shows_them(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch, within: str
) -> None:
    """Who was looked at first comes first: the newest license, and there the newest seat."""
    if within == "a part":
        monkeypatch.setattr(invited, "MAX_ASKED", 1)
    else:
        monkeypatch.setattr("chalicelib.usecases.portal_queries.parts.MAX_READS", 1)
    wait = [CY, BEN, ANN]
    for days, email in enumerate(reversed(wait)):
        vendor.now += 1  # licenses of one millisecond are in any order
        on = license if within == "a part" else issued(vendor, "revit")
        invite(vendor, on, email, ago=(3 - days) * DAY)
    vendor.now += 1
    vendor.assign(issued(vendor, "revit"), "handed@customer.test")
    pages: list[tuple[list[str], list[str], str]] = []
    browser, address = browser_of(vendor, MANAGER), INVITED
    while address and len(pages) < 9:
        page = browser.get(address)
        onward = next((link for link in page.links if "after=" in link and AGAIN not in link), "")
        assert ("Continue searching" in page.words) == bool(onward)
        pages.append(([email for email in wait if email in page.words], shown(browser, address), page.words))
        address = onward and f"{INVITED}?{onward.partition('?')[2]}"
    assert [some for some, *_ in pages if some] == [[email] for email in wait]
    assert all(form == some for some, form, _ in pages)
    assert "No open invitation was found so far." in pages[0][2]
    said = [words for some, _, words in pages if some]
    assert all("One more person was invited and has never logged in." in words for words in said)


def test_it_is_said_on_the_first_page_that_there_may_be_more_and_the_form_leads_back_to_its_page(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(vendor, license, ANN, BEN)
    invite(vendor, license, CY, ago=2 * DAY)
    monkeypatch.setattr(invited, "MAX_ASKED", 2)
    browser = browser_of(vendor, MANAGER)
    page = browser.get(INVITED)
    assert "At least 2 people were invited and have never logged in." in page.words
    assert CY not in page.words
    further = next(link for link in page.links if "after=" in link)
    browser.http.headers["Referer"] = f"http://portal.test{INVITED}{further}"
    assert shown(browser, INVITED + further) == [CY]
    sent = browser.send(form_of(browser, INVITED + further))
    assert "One invitation is on its way." in sent.words
    assert (CY in sent.words, ANN in sent.words) == (True, False)


def test_a_form_that_names_what_is_no_license_or_nobody_is_about_nobody(vendor: Vendor, license: License) -> None:
    invite(vendor, license, ANN)
    browser, who = browser_of(vendor, MANAGER), account(vendor, ANN).id
    for value in ("on", "", "1", "9" * 17, str(license.id + 1)):
        assert ANN not in browser.get(AGAIN, **{f"user-{who}": value}).words
    for name in (f"user-{who + 1}", f"user-0{who}"):
        page = browser.get(AGAIN, **{name: str(license.id)})
        assert (page.answer.status_code, ANN in page.words) == (200, False)
    assert ANN in browser.get(AGAIN, **{f"user-{who}": str(license.id)}).words


def test_it_is_a_read_for_each_license_with_users(vendor: Vendor, license: License) -> None:
    invite(vendor, license, ANN)
    vendor.assign(license, BEN)
    chosen(vendor, BEN)
    vendor.activate(BEN, "pc", PASSWORD)
    browser = browser_of(vendor, MANAGER)
    browser.get(INVITED)
    with counted() as cost:
        browser.get(INVITED)
    assert len(cost.calls) == 3 + 1
    ann = box(vendor, license, ANN)
    with counted() as form:
        browser.get(AGAIN, **ann)
    assert len(form.calls) == 1


def test_only_a_license_that_the_vendor_lets_the_manager_share_out_is_invited_for(
    vendor: Vendor, license: License, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(vendor, license, ANN)
    browser = browser_of(vendor, MANAGER)
    fields = form_of(browser).form(AGAIN).fields
    reads, order_id = portal_queries.chosen_invited, license.order_id or ""

    def read_before_it_is_denied(*args: Any, **more: Any) -> Any:
        view = reads(*args, **more)
        change_order(vendor.code, order_id, ADMIN, denied=DENIED, now=vendor.now)
        return view

    with monkeypatch.context() as patch:
        patch.setattr(portal_queries, "chosen_invited", read_before_it_is_denied)
        page = browser.post(AGAIN, fields)
    assert "No invitation was sent." in page.words
    assert shown(browser) == []
    assert "Send again" not in browser.get(INVITED).words
    assert invited_at(vendor, ANN) == vendor.now - DAY
