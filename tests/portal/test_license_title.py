"""The name that managers give a license stands beside its product wherever the license is named."""

import pytest

from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.usecases.assign_user import assign_user
from chalicelib.usecases.change_license import set_name
from chalicelib.web import clock
from tests.mailbox import mails, said
from tests.portal.browser import Browser, at, browser_of
from tests.support import ADMIN, DAY, Vendor
from tests.usecases.people import MANAGER, PASSWORD, account, chosen, issued

ANN = "ann@customer.test"
TITLE = "Revit \N{EM DASH} Büro Berlin"


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(now=clock.now())


@pytest.fixture
def license(vendor: Vendor) -> License:
    """With a name, a user who has a device, and an end that is near."""
    end = vendor.now + 3 * DAY
    license = issued(vendor, "revit", license_type="time-limited", validity_period=end, max_activations=9)
    set_name(vendor.code, license.id, "Büro Berlin", ADMIN, now=vendor.now)
    assign_user(vendor.code, license.id, ANN, 2, ADMIN, invite=True, now=vendor.now - DAY)
    return license


def used(vendor: Vendor) -> None:
    chosen(vendor, ANN)
    vendor.activate(ANN, "pc", PASSWORD)


@pytest.mark.parametrize(
    "path", ["/portal", "/portal/activity", "/portal/people", "/portal/people/{user}", "/portal/search?search=pc"]
)
def test_on_pages_of_all_licenses(vendor: Vendor, license: License, path: str) -> None:
    used(vendor)
    page = browser_of(vendor, MANAGER).get(path.format(user=account(vendor, ANN).id))
    assert TITLE in page.words


@pytest.mark.parametrize(
    "rest",
    [
        *("/reset", "/disable", "/enable", "/devices/{device}/reset"),
        *("/users/{user}/reset", "/users/{user}/remove", "/users/{user}/invitation"),
    ],
)
def test_where_something_is_to_be_confirmed(vendor: Vendor, license: License, rest: str) -> None:
    used(vendor)
    user = account(vendor, ANN).id
    if rest.endswith("invitation"):
        assign_user(vendor.code, license.id, "ben@customer.test", 1, ADMIN, invite=True, now=vendor.now - DAY)
        user = account(vendor, "ben@customer.test").id
    path = rest.format(user=user, device=f"{hash_hardware_id('pc')}-{user}")
    page = browser_of(vendor, MANAGER).get(at(license, path))
    assert (page.status, f"License for: {TITLE}" in page.words) == (200, True)


def test_where_somebody_waits_or_leaves_and_in_a_batch(vendor: Vendor, license: License) -> None:
    browser = browser_of(vendor, MANAGER)
    assert TITLE in browser.get("/portal/invited").words
    assert TITLE in browser.get(f"/portal/people/{account(vendor, ANN).id}/leave").words
    preview = browser.send(at(license, "/users/assign"), people="ben@customer.test, cy@customer.test")
    progress = browser.send(preview, at(license, "/users/batch/start"))
    assert all(f"License for: {TITLE}" in page.words for page in (preview, progress, browser.send(progress)))


def test_licenses_are_found_by_it(vendor: Vendor, license: License) -> None:
    assert TITLE in browser_of(vendor, MANAGER).get("/portal/search", search="berlin").words


def test_on_the_pages_of_its_user(vendor: Vendor, license: License) -> None:
    used(vendor)
    user: Browser = browser_of(vendor, ANN)
    devices = f"/portal/seats/{license.id}"
    device = f"{devices}/devices/{hash_hardware_id('pc')}-{account(vendor, ANN).id}"
    assert all(TITLE in user.get(path).words for path in ("/portal/seats", devices, device))


def test_in_mails_and_files(vendor: Vendor, license: License) -> None:
    (mail,) = mails(vendor, ANN)
    assert "a license for Revit \N{EM DASH} Büro Berlin." in said(mail)
    assert str(mail["Subject"]).startswith("You may use Revit \N{EM DASH} Büro Berlin (")
    (row,) = browser_of(vendor, MANAGER).http.get("/portal/export/licenses?format=json").json()
    assert (row["product"], row["name"]) == ("Revit", "Büro Berlin")
