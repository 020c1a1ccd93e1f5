"""One search over all that a manager has: licenses, people and devices; and nothing of anybody else."""

import pytest

from chalicelib.domain.license import License
from chalicelib.usecases.assign_user import Profile, assign_user
from chalicelib.usecases.change_device import blacklist_device
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.portal_queries.search import MAX_FOUND
from chalicelib.web import clock
from tests.portal.browser import Page, at, browser_of
from tests.store.costs import counted
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued

ANN = "ann@customer.test"
OTHER = "other@customer.test"


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(now=clock.now())


@pytest.fixture
def licenses(vendor: Vendor) -> list[License]:
    """One by key and one of users; Ann has a device on the second."""
    viewer, revit = issued(vendor, "viewer", order_id="PO-4711"), issued(vendor, "revit")
    profile = Profile("Ann", "Schäfer", "+49 30 1")
    assign_user(vendor.code, revit.id, ANN, 2, ADMIN, profile=profile, now=vendor.now)
    chosen(vendor, ANN)
    vendor.activate(ANN, "hw-1", PASSWORD, report={"hostname": "BUERO-PC"})
    vendor.activate(viewer, "hw-2", report={"hostname": "RENDER-7"})
    return [viewer, revit]


def search(vendor: Vendor, words: str, email: str = MANAGER) -> Page:
    return browser_of(vendor, email).get("/portal/search", search=words)


def test_each_kind_is_found_by_what_people_know(vendor: Vendor, licenses: list[License]) -> None:
    viewer, revit = licenses
    ann = account(vendor, ANN).id
    for words, link in {
        (viewer.license_key or "")[:8]: at(viewer),
        str(viewer.id): at(viewer),
        "po-4711": at(viewer),
        "Schäfer": f"/portal/people/{ann}",
        "ann@customer": f"/portal/people/{ann}",
        "render": at(viewer, "/devices/"),
        "hw-1": at(revit, "/devices/"),
    }.items():
        assert any(found.startswith(link) for found in search(vendor, words).links), words


def test_a_device_is_found_in_the_state_that_the_list_shows(vendor: Vendor, licenses: list[License]) -> None:
    viewer, revit = licenses
    change_terms(vendor.code, revit.id, {"floating_users": 3, "floating_timeout": 60}, ADMIN, now=vendor.now)
    assert "Revit Active" in search(vendor, "buero-pc").words
    vendor.check(ANN, "hw-1")
    blacklist_device(viewer.company, viewer.id, "hw-2", ADMIN, now=vendor.now)
    browser = browser_of(vendor, MANAGER)
    for license, host, state in ((revit, "BUERO-PC", "In use"), (viewer, "RENDER-7", "Blacklisted")):
        assert f"{host} {state}" in browser.get(at(license, "/devices")).words
        assert state in search(vendor, host).words.rpartition(host)[2]
    for status, is_there in {"active": True, "in_use": True, "deactivated": False}.items():
        assert ("BUERO-PC" in browser.get(at(revit, "/devices"), status=status).words) is is_there


def test_each_word_has_to_stand_in_what_is_found(vendor: Vendor, licenses: list[License]) -> None:
    assert "Ann Schäfer" in search(vendor, "ann schäfer").words
    assert "Nothing found" in search(vendor, "ann render").words
    assert "What are you looking for?" in search(vendor, " ").words


def test_nothing_of_another_customer_is_found(vendor: Vendor, licenses: list[License]) -> None:
    mine = issued(vendor, "revit", OTHER)
    assert "Nothing found" in search(vendor, "ann", OTHER).words
    assert "Nothing found" in search(vendor, "render", OTHER).words
    found = {link for link in search(vendor, "revit", OTHER).links if link.startswith("/portal/licenses/")}
    assert found == {at(mine)}
    assert "Nothing found" in search(vendor, "render", ANN).words, "who manages nothing finds nothing"


def test_ten_of_each_kind_are_shown_and_it_says_that_there_are_more(vendor: Vendor) -> None:
    for _ in range(MAX_FOUND + 1):
        issued(vendor, "viewer")
    page = search(vendor, "viewer")
    assert len([link for link in page.links if link.startswith("/portal/licenses/")]) == MAX_FOUND
    assert "/portal/licenses?search=viewer" in page.links


@pytest.mark.parametrize(
    ("path", "first", "further", "shown"),
    [
        ("/portal/search", "of your newest licenses", "of older licenses", "Ann Schäfer"),
        ("/portal/people", "one of your newest licenses", "one of your older licenses", "Ann Schäfer"),
        ("/portal/activity", "license with the most active devices", "One more of your licenses", "ann@customer.test"),
    ],
)
def test_what_is_looked_through_in_parts_goes_on_to_the_oldest_license(
    vendor: Vendor,
    licenses: list[License],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    first: str,
    further: str,
    shown: str,
) -> None:
    busy = issued(vendor, "revit")
    vendor.assign(busy, "ben@customer.test", 2)
    chosen(vendor, "ben@customer.test")
    for device in ("one", "two"):
        vendor.activate("ben@customer.test", device, PASSWORD, license_id=busy.id)
    monkeypatch.setattr("chalicelib.usecases.portal_queries.parts.MAX_READS", 1)
    browser, pages, seen = browser_of(vendor, MANAGER), [f"{path}?search=ann"], 0
    while pages[-1]:
        page = browser.get(pages[-1])
        assert (first if len(pages) == 1 else further) in page.words
        seen += shown in page.words
        onward = next((link for link in page.links if "after=" in link), "")
        assert ("Continue searching" in page.words) == bool(onward)
        pages.append(onward and path + onward)
    assert (len(pages) > 2, seen) == (True, 1)
    assert browser.get(path, search="ann", after="made-up").status == 400


def test_a_search_is_two_reads_a_license_and_none_without_a_word(vendor: Vendor, licenses: list[License]) -> None:
    browser = browser_of(vendor, MANAGER)
    for words, reads in (("", 1), ("nobody", 2 + 1 + 2)):
        browser.get("/portal/search", search=words)
        with counted() as cost:
            browser.get("/portal/search", search=words)
        assert len(cost.calls) == reads, words
