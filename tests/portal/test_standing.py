"""How a license stands, in words: with its day in the reader's time zone, and with who has stopped it."""

import pytest

from chalicelib.domain.catalog import Company
from chalicelib.domain.events import Actor
from chalicelib.domain.instants import from_iso
from chalicelib.domain.license import License
from chalicelib.domain.standing import Standing
from chalicelib.languages import Reader, writing_for
from chalicelib.portal.standing import standing_words
from chalicelib.runtime import Caches
from chalicelib.store import writes
from chalicelib.store.items.accounts import ProductItem
from chalicelib.store.keys import product_sort_key
from chalicelib.usecases.change_license import set_enabled
from tests.portal.browser import Browser, at, browser_of
from tests.support import ADMIN, ChangeRuntime, Vendor
from tests.usecases.people import MANAGER, issued

NOW = from_iso("2026-12-01T12:00:00Z")
QBITEC = Company("QBITEC", 1, "Qbitec", NOW)


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing("in_use"), "In use"),
        (Standing("unused"), "Ready, not used yet"),
        (Standing("idle"), "Ready, no active device"),
        (Standing("expired", NOW), "Expired"),
        (Standing("paused"), "Paused"),
        (Standing("suspended"), "Suspended by Qbitec"),
        (Standing("scheduled", from_iso("2026-12-17T23:00:00Z")), "Starts 18 Dec"),
        (Standing("scheduled", from_iso("2027-12-17T23:00:00Z")), "Starts 18 Dec 2027"),
        (Standing("grace", from_iso("2026-12-10T22:59:59Z")), "In grace until 10 Dec"),
        (Standing("ending", from_iso("2026-12-10T22:59:59Z")), "Ends in 9 days"),
        (Standing("ending", from_iso("2026-12-02T12:00:00Z")), "Ends tomorrow"),
        (Standing("ending", from_iso("2026-12-01T22:59:59Z")), "Ends today"),
        (Standing("ending", from_iso("2026-12-01T23:00:00Z")), "Ends tomorrow"),
    ],
)
def test_each_state_is_said_with_its_day(standing: Standing, words: str) -> None:
    with writing_for(Reader(zone="Europe/Berlin")):
        assert standing_words(standing, QBITEC, NOW) == words


@pytest.fixture
def license(vendor: Vendor) -> License:
    """Used by nobody yet."""
    return issued(vendor, "viewer")


@pytest.mark.parametrize("how", ["by the license", "by the product"])
def test_what_the_vendor_has_stopped_is_said_alike_wherever_the_license_is_shown(
    vendor: Vendor, license: License, manager: Browser, how: str, change_runtime: ChangeRuntime
) -> None:
    if how == "by the license":
        set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now)
    else:
        writes.update(ProductItem(vendor.code, product_sort_key("viewer")), [ProductItem.state.set("disabled")])
        change_runtime(caches=Caches())  # the product is known again after a minute
    for path in ("/portal/licenses", at(license), at(license, "/devices"), at(license, "/history")):
        assert "Suspended by" in manager.get(path).words, path
    assert str(license.id) in manager.get("/portal/licenses", status="suspended").answer.text
    assert "Nothing matches" in manager.get("/portal/licenses", status="unused").words


def test_what_the_customer_has_stopped_is_paused(vendor: Vendor, license: License, manager: Browser) -> None:
    set_enabled(vendor.code, license.id, False, Actor(f"user:{MANAGER}"), now=vendor.now)
    assert "Paused" in manager.get(at(license)).words
    assert str(license.id) in manager.get("/portal/licenses", status="paused").answer.text


def test_a_user_is_told_how_the_own_license_stands(vendor: Vendor) -> None:
    license = issued(vendor)
    vendor.assign(license, MANAGER)
    own = browser_of(vendor, MANAGER)
    assert "Ready, not used yet" in own.get("/portal/seats").words
    set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now)
    assert "Suspended by" in own.get("/portal/seats").words
    assert "Suspended by" in own.get(f"/portal/seats/{license.id}").words


def test_a_manager_names_a_license_and_finds_it_by_that(vendor: Vendor, license: License, manager: Browser) -> None:
    other = issued(vendor, "viewer")
    done = manager.send(at(license, "/name"), name="Büro Berlin")
    assert (done.path, "is now called “Büro Berlin”" in done.words) == (at(license), True)
    for path in ("/portal/licenses", at(license, "/devices"), at(license, "/history")):
        assert "Viewer — Büro Berlin" in manager.get(path).words, path
    found = manager.get("/portal/licenses", search="buero").answer.text
    assert (str(license.id) in found, str(other.id) in found) == (True, False)
    refused = manager.send(at(license, "/name"), name="x" * 61)
    assert (refused.status, "at most 60 characters" in refused.words) == (400, True)
    cleared = manager.send(at(license, "/name"), name="")
    assert "no longer has a name" in cleared.words
