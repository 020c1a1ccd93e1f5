"""The overview: why a license needs its manager, in words; figures that lead on; who is no manager goes elsewhere."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.portal.usage_chart import usage_chart
from chalicelib.usecases.branding import set_branding
from chalicelib.usecases.change_license import set_enabled
from chalicelib.web import clock
from tests.portal.browser import Browser, Page, at, browser_of
from tests.support import ADMIN, DAY, Vendor
from tests.usecases.people import MANAGER, PASSWORD, issued

TODAY = date(2026, 11, 29)
ANN = "ann@customer.test"


@pytest.fixture
def vendor() -> Vendor:
    return Vendor(now=clock.now())


def overview(vendor: Vendor) -> Page:
    return browser_of(vendor, MANAGER).get("/portal")


def test_each_reason_is_said_with_what_can_be_done_about_it(vendor: Vendor) -> None:
    dated: dict[str, Any] = {"license_type": "time-limited", "max_activations": 2}
    ending = issued(vendor, "viewer", validity_period=vendor.now + DAY, **dated)
    suspended, full = issued(vendor, "viewer"), issued(vendor, "revit", max_license_users=2)
    set_enabled(vendor.code, suspended.id, False, ADMIN, now=vendor.now)
    for person in (ANN, "ben@customer.test"):
        vendor.assign(full, person)
    for host in ("a", "b"):
        vendor.activate(ending, host)
    page = overview(vendor)
    said = ["Needs you (3)", "Suspended by A vendor", "Ends tomorrow All 2 activations are", "All 2 seats are"]
    for words in said:
        assert words in page.words, words
    assert {at(ending), at(suspended), at(full, "/users")} <= set(page.links)


def test_what_is_over_the_limit_is_said_and_is_full_only_where_nobody_more_is_let_in(vendor: Vendor) -> None:
    license = issued(vendor, "viewer", max_activations=2, overage="2x")
    for host in "abc":
        vendor.activate(license, host)
    browser = browser_of(vendor, MANAGER)
    assert "Make room" not in browser.get("/portal").words
    assert "3 / 2 1 over the limit" in browser.get("/portal/licenses").words
    vendor.activate(license, "d")
    assert "All 2 activations are in use. 2 over the limit Make room" in browser.get("/portal").words


def test_a_manager_is_led_to_whom_the_vendor_names_for_questions(vendor: Vendor) -> None:
    issued(vendor, "viewer", license_type="time-limited", validity_period=vendor.now + DAY)
    assert "mailto:" not in overview(vendor).answer.text
    set_branding(vendor.code, None, None, ADMIN, support_email="help@vendor.test", now=vendor.now)
    assert "mailto:help@vendor.test" in overview(vendor).links


def test_where_nothing_is_to_be_done_it_says_so(vendor: Vendor) -> None:
    issued(vendor, "viewer")
    assert "No license ends within 30 days" in overview(vendor).words


def test_who_begins_is_told_what_to_do_first_until_somebody_uses_a_license(vendor: Vendor) -> None:
    license = issued(vendor, "revit")
    assert "How to begin" in overview(vendor).words
    vendor.assign(license, ANN)
    assert "How to begin" not in overview(vendor).words
    browser = browser_of(vendor, ANN)
    assert f"log in there with {ANN} and the password" in browser.get("/portal/seats").words
    vendor.activate(ANN, "pc", PASSWORD)
    assert "How to begin" not in browser.get("/portal/seats").words


def test_no_line_is_drawn_where_no_device_was_ever_active(vendor: Vendor) -> None:
    vendor.now -= 3 * DAY
    license = issued(vendor, "viewer")
    vendor.now += 3 * DAY
    browser = browser_of(vendor, MANAGER)
    assert "Active devices, " not in browser.get("/portal/activity").words
    vendor.activate(license, "pc")
    assert "Active devices, " in browser.get("/portal/activity").words


def test_every_figure_leads_to_the_licenses_that_it_counts(vendor: Vendor) -> None:
    dated: dict[str, Any] = {"license_type": "time-limited"}
    unused, revit = issued(vendor, "viewer"), issued(vendor, "revit", max_license_users=2)
    ending = issued(vendor, "viewer", validity_period=vendor.now + 60 * DAY, **dated)
    issued(vendor, "viewer", validity_period=vendor.now - DAY, **dated)
    vendor.activate(ending, "pc")
    browser = browser_of(vendor, MANAGER)
    figures = [link for link in browser.get("/portal").links if link.startswith("/portal/licenses?")]
    of_viewer = {link: {unused.id, ending.id} for link in figures if "product=viewer" in link}
    of_revit = {link: {revit.id} for link in figures if "product=revit" in link}
    users, devices, ends, never_used = figures[:4]
    counted = {users: {revit.id}, devices: {unused.id, revit.id, ending.id}, ends: {ending.id}}
    counted |= {never_used: {unused.id, revit.id}} | of_viewer | of_revit
    assert (len(counted), set(counted)) == (6, set(figures))
    listed = {
        link: {int(at) for at in re.findall(r'licenses/(\d+)"', browser.get(link).answer.text)} for link in figures
    }
    assert listed == counted


def test_a_bar_of_a_product_measures_what_that_product_allows(vendor: Vendor) -> None:
    viewer, revit = issued(vendor, "viewer", max_activations=8), issued(vendor, "revit", max_activations=2)
    _, password = vendor.assign(revit, ANN)
    for host in ("a", "b", "c"):
        vendor.activate(viewer, host)
    vendor.activate(ANN, "a", password)
    bars = overview(vendor).answer.text.partition('id="products"')[2]
    assert re.findall(r'value="(\d+)" max="(\d+)"', bars) == [("3", "8"), ("1", "2")]
    issued(vendor, "viewer", max_activations=None)
    bars = overview(vendor).answer.text.partition('id="products"')[2]
    assert re.findall(r'value="(\d+)" max="(\d+)"', bars) == [("1", "2")]


def test_the_part_that_comes_later_is_a_page_of_its_own_without_javascript(vendor: Vendor) -> None:
    license = issued(vendor, "viewer")
    vendor.activate(license, "pc", report={"hostname": "Büro-PC"})
    browser = browser_of(vendor, MANAGER)
    assert "/portal/activity" in browser.get("/portal").links
    page = browser.get("/portal/activity")
    assert "Device activated · Büro-PC" in page.words
    assert at(license) in page.links
    assert "Nothing matches" in browser.get("/portal/activity", search="nobody").words


def test_activity_is_shown_by_its_kind(vendor: Vendor) -> None:
    license = issued(vendor, "viewer")
    vendor.activate(license, "pc")
    browser = browser_of(vendor, MANAGER)
    assert "Device activated" not in browser.get("/portal/activity", kind="license").words
    of_devices = browser.get("/portal/activity", kind="devices").words
    assert "Results" in of_devices
    assert "Device activated" in of_devices
    assert "License issued" not in of_devices
    assert "Nothing matches" in browser.get("/portal/activity", kind="users").words


def test_a_license_user_begins_at_the_own_devices_and_has_no_activity_of_others(vendor: Vendor) -> None:
    license = issued(vendor, "revit")
    vendor.assign(license, ANN)
    browser = browser_of(vendor, ANN)
    assert browser.get("/portal").path == "/portal/seats"
    assert "Nothing has happened yet" in browser.get("/portal/activity").words


def test_nobody_sees_it_without_a_log_in() -> None:
    for path in ("/portal", "/portal/activity"):
        assert Browser().get(path).path == "/portal/log-in"


def test_the_line_runs_from_the_first_day_to_today_and_below_a_round_number() -> None:
    days = [TODAY - timedelta(days=back) for back in reversed(range(15))]
    chart = usage_chart(days, [*range(14), 12])
    assert chart is not None
    assert (chart.top, chart.days) == (20, 15)
    assert chart.line.split()[0] == f"0.0,{chart.height}.0"
    assert chart.line.split()[-1] == f"{chart.width}.0,{chart.height * 0.4}"
    assert chart.table == [(days[14], 12), (days[7], 7), (days[0], 0)]


@pytest.mark.parametrize(("limit", "top", "y"), [(None, 4, None), (3, 4, 30.0), (10, 10, 0.0), (25, 40, 45.0)])
def test_what_is_allowed_is_drawn_below_the_same_edge(limit: int | None, top: int, y: float | None) -> None:
    chart = usage_chart([TODAY - timedelta(days=1), TODAY], [0, 2], limit)
    assert chart is not None
    assert (chart.top, chart.limit, chart.limit_y) == (top, limit, y)


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (1, 4), (4, 4), (5, 10), (10, 10), (11, 20), (39, 40), (41, 100), (100, 100), (101, 200)]
)
def test_the_upper_edge_is_the_next_round_number(most: int, top: int) -> None:
    chart = usage_chart([TODAY - timedelta(days=1), TODAY], [0, most])
    assert chart is not None
    assert chart.top == top


def test_a_day_alone_is_no_line() -> None:
    assert usage_chart([TODAY], [3]) is None
    assert usage_chart([], []) is None
