"""Licenses and devices in a browser: found, looked at, reset, disabled and enabled."""

import re
from typing import Any

import playwright.sync_api as playwright
from playwright.sync_api import expect

from tests.e2e.site import USER, Site
from tests.e2e.steps import (
    at_rest,
    choose,
    choose_for_license,
    confirmed,
    fact,
    follow,
    form,
    press,
    row,
    runs_scripts,
    send,
)
from tests.support import DAY, Application
from tests.usecases.people import MANAGER, issued

CUSTOMER, HOST = "office@studio.test", "DON-PC"
REPORT = {"hostname": HOST, "os_ver": "Windows 11", "app_ver": "26.1", "sdk_ver": "sdk-7", "mac_address": "7C-8A-E1-55"}


def shows(page: playwright.Page, *keys: str | None) -> None:
    """The list shows the licenses with these keys, in this order."""
    expect(page.locator("tbody td.key")).to_have_text([key or "user-based" for key in keys])


def search(page: playwright.Page, text: str) -> None:
    """Search a list for a text."""
    page.locator(".filter").get_by_role("searchbox").fill(text)
    page.get_by_role("button", name="Search").click()
    page.wait_for_url(f"**search={text}&*")
    at_rest(page)


def only(page: playwright.Page, **choice: str) -> None:
    """Choose one thing in the filter. That sends it where JavaScript runs, and takes a click where it does not."""
    ((name, value),) = choice.items()
    sends_by_itself = runs_scripts(page)
    page.locator(f".filter [name={name}]").select_option(value)
    if not sends_by_itself:
        page.get_by_role("button", name="Search").click()
    page.wait_for_url(re.compile(rf"[?&]{name}={value}(&|$)"))
    at_rest(page)


def activated(site: Site, application: Application, hardware_id: str = "pc") -> None:
    """The license user has activated a device, by an application."""
    who = {"username": USER, "password": site.initial_password}
    answer = application.post("activate_license", product="revit", hardware_id=hardware_id, **who, **REPORT)
    assert answer.status_code == 200, answer.text


def at_devices(site: Site, page: playwright.Page) -> None:
    site.enter(page, site.at(site.license, "/devices"))


def test_licenses_are_searched_filtered_and_sorted(either_page: playwright.Page, site: Site) -> None:
    first, disabled = (issued(site.vendor, "viewer", order_id=order) for order in ("Z-1", "A-2"))
    site.enter(either_page, "/portal/licenses")
    expect(either_page.locator(".pager")).to_contain_text("3 licenses")
    search(either_page, "z-1")
    shows(either_page, first.license_key)
    search(either_page, "nothing-like-it")
    expect(either_page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    follow(either_page, "Show all licenses")
    only(either_page, product="revit")
    shows(either_page, None)
    follow(either_page, "Revit")
    choose_for_license(either_page, "Pause license")
    send(either_page, "Pause Revit")
    confirmed(either_page, "The license is paused.")
    follow(either_page, "Licenses")
    only(either_page, product="viewer")
    only(either_page, sort="order")
    shows(either_page, disabled.license_key, first.license_key)
    only(either_page, product="")
    only(either_page, status="paused")
    shows(either_page, None)


def test_a_long_list_has_pages(either_page: playwright.Page, site: Site) -> None:
    licenses = [site.license, *(issued(site.vendor, "viewer") for _ in range(26))]
    newest = [license.license_key for license in sorted(licenses, key=lambda license: -license.id)]
    site.enter(either_page, "/portal/licenses")
    shows(either_page, *newest[:25])
    follow(either_page, "Next")
    expect(either_page.locator(".pager")).to_contain_text("26\N{EN DASH}27 of 27 licenses")
    shows(either_page, *newest[25:])
    follow(either_page, "Previous")
    shows(either_page, *newest[:25])


def test_an_empty_list_says_what_to_do_next(either_page: playwright.Page, site: Site) -> None:
    site.enter(either_page, "/portal/licenses", USER)
    expect(either_page.get_by_role("heading", name="No licenses yet")).to_be_visible()
    expect(either_page.get_by_role("main")).to_contain_text(f"tell your vendor the email of this account: {USER}")


def test_a_click_on_a_row_opens_the_license_with_all_that_was_sold(either_page: playwright.Page, site: Site) -> None:
    now = site.vendor.now
    ends: Any = {"start_date": now - DAY, "validity_period": now + 30 * DAY, "grace_period": 48}
    terms: Any = {"license_type": "subscription", "is_trial": True, "max_transfers": 2}
    sale: Any = {"customer": CUSTOMER, "order_id": "O-7"}
    license = issued(site.vendor, "viewer", **terms, **sale, **ends)
    site.vendor.activate(license, "pc", report={"hostname": HOST}, now=now + 1)
    site.vendor.check(license, "pc", now=now + 2)
    site.enter(either_page, "/portal/licenses?search=O-7")
    row(either_page, "Viewer").click()
    expect(either_page).to_have_url(f"{site.base_url}{site.at(license)}")
    for name, value in {
        "Product": "Viewer",
        "License key": license.license_key or "",
        "License id": str(license.id),
        "Order": "O-7",
        "Customer": CUSTOMER,
        "Type": "subscription",
        "Trial": "yes",
        "Current status": "Ends in 30 days",
        "Grace period": r"48 hours \(2 days\)",
        "Activations": "1 / 5",
        "Transfers": "0 / 2",
        "License users": "by key, no users",
        "Device limits": "one for all devices",
        "Virtual machines": "allowed",
    }.items():
        expect(fact(either_page, name)).to_have_text(re.compile(rf"^{value}\s*$"))
    for name in ("Created", "First activated", "Start date", "Valid until", "Grace ends"):
        expect(fact(either_page, name).locator("time")).to_be_visible()
    expect(fact(either_page, "Last check").locator("time")).to_be_visible()
    expect(either_page.get_by_role("link", name="License users")).to_have_count(0)
    line = either_page.get_by_role("img", name="The life of the license: ")
    expect(line.locator(".label")).to_have_text(
        ["Start date", "Created", "First activated", "Today", "Valid until", "Grace ends"]
    )
    expect(either_page.locator(".events tbody tr").first).to_contain_text(HOST)


def test_the_activity_of_a_license_tells_who_did_what_from_where(either_page: playwright.Page, site: Site) -> None:
    site.enter(either_page, site.at(site.license))
    expect(fact(either_page, "License users")).to_contain_text("1 / 5")
    expect(fact(either_page, "Authorization")).to_have_text("by user")
    choose_for_license(either_page, "Pause license")
    send(either_page, "Pause Revit")
    confirmed(either_page, "The license is paused.")
    newest = either_page.get_by_role("table", name="Activity").locator("tbody tr").first
    expect(newest).to_contain_text("License paused")
    expect(newest).to_contain_text(MANAGER)
    expect(newest).to_contain_text("127.0.0.1")


def test_a_long_history_has_pages(either_page: playwright.Page, site: Site) -> None:
    for at in range(site.vendor.now + 1, site.vendor.now + 27):  # events of one instant have no order
        site.vendor.activate(site.other_license, "pc", now=at)
        site.vendor.deactivate(site.other_license, "pc", now=at)
    site.enter(either_page, site.at(site.other_license), "manager@other.test")
    follow(either_page, "All activity")
    rows = either_page.get_by_role("table", name="Activity").locator("tbody tr")
    expect(rows).to_have_count(25)
    follow(either_page, "Next")
    expect(rows).to_have_count(25)
    follow(either_page, "Next")
    expect(rows).to_have_count(3)
    expect(rows.last).to_contain_text("License issued")
    follow(either_page, "Previous")
    expect(rows).to_have_count(25)


def test_a_license_that_is_disabled_refuses_the_application_until_it_is_enabled(
    either_page: playwright.Page, site: Site, application: Application
) -> None:
    activated(site, application)
    lookup = {"product": "revit", "hardware_id": "pc", "username": USER}
    site.enter(either_page, site.at(site.license))
    choose_for_license(either_page, "Pause license")
    send(either_page, "Pause Revit")
    confirmed(either_page, "The license is paused.")
    expect(fact(either_page, "Current status")).to_have_text("Paused")
    assert application.get("check_license", **lookup).json()["code"] == "license_not_enabled"
    follow(either_page, "Resume license")
    send(either_page, "Resume license")
    confirmed(either_page, "The license can be used again.")
    expect(fact(either_page, "Current status")).to_have_text("In use")
    assert application.get("check_license", **lookup).status_code == 200


def test_a_license_that_is_reset_has_no_device_and_no_count(
    either_page: playwright.Page, site: Site, application: Application
) -> None:
    activated(site, application)
    site.enter(either_page, site.at(site.license))
    expect(fact(either_page, "Activations")).to_contain_text("1 / 5")
    choose_for_license(either_page, "Reset license")
    expect(form(either_page)).to_contain_text("1 active device is deactivated.")
    send(either_page, "Reset 1 device")
    confirmed(either_page, "The license was reset. All its devices are deactivated.")
    expect(fact(either_page, "Activations")).to_contain_text("0 / 5")
    assert site.vendor.stored(site.license).times_activated == 0


def test_a_device_that_is_reset_is_not_found_by_its_next_check_and_its_place_is_free(
    either_page: playwright.Page, site: Site, application: Application
) -> None:
    activated(site, application)
    at_devices(site, either_page)
    expect(either_page.locator(".count")).to_contain_text("Activations: 1 / 5")
    choose(either_page, HOST, "Reset")
    expect(form(either_page)).to_contain_text("The application on it stops at its next check.")
    send(either_page, f"Reset {HOST}")
    confirmed(either_page, f"{HOST} was reset. Its activation is free.")
    expect(either_page.locator(".count")).to_contain_text("Activations: 0 / 5")
    expect(row(either_page, HOST)).to_contain_text("Deactivated")
    check = application.get("check_license", product="revit", hardware_id="pc", username=USER)
    assert check.json()["code"] == "device_not_found"
    activated(site, application, "the new pc")


def test_details_of_a_device_tell_the_rest(either_page: playwright.Page, site: Site, application: Application) -> None:
    activated(site, application)
    at_devices(site, either_page)
    choose(either_page, HOST, "Details")
    expect(fact(either_page, "MAC address")).to_have_text("7C-8A-E1-55")
    expect(fact(either_page, "SDK version")).to_have_text("sdk-7")
    expect(either_page.get_by_role("table", name="Activity")).to_contain_text("Device activated")


def test_devices_are_searched_and_filtered(either_page: playwright.Page, site: Site) -> None:
    site.vendor.activate(USER, "a", site.initial_password, report={"hostname": "LOST-PC"})
    site.vendor.deactivate(USER, "a")
    site.vendor.activate(USER, "b", site.initial_password, report={"hostname": HOST})
    at_devices(site, either_page)
    hosts = either_page.locator("tbody").get_by_role("rowheader")
    expect(hosts).to_have_count(2)
    search(either_page, "lost")
    expect(hosts).to_have_text(["LOST-PC"])
    search(either_page, "")
    press(either_page.get_by_role("main").get_by_role("link", name="Active", exact=True))  # a tab says so, too
    expect(hosts).to_have_text([HOST])
    follow(either_page, "Blacklisted")
    follow(either_page, "Show all devices")
    expect(hosts).to_have_count(2)
    only(either_page, sort="host")
    expect(hosts).to_have_text([HOST, "LOST-PC"])


def test_a_license_that_nobody_uses_yet_says_when_devices_appear(either_page: playwright.Page, site: Site) -> None:
    at_devices(site, either_page)
    expect(either_page.get_by_role("heading", name="No devices yet")).to_be_visible()


def test_what_is_chosen_in_the_filter_is_sent_at_once_and_keeps_the_focus(page: playwright.Page, site: Site) -> None:
    viewer = issued(site.vendor, "viewer")
    site.enter(page, "/portal/licenses")
    page.locator("[name=product]").select_option("viewer")
    shows(page, viewer.license_key)
    expect(page.locator("[name=product]")).to_be_focused()
    expect(page.locator("body > .live")).to_have_text("1 license")
