"""The details of a license: every fact on the page, meters, and activity by kind, person and time."""

import re
from datetime import date

import pytest

from chalicelib.domain.days import last_instant
from chalicelib.domain.events import Actor
from chalicelib.domain.license import License, hash_hardware_id
from chalicelib.usecases import portal_queries
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_license import set_enabled, set_name
from chalicelib.usecases.change_seat import reset_activations
from chalicelib.usecases.change_terms import change_terms
from chalicelib.usecases.license_extras import Wanted, grant_features, set_fields
from chalicelib.usecases.portal_queries import ListQuery, usage
from chalicelib.usecases.product_features import create_feature
from chalicelib.usecases.product_fields import create_field
from chalicelib.usecases.scheduled_updates import schedule_update
from chalicelib.usecases.slots import release_slot
from tests.portal.browser import Browser, at, browser_of
from tests.store.adoption_cases import add
from tests.support import ADMIN, DAY, NOW, Vendor
from tests.usecases.people import MANAGER, account, issued, logged_in

ADA, BOB = "ada@customer.test", "bob@customer.test"
FACTS = (
    *("Product", "Authorization", "License id", "Order", "Customer", "Type", "Trial", "Current status"),
    *("Created", "First activated", "Start date", "Valid until", "Grace period", "Grace ends", "Last check"),
    *("Activations", "Transfers", "Resets", "License users", "Device limits", "Virtual machines"),
)
SUPPORT = "help@qbitec.test"


@pytest.fixture
def license(vendor: Vendor) -> License:
    """With a user, who has a device."""
    license = issued(vendor)
    _, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password, report={"hostname": "ADA-PC"})
    return license


def test_every_fact_stands_on_the_page(license: License, manager: Browser) -> None:
    page = manager.get(at(license))
    names = re.findall(r"<dt>(?:<span>)?([^<]+)", page.answer.text)
    assert set(names) == {*FACTS, "Name"}
    assert "not included" not in page.words
    assert "Up to 5 people may use it" in page.words
    assert "ADA-PC" in page.words


@pytest.mark.parametrize(
    ("prevent_vm", "fact", "rule"), [(True, "not allowed", "does not run"), (False, "allowed", "also runs")]
)
def test_of_virtual_machines_fact_and_rule_say_the_same(
    license: License, manager: Browser, prevent_vm: bool, fact: str, rule: str
) -> None:
    change_terms(license.company, license.id, {"prevent_vm": prevent_vm}, ADMIN, now=NOW)
    words = manager.get(at(license)).words
    assert f"Virtual machines {fact}" in words
    assert f"It {rule} on virtual machines." in words


def test_how_many_are_over_the_limit_is_said(license: License, manager: Browser) -> None:
    assert "over the limit" not in manager.get(at(license)).words
    change_terms(license.company, license.id, {"max_activations": 0}, ADMIN, now=NOW)
    assert "1 over the limit" in manager.get(at(license)).words


def test_what_was_sold_besides_stands_there_without_the_vendors_own(license: License, manager: Browser) -> None:
    before = manager.get(at(license)).words
    assert not [words for words in ("Features", "Further details", "Maintenance until") if words in before]
    company = license.company
    create_feature(company, "revit", {"code": "x", "name": "Export", "feature_type": "activation"}, ADMIN, now=NOW)
    create_field(company, "revit", {"name": "<Campus>", "data_type": "text"}, ADMIN, now=NOW)
    grant_features(company, license.id, [Wanted("x")], ADMIN, now=NOW)
    set_fields(company, license.id, {"<Campus>": "Zürich"}, ADMIN, now=NOW)
    more = {"metadata": {"crm": "secret"}, "maintenance_period": NOW + DAY, "note": "for our eyes alone"}
    change_terms(company, license.id, more, ADMIN, now=NOW)
    page = manager.get(at(license))
    for words in ("Features Export included", "Further details <Campus> Zürich", "Maintenance until 25 Nov 2026"):
        assert words in page.words
    assert "secret" not in page.words
    assert "our eyes" not in page.words


def test_what_is_scheduled_stands_among_the_rules_by_the_readers_days(license: License, manager: Browser) -> None:
    terms = {"max_activations": 9, "note": "for our eyes alone"}
    at_midnight = last_instant(date(2060, 12, 31), "Europe/Berlin") + 1000
    for name, changes in (("secret", terms), ("hidden", {"note": "ours"})):
        schedule_update(
            license.company, license.id, at_midnight, changes, ADMIN, name=name, note="by phone", now=license.created_at
        )
    words = manager.get(at(license)).words
    assert "On 31 Dec 2060 this changes: It may be active on up to 9 devices at once." in words
    assert words.count("this changes") == 1
    assert not [private for private in ("secret", "hidden", "by phone", "our eyes", "ours") if private in words.split()]
    set_branding(license.company, None, None, ADMIN, zone="Europe/Berlin", now=NOW)
    assert "On 1 Jan 2061 this changes:" in manager.get(at(license)).words


def test_usage_is_a_line_below_what_is_allowed_with_its_numbers_as_a_table(
    license: License, manager: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = manager.get(at(license))
    assert "Active devices, 90 days" in page.words
    assert f"allowed {license.max_activations} today 1 Week by week Day Active devices" in page.words
    assert re.search(r"Active devices \d+ \w+ \d{4} 1 .* 0 Life cycle", page.words)
    assert "earlier days are left out" not in page.words
    monkeypatch.setattr(usage, "MAX_EVENTS", 3)
    page = manager.get(at(license))
    assert "earlier days are left out" in page.words
    assert "polyline" not in page.answer.text  # all of it has happened today


def test_a_license_that_was_never_activated_has_no_usage(vendor: Vendor, manager: Browser) -> None:
    assert "Active devices, " not in manager.get(at(issued(vendor))).words


@pytest.mark.parametrize("support", ["", SUPPORT])
def test_of_a_license_that_the_vendor_has_stopped_it_is_said_whom_to_write_to(
    vendor: Vendor, license: License, manager: Browser, support: str
) -> None:
    set_branding(vendor.code, None, None, ADMIN, support_email=support, now=vendor.now)
    set_enabled(vendor.code, license.id, False, ADMIN, now=vendor.now)
    page = manager.get(at(license))
    assert "no device can activate or use this license." in page.words
    assert (f"mailto:{SUPPORT}" in page.links) == bool(support)
    assert not {at(license, "/enable"), at(license, "/disable")} & set(page.links)


@pytest.mark.parametrize("state", ["in use", "paused"])
def test_what_can_be_done_with_a_license_is_offered(
    vendor: Vendor, license: License, manager: Browser, state: str
) -> None:
    set_enabled(vendor.code, license.id, state == "in use", Actor(f"user:{MANAGER}"), now=vendor.now)
    links = manager.get(at(license)).links
    assert {at(license, "/name"), at(license, "/reset")} <= set(links)
    assert (at(license, "/disable") in links, at(license, "/enable") in links) == (state == "in use", state == "paused")


def test_activity_is_shown_by_kind_person_and_time(vendor: Vendor) -> None:
    license = issued(vendor)
    for email, days in ((ADA, 40), (BOB, 3)):
        vendor.now = NOW + (100 - days) * DAY
        _, password = vendor.assign(license, email)
        vendor.activate(email, f"pc of {email}", password, report={"hostname": f"{email[:3].upper()}-PC"})
    set_name(vendor.code, license.id, "Büro", ADMIN, now=vendor.now + 1)
    vendor.now = NOW + 100 * DAY
    claims = logged_in(vendor, MANAGER)

    def found(**asked: str) -> list[str]:
        view = portal_queries.license_history(claims, license.id, ListQuery(**asked), now=vendor.now)
        return sorted(event.type for event in view.page.rows)

    all_rows = [*["device_activated"] * 2, "license_issued", "license_named", *["user_assigned"] * 2]
    assert found() == found(kind="no such kind") == found(days="x") == all_rows
    assert found(kind="devices") == ["device_activated"] * 2
    assert found(kind="users") == ["user_assigned"] * 2
    assert found(kind="license") == ["license_issued", "license_named"]
    assert found(kind="refused") == []
    assert found(search="ada@") == ["device_activated", "user_assigned"]
    assert found(search="ADA-pc ada") == ["device_activated"]
    assert found(days="7") == ["device_activated", "license_named", "user_assigned"]
    assert found(days="90", kind="users") == ["user_assigned"] * 2
    assert found(days="7", kind="users", search="ada") == []


def test_of_a_floating_license_is_said_on_how_many_devices_it_is_in_use(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    assert "Floating" not in manager.get(at(license)).words
    change_terms(license.company, license.id, {"floating_users": 3}, ADMIN, now=NOW)
    vendor.check(ADA, "pc")
    assert re.search(r"Floating, in use now .* 1 / 3", manager.get(at(license)).words)


def test_devices_that_hold_a_floating_license_are_told_from_those_that_are_active_only(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    hash = hash_hardware_id("pc")
    devices, one = at(license, "/devices"), at(license, f"/devices/{hash}-{account(vendor, ADA).id}")
    assert "Floating license" not in manager.get(one).words
    change_terms(license.company, license.id, {"floating_users": 3, "floating_timeout": 60}, ADMIN, now=NOW)
    assert "ADA-PC Active" in manager.get(devices).words
    assert "Floating license not in use" in manager.get(one).words
    vendor.check(ADA, "pc")
    assert "ADA-PC In use" in manager.get(devices).words
    assert re.search(r"Floating license in use until \d+ \w+ \d+, \d\d:\d\d", manager.get(one).words)
    own = browser_of(vendor, ADA)
    assert "ADA-PC In use" in own.get(f"/portal/seats/{license.id}").words
    release_slot(vendor.code, vendor.lookup(ADA, "pc"), ADMIN, now=vendor.now)
    assert "ADA-PC Active" in manager.get(devices).words


def test_a_user_whose_devices_were_reset_holds_no_floating_license(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    change_terms(license.company, license.id, {"floating_users": 3}, ADMIN, now=NOW)
    vendor.check(ADA, "pc")
    reset_activations(vendor.code, license.id, ADA, ADMIN, now=vendor.now)
    assert "ADA-PC Deactivated" in manager.get(at(license, "/devices")).words


def test_a_change_of_terms_names_those_that_are_shown_and_none_of_the_vendors_own(
    license: License, manager: Browser
) -> None:
    history = at(license, "/history")
    change_terms(license.company, license.id, {"note": "by phone"}, ADMIN, now=NOW)
    assert "Terms changed" in manager.get(history).words
    assert "Terms changed:" not in manager.get(history).words
    terms = {"max_activations": 9, "overage": "always", "is_trial": True, "note": "once more"}
    change_terms(license.company, license.id, terms, ADMIN, now=NOW + 1)
    assert "Terms changed: Activations, Trial" in manager.get(history).words


def test_who_asks_for_devices_is_shown_who_took_and_gave_back_a_slot(vendor: Vendor) -> None:
    license = issued(vendor, floating_users=1)
    _, password = vendor.assign(license, ADA)
    vendor.activate(ADA, "pc", password)
    vendor.check(ADA, "pc")
    release_slot(vendor.code, vendor.lookup(ADA, "pc"), ADMIN, now=vendor.now)
    query = ListQuery(kind="devices")
    view = portal_queries.license_history(logged_in(vendor, MANAGER), license.id, query, now=vendor.now)
    assert {"slot_taken", "slot_released"} < {event.type for event in view.page.rows}


def test_a_filter_of_activity_stays_chosen_and_leads_back(license: License, manager: Browser) -> None:
    page = manager.get(at(license, "/history"), kind="users", days="30", search=ADA)
    assert 'value="users" selected' in page.answer.text
    assert 'value="30" selected' in page.answer.text
    assert "User assigned" in page.words
    assert "Device activated" not in page.words
    assert "Nothing matches" in manager.get(at(license, "/history"), search="nobody").words


def test_a_place_that_waits_for_a_device_is_shown_as_that_until_one_has_taken_it(
    vendor: Vendor, license: License, manager: Browser
) -> None:
    add(vendor, license, "their-id")
    listed = manager.get(at(license, "/devices?status=imported"))
    assert "their-id" in listed.words
    assert "ADA-PC" not in listed.words
    one = manager.get(at(license, f"/devices/{hash_hardware_id('their-id')}"))
    assert "was imported from another license system" in one.words
    _, password = vendor.assign(license, BOB)
    vendor.activate(BOB, "new", password)
    assert "their-id" not in manager.get(at(license, "/devices?status=imported")).words
    assert "Device activated (place of an imported device)" in manager.get(at(license, "/history")).words
