"""Lists in the portal: pages forwards and backwards by their links, and cursors that are good for one list alone."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.domain.catalog import LicenseSummary
from chalicelib.domain.license import License
from chalicelib.store import writes
from chalicelib.store.items.licenses import LicenseItem
from chalicelib.store.keys import license_pk, manager_license_sort_key
from chalicelib.store.orders import sold_item
from tests.portal.browser import Browser, Page, browser_of
from tests.support import Vendor
from tests.usecases.people import MANAGER, account, issued

OTHER = "other@customer.test"
LISTS = ["/portal/licenses", "/portal/seats", "/portal/seats/{}"]
LISTS += [f"/portal/licenses/{{}}/{of}" for of in ("history", "devices", "users")]


def fill(vendor: Vendor, email: str, count: int) -> None:
    """Let somebody manage so many licenses more: what a list reads of them, and no more."""
    like, user_id = issued(vendor, "viewer", email), account(vendor, email).id
    numbers = range(1, count)
    writes.batch_put(LicenseItem.of(replace(like, id=n), license_pk(vendor.code, n), "license") for n in numbers)
    sold = [LicenseSummary(n, "viewer", "perpetual", "odd" if n % 2 else "even") for n in numbers]
    writes.batch_put(sold_item(s, vendor.code, manager_license_sort_key(user_id, s.license_id)) for s in sold)


def shown(page: Page) -> list[str]:
    """The licenses on a page, in order."""
    return re.findall(r'class="row" href="/portal/licenses/(\d+)"', page.answer.text)


def follow(browser: Browser, page: Page, rel: str) -> Page | None:
    """The page that a link of the pager leads to, if it has one."""
    link = re.search(rf'rel="{rel}" href="([^"]*)"', page.answer.text)
    if link is None:
        return None
    query = parse_qs(urlsplit(link[1].replace("&amp;", "&")).query)
    return browser.get("/portal/licenses", **{name: values[0] for name, values in query.items()})


@pytest.mark.parametrize(
    ("count", "asked"), [(1, {}), (26, {}), (95, {}), (95, {"sort": "oldest"}), (95, {"search": "odd"})]
)
def test_every_license_is_on_one_page_forwards_and_backwards(count: int, asked: dict[str, str]) -> None:
    vendor = Vendor()  # the audit would miss most of what is said to be managed
    fill(vendor, MANAGER, count)
    browser = browser_of(vendor, MANAGER)
    pages = [browser.get("/portal/licenses", **asked)]
    while further := follow(browser, pages[-1], "next"):
        pages.append(further)
    there = [license for page in pages for license in shown(page)]
    assert len(there) == len(set(there)) == (count if "search" not in asked else count // 2)
    assert all(len(shown(page)) <= 25 for page in pages)
    back = [pages[-1]]
    while earlier := follow(browser, back[-1], "prev"):
        back.append(earlier)
    assert [shown(page) for page in back[::-1]] == [shown(page) for page in pages]


@pytest.fixture
def license(vendor: Vendor) -> License:
    """With one user: the manager himself."""
    license = issued(vendor)
    vendor.assign(license, MANAGER)
    return license


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("asked", [{"after": "x"}, {"before": "MTIz"}, {"after": "=="}])
def test_a_cursor_that_is_none_is_a_page_that_says_so(
    vendor: Vendor, license: License, path: str, asked: dict[str, str]
) -> None:
    page = browser_of(vendor, MANAGER).get(path.format(license.id), **asked)
    assert page.status == 400
    assert "start at its first page" in page.words


def test_a_cursor_is_good_for_its_list_its_filter_and_its_owner_alone() -> None:
    vendor = Vendor()
    for email in (MANAGER, OTHER):
        fill(vendor, email, 30)
    mine, others = browser_of(vendor, MANAGER), browser_of(vendor, OTHER)
    link = re.search(r'rel="next" href="\?after=([^"]*)"', mine.get("/portal/licenses").answer.text)
    assert link is not None
    cursor = link[1]
    assert mine.get("/portal/licenses", after=cursor).status == 200
    assert others.get("/portal/licenses", after=cursor).status == 400
    assert mine.get("/portal/licenses", before=cursor).status == 200  # a position is one, whichever way it is read
    assert mine.get("/portal/licenses", after=cursor, sort="oldest").status == 400
    assert mine.get("/portal/licenses", after=cursor, search="x").status == 400
    assert mine.get("/portal/seats", after=cursor).status == 400
