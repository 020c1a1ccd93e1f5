"""Every route of the portal, taken from the route table, with sessions of everybody who must see nothing there."""

import re
from typing import Any

import pytest

from app import app
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.portal.routes import NOWHERE
from tests.portal.browser import Browser, browser_of
from tests.support import Vendor
from tests.usecases.people import MANAGER, account, issued

ADA, SECRET_HOST = "ada@victim.test", "host-of-ada"
PORTAL = sorted(
    (path, method) for path, methods in app.routes.items() for method in methods if path.startswith("/portal")
)
OF_LICENSES = [route for route in PORTAL if "{license_id}" in route[0] and route[0].startswith("/portal/licenses")]
OF_SEATS = [route for route in PORTAL if "{license_id}" in route[0] and route[0].startswith("/portal/seats")]
OTHERS = [route for route in PORTAL if "{license_id}" not in route[0]]
FOR_EVERYBODY = {
    "/portal/log-in",
    "/portal/log-in/code",
    "/portal/logo/{name}",
    "/portal/log-out",
    "/portal/forgotten",
    "/portal/forgotten/code",
    "/portal/invitation",
    "/portal/theme/{name}",
}


def real_now() -> Vendor:
    """A vendor whose sessions last at the clock of the server."""
    from chalicelib.web import clock

    return Vendor(now=clock.now())


@pytest.fixture
def victim() -> tuple[Vendor, License]:
    vendor = real_now()
    license = issued(vendor, license_key=None)
    _, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password, report={"hostname": SECRET_HOST})
    return vendor, license


def concrete(path: str, vendor: Vendor, license: License) -> str:
    """The route's address for what the victim has."""
    user = account(vendor, ADA).id
    names: dict[str, Any] = {"license_id": license.id, "user_id": user, "device": f"{hash_hardware_id('pc')}-{user}"}
    return re.sub(r"\{(\w+)\}", lambda part: str(names.get(part[1], "1")), path)


def strangers(vendor: Vendor) -> dict[str, Browser]:
    """Who must see nothing of the victim's license."""
    issued(vendor, manager="other@customer.test")
    elsewhere = real_now()
    issued(elsewhere, manager=MANAGER)
    bob_at = issued(vendor, manager="other@customer.test")
    vendor.assign(bob_at, "bob@customer.test")
    return {
        "manager of another order": browser_of(vendor, "other@customer.test"),
        "manager of another company": browser_of(elsewhere, MANAGER),
        "license user of another order": browser_of(vendor, "bob@customer.test"),
    }


def hits(browser: Browser, path: str, method: str) -> Any:
    return browser.get(path) if method == "GET" else browser.post(path, {"form": "x.y", "email": "eve@customer.test"})


def test_the_route_table_is_divided_whole() -> None:
    assert sorted(OF_LICENSES + OF_SEATS + OTHERS) == PORTAL
    assert len(OF_LICENSES) > 20
    assert len(OF_SEATS) > 3


def test_any_other_license_is_not_found_on_every_route(victim: tuple[Vendor, License]) -> None:
    vendor, license = victim
    before = (vendor.stored(license), vendor.history(license))
    hostile = strangers(vendor)
    own_user = browser_of(vendor, ADA)
    for path, method in OF_LICENSES + OF_SEATS:
        address = concrete(path, vendor, license)
        who = hostile | ({"its own license user": own_user} if (path, method) in OF_LICENSES else {})
        who |= {"its manager": browser_of(vendor, MANAGER)} if (path, method) in OF_SEATS else {}
        for name, browser in who.items():
            page = hits(browser, address, method)
            assert page.status == 404, (name, method, address, page.status)
            text = page.answer.text.replace(f'<span class="who">{ADA}</span>', "")  # whose session it is
            assert not any(answer in text for answer in (ADA, SECRET_HOST)), (name, method, address)
    assert (vendor.stored(license), vendor.history(license)) == before


def test_who_is_not_logged_in_comes_to_the_log_in_from_every_route(victim: tuple[Vendor, License]) -> None:
    vendor, license = victim
    before = (vendor.stored(license), vendor.history(license))
    for path, method in PORTAL:
        if path in FOR_EVERYBODY or path == NOWHERE:
            continue
        page = hits(Browser(), concrete(path, vendor, license), method)
        assert page.path == "/portal/log-in", (method, path)
        assert ADA not in page.answer.text
    assert (vendor.stored(license), vendor.history(license)) == before


def test_pages_without_a_license_show_nothing_of_others(victim: tuple[Vendor, License]) -> None:
    vendor, license = victim
    for name, browser in strangers(vendor).items():
        for path, method in OTHERS:
            if path == "/portal/log-out":
                continue
            page = hits(browser, concrete(path, vendor, license), method)
            answers = [word for word in (ADA, SECRET_HOST, str(license.id)) if word in page.answer.text]
            assert not answers, (name, method, path)
            assert page.status < 500


@pytest.mark.parametrize("name", ["", "/devices", "/users", "/history", "/devices/{device}"])
def test_a_page_of_a_license_is_of_one_tab(victim: tuple[Vendor, License], name: str) -> None:
    vendor, license = victim
    text = (
        browser_of(vendor, MANAGER).get(concrete(f"/portal/licenses/{{license_id}}{name}", vendor, license)).answer.text
    )
    (tabs,) = re.findall('<nav class="tabs".*?</nav>', text, re.DOTALL)
    assert tabs.count("aria-current") == 1


@pytest.mark.parametrize(
    ("path", "part"),
    {
        "/portal": "Overview",
        "/portal/invited": "Overview",
        "/portal/invited/again": "Overview",
        "/portal/licenses": "Licenses",
        "/portal/licenses/{license_id}/users/chosen": "Licenses",
        "/portal/people/{user_id}/leave": "People",
        "/portal/activity": "Activity",
        "/portal/seats": "My devices",
        "/portal/password": "Account",
        "/portal/account/mails": "Account",
        "/portal/search": "",
    }.items(),
)
def test_a_page_is_of_one_part_of_the_portal(victim: tuple[Vendor, License], path: str, part: str) -> None:
    vendor, license = victim
    page = browser_of(vendor, MANAGER).get(concrete(path, vendor, license))
    assert page.status == 200
    (main,) = re.findall('<nav aria-label="Main">.*?</nav>', page.answer.text, re.DOTALL)
    assert "".join(re.findall('aria-current="page">([^<]+)<', main)) == part


def test_no_form_is_carried_out_without_its_token(victim: tuple[Vendor, License]) -> None:
    vendor, license = victim
    manager = browser_of(vendor, MANAGER)
    before = (vendor.stored(license), vendor.history(license), account(vendor, ADA))
    for path, method in OF_LICENSES:
        if method == "POST":
            page = hits(manager, concrete(path, vendor, license), method)
            assert page.status in (400, 403, 404), path
    assert (vendor.stored(license), vendor.history(license), account(vendor, ADA)) == before
