"""A form leads back to the list that it was opened from, as that was, and a log-in to what was asked for."""

from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.portal.lists import kept_query
from tests.portal.browser import Browser, Page, at
from tests.support import Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, issued

ADA = "ada@customer.test"
HOST = "http://portal.test"


@pytest.fixture
def license(vendor: Vendor) -> License:
    """With one user, who has a device."""
    license = issued(vendor)
    _, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password)
    return license


def opened(browser: Browser, path: str, referer: str) -> Page:
    """The form there, as a browser opens it from a page."""
    return Page(browser.http.get(path, headers={"Referer": referer}))


def sent(browser: Browser, page: Page, **typed: str) -> str:
    """Where sending the form leads to."""
    form = page.form(page.path)
    answer = browser.http.post(form.action, data=form.fields | typed)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def kept(location: str) -> dict[str, list[str]]:
    """The query of an address, without the form that it shows the result of."""
    return {name: values for name, values in parse_qs(urlsplit(location).query).items() if name != "done"}


def test_an_action_on_a_user_leads_back_to_the_same_list_and_row(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    users, user_id = at(license, "/users"), account(vendor, ADA).id
    page = opened(manager, f"{users}/{user_id}/limit", f"{HOST}{users}?search=a%C3%A4+b&sort=newest&done=x&evil=1")
    query = {"search": ["aä b"], "sort": ["newest"]}
    cancel = next(link for link in page.links if link.startswith(f"{users}?"))
    assert kept(cancel) == query
    location = sent(manager, page, max_activations="1")
    assert (urlsplit(location).path, urlsplit(location).fragment) == (users, f"row-{user_id}")
    assert kept(location) == query
    assert f'id="row-{user_id}"' in manager.get(users).answer.text


def test_a_form_that_was_refused_first_leads_back_all_the_same(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    users = at(license, "/users")
    page = opened(manager, f"{users}/{account(vendor, ADA).id}/limit", f"{HOST}{users}?sort=newest")
    refused = manager.post(page.path, page.form(page.path).fields | {"max_activations": "many"})
    assert refused.status == 400
    assert kept(sent(manager, refused, max_activations="1")) == {"sort": ["newest"]}


def test_a_reset_leads_back_to_the_same_list_of_devices(vendor: Vendor, license: License, manager: Browser) -> None:
    devices, key = at(license, "/devices"), f"{hash_hardware_id('pc')}-{account(vendor, ADA).id}"
    page = opened(manager, f"{devices}/{key}/reset", f"{HOST}{devices}?status=active")
    location = sent(manager, page)
    assert (kept(location), urlsplit(location).fragment) == ({"status": ["active"]}, f"row-{key}")
    assert f'id="row-{key}"' in manager.get(devices).answer.text


@pytest.mark.parametrize(
    "referer",
    [
        "",
        "https://evil.test/elsewhere?search=x",
        "http://[evil?search=x",
        f"{HOST}/portal/licenses?search=x",
        "?search=x",
    ],
)
def test_a_form_that_was_opened_from_elsewhere_leads_to_the_whole_list(
    vendor: Vendor, license: License, manager: Browser, referer: str
) -> None:
    page = opened(manager, at(license, f"/users/{account(vendor, ADA).id}/limit"), referer)
    assert kept(sent(manager, page, max_activations="1")) == {}


@pytest.mark.parametrize("typed", ["https://evil.test", "//evil.test/?search=x#y", "\r\nX: y", "next=//evil.test"])
def test_what_stands_in_the_field_of_the_list_leads_nowhere_else(
    vendor: Vendor, license: License, manager: Browser, typed: str
) -> None:
    page = manager.get(at(license, f"/users/{account(vendor, ADA).id}/limit"))
    location = sent(manager, page, max_activations="1", list=typed)
    assert location.startswith(f"{at(license, '/users')}?done=")


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ("search=a+b&sort=newest", "search=a+b&sort=newest"),
        ("after=x&before=y&product=p&status=s", "after=x&before=y&product=p&status=s"),
        ("done=x&search=&next=//evil", ""),
        ("search=%C3%A4", "search=%C3%A4"),
        ("search=%ff", ""),
        ("x=1&" * 40, ""),
    ],
)
def test_of_a_query_only_what_lists_go_by_is_kept(query: str, known: str) -> None:
    assert kept_query(query) == known


@pytest.mark.parametrize("query", ["search=b%C3%BCro+berlin&sort=ends", "status=in_use"])
def test_a_log_in_leads_to_what_was_asked_for_with_its_query(vendor: Vendor, manager: Browser, query: str) -> None:
    issued(vendor)
    browser = Browser()
    log_in = Page(browser.http.get(f"/portal/licenses?{query}&done=x", follow_redirects=True))
    assert log_in.path == "/portal/log-in"
    form = log_in.form("/portal/log-in")
    answer = browser.http.post(
        form.action, data=form.fields | {"company": vendor.code, "email": MANAGER, "password": PASSWORD}
    )
    assert answer.headers["Location"] == f"/portal/licenses?{query}"


def test_of_an_address_that_no_field_could_hold_the_path_is_kept() -> None:
    answer = Browser().http.get("/portal/licenses", params={f"x{n}": "y" * 400 for n in range(4)})
    assert answer.headers["Location"] == "/portal/log-in?next=/portal/licenses"


def test_a_log_in_leads_back_to_a_form_that_was_sent_too_late(license: License, manager: Browser) -> None:
    assign = at(license, "/users/assign")
    fields = manager.get(assign).form(assign).fields
    manager.http.cookies.clear()
    answer = manager.http.post(assign, data=fields | {"people": "new@customer.test"})
    assert answer.headers["Location"] == f"/portal/log-in?next={assign}"
