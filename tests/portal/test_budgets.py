"""What a page costs: two reads of the database, taken from the route table so that a new page is counted, too."""

import re
from typing import Any

import pytest

from app import app
from chalicelib.domain.license import hash_hardware_id
from chalicelib.store.sessions import session_key
from chalicelib.usecases.batch_assign import start_batch
from chalicelib.usecases.session_list import note_session
from chalicelib.web import clock
from infra.budgets import PAGES_OF_MORE_READS, PORTAL_PAGE
from tests.portal.browser import Browser, browser_of
from tests.store.costs import counted
from tests.support import ADMIN, Vendor
from tests.usecases.people import MANAGER, PASSWORD, issued, logged_in

PAGES = sorted(p for p, methods in app.routes.items() if p.startswith("/portal") and "GET" in methods)
WITHOUT_READS = {
    "/portal/log-in",
    "/portal/log-in/code",
    "/portal/forgotten",
    "/portal/forgotten/code",
    "/portal/invitation",
    "/portal/logo/{name}",
    "/portal/theme/{name}",
    "/portal/{nowhere}",
}
OF_SECOND_FACTOR = {
    "/portal/account/second-factor/codes",
    "/portal/account/second-factor/off",
    "/portal/account/passkeys/{passkey}/remove",
}
"""For who has one."""
RECORDED = {"/portal/licenses/{license_id}/users/batch/{batch_id}/result.csv": 2}
"""Write units of pages that tell passwords: that they were read stands in the history."""


@pytest.mark.parametrize("path", [path for path in PAGES if path not in WITHOUT_READS])
def test_a_page_is_two_reads(path: str) -> None:
    vendor = Vendor(now=clock.now())
    license = issued(vendor)
    user, _ = vendor.assign(license, MANAGER)
    browser = browser_of(vendor, MANAGER)
    vendor.activate(MANAGER, "pc", PASSWORD)
    batch = start_batch(vendor.code, license.id, "new@customer.test", True, ADMIN, now=vendor.now)
    names: dict[str, Any] = {"license_id": license.id, "user_id": user.id, "batch_id": batch, "name": "history"}
    elsewhere = logged_in(vendor, MANAGER)
    note_session(elsewhere, "Firefox", "", now=vendor.now)
    names["session"] = session_key(elsewhere.token)
    names["passkey"] = "0" * 16
    names["device"] = f"{hash_hardware_id('pc')}-{user.id}"
    address = re.sub(r"\{(\w+)\}", lambda part: str(names[part[1]]), path)
    browser.http.get(address)  # the product is known from now on
    with counted() as cost:
        answer = browser.http.get(address)
    assert answer.status_code in ((404,) if path in OF_SECOND_FACTOR else (200, 303))
    assert len(cost.calls) <= PAGES_OF_MORE_READS.get(path, 2), cost.calls
    assert cost.write_units == RECORDED.get(path, PORTAL_PAGE.write_units)
    assert cost.read_units <= PORTAL_PAGE.read_units or PAGES_OF_MORE_READS.get(path, 2) > 3


@pytest.mark.parametrize("path", sorted(WITHOUT_READS - {"/portal/logo/{name}"}))
def test_what_everybody_may_see_is_no_read(path: str) -> None:
    with counted() as cost:
        Browser().http.get(re.sub(r"\{(name|nowhere)\}", "0a6e5c.css", path))
    assert cost.calls == []
